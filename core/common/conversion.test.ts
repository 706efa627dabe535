/**
 * Goal: casts and implicit conversions give MySQL's values and warnings. Method: a value of a type converted to another,
 * shown as text beside its warnings; the reference is the manual (14.3, 14.10) and a server.
 */

import { compileConversion, textOf } from './conversion.js'
import {
  BIGINT_TYPE,
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
import { timeZoneByName } from './time-zones.js'
import type { Value } from './value.js'

const TEXT = textType(100, 'utf8mb4_0900_ai_ci')
const LATIN1 = textType(100, 'latin1_swedish_ci')

function convert(
  value: Value,
  from: SqlType,
  to: SqlType,
  settings: Parameters<typeof testContext>[0] = {},
): [string, ...string[]] {
  const warnings: string[] = []
  const context = testContext(settings, warnings)
  const result = compileConversion(from, to)(value, context)
  return [result === null ? 'NULL' : textOf(to)(result, context), ...warnings]
}

/** The value of a text in a type, for types whose values are tedious to write. */
function parsed(text: string, type: SqlType): Value {
  return compileConversion(TEXT, type)(text, testContext())
}

describe('to integers', () => {
  test.each<[Value, SqlType, SqlType, string, ...string[]]>([
    ['12', TEXT, BIGINT_TYPE, '12'],
    [' -12 ', TEXT, BIGINT_TYPE, '-12'],
    ['12.9', TEXT, BIGINT_TYPE, '12', "Warning Truncated incorrect INTEGER value: '12.9'"],
    ['abc', TEXT, BIGINT_TYPE, '0', "Warning Truncated incorrect INTEGER value: 'abc'"],
    [
      '99999999999999999999',
      TEXT,
      BIGINT_TYPE,
      '9223372036854775807',
      "Warning Truncated incorrect INTEGER value: '99999999999999999999'",
    ],
    [
      '-1',
      TEXT,
      UNSIGNED_BIGINT_TYPE,
      '18446744073709551615',
      'Warning Cast to unsigned converted negative integer to its positive complement',
    ],
    ['18446744073709551615', TEXT, UNSIGNED_BIGINT_TYPE, '18446744073709551615'],
    [
      '18446744073709551615',
      TEXT,
      BIGINT_TYPE,
      '-1',
      'Warning Cast to signed converted positive out-of-range integer to its negative complement',
    ],
    [15, decimalType(3, 1), BIGINT_TYPE, '2'],
    [-15, decimalType(3, 1), BIGINT_TYPE, '-2'],
    [
      10n ** 30n,
      decimalType(31, 0),
      BIGINT_TYPE,
      '9223372036854775807',
      "Warning Truncated incorrect DECIMAL value: '1000000000000000000000000000000'",
    ],
    [-5, decimalType(2, 0), UNSIGNED_BIGINT_TYPE, '18446744073709551611'],
    [2.5, DOUBLE_TYPE, BIGINT_TYPE, '2'],
    [
      1e20,
      DOUBLE_TYPE,
      BIGINT_TYPE,
      '9223372036854775807',
      "Warning Truncated incorrect INTEGER value: '1e20'",
    ],
    [-1, BIGINT_TYPE, UNSIGNED_BIGINT_TYPE, '18446744073709551615'],
    [18446744073709551615n, UNSIGNED_BIGINT_TYPE, BIGINT_TYPE, '-1'],
    ['1.5', JSON_TYPE, BIGINT_TYPE, '2'],
    ['"7"', JSON_TYPE, BIGINT_TYPE, '7'],
    ['true', JSON_TYPE, BIGINT_TYPE, '1'],
    [2024, YEAR_TYPE, BIGINT_TYPE, '2024'],
  ])('%p', (value, from, to, ...expected) => {
    expect(convert(value, from, to)).toEqual(expected)
  })

  test('from dates and times', () => {
    expect(convert(parsed('2024-01-31', DATE_TYPE), DATE_TYPE, BIGINT_TYPE)).toEqual(['20240131'])
    expect(convert(parsed('-10:11:12', timeType()), timeType(), BIGINT_TYPE)).toEqual(['-101112'])
    const precise = datetimeType(1)
    expect(convert(parsed('2024-12-31 23:59:59.5', precise), precise, BIGINT_TYPE)).toEqual([
      '20250101000000',
    ])
  })
})

describe('to DECIMAL, DOUBLE and FLOAT', () => {
  test.each<[Value, SqlType, SqlType, string, ...string[]]>([
    ['1.255', TEXT, decimalType(5, 2), '1.26'],
    ['1e3', TEXT, decimalType(10, 0), '1000'],
    ['12x', TEXT, decimalType(5, 1), '12.0', "Warning Truncated incorrect DECIMAL value: '12x'"],
    ['99999', TEXT, decimalType(5, 2), '999.99', "Warning Out of range value for column '' at row 1"],
    [5, INT_TYPE, decimalType(5, 2), '5.00'],
    [12345, INT_TYPE, decimalType(5, 2), '999.99', "Warning Out of range value for column '' at row 1"],
    [0.1, DOUBLE_TYPE, decimalType(20, 18), '0.100000000000000000'],
    [12345, decimalType(5, 2), decimalType(6, 3), '123.450'],
    [12345, decimalType(5, 2), decimalType(4, 1), '123.5'],
    ['1.5', JSON_TYPE, decimalType(5, 2), '1.50'],
    ['1.5e3abc', TEXT, DOUBLE_TYPE, '1500', "Warning Truncated incorrect DOUBLE value: '1.5e3abc'"],
    ['', TEXT, DOUBLE_TYPE, '0'],
    [
      '1e400',
      TEXT,
      DOUBLE_TYPE,
      '1.7976931348623157e308',
      "Warning Truncated incorrect DOUBLE value: '1e400'",
    ],
    [12345, decimalType(5, 2), DOUBLE_TYPE, '123.45'],
    ['0.1', TEXT, FLOAT_TYPE, '0.1'],
    [1e300, DOUBLE_TYPE, FLOAT_TYPE, '3.40282e38', "Warning Out of range value for column '' at row 1"],
  ])('%p', (value, from, to, ...expected) => {
    expect(convert(value, from, to)).toEqual(expected)
  })

  test('strict mode makes an error of it', () => {
    expect(() => convert('abc', TEXT, DOUBLE_TYPE, { context: { strict: true } })).toThrow(
      expect.objectContaining({ number: 1292, message: "Truncated incorrect DOUBLE value: 'abc'" }),
    )
  })
})

describe('to strings', () => {
  test.each<[Value, SqlType, SqlType, string, ...string[]]>([
    [12, INT_TYPE, textType(11, 'utf8mb4_0900_ai_ci'), '12'],
    [
      'abcdef',
      TEXT,
      textType(3, 'utf8mb4_0900_ai_ci'),
      'abc',
      "Warning Truncated incorrect CHAR(3) value: 'abcdef'",
    ],
    [
      'a😀b',
      TEXT,
      textType(2, 'utf8mb4_0900_ai_ci'),
      'a😀',
      "Warning Truncated incorrect CHAR(5) value: 'a😀b'",
    ],
    ['añ€漢', TEXT, LATIN1, 'añ€?'],
    [Buffer.from('c3a9', 'hex'), binaryType(2), TEXT, 'é'],
    [
      Buffer.from('61e9', 'hex'),
      binaryType(2),
      TEXT,
      'NULL',
      "Warning Invalid utf8mb4 character string: 'E9'",
    ],
    [1.5, DOUBLE_TYPE, TEXT, '1.5'],
    ['{"a": 1}', JSON_TYPE, TEXT, '{"a": 1}'],
    [7, { ...INT_TYPE, unsigned: true, zerofill: true, length: 5 }, TEXT, '00007'],
    [
      5,
      { ...INT_TYPE, name: 'set', members: ['a', 'b', 'c'], length: 5, collation: 'utf8mb4_0900_ai_ci' },
      TEXT,
      'a,c',
    ],
  ])('%p', (value, from, to, ...expected) => {
    expect(convert(value, from, to)).toEqual(expected)
  })

  test('bytes are those of the character set, and BINARY(n) pads', () => {
    const bytes = (value: Value, from: SqlType, to: SqlType) => {
      const result = compileConversion(from, to)(value, testContext())
      return Buffer.from(result as Uint8Array).toString('hex')
    }
    expect(bytes('é', TEXT, binaryType(400))).toBe('c3a9')
    expect(bytes('é', LATIN1, binaryType(400))).toBe('e9')
    expect(bytes('ab', TEXT, { ...binaryType(4), name: 'binary' })).toBe('61620000')
    expect(bytes('abc', TEXT, { ...binaryType(2), name: 'binary' })).toBe('6162')
    expect(bytes(258, { ...INT_TYPE, name: 'bit', length: 10 }, binaryType(2))).toBe('0102')
  })
})

describe('to dates and times', () => {
  test.each<[Value, SqlType, SqlType, string, ...string[]]>([
    ['2024-01-31 10:11:12.6', TEXT, datetimeType(), '2024-01-31 10:11:13'],
    ['2024-01-31', TEXT, datetimeType(), '2024-01-31 00:00:00'],
    ['2024-01-31 10:11:12', TEXT, DATE_TYPE, '2024-01-31'],
    ['2024-02-30', TEXT, DATE_TYPE, 'NULL', "Warning Incorrect datetime value: '2024-02-30'"],
    ['0000-00-00', TEXT, DATE_TYPE, 'NULL', "Warning Incorrect datetime value: '0000-00-00'"],
    ['2024-01-31x', TEXT, DATE_TYPE, '2024-01-31', "Warning Truncated incorrect date value: '2024-01-31x'"],
    ['abc', TEXT, timeType(), 'NULL', "Warning Incorrect time value: 'abc'"],
    ['900:00:00', TEXT, timeType(), '838:59:59', "Warning Truncated incorrect time value: '900:00:00'"],
    [20240131, INT_TYPE, DATE_TYPE, '2024-01-31'],
    [20240131101112567n, decimalType(17, 3), datetimeType(2), '2024-01-31 10:11:12.57'],
    [-101112.5, DOUBLE_TYPE, timeType(1), '-10:11:12.5'],
    [5, INT_TYPE, DATE_TYPE, 'NULL', "Warning Incorrect datetime value: '5'"],
    ['"2024-01-31"', JSON_TYPE, DATE_TYPE, '2024-01-31'],
  ])('%p', (value, from, to, ...expected) => {
    expect(convert(value, from, to)).toEqual(expected)
  })

  test('among themselves', () => {
    const among = (text: string, from: SqlType, to: SqlType) => convert(parsed(text, from), from, to)[0]
    expect(among('2024-01-31', DATE_TYPE, datetimeType())).toBe('2024-01-31 00:00:00')
    expect(among('2024-01-31 23:59:59.5', datetimeType(1), DATE_TYPE)).toBe('2024-01-31')
    expect(among('2024-01-31 10:11:12', datetimeType(), timeType())).toBe('10:11:12')
    // The test's clock stands on 2024-02-29.
    expect(among('10:11:12', timeType(), datetimeType())).toBe('2024-02-29 10:11:12')
    expect(among('-01:00:00', timeType(), datetimeType())).toBe('2024-02-28 23:00:00')
    expect(among('25:00:00', timeType(), DATE_TYPE)).toBe('2024-03-01')
  })

  test('TIMESTAMP follows the session zone', () => {
    const settings = { context: { timeZone: timeZoneByName('+02:00') } }
    const stored = compileConversion(TEXT, timestampType())('2024-01-31 10:00:00', testContext(settings))
    expect(textOf(timestampType())(stored)).toBe('2024-01-31 08:00:00')
    expect(convert(stored, timestampType(), datetimeType(), settings)).toEqual(['2024-01-31 10:00:00'])
    expect(convert(stored, timestampType(), TEXT, settings)).toEqual(['2024-01-31 10:00:00'])
    expect(convert(stored, timestampType(), BIGINT_TYPE, settings)).toEqual(['20240131100000'])
  })
})

describe('to JSON', () => {
  test.each<[Value, SqlType, string]>([
    ['{"b":1,"a":[]}', TEXT, '{"a": [], "b": 1}'],
    [5, INT_TYPE, '5'],
    [150, decimalType(3, 2), '1.50'],
    [1, DOUBLE_TYPE, '1.0'],
  ])('%p', (value, from, expected) => {
    expect(convert(value, from, JSON_TYPE)).toEqual([expected])
  })

  test('dates are strings, broken text is an error', () => {
    expect(convert(parsed('2024-01-31', DATE_TYPE), DATE_TYPE, JSON_TYPE)).toEqual(['"2024-01-31"'])
    const precise = datetimeType(1)
    expect(convert(parsed('2024-01-31 10:11:12.5', precise), precise, JSON_TYPE)).toEqual([
      '"2024-01-31 10:11:12.500000"',
    ])
    expect(() => convert('{', TEXT, JSON_TYPE)).toThrow(expect.objectContaining({ number: 3141 }))
    expect(convert(Buffer.from('1'), binaryType(1), JSON_TYPE)).toEqual(['"base64:type15:MQ=="'])
  })
})

test('NULL stays NULL', () => {
  expect(convert(null, TEXT, BIGINT_TYPE)).toEqual(['NULL'])
})
