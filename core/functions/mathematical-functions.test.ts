/**
 * Goal: the mathematical functions answer what MySQL 8 answers, with its types, warnings and errors.
 * Method: a table of calls per family, each bound, converted and evaluated as a statement would do it.
 */
import { SINGLE_ROW } from '../common/batch.js'
import { isSqlError } from '../common/sql-error.js'
import { BIGINT_TYPE, type SqlType } from '../common/sql-type.js'
import type { ArgumentInfo } from '../spi/functions.js'
import { divisionFunctions } from './division.js'
import { mathematicalFunctions } from './mathematics.js'
import { numberConversionFunctions } from './number-conversion.js'
import { roundingFunctions } from './rounding.js'
import {
  column,
  datetime,
  decimal,
  double,
  functionCaller,
  tabulate,
  testContext,
  testEnvironment,
  type Case,
} from './test-support.js'

const call = functionCaller(mathematicalFunctions, numberConversionFunctions, roundingFunctions)

const REAL: Case[] = [
  ['abs', [-32], '32', 'bigint(3)'],
  ['abs', [decimal('-1.50')], '1.50', 'decimal(3,2)'],
  ['abs', [double(-1.5)], '1.5', 'double'],
  ['abs', ['-2x'], '2', 'double'],
  ['abs', [18446744073709551615n], '18446744073709551615', 'bigint(20) unsigned'],
  ['abs', [datetime('2024-01-02 03:04:05')], '20240102030405'],
  ['abs', [null], null],
  ['sign', [-32], '-1', 'bigint(21)'],
  ['sign', [decimal('0.00')], '0'],
  ['sign', [double(0.1)], '1'],
  ['pow', [2, 2], '4', 'double'],
  ['power', [2, -2], '0.25'],
  ['sqrt', [20], '4.47213595499958'],
  ['sqrt', [-16], null],
  ['exp', [-2], '0.1353352832366127'],
  ['ln', [2], '0.6931471805599453'],
  ['log', [2, 65536], '16'],
  ['log', [10, 100], '2'],
  ['log', [1, 100], null],
  ['log2', [65536], '16'],
  ['log10', [decimal('1.5')], '0.17609125905568124'],
  ['log10', [0], null],
  ['sin', [0], '0'],
  ['cos', [0], '1'],
  ['tan', [1], '1.5574077246549023'],
  ['cot', [12], '-1.5726734063976893'],
  ['asin', [decimal('0.2')], '0.2013579207903308'],
  ['asin', [2], null],
  ['acos', [decimal('1.0001')], null],
  ['atan', [2], '1.1071487177940904'],
  ['atan', [-2, 2], '-0.7853981633974483'],
  ['atan2', [double(Math.PI), 0], '1.5707963267948966'],
  ['degrees', [double(Math.PI)], '180'],
  ['radians', [90], '1.5707963267948966'],
  ['pi', [], '3.141593', 'double(8,6)'],
]

const ROUNDING: Case[] = [
  ['ceiling', [decimal('1.23')], '2', 'bigint(21)'],
  ['ceil', [decimal('-1.5')], '-1'],
  ['ceil', [decimal('12345678901234567890.5')], '12345678901234567891', 'decimal(21,0)'],
  ['ceil', [double(1.2)], '2', 'double'],
  ['ceil', [7], '7', 'bigint(1)'],
  ['floor', [decimal('-1.23')], '-2'],
  ['floor', ['1.9'], '1', 'double'],
  ['round', [decimal('-1.23')], '-1', 'decimal(2,0)'],
  ['round', [decimal('-1.58')], '-2'],
  ['round', [decimal('1.298'), 1], '1.3', 'decimal(3,1)'],
  ['round', [decimal('1.5'), 4], '1.5000', 'decimal(5,4)'],
  ['round', [decimal('23.298'), -1], '20', 'decimal(3,0)'],
  ['round', [decimal('9.99'), 1], '10.0', 'decimal(3,1)'],
  ['round', [decimal('0.5')], '1'],
  ['round', [decimal('-0.4')], '0'],
  ['round', [double(2.5)], '2', 'double'],
  ['round', [double(3.5)], '4'],
  ['round', [double(-2.5)], '-2'],
  ['round', [double(1.005), 2], '1', 'double'],
  ['round', [double(5), 3], '5'],
  ['round', [15, -1], '20', 'bigint(3)'],
  ['round', [-25, -1], '-30'],
  ['round', [15, 3], '15'],
  ['round', [1234567890123456789n, -3], '1234567890123457000'],
  ['round', [49, -2], '0'],
  ['round', [5, -30], '0'],
  ['round', [decimal('150.5'), -2], '200'],
  ['round', [column(decimal('1.25')), column(1)], '1.30', 'decimal(3,2)'],
  ['round', [5, null], null],
  ['truncate', [decimal('1.999'), 1], '1.9', 'decimal(2,1)'],
  ['truncate', [decimal('-1.999'), 1], '-1.9'],
  ['truncate', [122, -2], '100', 'bigint(3)'],
  ['truncate', [double(123.456), -2], '100', 'double'],
  ['truncate', [decimal('-0.4'), 0], '0'],
  ['truncate', [decimal('10.28'), 0], '10'],
  ['truncate', [decimal('1.55'), decimal('1.2')], '1.5', 'decimal(2,1)'],
  ['truncate', [decimal('1.5'), 'x'], '1', 'decimal(1,0)'],
]

