/**
 * SQL types as MySQL 8 defines them (Reference Manual, chapter 13 "Data Types"), and how a value of each
 * is represented in memory. Every bound expression, column and vector carries exactly one `SqlType`.
 */

export type TypeName =
  | 'null'
  | 'tinyint'
  | 'smallint'
  | 'mediumint'
  | 'int'
  | 'bigint'
  | 'decimal'
  | 'float'
  | 'double'
  | 'bit'
  | 'year'
  | 'date'
  | 'time'
  | 'datetime'
  | 'timestamp'
  | 'char'
  | 'varchar'
  | 'tinytext'
  | 'text'
  | 'mediumtext'
  | 'longtext'
  | 'binary'
  | 'varbinary'
  | 'tinyblob'
  | 'blob'
  | 'mediumblob'
  | 'longblob'
  | 'enum'
  | 'set'
  | 'json'

/**
 * An exact MySQL type. Immutable; share instances, compare with `sameType`.
 *
 * Units: `length` counts characters for text, bytes for binary strings, bits for BIT, decimal digits
 * (precision) for DECIMAL, and MySQL's display width for the other types. `scale` is the number of decimals of
 * DECIMAL, FLOAT(M,D) and DOUBLE(M,D), the fractional seconds precision (0–6) of temporal types, and
 * `NOT_FIXED_DECIMALS` for FLOAT and DOUBLE without declared decimals.
 */
export interface SqlType {
  readonly name: TypeName
  readonly unsigned: boolean
  readonly zerofill: boolean
  readonly length: number
  readonly scale: number
  /** Collation name for CHAR…LONGTEXT, ENUM and SET; `binary` for every other type. */
  readonly collation: string
  /** ENUM and SET only: the members in definition order. */
  readonly members?: readonly string[]
}

/** MySQL's "no fixed number of decimals" (NOT_FIXED_DEC on the wire). */
export const NOT_FIXED_DECIMALS = 31

/**
 * How a non-NULL value of a type lives in JavaScript:
 *
 * - `exact`: an integer, a `number` while it is a safe integer and a `bigint` beyond. The type says what one
 *   unit is: 1 for integers, YEAR and BIT; 10^-scale for DECIMAL; the member's index for ENUM; the bit mask for
 *   SET; and the packed forms of `temporal.ts` for DATE, TIME, DATETIME and TIMESTAMP. Values of one type and
 *   scale therefore compare with JavaScript's `<`, `>` and `==`, also when a number meets a bigint.
 * - `approximate`: a finite `number` (FLOAT is already rounded to single precision).
 * - `text`: a string of Unicode code points; what the character set of its collation can't hold never gets in.
 * - `bytes`: a `Uint8Array` that nobody changes any more.
 * - `json`: MySQL's normalised JSON text as a string (object keys sorted, `, ` and `: ` as separators).
 */
export type Representation = 'exact' | 'approximate' | 'text' | 'bytes' | 'json'

const REPRESENTATION: Readonly<Record<TypeName, Representation>> = {
  null: 'exact',
  tinyint: 'exact',
  smallint: 'exact',
  mediumint: 'exact',
  int: 'exact',
  bigint: 'exact',
  decimal: 'exact',
  float: 'approximate',
  double: 'approximate',
  bit: 'exact',
  year: 'exact',
  date: 'exact',
  time: 'exact',
  datetime: 'exact',
  timestamp: 'exact',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  binary: 'bytes',
  varbinary: 'bytes',
  tinyblob: 'bytes',
  blob: 'bytes',
  mediumblob: 'bytes',
  longblob: 'bytes',
  enum: 'exact',
  set: 'exact',
  json: 'json',
}

export function representationOf(type: SqlType): Representation {
  return REPRESENTATION[type.name]
}

const INTEGER_NAMES: ReadonlySet<TypeName> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint'])
const TEMPORAL_NAMES: ReadonlySet<TypeName> = new Set(['date', 'time', 'datetime', 'timestamp'])

/** TINYINT to BIGINT; not YEAR, not BIT. */
export function isInteger(type: SqlType): boolean {
  return INTEGER_NAMES.has(type.name)
}

/** Integers, DECIMAL, FLOAT, DOUBLE, YEAR and BIT: types that are numbers in every context. */
export function isNumeric(type: SqlType): boolean {
  return isInteger(type) || ['decimal', 'float', 'double', 'year', 'bit'].includes(type.name)
}

export function isApproximate(type: SqlType): boolean {
  return type.name === 'float' || type.name === 'double'
}

/** DATE, TIME, DATETIME and TIMESTAMP. */
export function isTemporal(type: SqlType): boolean {
  return TEMPORAL_NAMES.has(type.name)
}

