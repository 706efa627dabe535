import { ERRORS, type ErrorCode } from './error-catalogue.js'

/**
 * An expected failure, as a client sees it: MySQL's error number, SQLSTATE and wording (error message reference
 * of the MySQL manual). Across packages compare `code`, never `instanceof`. Anything thrown that is not a
 * `SqlError` is a fault of ours and reaches clients as ER_UNKNOWN_ERROR without its text.
 */
export class SqlError extends Error {
  readonly code: ErrorCode
  /** MySQL's error number, e.g. 1062. */
  readonly number: number
  /** Five characters, e.g. '23000'. */
  readonly sqlState: string

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SqlError'
    this.code = code
    this.number = ERRORS[code].number
    this.sqlState = ERRORS[code].sqlState
  }
}

/**
 * Makes the catalogued error `code`; each `%s` of its message is replaced by the next of `args`.
 */
export function sqlError(code: ErrorCode, ...args: readonly (string | number | bigint)[]): SqlError {
  return new SqlError(code, formatMessage(code, args))
}

/** The text of a catalogued error or warning with its arguments filled in. */
export function formatMessage(code: ErrorCode, args: readonly (string | number | bigint)[]): string {
  let next = 0
  return ERRORS[code].message.replace(/%s/g, () => withoutSecret(String(args[next++] ?? '')))
}

/** Names of remote databases may end in a password (`name__remote__host__port__database__user__password`). */
function withoutSecret(text: string): string {
  return text.includes('__remote__') ? text.replace(/__remote__.*/s, '__remote__<secret>') : text
}

/** True for errors that carry a catalogue entry, also when another copy of this module made them. */
export function isSqlError(error: unknown): error is SqlError {
  return error instanceof Error && 'code' in error && 'number' in error && 'sqlState' in error
}
