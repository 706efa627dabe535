/**
 * How two operands are compared: the conversions that each needs and the comparison itself. Shared by the comparison
 * operators, BETWEEN, IN, NULLIF and INTERVAL.
 */
import { compareBytes } from '../common/bytes.js'
import { requireCollation } from '../common/collations.js'
import { comparisonType } from '../common/comparison.js'
import { compileJsonNode } from '../common/conversion-json.js'
import { shown } from '../common/conditions.js'
import { compileConversion } from '../common/conversion.js'
import type { EvaluationContext, TimeZone } from '../common/evaluation.js'
import { compareJson } from '../common/json-compare.js'
import { sqlError } from '../common/sql-error.js'
import {
  DOUBLE_TYPE,
  hasDate,
  isApproximate,
  isBinary,
  isInteger,
  isNumeric,
  isTemporal,
  isText,
  representationOf,
  YEAR_TYPE,
  type SqlType,
  type TypeName,
} from '../common/sql-type.js'
import {
  createFields,
  fractionUnits,
  localToTimestamp,
  packDate,
  packDatetime,
  unpackDatetime,
} from '../common/temporal.js'
import type { ExactValue, Value } from '../common/value.js'
import { textOf } from '../common/value-text.js'
import type { ArgumentInfo, BindingEnvironment } from '../spi/functions.js'
import { resolveStrings } from './string-domain.js'

/** Negative, zero or positive for two converted values that are not NULL. */
export type PairComparator = (a: Value, b: Value, context: EvaluationContext) => number

export interface PairComparison {
  /** How the comparison is done; `number` may use JavaScript's operators on the converted values. */
  readonly kind: 'number' | 'text' | 'other'
  /** The type that both are compared in; a hash table over it needs both operands converted to it. */
  readonly type: SqlType
  /** What each operand is converted to; undefined leaves it as it is. */
  readonly left: SqlType | undefined
  readonly right: SqlType | undefined
  readonly compare: PairComparator
}

const MICROSECOND_DIGITS = 6

function isStringLike(type: SqlType): boolean {
  return isText(type) || isBinary(type) || ['enum', 'set', 'bit'].includes(type.name)
}

/** How `a` and `b` are compared by `operation` (its name is for collation errors). */
export function bindPair(
  a: ArgumentInfo,
  b: ArgumentInfo,
  environment: BindingEnvironment,
  operation: string,
): PairComparison {
  const readsYears = operation !== ' IN '
  if (readsYears && isShortYear(a.type, b)) {
    return { ...bindPair(a, withType(b, YEAR_TYPE), environment, operation), right: YEAR_TYPE }
  }
  if (readsYears && isShortYear(b.type, a)) {
    return { ...bindPair(withType(a, YEAR_TYPE), b, environment, operation), left: YEAR_TYPE }
  }
  const comparesStrings = isStringLike(a.type) && isStringLike(b.type)
  const agreed = comparesStrings
    ? resolveStrings([a, b], environment, operation, true).collation.name
    : 'binary'
  const collation = agreed === 'binary' ? environment.connectionCollation : agreed
  const type = comparisonType(a, b, collation)
  if (type.name === 'json') return jsonPair(a.type, b.type, type)
  const temporal = temporalPair(a, b, type)
  if (temporal !== undefined) return temporal
  const left = conversionTo(a.type, type)
  const right = conversionTo(b.type, type)
  switch (representationOf(type)) {
    case 'exact':
    case 'approximate':
      return { kind: 'number', type, left, right, compare: compareNumbers }
    case 'bytes':
      return { kind: 'other', type, left, right, compare: compareByteStrings }
    default: {
      const { compare } = collationComparator(type.collation)
      return { kind: 'text', type, left, right, compare }
    }
  }
}

/** Beside a YEAR, but not in lists of IN, constants of one or two digits are years of 1970 to 2069, as if they were stored (MySQL manual 13.2.4). */
function isShortYear(type: SqlType, argument: ArgumentInfo): boolean {
  if (type.name !== 'year' || !argument.isConstant) return false
  const value = argument.constant?.value
  if (isInteger(argument.type)) return Number(value) >= 1 && Number(value) <= 99
  return isText(argument.type) && typeof value === 'string' && /^[0-9]{1,2}$/.test(value)
}

function withType(argument: ArgumentInfo, type: SqlType): ArgumentInfo {
  const { nullable, coercibility, isConstant, text } = argument
  return { type, nullable, coercibility, isConstant, text, constant: undefined }
}

