import { sqlError, type SqlError } from '@switchyard/core/spi'

/** What a client hears of a fault of ours, whose own text is nobody's business. */
export function internalError(): SqlError {
  return sqlError('ER_UNKNOWN_ERROR', 'Internal error; the server log has the details')
}
