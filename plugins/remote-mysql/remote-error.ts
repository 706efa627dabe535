/**
 * What can go wrong with a remote, and how it is told: its own errors keep their numbers where the catalogue has them,
 * everything about the connection is ER_STORAGE_UNAVAILABLE for the tables that lie there. No text here ever holds a password.
 */
import { ERRORS, SqlError, sqlError, type ErrorCode } from '@switchyard/core/spi'

/** The remote answered with an error. */
export class RemoteAnswer extends Error {
  constructor(
    readonly number: number,
    message: string,
  ) {
    super(message)
  }
}

/** There is no connection, or there isn't one any more. */
export class ConnectionLost extends Error {
  constructor(
    message: string,
    /** Whether the remote may have got the statement. */
    readonly isSent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

interface DriverError extends Error {
  readonly errno?: number
  readonly code?: string
  readonly sqlState?: string
  readonly sqlMessage?: string
}

/** Makes one of the above of what the client library throws. */
export function remoteError(error: unknown, isSent: boolean): RemoteAnswer | ConnectionLost {
  if (error instanceof RemoteAnswer || error instanceof ConnectionLost) return error
  const { errno = 0, code, sqlState, sqlMessage, message } = error as DriverError
  if (errno > 0 && sqlState !== undefined) return new RemoteAnswer(errno, sqlMessage ?? message)
  // Errors of the network carry a code and, where several addresses were tried, no message.
  return new ConnectionLost(message === '' ? (code ?? 'it cannot be reached') : message, isSent, {
    cause: error,
  })
}

const CODES: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(ERRORS) as ErrorCode[]).map((code) => [ERRORS[code].number, code]),
)

/** Numbers of MariaDB for what MySQL numbers otherwise. */
const FOREIGN_NUMBERS: Readonly<Record<number, ErrorCode>> = {
  4025: 'ER_CHECK_CONSTRAINT_VIOLATED',
  1969: 'ER_QUERY_TIMEOUT',
  167: 'ER_AUTOINC_READ_FAILED',
}

/** Numbers by which a remote says that our account there, or the remote itself, is not fit for use. */
const UNUSABLE: ReadonlySet<number> = new Set([
  1040, 1044, 1045, 1053, 1129, 1130, 1142, 1143, 1203, 1226, 1251, 1698, 1820, 1862, 3118, 3159, 3955,
])

/** As a client of ours sees it. */
export function clientError(error: unknown, remote: string): unknown {
  if (error instanceof ConnectionLost) return sqlError('ER_STORAGE_UNAVAILABLE', remote, error.message)
  if (!(error instanceof RemoteAnswer)) return error
  const { number, message } = error
  if (UNUSABLE.has(number)) return sqlError('ER_STORAGE_UNAVAILABLE', remote, message)
  const code = FOREIGN_NUMBERS[number] ?? CODES.get(number)
  if (code !== undefined) return new SqlError(code, message, { cause: error })
  return sqlError('ER_STORAGE_UNAVAILABLE', remote, `error ${number}: ${message}`)
}
