/**
 * What the corpus runs against: Switchyard in this process, or another server that speaks SQL. An adapter turns each
 * server's answers into the same texts, so that files and servers can be compared with one another.
 */

/** Numeric kinds matter to comparisons: results of floating point may differ in their last digits. */
export type CellKind = 'exact' | 'approximate'

export interface OutcomeColumn {
  readonly name: string
  /** As `types` expectations show it: `bigint(21) unsigned notnull`. */
  readonly type: string
  readonly kind: CellKind
}

export interface SqlFailure {
  readonly number: number
  readonly sqlState: string
  readonly message: string
}

/** How one statement ended. */
export interface Outcome {
  readonly failure: SqlFailure | undefined
  /** Undefined for statements without a result set. */
  readonly columns: readonly OutcomeColumn[] | undefined
  readonly rows: readonly (readonly (string | null)[])[]
  /** Undefined for statements with a result set. */
  readonly affectedRows: bigint | undefined
  /** Numbers of the warnings and notes, in their order. */
  readonly warnings: readonly number[]
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
