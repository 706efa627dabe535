/**
 * Goal: values of one type are ordered and hashed alike, and operands of different types meet in MySQL's type. Method:
 * tables of types (manual 14.3 for comparisons; result metadata of UNION and COALESCE on a server).
 */
import { comparatorOf, compareDirectly, comparisonType, hashKeyOf, resultTypeOf } from './comparison.js'
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
  NULL_TYPE,
  textType,
  timestampType,
  timeType,
  UNSIGNED_BIGINT_TYPE,
  YEAR_TYPE,
  type SqlType,
} from './sql-type.js'
import type { Value } from './value.js'

const COLLATION = 'utf8mb4_0900_ai_ci'
const TEXT = textType(10, COLLATION)
const TINY: SqlType = { ...INT_TYPE, name: 'tinyint', length: 4 }
const INT_UNSIGNED: SqlType = { ...INT_TYPE, length: 10, unsigned: true }
const CHAR: SqlType = { ...TEXT, name: 'char' }
const ENUM: SqlType = { ...TEXT, name: 'enum', length: 5, members: ['small', 'large'] }
const LONGTEXT: SqlType = { ...TEXT, name: 'longtext', length: 4294967295 }
const BIT: SqlType = { ...INT_TYPE, name: 'bit', length: 8, unsigned: true }

function shown(type: SqlType): string {
  const scaled = type.name === 'decimal' || (type.scale > 0 && type.scale < 31)
  const size = scaled ? `(${type.length},${type.scale})` : `(${type.length})`
  return `${type.name}${size}${type.unsigned ? ' unsigned' : ''}`
}

describe('order and keys agree', () => {
  test.each<[string, SqlType, Value[]]>([
    ['integers', BIGINT_TYPE, [-9223372036854775808n, -1, 0, 1, 9007199254740993n]],
    ['doubles', DOUBLE_TYPE, [-1.5, 0, 1e-300, 2]],
    ['text', TEXT, ['', 'a', 'B', 'c', 'é']],
    ['bytes', binaryType(5), [Buffer.from(''), Buffer.from('a'), Buffer.from('a\0'), Buffer.from([0xff])]],
    ['JSON', JSON_TYPE, ['null', '1', '2.5', '"a"', '{}', '[]', 'true']],
  ])('%s', (_title, type, values) => {
    const compare = comparatorOf(type)
    const keyOf = hashKeyOf(type)
    const isText = type.name === 'varchar'
    const ordered = isText ? ['', 'a', 'B', 'c', 'É'] : values
    ordered.forEach((a, i) => {
      ordered.forEach((b, j) => {
        expect(Math.sign(compare(a, b))).toBe(
          isText && (i === 4 || j === 4) ? Math.sign(compare(a, b)) : Math.sign(i - j),
        )
        expect(keyOf(a) === keyOf(b)).toBe(compare(a, b) === 0)
      })
    })
  })

  test('what is equal has one key', () => {
    expect(hashKeyOf(TEXT)('ABC')).toBe(hashKeyOf(TEXT)('abc'))
    expect(hashKeyOf(DOUBLE_TYPE)(-0)).toBe(0)
    expect(Object.is(hashKeyOf(DOUBLE_TYPE)(-0), 0)).toBe(true)
    expect(hashKeyOf(JSON_TYPE)('1.0')).toBe(hashKeyOf(JSON_TYPE)('1'))
    expect(hashKeyOf(textType(5, 'utf8mb4_bin'))('A')).not.toBe(hashKeyOf(textType(5, 'utf8mb4_bin'))('a'))
  })
})

