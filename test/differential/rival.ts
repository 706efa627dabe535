/**
 * What random statements are compared with: its server, and what has to be known of it.
 */
import type { SqlServer } from '../sql/sql-server.js'
import { MARIADB_DIFFERENCES, MYSQL_DIFFERENCES, type KnownDifference } from './known-differences.js'
import { startMariaDb } from './mariadb-server.js'
import { NamedMysql } from './mysql-rival.js'
import type { WireAddress } from './wire-connection.js'

export interface Rival {
  readonly server: SqlServer
  /** Runs first in each of its sessions. */
  readonly preparation: readonly string[]
  readonly hasLateral: boolean
  readonly differences: readonly KnownDifference[]
}

/**
 * Rounds fractions of seconds as MySQL does. Which columns a group determines is left to us: MariaDB knows neither
 * functional dependencies nor expressions that are grouped by.
 */
const MARIADB_SQL_MODE = "CONCAT(REPLACE(@@sql_mode, 'ONLY_FULL_GROUP_BY', ''), ',TIME_ROUND_FRACTIONAL')"

/** Its files are in `folder`. */
export async function mariaDbRival(folder: string): Promise<Rival> {
  return {
    server: await startMariaDb(folder),
    preparation: [`SET sql_mode = ${MARIADB_SQL_MODE}, group_concat_max_len = 1024`],
    hasLateral: false,
    differences: MARIADB_DIFFERENCES,
  }
}

export async function mysqlRival(address: WireAddress): Promise<Rival> {
  return {
    server: await NamedMysql.start(address),
    preparation: [],
    hasLateral: true,
    differences: MYSQL_DIFFERENCES,
  }
}
