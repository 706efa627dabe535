/**
 * The type that several types are united in: columns of UNION, branches of CASE, IF and COALESCE (MySQL manual 15.2.18
 * and 14.5). Numbers stay numbers, numbers with strings become strings, mixed dates become DATETIME.
 */
import {
  BIGINT_TYPE,
  binaryType,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  isApproximate,
  isBinary,
  isInteger,
  isNumeric,
  isTemporal,
  isText,
  JSON_TYPE,
  NOT_FIXED_DECIMALS,
  NULL_TYPE,
  sameType,
  textType,
  timestampType,
  timeType,
  type SqlType,
  type TypeName,
} from './sql-type.js'
import { byteLengthMax } from './byte-length.js'
import { textLengthMax } from './value-text.js'

/** What text made of numbers has if nobody says otherwise. */
const DEFAULT_COLLATION = 'utf8mb4_0900_ai_ci'

/** Digits that values of an integer type (also YEAR and BIT) have at most. */
function integerDigits(type: SqlType): number {
  switch (type.name) {
    case 'tinyint':
      return 3
    case 'smallint':
      return 5
    case 'mediumint':
      return type.unsigned ? 8 : 7
    case 'int':
      return type.length === 1 ? 1 : 10
    case 'year':
      return 4
    case 'bigint':
      // Literals and small results are BIGINT with the length that they need, a sign included.
      if (type.length >= 20) return type.unsigned ? 20 : 19
      return Math.max(type.unsigned ? type.length : type.length - 1, 1)
    default:
      return 20
  }
}

/** Digits before the point of an exact numeric type. */
export function wholeDigits(type: SqlType): number {
  return type.name === 'decimal' ? type.length - type.scale : integerDigits(type)
}

/** Decimals of an exact numeric type. */
export function decimalsOf(type: SqlType): number {
  return type.name === 'decimal' ? type.scale : 0
}

/**
 * The common type. `agreedCollation` is what the string operands agreed on; it is not used where the result is no text,
 * and by default the collation of the first operand that is text.
 */
export function resultTypeOf(types: readonly SqlType[], agreedCollation?: string): SqlType {
  const present = types.filter((type) => type.name !== 'null')
  const [first, ...others] = present
  if (first === undefined) return NULL_TYPE
  const textCollation = agreedCollation ?? present.find(isText)?.collation ?? DEFAULT_COLLATION
  if (others.every((type) => sameType(first, type)))
    return isText(first) ? withCollation(first, textCollation) : first
  if (present.every(isNumeric)) return mergeNumbers(present)
  if (present.every(isTemporal)) return mergeTemporals(present)
  if (present.every((type) => type.name === 'json')) return JSON_TYPE
  return mergeStrings(present, textCollation)
}

function withCollation(type: SqlType, collation: string): SqlType {
  return type.collation === collation ? type : Object.freeze({ ...type, collation })
}

// ---- numbers

function mergeNumbers(types: readonly SqlType[]): SqlType {
  if (types.some(isApproximate)) return mergeApproximates(types)
  if (types.some((type) => type.name === 'decimal')) return mergeDecimals(types)
  if (types.every((type) => type.name === 'year')) return types[0] as SqlType
  if (types.every((type) => type.name === 'bit')) return longest(types)
  return mergeIntegers(types)
}

/** What stays FLOAT beside a FLOAT. INT isn't among them, and BIGINT only behind one: MySQL's table of result types says so. */
const FLOAT_COMPANIONS: readonly TypeName[] = ['float', 'tinyint', 'smallint', 'mediumint', 'year']

function mergeApproximates(types: readonly SqlType[]): SqlType {
  const firstFloat = types.findIndex((type) => type.name === 'float')
  const floats = types.every(
    (type, i) => FLOAT_COMPANIONS.includes(type.name) || (type.name === 'bigint' && i > firstFloat),
  )
  const scale = types.reduce(
    (max, type) => Math.max(max, type.name === 'decimal' || isApproximate(type) ? type.scale : 0),
    0,
  )
  const base = floats ? FLOAT_TYPE : DOUBLE_TYPE
  if (scale >= NOT_FIXED_DECIMALS) return base
  const length = types.reduce((max, type) => Math.max(max, textLengthMax(type)), 0)
  return Object.freeze({ ...base, length, scale })
}

