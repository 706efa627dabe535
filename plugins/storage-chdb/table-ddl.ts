/**
 * How tables are made and dropped, in one place or on a cluster. There each of the cluster's members has a replicated table
 * with the rows of its shard, and beside it one without rows by which those of all shards are read and written. A row's key decides
 * on its shard, so that all its versions are in one.
 */
import type { TableDefinition } from '@switchyard/core/spi'
import { createTableSql, tableName, type TableForm } from './sql-text.js'
import type { StoredTable } from './stored-table.js'

export function onCluster(cluster: string | undefined): string {
  return cluster === undefined || cluster === '' ? '' : ` ON CLUSTER ${cluster}`
}

/** The table that has the rows of the one that is called so. */
export function rowsName(name: string, cluster: string | undefined): string {
  return cluster === undefined ? name : `${name}_local`
}

/** One statement after the other; each may be there already. */
export function creationOf(stored: StoredTable, { name, ...form }: TableForm): readonly string[] {
  const { cluster } = form
  const rows = rowsName(name, cluster)
  const create = createTableSql(stored, { ...form, name: rows })
  if (cluster === undefined) return [create]
  const shard = `cityHash64(${stored.primaryKey.names.join(', ')})`
  const engine = `Distributed(${cluster}, currentDatabase(), ${rows}, ${shard})`
  return [create, `CREATE TABLE IF NOT EXISTS ${name}${onCluster(cluster)} AS ${rows} ENGINE = ${engine}`]
}

/** Each may be gone already. */
export function dropOf(name: string, cluster: string | undefined): readonly string[] {
  const drop = (each: string): string => `DROP TABLE IF EXISTS ${each}${onCluster(cluster)} SYNC`
  return cluster === undefined ? [drop(name)] : [drop(name), drop(rowsName(name, cluster))]
}

/** All rows of the table at once, wherever they are. */
export function truncationOf({ id }: TableDefinition, cluster: string | undefined): string {
  return `TRUNCATE TABLE ${rowsName(tableName(id), cluster)}${onCluster(cluster)}`
}

/** What tells about the parts of tables, once for each shard. */
export function partsOf(cluster: string | undefined): string {
  return cluster === undefined ? 'system.parts' : `cluster('${cluster}', system.parts)`
}
