/**
 * The column types of random tables, each with values that it takes: mostly few different ones, so that joins and keys
 * meet, and those at its edges.
 */
import type { Random } from './random.js'

/**
 * What an expression is, as far as generators must know to put it where it fits. `small`, `money` and `real` are the
 * integers, decimals and floats that arithmetic can't take out of range.
 */
export type Kind =
  | 'small'
  | 'integer'
  | 'money'
  | 'decimal'
  | 'real'
  | 'double'
  | 'text'
  | 'binary'
  | 'date'
  | 'datetime'
  | 'time'
  | 'year'
  | 'enum'
  | 'set'
  | 'bit'

export interface ColumnType {
  /** As CREATE TABLE spells it. */
  readonly sql: string
  readonly kind: Kind
  readonly isUnsigned: boolean
  /** Of text. */
  readonly collation: string | undefined
  /** TEXT and BLOB can only be indexed by a prefix. */
  readonly needsPrefix: boolean
  /** Literals that a column of the type takes without error or change. */
  readonly values: readonly string[]
}

/** NO PAD ones first; the default of the server is the first of all. */
export const COLLATIONS = [
  'utf8mb4_0900_ai_ci',
  'utf8mb4_bin',
  'utf8mb4_general_ci',
  'utf8mb4_unicode_ci',
  'utf8mb4_0900_bin',
] as const

const DEFAULT_COLLATION = COLLATIONS[0]

const PLAIN_TEXTS = [
  '',
  'a',
  'A',
  'ab',
  'Abc',
  'abc',
  'b',
  'ä',
  'é',
  'z ',
  'zz',
  ' ',
  'a ',
  '5',
  '12',
  '1e1',
  'ñ',
]
const TEXTS_WITH_CASES_OF_THEIR_OWN = ['ß', 'Ä', '%', 'a_b', '\\\\', "''", '☃', '日本', '-1.50']
const OTHERS = ['a\\tb', '😀', '👍🏽']

/** Weights of emojis and tabs differ between the versions of Unicode that the two servers' default collations are of. */
export function textValues(collation: string): readonly string[] {
  const texts = [...PLAIN_TEXTS, ...PLAIN_TEXTS, ...TEXTS_WITH_CASES_OF_THEIR_OWN]
  return (collation === DEFAULT_COLLATION ? texts : [...texts, ...OTHERS]).map((text) => `'${text}'`)
}

export const SMALL_NUMBERS = ['0', '1', '2', '3', '4', '5', '6', '7', '-1', '-2', '10', '11']
export const BINARIES = ["''", "'a'", "'A'", "'a '", "'b'", "x'00'", "x'FF'", "x'6100'", "x'C3A4'", "'12'"]
export const DATES = ['2024-01-01', '2024-01-02', '2024-02-29', '2023-12-31', '1999-12-31', '1000-01-01']
const LAST_DATES = ['9999-12-31', '9999-12-30']
const STAMPS = ['2024-01-02 12:00:00', '2024-01-01 00:00:00', '2023-12-31 23:59:59', '1970-01-01 00:00:01']
export const TIMES = ['00:00:00', '12:34:56', '-00:00:01', '23:59:59', '01:00:00', '100:00:00']
const LAST_TIMES = ['838:59:59', '-838:59:59']

const quoted = (texts: readonly string[]): readonly string[] => texts.map((text) => `'${text}'`)

