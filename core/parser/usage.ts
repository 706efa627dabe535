import { sqlError } from '../common/sql-error.js'
import type { TokenKind } from './token.js'

/** ER_WRONG_USAGE for two options that exclude each other. */
export function failUsage(first: TokenKind, second: TokenKind): never {
  throw sqlError('ER_WRONG_USAGE', first, second)
}