function collationComparator(name: string): { compare: PairComparator } {
  const collation = requireCollation(name)
  return { compare: (a, b) => collation.compare(a as string, b as string) }
}

const compareNumbers: PairComparator = (a, b) => {
  const x = a as ExactValue
  const y = b as ExactValue
  return x < y ? -1 : x > y ? 1 : 0
}

const compareByteStrings: PairComparator = (a, b) => compareBytes(a as Uint8Array, b as Uint8Array)

/** The conversion that is really needed: none where the values of both types look the same. */
function conversionTo(from: SqlType, to: SqlType): SqlType | undefined {
  if (from.name === 'null') return undefined
  if (isText(to)) return isText(from) || from.name === 'json' ? undefined : to
  if (isBinary(to)) return isBinary(from) ? undefined : to
  if (to.name === 'double') {
    // Integers meet doubles as numbers of JavaScript; only wide ones would keep digits that a DOUBLE loses.
    const isNarrow = isInteger(from) && from.name !== 'bigint'
    return isApproximate(from) || isNarrow || from.name === 'year' ? undefined : to
  }
  const isWhole = isInteger(from) || ['year', 'bit', 'enum', 'set'].includes(from.name)
  if (to.name === 'decimal' && to.scale === 0) return isWhole ? undefined : sameScale(from, to)
  if (to.name === 'bigint') return isWhole ? undefined : to
  return sameScale(from, to)
}

function sameScale(from: SqlType, to: SqlType): SqlType | undefined {
  return from.name === to.name && from.scale === to.scale ? undefined : to
}

// ---- JSON

function jsonPair(a: SqlType, b: SqlType, type: SqlType): PairComparison {
  const nodeA = compileJsonNode(a)
  const nodeB = compileJsonNode(b)
  const compare: PairComparator = (x, y, context) => compareJson(nodeA(x, context), nodeB(y, context))
  return { kind: 'other', type, left: undefined, right: undefined, compare }
}

// ---- temporals and constants

/**
 * A temporal beside a constant string or number: the constant is read with all its digits and cut to the decimals of
 * the other side once, instead of every row being widened.
 */
function temporalPair(a: ArgumentInfo, b: ArgumentInfo, type: SqlType): PairComparison | undefined {
  if (!isTemporal(type)) return undefined
  if (isTemporal(a.type) && isPlainConstant(b)) {
    const compare = compareWithConstant(a.type, b.type, type)
    return { kind: 'other', type, left: undefined, right: undefined, compare }
  }
  if (isTemporal(b.type) && isPlainConstant(a)) {
    const compare = compareWithConstant(b.type, a.type, type)
    return { kind: 'other', type, left: undefined, right: undefined, compare: (x, y, c) => -compare(y, x, c) }
  }
  if (isTemporal(a.type) && isStringLike(b.type)) {
    const compare = compareWithText(a.type, b.type, type)
    return { kind: 'other', type, left: undefined, right: undefined, compare }
  }
  if (isTemporal(b.type) && isStringLike(a.type)) {
    const compare = compareWithText(b.type, a.type, type)
    return { kind: 'other', type, left: undefined, right: undefined, compare: (x, y, c) => -compare(y, x, c) }
  }
  return undefined
}

/** Text of a row that is no date counts as the zero date, after a warning; text that is no time silently as 0. */
function compareWithText(temporal: SqlType, from: SqlType, type: SqlType): PairComparator {
  const temporalOf = compileConversion(temporal, type)
  const textual = compileConversion(from, type)
  const isSilent = !hasDate(type)
  return (a, b, context) => {
    const x = temporalOf(a, context) as ExactValue
    const reading = isSilent ? (Object.create(context, QUIET) as EvaluationContext) : context
    const y = (textual(b, reading) ?? 0) as ExactValue
    return x < y ? -1 : x > y ? 1 : 0
  }
}

function isPlainConstant(argument: ArgumentInfo): boolean {
  return argument.isConstant && (isText(argument.type) || isBinary(argument.type) || isNumeric(argument.type))
}

interface CutConstant extends TemporalCut {
  source: Value
  zone: TimeZone | undefined
  sqlMode: number
}

/** A constant as a place between two values of a temporal column. */
export interface TemporalCut {
  /** The greatest value of the column's type that is not above the constant. */
  floor: ExactValue
  /** Whether the constant is above `floor`. */
  isAbove: boolean
  /** The constant itself if it is a number but no date: the dates are then compared as numbers. */
  number: number | undefined
}

