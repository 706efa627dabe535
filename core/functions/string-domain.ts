/**
 * What the string arguments of a call share: one collation, or "binary". Also the lengths of types as strings.
 */
import { byteLengthMax } from '../common/byte-length.js'
import type { Collation } from '../common/collation.js'
import { aggregateCollations, Coercibility, type CollationOperand } from '../common/collation-coercion.js'
import { requireCollation } from '../common/collations.js'
import { binaryType, isBinary, isText, textType, type SqlType } from '../common/sql-type.js'
import { textLengthMax } from '../common/value-text.js'
import type { ArgumentInfo, BindingEnvironment } from '../spi/functions.js'

export interface StringDomain {
  readonly collation: Collation
  readonly coercibility: number
  /** True if the strings are binary: each "character" is a byte. */
  readonly isBinary: boolean
}

/**
 * The collation that the arguments agree on. `compares` says that the operation needs one to compare with: throws
 * ER_CANT_AGGREGATE_2COLLATIONS and its like if there is none.
 */
export function resolveStrings(
  args: readonly ArgumentInfo[],
  environment: BindingEnvironment,
  operation: string,
  compares: boolean,
): StringDomain {
  const connection = requireCollation(environment.connectionCollation)
  const strings = args.filter(({ type }) => type.name !== 'null')
  if (strings.length === 0) {
    return { collation: connection, coercibility: Coercibility.coercible, isBinary: false }
  }
  const collations = strings.map(({ type }) => collationOf(type, connection))
  const isMixed = collations.some(({ charset }) => charset !== collations[0]?.charset)
  const operands = strings.map((argument, index) =>
    operandOf(argument, collations[index] ?? connection, isMixed),
  )
  const agreed = aggregateCollations(operands, { operation, compares, connectionCollation: connection })
  return {
    collation: agreed.collation,
    coercibility: agreed.coercibility,
    isBinary: agreed.collation.name === 'binary',
  }
}

function collationOf(type: SqlType, connection: Collation): Collation {
  if (type.name === 'json') return requireCollation('utf8mb4_bin')
  return isStringType(type) ? requireCollation(type.collation) : connection
}

function isStringType(type: SqlType): boolean {
  return isBinaryAsString(type) || isText(type) || type.name === 'enum' || type.name === 'set'
}

/** Values of constants matter only where character sets differ; reading them ties the plan to them. */
function operandOf(
  { type, coercibility, constant }: ArgumentInfo,
  collation: Collation,
  isMixed: boolean,
): CollationOperand {
  if (type.name === 'json') {
    return { collation, coercibility: Math.min(coercibility, Coercibility.implicit), isAscii: false }
  }
  if (!isStringType(type)) return { collation, coercibility: Coercibility.numeric, isAscii: true }
  const value = isMixed ? constant?.value : undefined
  if (typeof value !== 'string') return { collation, coercibility, isAscii: false }
  return { collation, coercibility, isAscii: isAscii(value), constant: value }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

/** Whether a value of the type is a binary string when a string is wanted. */
function isBinaryAsString(type: SqlType): boolean {
  return isBinary(type) || type.name === 'bit'
}

/** Length of an argument in the units of the domain: bytes or characters. */
export function domainLength(strings: StringDomain, type: SqlType): number {
  return strings.isBinary ? byteLengthMax(type) : textLengthMax(type)
}

/** The type of a string of at most `length` characters (bytes if the domain is binary). */
export function domainType(strings: StringDomain, length: number): SqlType {
  return strings.isBinary ? binaryType(length) : textType(length, strings.collation.name)
}