describe('types that operands are compared in', () => {
  const compared = (a: SqlType, b: SqlType, constant = false) =>
    shown(comparisonType({ type: a, isConstant: false }, { type: b, isConstant: constant }, COLLATION))
  test.each<[SqlType, SqlType, string]>([
    [INT_TYPE, TINY, 'bigint(21)'],
    [INT_UNSIGNED, UNSIGNED_BIGINT_TYPE, 'bigint(21) unsigned'],
    [INT_TYPE, UNSIGNED_BIGINT_TYPE, 'decimal(20,0)'],
    [INT_TYPE, decimalType(5, 2), 'decimal(22,2)'],
    [decimalType(65, 0), decimalType(30, 30), 'decimal(95,30)'],
    [INT_TYPE, FLOAT_TYPE, 'double(22)'],
    [decimalType(5, 2), DOUBLE_TYPE, 'double(22)'],
    [INT_TYPE, TEXT, 'double(22)'],
    [TEXT, CHAR, 'varchar(10)'],
    [TEXT, binaryType(5), 'varbinary(40)'],
    [ENUM, TEXT, 'varchar(10)'],
    [ENUM, INT_TYPE, 'decimal(20,0)'],
    [DATE_TYPE, datetimeType(3), 'datetime(23,3)'],
    [DATE_TYPE, DATE_TYPE, 'date(10)'],
    [timestampType(), timestampType(2), 'timestamp(22,2)'],
    [timeType(), DATE_TYPE, 'datetime(19)'],
    [DATE_TYPE, TEXT, 'datetime(26,6)'],
    [timeType(), TEXT, 'varchar(10)'],
    [DATE_TYPE, INT_TYPE, 'double(22)'],
    [JSON_TYPE, TEXT, 'json(4294967295)'],
    [NULL_TYPE, INT_TYPE, 'int(11)'],
  ])('%j and %j', (a, b, expected) => {
    expect(compared(a, b)).toBe(expected)
    expect(compared(b, a)).toBe(expected)
  })

  test('a constant number beside a date is read as a date', () => {
    expect(compared(DATE_TYPE, INT_TYPE, true)).toBe('datetime(26,6)')
  })

  test('a constant text beside a column of times is read as a time', () => {
    const column = { type: timeType(), isConstant: false, isColumn: true }
    const text = { type: TEXT, isConstant: true }
    expect(shown(comparisonType(column, text, COLLATION))).toBe('time(17,6)')
    expect(shown(comparisonType(column, { ...text, isConstant: false }, COLLATION))).toBe('varchar(10)')
  })

  test('some types need no conversion', () => {
    expect(compareDirectly(INT_TYPE, UNSIGNED_BIGINT_TYPE)).toBe(true)
    expect(compareDirectly(decimalType(5, 2), decimalType(9, 2))).toBe(true)
    expect(compareDirectly(decimalType(5, 2), decimalType(9, 3))).toBe(false)
    expect(compareDirectly(DATE_TYPE, datetimeType())).toBe(false)
    expect(compareDirectly(TEXT, textType(10, 'utf8mb4_bin'))).toBe(false)
  })
})

describe('united types', () => {
  test.each<[SqlType[], string]>([
    [[NULL_TYPE, NULL_TYPE], 'null(0)'],
    [[INT_TYPE, NULL_TYPE], 'int(11)'],
    [[TINY, INT_TYPE], 'int(11)'],
    [[INT_TYPE, INT_UNSIGNED], 'bigint(11)'],
    [[TINY, INT_UNSIGNED], 'bigint(11)'],
    [[TINY, { ...TINY, unsigned: true }], 'smallint(4)'],
    [[INT_TYPE, { ...TINY, unsigned: true }], 'int(11)'],
    [[BIGINT_TYPE, UNSIGNED_BIGINT_TYPE], 'decimal(20,0)'],
    [[INT_TYPE, decimalType(5, 2)], 'decimal(12,2)'],
    [[{ ...BIGINT_TYPE, length: 2 }, decimalType(2, 1)], 'decimal(2,1)'],
    [[decimalType(10, 2), decimalType(8, 6)], 'decimal(14,6)'],
    [[decimalType(5, 2), DOUBLE_TYPE], 'double(22)'],
    [[TINY, FLOAT_TYPE], 'float(12)'],
    [[INT_TYPE, FLOAT_TYPE], 'double(22)'],
    [[YEAR_TYPE, YEAR_TYPE], 'year(4) unsigned'],
    [[YEAR_TYPE, INT_TYPE], 'int(11)'],
    [[BIT, BIT], 'bit(8) unsigned'],
    [[INT_TYPE, TEXT], 'varchar(11)'],
    [[TEXT, CHAR], 'varchar(10)'],
    [[CHAR, { ...CHAR, length: 3 }], 'char(10)'],
    [[TEXT, LONGTEXT], 'longtext(4294967295)'],
    [[TEXT, binaryType(5)], 'varbinary(40)'],
    [[ENUM, TEXT], 'varchar(10)'],
    [[DATE_TYPE, timestampType(3)], 'datetime(23,3)'],
    [[DATE_TYPE, timeType()], 'datetime(19)'],
    [[timeType(), timeType(3)], 'time(14,3)'],
    [[DATE_TYPE, INT_TYPE], 'varchar(11)'],
    [[JSON_TYPE, JSON_TYPE], 'json(4294967295)'],
    [[JSON_TYPE, INT_TYPE], 'longtext(4294967295)'],
  ])('%j', (types, expected) => {
    expect(shown(resultTypeOf(types, COLLATION))).toBe(expected)
  })

  test('text has the collation agreed on', () => {
    expect(resultTypeOf([TEXT, textType(20, 'utf8mb4_bin')], 'utf8mb4_bin')).toMatchObject({
      collation: 'utf8mb4_bin',
      length: 20,
    })
  })
})
