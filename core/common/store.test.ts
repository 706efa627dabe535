/**
 * Goal: assignment to columns keeps, rounds, cuts or refuses values as MySQL does, in strict mode and without. Method:
 * each value stored leniently (value and warnings) and strictly (value or error).
 */

import { compileStore, textOf } from './conversion.js'
import { isSqlError } from './sql-error.js'
import {
  binaryType,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  INT_TYPE,
  JSON_TYPE,
  textType,
  timestampType,
  timeType,
  UNSIGNED_BIGINT_TYPE,
  YEAR_TYPE,
  type SqlType,
} from './sql-type.js'
import { testContext } from './test-context.js'
import type { Value } from './value.js'

const COLLATION = 'utf8mb4_0900_ai_ci'
const TEXT = textType(100, COLLATION)
const TINY: SqlType = { ...INT_TYPE, name: 'tinyint', length: 4 }
const TINY_UNSIGNED: SqlType = { ...TINY, unsigned: true }
const CHAR3: SqlType = { ...textType(3, COLLATION), name: 'char' }
const VARCHAR3 = textType(3, COLLATION)
const LATIN1 = textType(10, 'latin1_swedish_ci')
const ENUM: SqlType = { ...textType(5, COLLATION), name: 'enum', members: ['small', 'large', '7'] }
const SET: SqlType = { ...textType(5, COLLATION), name: 'set', members: ['a', 'b', 'c'] }
const BIT4: SqlType = { ...INT_TYPE, name: 'bit', length: 4, unsigned: true }
const BINARY4: SqlType = { ...binaryType(4), name: 'binary' }

function store(value: Value, from: SqlType, to: SqlType, strict: boolean): string[] {
  const warnings: string[] = []
  const context = testContext({ context: { strict } }, warnings)
  try {
    const result = compileStore(to, from)(value, context, 'c', 2)
    const shown =
      result === null
        ? 'NULL'
        : result instanceof Uint8Array
          ? Buffer.from(result).toString('hex')
          : to.name === 'bit'
            ? String(result)
            : textOf(to)(result, context)
    return [shown, ...warnings]
  } catch (error) {
    if (!isSqlError(error)) throw error
    return [`${String(error.number)} ${error.message}`]
  }
}

const RANGE = "Out of range value for column 'c' at row 2"
const CUT = "Data truncated for column 'c' at row 2"
const LONG = "Data too long for column 'c' at row 2"

type Row = [value: Value, from: SqlType, to: SqlType, lenient: string[], strict: string[]]

/** The same in both modes. */
function same(value: Value, from: SqlType, to: SqlType, ...shown: string[]): Row {
  return [value, from, to, shown, shown]
}