function mergeDecimals(types: readonly SqlType[]): SqlType {
  const scale = Math.max(...types.map(decimalsOf))
  const whole = Math.max(...types.map(wholeDigits))
  return decimalType(
    whole + scale,
    scale,
    types.every((type) => type.unsigned),
  )
}

const INTEGER_ORDER: readonly TypeName[] = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint']

/** A YEAR fits in a SMALLINT, BIT needs a BIGINT. */
function integerRank(type: SqlType): number {
  if (type.name === 'year') return 1
  return isInteger(type) ? INTEGER_ORDER.indexOf(type.name) : 4
}

/** The larger type; with signed and unsigned operands the next larger one if an unsigned one fills it. */
function mergeIntegers(types: readonly SqlType[]): SqlType {
  const ranks = types.map(integerRank)
  const rank = Math.max(...ranks)
  const unsigned = types.every((type) => type.unsigned || type.name === 'bit')
  const isMixed = !unsigned && types.some((type) => type.unsigned || type.name === 'bit')
  const isFull =
    isMixed &&
    types.some(
      (type, i) => type.name !== 'year' && (type.unsigned || type.name === 'bit') && ranks[i] === rank,
    )
  if (isFull && rank === 4) return decimalType(Math.max(...types.map(integerDigits)), 0)
  const name = INTEGER_ORDER[isFull ? rank + 1 : rank] ?? 'bigint'
  // The digits of a BIGINT are told by its length, in which a sign takes a place beside those of unsigned operands.
  const hasSign = isMixed && name === 'bigint'
  const length = Math.max(...types.map((type) => type.length + (type.unsigned && hasSign ? 1 : 0)))
  return Object.freeze({ ...BIGINT_TYPE, name, length, unsigned })
}

function longest(types: readonly SqlType[]): SqlType {
  return types.reduce((a, b) => (b.length > a.length ? b : a))
}

// ---- temporals

function mergeTemporals(types: readonly SqlType[]): SqlType {
  const scale = Math.max(...types.map((type) => type.scale))
  if (types.every((type) => type.name === 'date')) return DATE_TYPE
  if (types.every((type) => type.name === 'time')) return timeType(scale)
  return types.every((type) => type.name === 'timestamp') ? timestampType(scale) : datetimeType(scale)
}

// ---- strings

const TEXT_ORDER: readonly TypeName[] = ['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext']
const BINARY_ORDER: readonly TypeName[] = [
  'binary',
  'varbinary',
  'tinyblob',
  'blob',
  'mediumblob',
  'longblob',
]

function mergeStrings(types: readonly SqlType[], collation: string): SqlType {
  if (types.some((type) => isBinary(type) || type.name === 'bit')) {
    const length = Math.max(...types.map(byteLengthMax))
    const rank = rankAmong(types, BINARY_ORDER, TEXT_ORDER)
    const fitting = binaryType(length)
    return rank <= 1 && fitting.name === 'varbinary'
      ? named(fitting, types.every((type) => type.name === 'binary') ? 'binary' : 'varbinary')
      : named(fitting, BINARY_ORDER[Math.max(rank, BINARY_ORDER.indexOf(fitting.name))])
  }
  const length = Math.max(...types.map(textLengthMax))
  const rank = rankAmong(types, TEXT_ORDER, TEXT_ORDER)
  const fitting = textType(length, collation)
  if (rank <= 1 && fitting.name === 'varchar') {
    return named(fitting, types.every((type) => type.name === 'char') ? 'char' : 'varchar')
  }
  return named(fitting, TEXT_ORDER[Math.max(rank, TEXT_ORDER.indexOf(fitting.name))])
}

function named(type: SqlType, name: TypeName | undefined): SqlType {
  return name === undefined || type.name === name ? type : Object.freeze({ ...type, name })
}

/** The highest place that one of the types has in its order; what isn't a string counts as VARCHAR, JSON as LONGTEXT. */
function rankAmong(types: readonly SqlType[], ...orders: readonly (readonly TypeName[])[]): number {
  let rank = 0
  for (const type of types) {
    if (type.name === 'json') rank = Math.max(rank, 5)
    else
      rank = Math.max(
        rank,
        ...orders.map((order) => order.indexOf(type.name)),
        isText(type) || isBinary(type) ? 0 : 1,
      )
  }
  return rank
}
