/**
 * Which collation the operands of an operation agree on (MySQL manual 12.8.4 "Collation Coercibility in Expressions").
 * Each operand has a coercibility: the lower, the more its collation is preferred. Between equal ones a Unicode
 * character set wins over another, and a `_bin` collation over the others of its character set.
 */
import { BINARY } from './charset-single-byte.js'
import { binaryCollationOf } from './collations.js'
import type { Collation } from './collation.js'
import { sqlError, type SqlError } from './sql-error.js'

/** The values of COERCIBILITY(). */
export const Coercibility = {
  /** An explicit COLLATE clause. */
  explicit: 0,
  /** Strings with different collations, joined. */
  none: 1,
  /** Columns, stored routine parameters and local variables. */
  implicit: 2,
  /** System constants: USER(), VERSION(). */
  systemConstant: 3,
  /** Literals. */
  coercible: 4,
  /** Numbers and temporal values. */
  numeric: 5,
  /** NULL, and what is derived from it. */
  ignorable: 6,
} as const

const BINARY_STRINGS = binaryCollationOf(BINARY)

/** As error messages name them. */
const COERCIBILITY_NAMES = ['EXPLICIT', 'NONE', 'IMPLICIT', 'SYSCONST', 'COERCIBLE', 'NUMERIC', 'IGNORABLE']

export interface CollationOperand {
  readonly collation: Collation
  /** 0 to 6, see `Coercibility`. */
  readonly coercibility: number
  /** True if all its values are known to be ASCII: such strings convert to any character set. */
  readonly isAscii: boolean
  /** The value of a constant: it may convert though others of its type don't. */
  readonly constant?: string
}

export interface AgreedCollation {
  readonly collation: Collation
  readonly coercibility: number
  readonly isAscii: boolean
}

export interface AggregationOptions {
  /** The operation's name in error messages, such as `=` or `concat`. */
  readonly operation: string
  /**
   * Whether the operation compares its operands and so must know one collation. Others can answer with coercibility
   * `none`, which becomes an error when the answer is compared.
   */
  readonly compares: boolean
  /** What the answer gets if all operands are numbers; undefined to leave it as it is. */
  readonly connectionCollation?: Collation
}

/**
 * The collation that the operands agree on; there is at least one operand. Throws ER_CANT_AGGREGATE_2COLLATIONS,
 * ER_CANT_AGGREGATE_3COLLATIONS or ER_CANT_AGGREGATE_NCOLLATIONS if there is none, or if an operand doesn't convert
 * to its character set.
 */
export function aggregateCollations(
  operands: readonly CollationOperand[],
  options: AggregationOptions,
): AgreedCollation {
  const { compares, connectionCollation, operation } = options
  const agreed = agree(operands)
  if (agreed === undefined || (compares && agreed.coercibility === Coercibility.none)) {
    throw mixError(operands, operation)
  }
  if (agreed.coercibility === Coercibility.numeric && connectionCollation !== undefined) {
    return { collation: connectionCollation, coercibility: Coercibility.coercible, isAscii: agreed.isAscii }
  }
  if (!operands.every((operand) => converts(operand, agreed.collation))) throw mixError(operands, operation)
  return agreed
}

function agree(operands: readonly CollationOperand[]): AgreedCollation | undefined {
  const [first, ...others] = operands
  if (first === undefined) throw new Error('an operation without operands has no collation')
  let agreed: AgreedCollation = first
  let isUndecided = false
  for (const other of others) {
    const isAscii = agreed.isAscii && other.isAscii
    const preferred = preferredOf(agreed, other)
    if (preferred === 'conflict') return undefined
    // Another operand with COLLATE can still decide between character sets that don't go together.
    if (preferred === 'undecided') isUndecided = true
    agreed =
      preferred === 'undecided'
        ? { collation: BINARY_STRINGS, coercibility: Coercibility.none, isAscii }
        : { collation: preferred.collation, coercibility: preferred.coercibility, isAscii }
  }
  return isUndecided && agreed.coercibility !== Coercibility.explicit ? undefined : agreed
}

/** What two sides agree on; 'undecided' between character sets, 'conflict' between two COLLATE clauses. */
function preferredOf(
  left: AgreedCollation,
  right: AgreedCollation,
): Omit<AgreedCollation, 'isAscii'> | 'undecided' | 'conflict' {
  if (left.collation.charset !== right.collation.charset) return preferredCharset(left, right) ?? 'undecided'
  if (left.coercibility !== right.coercibility) return left.coercibility < right.coercibility ? left : right
  if (left.collation === right.collation) return left
  if (left.coercibility === Coercibility.explicit) return 'conflict'
  if (left.collation.isBinary !== right.collation.isBinary) return left.collation.isBinary ? left : right
  return { collation: binaryCollationOf(left.collation.charset), coercibility: Coercibility.none }
}

/** The side whose character set the other converts to. */
function preferredCharset(left: AgreedCollation, right: AgreedCollation): AgreedCollation | undefined {
  if (left.collation === BINARY_STRINGS) return left.coercibility <= right.coercibility ? left : right
  if (right.collation === BINARY_STRINGS) return right.coercibility <= left.coercibility ? right : left
  if (isSuperset(left, right)) return left
  if (isSuperset(right, left)) return right
  if (left.coercibility < right.coercibility && right.coercibility >= Coercibility.systemConstant) return left
  if (right.coercibility < left.coercibility && left.coercibility >= Coercibility.systemConstant) return right
  return undefined
}

function isSuperset(side: AgreedCollation, other: AgreedCollation): boolean {
  if (side.coercibility > other.coercibility) return false
  const isPreferred = side.coercibility < other.coercibility
  if (side.collation.charset.isUnicode && (isPreferred || holdsAllOf(side.collation, other.collation)))
    return true
  return other.isAscii && (isPreferred || !side.isAscii)
}

/** Whether Unicode character set `a` has all characters of `b` by MySQL's rule: b isn't Unicode, or lacks planes. */
function holdsAllOf(a: Collation, b: Collation): boolean {
  if (!b.charset.isUnicode) return true
  const smallest = 0x20
  return (
    a.charset.bytesPerCharMax > b.charset.bytesPerCharMax &&
    a.charset.bytesOf(smallest) === b.charset.bytesOf(smallest)
  )
}

/** Whether the operand's strings can be used in the collation without losing characters. */
function converts(operand: CollationOperand, agreed: Collation): boolean {
  const { collation, constant, isAscii } = operand
  if (collation.charset === agreed.charset || collation === BINARY_STRINGS || agreed === BINARY_STRINGS)
    return true
  if (isAscii) return true
  return constant === undefined ? agreed.charset.isUnicode : agreed.charset.canEncode(constant)
}

function mixError(operands: readonly CollationOperand[], operation: string): SqlError {
  const names = operands.flatMap(({ collation, coercibility }) => [
    collation.name,
    COERCIBILITY_NAMES[coercibility] ?? '',
  ])
  if (operands.length === 2) return sqlError('ER_CANT_AGGREGATE_2COLLATIONS', ...names, operation)
  if (operands.length === 3) return sqlError('ER_CANT_AGGREGATE_3COLLATIONS', ...names, operation)
  return sqlError('ER_CANT_AGGREGATE_NCOLLATIONS', operation)
}