const numbers: Row[] = [
  same(127, INT_TYPE, TINY, '127'),
  [128, INT_TYPE, TINY, ['127', `Warning ${RANGE}`], [`1264 ${RANGE}`]],
  [-129, INT_TYPE, TINY, ['-128', `Warning ${RANGE}`], [`1264 ${RANGE}`]],
  [-1, INT_TYPE, TINY_UNSIGNED, ['0', `Warning ${RANGE}`], [`1264 ${RANGE}`]],
  same(15, decimalType(2, 1), TINY, '2'),
  same(2.5, DOUBLE_TYPE, TINY, '2'),
  same('1.5', TEXT, TINY, '2'),
  same('1e2', TEXT, TINY, '100'),
  same(18446744073709551615n, decimalType(20, 0), UNSIGNED_BIGINT_TYPE, '18446744073709551615'),
  ['12abc', TEXT, TINY, ['12', `Warning ${CUT}`], [`1265 ${CUT}`]],
  [
    'abc',
    TEXT,
    TINY,
    ['0', "Warning Incorrect integer value: 'abc' for column 'c' at row 2"],
    ["1366 Incorrect integer value: 'abc' for column 'c' at row 2"],
  ],
  [
    '',
    TEXT,
    INT_TYPE,
    ['0', "Warning Incorrect integer value: '' for column 'c' at row 2"],
    ["1366 Incorrect integer value: '' for column 'c' at row 2"],
  ],
  same(1255, decimalType(4, 3), decimalType(5, 2), '1.26', `Note ${CUT}`),
  same('1.255', TEXT, decimalType(5, 2), '1.26', `Note ${CUT}`),
  same(1250, decimalType(4, 3), decimalType(5, 2), '1.25'),
  [1000, INT_TYPE, decimalType(5, 2), ['999.99', `Warning ${RANGE}`], [`1264 ${RANGE}`]],
  [-1, INT_TYPE, decimalType(5, 2, true), ['0.00', `Warning ${RANGE}`], [`1264 ${RANGE}`]],
  [
    'x',
    TEXT,
    decimalType(5, 2),
    ['0.00', "Warning Incorrect decimal value: 'x' for column 'c' at row 2"],
    ["1366 Incorrect decimal value: 'x' for column 'c' at row 2"],
  ],
  ['1.5x', TEXT, DOUBLE_TYPE, ['1.5', `Warning ${CUT}`], [`1265 ${CUT}`]],
  [1e39, DOUBLE_TYPE, FLOAT_TYPE, ['3.40282e38', `Warning ${RANGE}`], [`1264 ${RANGE}`]],
  same(1.256, DOUBLE_TYPE, { ...DOUBLE_TYPE, length: 5, scale: 2 }, '1.26'),
  [
    1e6,
    DOUBLE_TYPE,
    { ...DOUBLE_TYPE, length: 5, scale: 2 },
    ['999.99', `Warning ${RANGE}`],
    [`1264 ${RANGE}`],
  ],
  same(99, INT_TYPE, YEAR_TYPE, '1999'),
  same(0, INT_TYPE, YEAR_TYPE, '0000'),
  same('0000', TEXT, YEAR_TYPE, '0000'),
  same(3.6, DOUBLE_TYPE, YEAR_TYPE, '2003'),
  [
    'abc',
    TEXT,
    YEAR_TYPE,
    ['0000', "Warning Incorrect integer value: 'abc' for column 'c' at row 2"],
    ["1366 Incorrect integer value: 'abc' for column 'c' at row 2"],
  ],
  ['999x', TEXT, TINY, ['127', `Warning ${RANGE}`], [`1264 ${RANGE}`]],
  same(1e-7, DOUBLE_TYPE, decimalType(5, 2), '0.00', `Note ${CUT}`),
  same(3.6, DOUBLE_TYPE, BIT4, '3'),
  same('0', TEXT, YEAR_TYPE, '2000'),
  [1800, INT_TYPE, YEAR_TYPE, ['0000', `Warning ${RANGE}`], [`1264 ${RANGE}`]],
  same(15, INT_TYPE, BIT4, '15'),
  [16, INT_TYPE, BIT4, ['15', `Warning ${RANGE}`], [`1406 ${LONG}`]],
  same(Buffer.from([5]), binaryType(1), BIT4, '5'),
]

const strings: Row[] = [
  same('abc', TEXT, VARCHAR3, 'abc'),
  same('ab ', TEXT, VARCHAR3, 'ab '),
  same('ab ', TEXT, CHAR3, 'ab'),
  same('abc   ', TEXT, CHAR3, 'abc'),
  same('abc   ', TEXT, VARCHAR3, 'abc', `Note ${CUT}`),
  ['abcd', TEXT, VARCHAR3, ['abc', `Warning ${CUT}`], [`1406 ${LONG}`]],
  same('😀😀😀', TEXT, VARCHAR3, '😀😀😀'),
  [1234, INT_TYPE, VARCHAR3, ['123', `Warning ${CUT}`], [`1406 ${LONG}`]],
  [
    'añ漢',
    TEXT,
    LATIN1,
    ['añ?', "Warning Incorrect string value: '\\xE6\\xBC\\xA2' for column 'c' at row 2"],
    ["1366 Incorrect string value: '\\xE6\\xBC\\xA2' for column 'c' at row 2"],
  ],
  [
    Buffer.from('61ff', 'hex'),
    binaryType(2),
    TEXT,
    ['a', "Warning Incorrect string value: '\\xFF' for column 'c' at row 2"],
    ["1366 Incorrect string value: '\\xFF' for column 'c' at row 2"],
  ],
  same(-1e10, DOUBLE_TYPE, textType(5, COLLATION), '-1e10'),
  same(123456.789, DOUBLE_TYPE, textType(5, COLLATION), '1.2e5'),
  same(1234.5678, DOUBLE_TYPE, textType(5, COLLATION), '1235'),
  same(123456, DOUBLE_TYPE, VARCHAR3, '1e5'),
  same('ab', TEXT, BINARY4, '61620000'),
  [Buffer.from('abcde'), binaryType(5), BINARY4, ['61626364', `Warning ${CUT}`], [`1406 ${LONG}`]],
  [
    'x'.repeat(256),
    textType(300, COLLATION),
    { ...TEXT, name: 'tinytext', length: 255 },
    ['x'.repeat(255), `Warning ${CUT}`],
    [`1406 ${LONG}`],
  ],
]