function integerType(name: string, bits: number, isUnsigned: boolean): ColumnType {
  const [low, high] = isUnsigned
    ? [0n, 2n ** BigInt(bits) - 1n]
    : [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
  const edges = [low, high, high - 1n, bits === 64 ? 9007199254740993n : high / 2n].map(String)
  const usual = isUnsigned ? SMALL_NUMBERS.filter((text) => !text.startsWith('-')) : SMALL_NUMBERS
  return {
    ...PLAIN,
    ...{ sql: isUnsigned ? `${name} UNSIGNED` : name, kind: bits <= 24 ? 'small' : 'integer', isUnsigned },
    values: [...usual, ...edges],
  }
}

function decimalType(precision: number, scale: number): ColumnType {
  const digits = '9'.repeat(precision - scale)
  const largest = scale === 0 ? digits : `${digits}.${'9'.repeat(scale)}`
  const fractions = scale === 0 ? [] : ['0.1', '1.5', '-1.5', '2.5', '-0.1', `0.${'0'.repeat(scale - 1)}1`]
  return {
    ...{ ...PLAIN, sql: `DECIMAL(${precision},${scale})`, kind: precision <= 10 ? 'money' : 'decimal' },
    values: ['0', '1', '2', '3', '5', '-1', '10', ...fractions, largest, `-${largest}`],
  }
}

function textType(sql: string, collation: string, needsPrefix = false): ColumnType {
  const named = collation === DEFAULT_COLLATION ? sql : `${sql} COLLATE ${collation}`
  return { ...PLAIN, sql: named, kind: 'text', collation, needsPrefix, values: textValues(collation) }
}

const PLAIN = { isUnsigned: false, collation: undefined, needsPrefix: false } as const

const NUMBER_TYPES: readonly ColumnType[] = [
  ...[integerType('TINYINT', 8, false), integerType('TINYINT', 8, true)],
  ...[integerType('SMALLINT', 16, false), integerType('MEDIUMINT', 24, true)],
  ...[integerType('INT', 32, false), integerType('INT', 32, false), integerType('INT', 32, true)],
  ...[integerType('BIGINT', 64, false), integerType('BIGINT', 64, true)],
  ...[decimalType(5, 0), decimalType(8, 2), decimalType(10, 4), decimalType(20, 6), decimalType(38, 10)],
  { ...PLAIN, sql: 'BOOLEAN', kind: 'small', values: ['TRUE', 'FALSE'] },
  { ...PLAIN, sql: 'DOUBLE', kind: 'real', values: ['0', '-0e0', '1.5', '0.1', '3', '-2.25', '1e10', '5'] },
  { ...PLAIN, sql: 'FLOAT', kind: 'real', values: ['0', '1.5', '0.1', '3', '-2', '1e6', '0.25', '5'] },
  {
    ...{ ...PLAIN, sql: 'DOUBLE', kind: 'double' },
    values: [
      '1.7976931348623157e308',
      '-1.7976931348623157e308',
      '2.2250738585072014e-308',
      '0',
      '1e15',
      '0.1',
    ],
  },
]

const TEXT_TYPES: readonly ColumnType[] = COLLATIONS.flatMap((collation) => [
  textType('VARCHAR(20)', collation),
  textType('CHAR(8)', collation),
  textType('TEXT', collation, true),
])

const TEMPORAL_TYPES: readonly ColumnType[] = [
  { ...PLAIN, sql: 'DATE', kind: 'date', values: quoted([...DATES, ...LAST_DATES]) },
  {
    ...{ ...PLAIN, sql: 'DATETIME', kind: 'datetime' },
    values: quoted([...DATES, ...STAMPS, '9999-12-31 23:59:59']),
  },
  {
    ...{ ...PLAIN, sql: 'DATETIME(3)', kind: 'datetime' },
    values: quoted([...STAMPS, '2024-01-02 12:00:00.125', '2024-01-01 23:59:59.999']),
  },
  {
    ...{ ...PLAIN, sql: 'TIMESTAMP', kind: 'datetime' },
    values: quoted([...STAMPS, '2038-01-19 03:14:07', '2024-02-29 06:00:00']),
  },
  { ...PLAIN, sql: 'TIME', kind: 'time', values: quoted([...TIMES, ...LAST_TIMES]) },
  { ...PLAIN, sql: 'TIME(2)', kind: 'time', values: quoted([...TIMES, '12:34:56.75', '-12:00:00.25']) },
  { ...PLAIN, sql: 'YEAR', kind: 'year', values: ['1901', '2155', '2024', '1999', '0'] },
]

const OTHER_TYPES: readonly ColumnType[] = [
  { ...PLAIN, sql: 'VARBINARY(10)', kind: 'binary', values: BINARIES },
  { ...PLAIN, sql: 'BINARY(3)', kind: 'binary', values: BINARIES },
  { ...PLAIN, sql: 'BLOB', kind: 'binary', needsPrefix: true, values: BINARIES },
  {
    ...PLAIN,
    sql: "ENUM('red','green','blue','')",
    kind: 'enum',
    values: ["'red'", "'green'", "'blue'", "''"],
  },
  { ...PLAIN, sql: "SET('a','b','c')", kind: 'set', values: ["''", "'a'", "'a,b'", "'c'", "'a,b,c'"] },
  { ...PLAIN, sql: 'BIT(1)', kind: 'bit', values: ['0', '1'] },
  { ...PLAIN, sql: 'BIT(8)', kind: 'bit', values: ['0', '1', '255', "b'101'"] },
  { ...PLAIN, sql: 'BIT(64)', kind: 'bit', values: ['0', '1', '18446744073709551615', '65'] },
]

/** Numbers and texts are what most tables are made of. */
export function randomType(random: Random): ColumnType {
  const share = random.next(100)
  if (share < 45) return random.pick(NUMBER_TYPES)
  if (share < 70) return random.pick(TEXT_TYPES)
  return random.pick(share < 88 ? TEMPORAL_TYPES : OTHER_TYPES)
}

export const KEY_TYPE = integerType('INT', 32, false)
