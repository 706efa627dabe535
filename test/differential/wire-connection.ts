/**
 * One session of a server that speaks MySQL's protocol: whatever it answers, in the words of the corpus.
 */
import { createConnection, type Connection, type FieldPacket, type RowDataPacket } from 'mysql2'
import {
  binaryText,
  conditionOf,
  isAboutConditions,
  type Condition,
  type Outcome,
  type SqlConnection,
} from '../sql/sql-server.js'
import { hasBytes, outcomeColumn } from './wire-columns.js'

export interface WireAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string
}

/** Without its conditions, of which it tells the number. */
export type WireAnswer = Omit<Outcome, 'warnings'> & { readonly warningCount: number }

interface Header {
  readonly affectedRows: number
  readonly warningStatus: number
  readonly info: string
}

const NO_RESULT = {
  ...{ failure: undefined, columns: undefined, rows: [], affectedRows: undefined },
  info: '',
} satisfies Omit<Outcome, 'warnings'>

/** Generous: the machine may have much else to do. */
const CONNECT_TIMEOUT_MS = 60_000

export class WireConnection implements SqlConnection {
  private constructor(private readonly connection: Connection) {}

  static async open(address: WireAddress, database?: string): Promise<WireConnection> {
    const connection = createConnection({
      ...address,
      ...(database === undefined ? {} : { database }),
      charset: 'utf8mb4',
      connectTimeout: CONNECT_TIMEOUT_MS,
      rowsAsArray: true,
      flags: ['-FOUND_ROWS'],
      typeCast: (field) => field.buffer(),
    })
    await new Promise<void>((resolve, reject) => {
      connection.once('error', reject)
      connection.once('connect', () => resolve())
    })
    return new WireConnection(connection)
  }

  async run(sql: string): Promise<Outcome> {
    const { warningCount, ...outcome } = await this.query(sql)
    const hasWarnings = warningCount > 0 && !isAboutConditions(sql)
    return { ...outcome, warnings: hasWarnings ? await this.conditions() : [] }
  }

  /** What the statement before left in the list of conditions. */
  async conditions(): Promise<readonly Condition[]> {
    const { rows } = await this.query('SHOW WARNINGS')
    return rows.map(conditionOf)
  }

  query(sql: string): Promise<WireAnswer> {
    return new Promise((resolve) => {
      this.connection.query<RowDataPacket[]>(
        sql,
        (error, result: unknown, fields: FieldPacket[] | undefined) => {
          if (error !== null) {
            const { errno = 0, sqlState = '', sqlMessage, message } = error as ServerError
            const failure = {
              number: errno,
              sqlState: sqlState.replace('#', ''),
              message: sqlMessage ?? message,
            }
            resolve({ ...NO_RESULT, failure, warningCount: 0 })
          } else if (fields === undefined) {
            const { affectedRows, warningStatus, info } = result as Header
            resolve({
              ...NO_RESULT,
              ...{ affectedRows: BigInt(affectedRows), info, warningCount: warningStatus },
            })
          } else {
            const rows = (result as (Buffer | null)[][]).map((row) =>
              row.map((cell, i) => (cell === null ? null : cellText(cell, fields[i]))),
            )
            const columns = fields.map(outcomeColumn)
            // The driver doesn't tell the number of warnings of a query.
            resolve({ ...NO_RESULT, columns, rows, warningCount: 1 })
          }
        },
      )
    })
  }

  async close(): Promise<void> {
    this.connection.destroy()
    await Promise.resolve()
  }
}

interface ServerError extends Error {
  readonly errno?: number
  readonly sqlState?: string
  readonly sqlMessage?: string
}

function cellText(cell: Buffer, field: FieldPacket | undefined): string {
  return hasBytes(field) ? binaryText(cell) : cell.toString('utf8')
}