const CONVERSION: Case[] = [
  ['conv', ['a', 16, 2], '1010', 'varchar(64)'],
  ['conv', ['6E', 18, 8], '172'],
  ['conv', [-17, 10, -18], '-H'],
  ['conv', ['-1', 10, 16], 'FFFFFFFFFFFFFFFF'],
  ['conv', ['99999999999999999999', 10, 10], '18446744073709551615'],
  ['conv', ['99999999999999999999', -10, 10], '9223372036854775807'],
  ['conv', ['zz', 36, 10], '1295'],
  ['conv', ['12q', 10, 10], '12'],
  ['conv', ['', 10, 2], null],
  ['conv', [1, 1, 2], null],
  ['conv', [10, 10, 37], null],
  ['bin', [12], '1100'],
  ['bin', ['12abc'], '1100'],
  ['bin', [decimal('3.7')], '11'],
  ['oct', [-1], '1777777777777777777777'],
  ['oct', [null], null],
  ['bit_count', [29], '4', 'bigint(3)'],
  ['bit_count', [-1], '64'],
  ['bit_count', [Buffer.from('ff0f', 'hex')], '12'],
  ['bit_count', ['7'], '3'],
  ['crc32', ['MySQL'], '3259397556', 'bigint(10) unsigned'],
  ['crc32', ['mysql'], '2501908538'],
  ['crc32', [''], '0'],
  ['rand', [3], '0.9057697559760601', 'double'],
  ['rand', [null], '0.15522042769493574'],
]

describe.each([
  ['real', REAL],
  ['rounding', ROUNDING],
  ['conversion', CONVERSION],
])('mathematical functions: %s', (_family, cases) => {
  test.each(tabulate(call, cases))('%s', (_title, actual, expected) => {
    expect(actual()).toEqual(expected)
  })
})

describe('errors and warnings', () => {
  test.each<[string, Case[1], string]>([
    ['pow', [10, 400], "DOUBLE value is out of range in 'pow(10,400)'"],
    ['power', [-1, decimal('0.5')], "DOUBLE value is out of range in 'pow(-1,0.5)'"],
    ['exp', [1000], "DOUBLE value is out of range in 'exp(1000)'"],
    ['cot', [0], "DOUBLE value is out of range in 'cot(0)'"],
    ['abs', [-9223372036854775808n], "BIGINT value is out of range in 'abs(-9223372036854775808)'"],
    [
      'round',
      [18446744073709551615n, -1],
      "BIGINT UNSIGNED value is out of range in 'round(18446744073709551615,-1)'",
    ],
  ])('%s(%j) is out of range', (name, args, message) => {
    let error: unknown
    try {
      call(name, args)
    } catch (thrown) {
      error = thrown
    }
    expect(isSqlError(error) && error.code).toBe('ER_DATA_OUT_OF_RANGE')
    expect((error as Error).message).toBe(message)
  })

  test('logarithms of nothing and less are NULL with a warning', () => {
    expect(call('ln', [-1]).warnings).toEqual(['Warning Invalid argument for logarithm'])
    expect(call('log', [1, 2]).warnings).toEqual(['Warning Invalid argument for logarithm'])
  })

  test('text that is no number warns', () => {
    expect(call('sqrt', ['4x']).warnings).toEqual(["Warning Truncated incorrect DOUBLE value: '4x'"])
  })
})

test('rounding sees the digits that a quotient has beyond its declared decimals', () => {
  const all = [...divisionFunctions, ...roundingFunctions]
  const find = (name: string) => all.find((definition) => definition.name === name)
  const info = (type: SqlType, value?: number): ArgumentInfo => ({
    type,
    nullable: false,
    coercibility: 5,
    constant: value === undefined ? undefined : { value },
    isConstant: true,
    text: '?',
  })
  const environment = testEnvironment()
  const quotient = find('/')?.bind([info(BIGINT_TYPE), info(BIGINT_TYPE)], environment)
  const divide = quotient?.compile([() => 1, () => 3])
  if (quotient === undefined || divide === undefined) throw new Error('no division')
  const round = find('round')?.bind([info(quotient.type), info(BIGINT_TYPE, 6)], environment)
  const context = testContext()
  expect(divide(SINGLE_ROW, 0, context)).toBe(3333)
  expect(round?.compile([divide, () => 6])(SINGLE_ROW, 0, context)).toBe(333333)
})

test('RAND of a constant goes on from row to row; of a column it starts anew', () => {
  const rand = numberConversionFunctions.find(({ name }) => name === 'rand')
  const evaluateTwice = (isConstant: boolean) => {
    const info = {
      type: BIGINT_TYPE,
      nullable: false,
      coercibility: 5,
      constant: undefined,
      isConstant,
      text: '3',
    }
    const evaluate = rand?.bind([info], testEnvironment()).compile([() => 3])
    const context = testContext()
    return [0, 1].map((row) => evaluate?.(SINGLE_ROW, row, context))
  }
  expect(evaluateTwice(true)).toEqual([0.9057697559760601, 0.37307905813034536])
  expect(evaluateTwice(false)).toEqual([0.9057697559760601, 0.9057697559760601])
})
