/**
 * What the string arguments of a call share: one collation, or "binary". Also the lengths of types as strings.
 */
import type { Collation } from '../common/collation.js'
import { requireCollation } from '../common/collations.js'
import { sqlError } from '../common/sql-error.js'
import { binaryType, isBinary, isText, textType, type SqlType } from '../common/sql-type.js'
import { textLengthMax } from '../common/value-text.js'
import type { ArgumentInfo, BindingEnvironment } from '../spi/functions.js'

export interface StringDomain {
  readonly collation: Collation
  readonly coercibility: number
  /** True if the strings are binary: each "character" is a byte. */
  readonly isBinary: boolean
}

/** A collation and how firmly it is held: coercibility 0 (explicit) to 6 (ignorable). */
interface CollationSource {
  readonly collation: Collation
  readonly coercibility: number
}

const COERCIBLE = 4
const NUMERIC = 5

/** The collation that the arguments agree on; throws ER_CANT_AGGREGATE_2COLLATIONS. */
export function resolveStrings(
  args: readonly ArgumentInfo[],
  environment: BindingEnvironment,
  operation: string,
): StringDomain {
  const connection = requireCollation(environment.connectionCollation)
  const sources = args
    .map((argument) => sourceOf(argument, connection))
    .filter((source) => source !== undefined)
  const [first, ...others] = sources
  if (first === undefined) return { collation: connection, coercibility: COERCIBLE, isBinary: false }
  const merged = others.reduce((left, right) => mergeSources(left, right, operation), first)
  return { ...merged, isBinary: merged.collation.name === 'binary' }
}

function sourceOf({ type, coercibility }: ArgumentInfo, connection: Collation): CollationSource | undefined {
  if (type.name === 'null') return undefined
  if (type.name === 'json') return { collation: requireCollation('utf8mb4_bin'), coercibility }
  if (isBinaryAsString(type) || isText(type) || type.name === 'enum' || type.name === 'set') {
    return { collation: requireCollation(type.collation), coercibility }
  }
  return { collation: connection, coercibility: NUMERIC }
}

/** MySQL manual 12.8.4 "Collation Coercibility in Expressions". */
function mergeSources(left: CollationSource, right: CollationSource, operation: string): CollationSource {
  if (left.collation === right.collation) return left.coercibility <= right.coercibility ? left : right
  if (left.coercibility !== right.coercibility) return left.coercibility < right.coercibility ? left : right
  if (left.coercibility >= COERCIBLE || left.coercibility === 0) {
    if (left.coercibility !== 0) return preferred(left, right) ?? left
    throw illegalMix(left, right, operation)
  }
  const winner = preferred(left, right)
  if (winner === undefined) throw illegalMix(left, right, operation)
  return winner
}

/** Of two collations held equally: binary strings, then Unicode, then the `_bin` collation of the same charset. */
function preferred(left: CollationSource, right: CollationSource): CollationSource | undefined {
  if (left.collation.name === 'binary') return left
  if (right.collation.name === 'binary') return right
  if (left.collation.charset === right.collation.charset) {
    if (left.collation.name.endsWith('_bin')) return left
    return right.collation.name.endsWith('_bin') ? right : undefined
  }
  const rank = ({ collation }: CollationSource) =>
    collation.charset.name.startsWith('utf') || collation.charset.name === 'ucs2'
      ? collation.charset.bytesPerCharMax
      : 0
  if (rank(left) === rank(right)) return undefined
  return rank(left) > rank(right) ? left : right
}

const COERCIBILITY_NAMES = ['EXPLICIT', 'NONE', 'IMPLICIT', 'SYSCONST', 'COERCIBLE', 'NUMERIC', 'IGNORABLE']

function illegalMix(left: CollationSource, right: CollationSource, operation: string): Error {
  const name = (source: CollationSource) => COERCIBILITY_NAMES[source.coercibility] ?? 'NONE'
  return sqlError(
    'ER_CANT_AGGREGATE_2COLLATIONS',
    left.collation.name,
    name(left),
    right.collation.name,
    name(right),
    operation,
  )
}

/** Whether a value of the type is a binary string when a string is wanted. */
function isBinaryAsString(type: SqlType): boolean {
  return isBinary(type) || type.name === 'bit'
}

/** Most bytes of a value of the type when it is written as a binary string. */
export function byteLength(type: SqlType): number {
  if (isText(type) || type.name === 'enum' || type.name === 'set') {
    return textLengthMax(type) * requireCollation(type.collation).charset.bytesPerCharMax
  }
  return textLengthMax(type)
}

/** Length of an argument in the units of the domain: bytes or characters. */
export function domainLength(strings: StringDomain, type: SqlType): number {
  return strings.isBinary ? byteLength(type) : textLengthMax(type)
}

/** The type of a string of at most `length` characters (bytes if the domain is binary). */
export function domainType(strings: StringDomain, length: number): SqlType {
  return strings.isBinary ? binaryType(length) : textType(length, strings.collation.name)
}