const members: Row[] = [
  same('LARGE', TEXT, ENUM, 'large'),
  same('large  ', TEXT, ENUM, 'large'),
  same(1, INT_TYPE, ENUM, 'small'),
  same('7', TEXT, ENUM, '7'),
  same('2', TEXT, ENUM, 'large'),
  same(15, decimalType(2, 1), ENUM, 'small'),
  same(2.9, DOUBLE_TYPE, ENUM, 'large'),
  ['huge', TEXT, ENUM, ['', `Warning ${CUT}`], [`1265 ${CUT}`]],
  [9, INT_TYPE, ENUM, ['', `Warning ${CUT}`], [`1265 ${CUT}`]],
  same('c,A', TEXT, SET, 'a,c'),
  same('', TEXT, SET, ''),
  same(6, INT_TYPE, SET, 'b,c'),
  ['a,x', TEXT, SET, ['a', `Warning ${CUT}`], [`1265 ${CUT}`]],
  [9, INT_TYPE, SET, ['a', `Warning ${CUT}`], [`1265 ${CUT}`]],
]

const incorrect = (type: string, value: string) =>
  `1292 Incorrect ${type} value: '${value}' for column 'c' at row 2`

/** Strict mode says which value has parts that the column has no place for. */
function lossy(value: Value, from: SqlType, to: SqlType, kept: string): Row {
  const note = `Note Incorrect ${to.name} value: '${String(value)}' for column 'c' at row 2`
  return [value, from, to, [kept, `Note ${CUT}`], [kept, note]]
}

const temporals: Row[] = [
  same('2024-01-31', TEXT, DATE_TYPE, '2024-01-31'),
  lossy('2024-01-31 10:11:12', TEXT, DATE_TYPE, '2024-01-31'),
  ['2024-02-30', TEXT, DATE_TYPE, ['0000-00-00', `Warning ${RANGE}`], [incorrect('date', '2024-02-30')]],
  ['abc', TEXT, datetimeType(), ['0000-00-00 00:00:00', `Warning ${CUT}`], [incorrect('datetime', 'abc')]],
  ['2024-01-31x', TEXT, DATE_TYPE, ['2024-01-31', `Warning ${CUT}`], [incorrect('date', '2024-01-31x')]],
  ['0000-00-00', TEXT, DATE_TYPE, ['0000-00-00', `Warning ${RANGE}`], [incorrect('date', '0000-00-00')]],
  same('2024-01-31 10:11:12.95', TEXT, datetimeType(1), '2024-01-31 10:11:13.0'),
  same(20240131101112, INT_TYPE, datetimeType(), '2024-01-31 10:11:12'),
  [
    '2050-01-01 00:00:00',
    TEXT,
    timestampType(),
    ['0000-00-00 00:00:00', `Warning ${RANGE}`],
    [incorrect('datetime', '2050-01-01 00:00:00')],
  ],
  ['900:00:00', TEXT, timeType(), ['838:59:59', `Warning ${RANGE}`], [incorrect('time', '900:00:00')]],
  same('10:11:12.5', TEXT, timeType(), '10:11:13'),
  lossy('2024-01-31 10:11:12', TEXT, timeType(), '10:11:12'),
  lossy(20240131101112, INT_TYPE, timeType(), '10:11:12'),
]

describe.each<[string, Row[]]>([
  ['numbers', numbers],
  ['strings', strings],
  ['ENUM and SET', members],
  ['dates and times', temporals],
])('%s', (_title, rows) => {
  test.each(rows)('%p from %j to %j', (value, from, to, lenient, strict) => {
    expect(store(value, from, to, false)).toEqual(lenient)
    expect(store(value, from, to, true)).toEqual(strict)
  })
})

test('JSON columns take JSON in every mode and nothing else', () => {
  expect(store('{"b":1,"a":2}', TEXT, JSON_TYPE, false)).toEqual(['{"a": 2, "b": 1}'])
  expect(store('[1', TEXT, JSON_TYPE, false)).toEqual([
    '3140 Invalid JSON text: "Missing a comma or ] after an array element." at position 2 in value for column \'c\'.',
  ])
  expect(store(1, INT_TYPE, JSON_TYPE, false)[0]).toContain(
    '3140 Invalid JSON text: "not a JSON text, may need CAST"',
  )
  expect(store(Buffer.from('1'), binaryType(1), JSON_TYPE, false)[0]).toContain('3144')
})

test('NULL passes', () => {
  expect(store(null, TEXT, TINY, true)).toEqual(['NULL'])
})
