/**
 * Every error and warning that the server can answer with: MySQL's symbol, number, SQLSTATE and message format.
 * `%s` marks the arguments in order. Add what you need to the part that has its number.
 */
import { ERRORS_BELOW_2000 } from './errors-below-2000.js'
import { ERRORS_FROM_3000 } from './errors-from-3000.js'

export const ERRORS = { ...ERRORS_BELOW_2000, ...ERRORS_FROM_3000 } as const

export type ErrorCode = keyof typeof ERRORS