function compareWithConstant(column: SqlType, from: SqlType, type: SqlType): PairComparator {
  const cut = newCut()
  const read = compileConstantReader(column, from, type)
  const numberOf = compileConversion(column, DOUBLE_TYPE)
  return (a, b, context) => {
    // The last constant is remembered: a pure function of its arguments, so any number of sessions may share it.
    if (b !== cut.source || context.timeZone !== cut.zone || context.sqlMode !== cut.sqlMode) {
      read(b, context, cut)
      cut.source = b
      cut.zone = context.timeZone
      cut.sqlMode = context.sqlMode
    }
    if (cut.number !== undefined) return Number(numberOf(a, context)) - cut.number
    const value = a as ExactValue
    if (value < cut.floor) return -1
    if (value > cut.floor) return 1
    return cut.isAbove ? -1 : 0
  }
}

/**
 * Reads a constant into `cut`. Text that is no date is ER_WRONG_VALUE, as in MySQL, and text that is no time is 0 with a
 * warning; a number that is none is compared as a number.
 */
function compileConstantReader(
  column: SqlType,
  from: SqlType,
  type: SqlType,
): (value: Value, context: EvaluationContext, cut: CutConstant) => void {
  const convert = compileConversion(from, type)
  const numberOf = isNumeric(from) ? compileConversion(from, DOUBLE_TYPE) : undefined
  const cutConstant = hasDate(type) ? cutDatetime : cutTime
  const text = textOf(from)
  return (value, context, cut) => {
    cut.number = undefined
    cut.source = null
    const quiet = Object.create(context, QUIET) as EvaluationContext
    const converted = convert(value, quiet)
    if (converted !== null) cutConstant(column, converted as ExactValue, context, cut)
    else if (numberOf !== undefined) cut.number = Number(numberOf(value, quiet))
    else if (column.name !== 'time')
      throw sqlError('ER_WRONG_VALUE', CONSTANT_NAMES[column.name] ?? 'DATETIME', text(value, context))
    else {
      context.warn('Warning', 'ER_INCORRECT_VALUE', 'time', shown(text(value, context)))
      cutConstant(column, 0, context, cut)
    }
  }
}

/** Contexts have methods and inherited members, so what is silenced lies over them. */
const QUIET: PropertyDescriptorMap = { strict: { value: false }, warn: { value: () => undefined } }

/**
 * How comparisons of a temporal column with a constant string or number read the constant, for whoever looks for the same
 * rows by an index. The answer is overwritten by the next call. Throws ER_WRONG_VALUE as the comparison does.
 */
export function compileTemporalCut(
  column: SqlType,
  from: SqlType,
): (value: Value, context: EvaluationContext) => Readonly<TemporalCut> {
  const type = comparisonType(
    { type: column, isConstant: false, isColumn: true },
    { type: from, isConstant: true },
    'binary',
  )
  const cut = newCut()
  const read = compileConstantReader(column, from, type)
  return (value, context) => {
    read(value, context, cut)
    return cut
  }
}

function newCut(): CutConstant {
  return { source: null, zone: undefined, sqlMode: 0, floor: 0, isAbove: false, number: undefined }
}

const CONSTANT_NAMES: Partial<Record<TypeName, string>> = { date: 'DATE' }

const fields = createFields()

/** The constant is a DATETIME(6). */
function cutDatetime(column: SqlType, value: ExactValue, context: EvaluationContext, cut: CutConstant): void {
  unpackDatetime(value, MICROSECOND_DIGITS, fields)
  if (column.name === 'date') {
    cut.floor = packDate(fields)
    cut.isAbove = fields.hour > 0 || fields.minute > 0 || fields.second > 0 || fields.microsecond > 0
    return
  }
  const rest = fields.microsecond % fractionUnits(MICROSECOND_DIGITS - column.scale)
  cut.isAbove = rest > 0
  fields.microsecond -= rest
  const local = packDatetime(fields, column.scale)
  cut.floor = column.name === 'timestamp' ? timestampOf(local, column.scale, context) : local
}

/** Packed UTC of a local time, also where no TIMESTAMP reaches: the order is what matters. */
function timestampOf(local: ExactValue, scale: number, context: EvaluationContext): ExactValue {
  return localToTimestamp(fields, scale, context.timeZone) ?? local
}

/** The constant is a TIME(6). */
function cutTime(column: SqlType, value: ExactValue, _context: EvaluationContext, cut: CutConstant): void {
  const unit = fractionUnits(MICROSECOND_DIGITS - column.scale)
  const floor = Math.floor(Number(value) / unit)
  cut.floor = floor
  cut.isAbove = floor * unit < Number(value)
}