/** Temporal types that hold a date. */
export function hasDate(type: SqlType): boolean {
  return type.name === 'date' || type.name === 'datetime' || type.name === 'timestamp'
}

/** CHAR, VARCHAR and the TEXT family (not ENUM and SET). */
export function isText(type: SqlType): boolean {
  return REPRESENTATION[type.name] === 'text'
}

/** BINARY, VARBINARY and the BLOB family. */
export function isBinary(type: SqlType): boolean {
  return REPRESENTATION[type.name] === 'bytes'
}

/** Text or binary strings. */
export function isString(type: SqlType): boolean {
  return isText(type) || isBinary(type)
}

/** Whether it is the type of comparisons and logic: this very object, as a BIGINT that merely looks like it is a number's. */
export function isBoolean(type: SqlType): boolean {
  return type === BOOLEAN_TYPE
}

export function sameType(a: SqlType, b: SqlType): boolean {
  return (
    a === b ||
    (a.name === b.name &&
      a.unsigned === b.unsigned &&
      a.zerofill === b.zerofill &&
      a.length === b.length &&
      a.scale === b.scale &&
      a.collation === b.collation &&
      sameMembers(a.members, b.members))
  )
}

function sameMembers(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === b) return true
  return a?.length === b?.length && a?.every((member, i) => member === b?.[i]) === true
}

function make(name: TypeName, length: number, scale = 0, unsigned = false, collation = 'binary'): SqlType {
  return Object.freeze({ name, unsigned, zerofill: false, length, scale, collation })
}

export const NULL_TYPE: SqlType = make('null', 0)
/** Results of comparisons and logic: MySQL reports BIGINT with display width 1. */
export const BOOLEAN_TYPE: SqlType = make('bigint', 1)
/** What conditions convert JSON to: 0 for the JSON number 0, else 1 (MySQL manual 14.17.1). JSON is converted to it nowhere else. */
export const JSON_CONDITION_TYPE: SqlType = make('tinyint', 1)
export const INT_TYPE: SqlType = make('int', 11)
export const BIGINT_TYPE: SqlType = make('bigint', 21)
export const UNSIGNED_BIGINT_TYPE: SqlType = make('bigint', 21, 0, true)
export const DOUBLE_TYPE: SqlType = make('double', 22, NOT_FIXED_DECIMALS)
export const FLOAT_TYPE: SqlType = make('float', 12, NOT_FIXED_DECIMALS)
export const DATE_TYPE: SqlType = make('date', 10)
export const YEAR_TYPE: SqlType = Object.freeze({ ...make('year', 4, 0, true), zerofill: true })
export const JSON_TYPE: SqlType = make('json', 4294967295)

/** Bytes that the TEXT and BLOB types hold. */
export const LARGE_BYTES = {
  tinytext: 255,
  text: 65535,
  mediumtext: 16777215,
  longtext: 4294967295,
  tinyblob: 255,
  blob: 65535,
  mediumblob: 16777215,
  longblob: 4294967295,
} as const

export const DECIMAL_PRECISION_MAX = 65
export const DECIMAL_SCALE_MAX = 30

/** DECIMAL(precision, scale), clamped to MySQL's limits of 65 digits and 30 decimals. */
export function decimalType(precision: number, scale: number, unsigned = false): SqlType {
  const s = Math.min(Math.max(scale, 0), DECIMAL_SCALE_MAX)
  return make('decimal', Math.min(Math.max(precision, s, 1), DECIMAL_PRECISION_MAX), s, unsigned)
}

export function datetimeType(fractionDigits = 0): SqlType {
  return make('datetime', fractionDigits > 0 ? 20 + fractionDigits : 19, fractionDigits)
}

export function timestampType(fractionDigits = 0): SqlType {
  return make('timestamp', fractionDigits > 0 ? 20 + fractionDigits : 19, fractionDigits)
}

export function timeType(fractionDigits = 0): SqlType {
  return make('time', fractionDigits > 0 ? 11 + fractionDigits : 10, fractionDigits)
}

/** VARCHAR of `length` characters, or the TEXT type that holds that many where VARCHAR can't. */
export function textType(length: number, collation: string): SqlType {
  if (length <= 16383) return make('varchar', length, 0, false, collation)
  if (length <= 4194303) return make('mediumtext', length, 0, false, collation)
  return make('longtext', Math.min(length, 4294967295), 0, false, collation)
}

/** VARBINARY of `length` bytes, or the BLOB type that holds that many. */
export function binaryType(length: number): SqlType {
  if (length <= 65535) return make('varbinary', length)
  if (length <= 16777215) return make('mediumblob', length)
  return make('longblob', Math.min(length, 4294967295))
}
