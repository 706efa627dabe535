/**
 * What the corpus runs against: Switchyard in this process, or another server that speaks SQL. An adapter turns each
 * server's answers into the same texts, so that files and servers can be compared with one another.
 */

import type { ResultColumn } from '../../core/spi/session.js'

/** Numeric kinds matter to comparisons: results of floating point may differ in their last digits. */
export type CellKind = 'exact' | 'approximate'

export interface OutcomeColumn {
  readonly name: string
  /** As `types` expectations show it: `bigint(21) unsigned notnull`. */
  readonly type: string
  readonly kind: CellKind
  /** As `flags` expectations show it: `primary auto nodefault`, or `-`. */
  readonly flags: string
  /** As `origins` expectations show it: `alias=database.table.column`, or `-` for an expression. */
  readonly origin: string
}

export interface SqlFailure {
  readonly number: number
  readonly sqlState: string
  readonly message: string
}

/** A line of SHOW WARNINGS. */
export interface Condition {
  readonly level: string
  readonly number: number
  readonly message: string
}

export function conditionOf([level, number, message]: readonly (string | null)[]): Condition {
  return { level: level ?? '', number: Number(number), message: message ?? '' }
}

/** How one statement ended. */
export interface Outcome {
  readonly failure: SqlFailure | undefined
  /** Undefined for statements without a result set. */
  readonly columns: readonly OutcomeColumn[] | undefined
  readonly rows: readonly (readonly (string | null)[])[]
  /** Undefined for statements with a result set. */
  readonly affectedRows: bigint | undefined
  /** What the server tells about the change: `Rows matched: 1  Changed: 1  Warnings: 0`. */
  readonly info: string
  /** Warnings and notes, in their order. */
  readonly warnings: readonly Condition[]
}

export interface SqlConnection {
  /** Runs one statement; failures of the statement are outcomes, not rejections. */
  run(sql: string): Promise<Outcome>
  close(): Promise<void>
}

export interface SqlServer {
  /** Opens a connection whose current database is `database`. */
  connect(database?: string): Promise<SqlConnection>
  stop(): Promise<void>
}

export function columnFlags(
  column: Pick<
    ResultColumn,
    'primaryKey' | 'uniqueKey' | 'multipleKey' | 'autoIncrement' | 'onUpdateNow' | 'hasNoDefault'
  >,
): string {
  const flags: string[] = []
  if (column.primaryKey) flags.push('primary')
  if (column.uniqueKey) flags.push('unique')
  if (column.multipleKey) flags.push('multiple')
  if (column.autoIncrement) flags.push('auto')
  if (column.onUpdateNow) flags.push('onupdate')
  if (column.hasNoDefault) flags.push('nodefault')
  return flags.join(' ') || '-'
}

export function columnOrigin(
  column: Pick<ResultColumn, 'database' | 'table' | 'originalTable' | 'originalName'>,
): string {
  const { database, table, originalTable, originalName } = column
  const alias = table === originalTable ? '' : `${table}=`
  const path = [database, originalTable, originalName].filter((name) => name !== '').join('.')
  return `${alias}${path}` || '-'
}

/** Statements that read the warnings of the one before, and leave them in their list. */
export function isAboutConditions(sql: string): boolean {
  return /^\s*(SHOW\s+(COUNT\(\*\)\s+)?(WARNINGS|ERRORS)|SELECT\s+@@(warning|error)_count)/i.test(sql)
}

/** SHOW CREATE TABLE says which storage the server runs on, which no case depends on. */
export function withoutEngine(sql: string, rows: Outcome['rows']): Outcome['rows'] {
  if (!/^\s*SHOW\s+CREATE\s+TABLE\b/i.test(sql)) return rows
  return rows.map((row) => row.map((cell) => cell?.replace(/ ENGINE=\w+/, '') ?? null))
}

/** A binary string as cells show it: itself while it is printable ASCII, hexadecimal otherwise. */
export function binaryText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isPrintable = bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
  return isPrintable ? buffer.toString('latin1') : `0x${buffer.toString('hex').toUpperCase()}`
}

export const DATABASE = 'test'

/** Gives a file its own empty database; what an earlier file left behind is dropped. */
export async function createDatabase(server: SqlServer): Promise<void> {
  const connection = await server.connect()
  for (const sql of [`DROP DATABASE IF EXISTS ${DATABASE}`, `CREATE DATABASE ${DATABASE}`]) {
    const { failure } = await connection.run(sql)
    if (failure !== undefined) throw new Error(`${sql}: ${failure.message}`)
  }
  await connection.close()
}
