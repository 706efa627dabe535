/**
 * The named MySQL server (`test/support/named-mysql.ts`) as a rival: the best oracle there is. `test/sql/README.md` says how it is to be
 * set up.
 */
import type { SqlConnection, SqlServer } from '../sql/sql-server.js'
import { WireConnection, type WireAddress } from './wire-connection.js'

/** Sessions of a server that others start and stop. */
export class WireServer implements SqlServer {
  constructor(private readonly address: WireAddress) {}

  async connect(database?: string): Promise<SqlConnection> {
    const connection = await WireConnection.open(this.address, database)
    await connection.run('SET NAMES utf8mb4')
    return connection
  }

  async stop(): Promise<void> {
    await Promise.resolve()
  }
}

/** MySQL 8.4 and later refuse by default what 8.0 takes: foreign keys to parts of keys. Older ones don't know the variable. */
const AS_MYSQL_80 = 'SET restrict_fk_on_non_standard_key = OFF'

const DATABASES = "SELECT CONCAT('DATABASE `', SCHEMA_NAME, '`') FROM information_schema.SCHEMATA"
const ACCOUNTS = "SELECT CONCAT('USER ', QUOTE(User), '@', QUOTE(Host)) FROM mysql.user"

/** The named server, which is left with the databases and accounts that it had. */
export class NamedMysql extends WireServer {
  private known: ReadonlySet<string> = new Set()

  static async start(address: WireAddress): Promise<NamedMysql> {
    const server = new NamedMysql(address)
    server.known = new Set(await server.objects())
    return server
  }

  override async connect(database?: string): Promise<SqlConnection> {
    const connection = await super.connect(database)
    await connection.run(AS_MYSQL_80)
    return connection
  }

  /** Drops what came since the start. */
  async sweep(): Promise<void> {
    const connection = await this.connect()
    for (const name of await this.objects()) {
      if (!this.known.has(name)) await connection.run(`DROP ${name}`)
    }
    await connection.close()
  }

  private async objects(): Promise<readonly string[]> {
    const connection = await this.connect()
    const answers = [await connection.run(DATABASES), await connection.run(ACCOUNTS)]
    await connection.close()
    return answers.flatMap(({ rows }) => rows.map(([name]) => name ?? ''))
  }

  override async stop(): Promise<void> {
    await this.sweep()
  }
}
