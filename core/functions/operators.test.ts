/**
 * Goal: operators answer what MySQL answers, with its result types, NULLs, errors and warnings. Method: each operator
 * bound, converted and evaluated as in a statement; expectations from the manual and from a server.
 */
import { SqlMode, DEFAULT_SQL_MODE } from '../common/sql-mode.js'
import {
  binaryType,
  decimalType,
  FLOAT_TYPE,
  INT_TYPE,
  NULL_TYPE,
  textType,
  UNSIGNED_BIGINT_TYPE,
  BIGINT_TYPE,
  type SqlType,
} from '../common/sql-type.js'
import { arithmeticFunctions } from './arithmetic.js'
import { bitOperators } from './bit-operators.js'
import { comparisonOperators } from './comparison-operators.js'
import { controlFlowFunctions } from './control-flow.js'
import { divisionFunctions } from './division.js'
import { membershipOperators } from './membership-operators.js'
import { patternOperators } from './pattern-operators.js'
import { truthOperators } from './truth-operators.js'
import {
  column,
  date,
  datetime,
  decimal,
  double,
  functionCaller,
  json,
  tabulate,
  time,
  type Case,
  type TypedArgument,
} from './test-support.js'

const call = functionCaller(
  arithmeticFunctions,
  bitOperators,
  comparisonOperators,
  controlFlowFunctions,
  divisionFunctions,
  membershipOperators,
  patternOperators,
  truthOperators,
)

function int(value: number): TypedArgument {
  return { type: INT_TYPE, value, isConstant: false }
}

function unsigned(value: number | bigint): TypedArgument {
  return { type: UNSIGNED_BIGINT_TYPE, value, isConstant: false }
}

function bigint(value: bigint): TypedArgument {
  return { type: BIGINT_TYPE, value, isConstant: false }
}

function textIn(collation: string, value: string): TypedArgument {
  return { type: textType(value.length, collation), value, isConstant: false, coercibility: 2 }
}

function enumeration(members: readonly string[], index: number): TypedArgument {
  const type: SqlType = {
    ...textType(0, 'utf8mb4_0900_ai_ci'),
    name: 'enum',
    members,
  }
  return { type, value: index, isConstant: false, coercibility: 2 }
}

const MAX = 9223372036854775807n

function table(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    test.each(tabulate(call, cases))('%s', (_title, actual, expected) => {
      expect(actual()).toEqual(expected)
    })
  })
}

table('arithmetic', [
  ['+', [int(1), int(2)], '3', 'bigint(12)'],
  ['+', [int(1), null], null],
  ['+', [decimal('1.25'), decimal('2.5')], '3.75', 'decimal(4,2)'],
  ['+', [decimal('1.25'), int(2)], '3.25', 'decimal(13,2)'],
  ['+', ['1abc', 2], '3', 'double'],
  ['+', [double(0.1), double(0.2)], '0.30000000000000004', 'double'],
  ['+', [date('2024-01-05'), 1], '20240106'],
  ['+', [datetime('2024-01-05 10:11:12.5', 1), 0], '20240105101112.5'],
  ['+', [time('10:11:12'), 0], '101112'],
  ['+', [bigint(MAX - 1n), 1], '9223372036854775807'],
  ['+', [unsigned(18446744073709551614n), 1], '18446744073709551615', 'bigint(21) unsigned'],
  ['-', [int(1), int(2)], '-1', 'bigint(12)'],
  ['-', [decimal('1.0'), decimal('0.001')], '0.999'],
  ['-', [unsigned(5), 3], '2', 'bigint(21) unsigned'],
  ['*', [int(3), int(-4)], '-12'],
  ['*', [int(0), int(-4)], '0'],
  ['*', [decimal('1.5'), decimal('1.25')], '1.875', 'decimal(5,3)'],
  [
    '*',
    [decimal('99999999999999999999'), decimal('99999999999999999999')],
    '9999999999999999999800000000000000000001',
  ],
  ['*', [3037000500, 3037000499], '9223372033963249500'],
  ['unary -', [int(5)], '-5', 'bigint(12)'],
  ['unary -', [decimal('1.50')], '-1.50'],
  ['unary -', ['12x'], '-12', 'double'],
  ['unary -', [9223372036854775808n], '-9223372036854775808'],
  ['unary -', [18446744073709551615n], '-18446744073709551615', 'decimal(20,0)'],
])

table('division', [
  ['/', [1, 3], '0.3333', 'decimal(5,4)'],
  ['/', [2, 3], '0.6667'],
  ['/', [-2, 3], '-0.6667'],
  ['/', [int(1), int(3)], '0.3333', 'decimal(14,4)'],
  ['/', [decimal('10.00'), decimal('3.0')], '3.333333', 'decimal(9,6)'],
  ['/', [double(1), 4], '0.25', 'double'],
  ['/', [1, 0], null],
  ['/', ['9', '2'], '4.5', 'double'],
  ['div', [7, 2], '3'],
  ['div', [-7, 2], '-3'],
  ['div', [decimal('7.5'), decimal('0.5')], '15'],
  ['div', [double(7.9), 2], '3'],
  ['div', [5, 0], null],
  ['div', [unsigned(18446744073709551615n), 1], '18446744073709551615'],
  ['%', [7, 3], '1'],
  ['%', [-7, 3], '-1'],
  ['%', [7, -3], '1'],
  ['%', [decimal('7.5'), 2], '1.5'],
  ['%', [double(7.5), 2], '1.5', 'double'],
  ['mod', [234, 10], '4'],
  ['%', [7, 0], null],
  ['%', [bigint(MAX), 10], '7'],
])

describe('arithmetic errors', () => {
  const outOfRange = (name: string, args: readonly TypedArgument[]) => () => call(name, args)
  test('integers beyond 64 bits', () => {
    expect(outOfRange('+', [bigint(MAX), int(1)])).toThrow(
      expect.objectContaining({
        number: 1690,
        message: "BIGINT value is out of range in '(9223372036854775807 + 1)'",
      }),
    )
    expect(outOfRange('-', [unsigned(3), int(5)])).toThrow(
      expect.objectContaining({ message: "BIGINT UNSIGNED value is out of range in '(3 - 5)'" }),
    )
    expect(outOfRange('*', [bigint(MAX), int(2)])).toThrow("'(9223372036854775807 * 2)'")
    expect(outOfRange('unary -', [bigint(-MAX - 1n)])).toThrow("BIGINT value is out of range in '-(")
  })

  test('NO_UNSIGNED_SUBTRACTION makes the difference signed', () => {
    const environment = { sqlMode: DEFAULT_SQL_MODE | SqlMode.NO_UNSIGNED_SUBTRACTION }
    const result = call('-', [unsigned(3), int(5)], { environment })
    expect([result.text, result.type]).toEqual(['-2', 'bigint(22)'])
  })

  test('doubles beyond their range', () => {
    expect(() => call('*', [double(1e200), double(1e200)])).toThrow('DOUBLE value is out of range in')
  })

  test('decimals beyond 65 digits', () => {
    const nines = { type: decimalType(65, 0), value: 10n ** 65n - 1n }
    expect(() => call('+', [nines, nines])).toThrow('DECIMAL value is out of range in')
  })

  test('division by zero warns, and fails in strict mode', () => {
    expect(call('/', [1, 0]).warnings).toEqual(['Warning Division by 0'])
    expect(call('/', [1, 0], { context: { sqlMode: 0 } }).warnings).toEqual([])
    expect(() => call('%', [1, 0], { context: { strict: true } })).toThrow('Division by 0')
  })

  test('text that is no number warns', () => {
    expect(call('+', ['abc', 1])).toMatchObject({
      text: '1',
      warnings: ["Warning Truncated incorrect DOUBLE value: 'abc'"],
    })
    expect(call('+', [' 12 ', 1]).warnings).toEqual([])
  })

  test('quotients keep their digits inside of an expression', () => {
    const [plus, , times] = arithmeticFunctions
    const divide = divisionFunctions[0]
    if (plus === undefined || times === undefined || divide === undefined) throw new Error('operators')
    const argument = (type: SqlType, text: string) => ({
      type,
      nullable: true,
      coercibility: 5,
      constant: undefined,
      isConstant: false,
      text,
    })
    const environment = {
      sqlMode: 0,
      connectionCollation: 'utf8mb4_0900_ai_ci',
      database: null,
      divPrecisionIncrement: 4,
      userVariable: () => undefined,
    }
    const quotient = divide.bind([argument(INT_TYPE, '1'), argument(INT_TYPE, '3')], environment)
    const product = times.bind([argument(quotient.type, 'q'), argument(INT_TYPE, '3')], environment)
    const evaluate = product.compile([quotient.compile([() => 1, () => 3]), () => 3])
    // 1/3*3 is 1.0000, as MySQL has it, not 0.9999.
    expect([evaluate(undefined as never, 0, undefined as never), product.type.scale]).toEqual([10000, 4])
  })
})

table('bits', [
  ['&', [29, 15], '13', 'bigint(21) unsigned'],
  ['|', [29, 15], '31'],
  ['^', [11, 3], '8'],
  ['&', [-1, unsigned(18446744073709551615n)], '18446744073709551615'],
  ['~', [5], '18446744073709551610'],
  ['<<', [1, 2], '4'],
  ['<<', [1, 64], '0'],
  ['>>', [-1, 63], '1'],
  ['|', ['12', 1], '13'],
  ['&', [decimal('1.5'), 2], '2'],
  ['&', [null, 1], null],
  [
    '|',
    [
      { type: binaryType(2), value: Buffer.from([1, 2]), isConstant: false },
      { type: binaryType(2), value: Buffer.from([0x10, 0x20]), isConstant: false },
    ],
    '0x1122',
    'varbinary(2)',
  ],
  ['<<', [{ type: binaryType(2), value: Buffer.from([0x01, 0x80]), isConstant: false }, 1], '0x0300'],
  ['~', [{ type: binaryType(1), value: Buffer.from([0x0f]), isConstant: false }], '0xF0'],
])

test('bit operators want binary strings of one length', () => {
  const bytes = (length: number) => ({
    type: binaryType(length),
    value: Buffer.alloc(length),
    isConstant: false,
  })
  expect(() => call('&', [bytes(2), bytes(3)])).toThrow(
    'Binary operands of bitwise operators must be of equal length',
  )
})

table('comparison', [
  ['=', [1, 1], '1', 'bigint(1)'],
  ['=', [int(1), null], null],
  ['<=>', [null, null], '1'],
  ['<=>', [1, null], '0'],
  ['=', [column('abc'), 'ABC'], '1'],
  ['=', [textIn('utf8mb4_bin', 'abc'), 'ABC'], '0'],
  ['<>', [column('a'), 'b'], '1'],
  ['<', [column('a'), 'B'], '1'],
  ['=', [column('1.0'), 1], '1'],
  ['=', [int(0), 'abc'], '1'],
  ['<', [int(-1), unsigned(0)], '1'],
  ['>', [unsigned(18446744073709551615n), bigint(-1n)], '1'],
  ['=', [decimal('1.10'), decimal('1.1')], '1'],
  ['>', [int(2), decimal('1.99')], '1'],
  ['=', [bigint(9007199254740993n), decimal('9007199254740993.0')], '1'],
  ['=', [column(date('2024-01-05')), '2024-01-05'], '1'],
  ['=', [column(date('2024-01-05')), '2024-01-05 10:00:00'], '0'],
  ['<', [column(date('2024-01-05')), '2024-01-05 10:00:00'], '1'],
  ['>', [column(date('2024-01-06')), '2024-01-05 10:00:00'], '1'],
  ['=', [column(datetime('2024-01-05 00:00:00')), column(date('2024-01-05'))], '1'],
  ['<', ['2024-01-04', column(datetime('2024-01-05 00:00:00'))], '1'],
  ['<', [column(datetime('2024-01-05 10:00:00')), '2024-01-05 10:00:00.5'], '1'],
  ['=', [column(datetime('2024-01-05 10:00:00.5', 3)), '2024-01-05 10:00:00.500000'], '1'],
  ['=', [column(date('2024-01-05')), 20240105], '1'],
  ['=', [column(time('10:11:12')), '10:11:12'], '1'],
  ['<', [column(time('-10:11:12')), '-10:11:11.5'], '1'],
  ['=', [column(json('1')), 1], '1'],
  ['=', [column(json('1.0')), 1], '1'],
  ['=', [column(json('"a"')), 'a'], '1'],
  ['<', [column(json('{}')), column(json('[]'))], '1'],
  ['=', [enumeration(['small', 'large'], 2), 'LARGE'], '1'],
  ['=', [enumeration(['small', 'large'], 2), 2], '1'],
  ['=', [double(-0), 0], '1'],
  ['=', [{ type: FLOAT_TYPE, value: Math.fround(0.1), isConstant: false }, double(0.1)], '0'],
])

table('BETWEEN, IN, INTERVAL', [
  ['between', [2, 1, 3], '1'],
  ['between', [int(2), decimal('1.5'), decimal('1.9')], '0'],
  ['between', [2, null, 1], '0'],
  ['between', [2, null, 3], null],
  ['between', [column(date('2024-01-05')), '2024-01-01', '2024-01-31'], '1'],
  ['between', [column('b'), 'A', 'C'], '1'],
  ['between', ['2', 1, 3], '1'],
  ['in', [2, 1, 2, 3], '1'],
  ['in', [2, 1, null], null],
  ['in', [2, 1, null, 2], '1'],
  ['in', [null, 1, 2], null],
  ['in', [column('B'), 'a', 'b', 'c', 'd', 'e', 'f'], '1'],
  ['in', [column('x'), 'a', 'b', 'c', 'd', 'e', 'f'], '0'],
  ['in', [int(7), 1, 2, 3, 4, 5, 6], '0'],
  ['in', [int(6), 1, 2, 3, 4, 5, 6], '1'],
  ['in', [int(6), 1, 2, 3, 4, 5, null], null],
  ['in', [decimal('6.0'), 1, 2, 3, 4, 5, 6], '1'],
  ['in', [int(1), 'a', '1', 'b', 'c', 'd', 'e'], '1'],
  ['in', [column(date('2024-01-05')), '2024-01-04', '2024-01-05'], '1'],
  ['interval', [23, 1, 15, 17, 30, 44, 200], '3'],
  ['interval', [22, 23, 30, 44, 200], '0'],
  ['interval', [null, 1], '-1'],
])

table('logic', [
  ['and', [1, 1], '1', 'bigint(1)'],
  ['and', [1, 0], '0'],
  ['and', [null, 0], '0'],
  ['and', [null, 1], null],
  ['and', [1, 1, 2, null], null],
  ['and', [1, 1, 2, 0], '0'],
  ['or', [null, 1], '1'],
  ['or', [null, 0], null],
  ['or', [0, 0, 0], '0'],
  ['xor', [1, 1], '0'],
  ['xor', [1, 0], '1'],
  ['xor', [1, null], null],
  ['not', [10], '0'],
  ['not', [0], '1'],
  ['not', [null], null],
  ['not', ['a'], '1'],
  ['not', [decimal('0.00')], '1'],
  ['is true', ['0.5'], '1'],
  ['is true', [null], '0'],
  ['is false', [0], '1'],
  ['is false', [null], '0'],
  ['is null', [null], '1'],
  ['is not null', [1], '1'],
  ['isnull', [1], '0'],
])

table('control flow', [
  ['case', [0, 'a', 1, 'bc', 'def'], 'bc', 'varchar(3)'],
  ['case', [0, 'a'], null],
  ['case', [null, 1, decimal('1.5')], '1.5', 'decimal(2,1)'],
  ['if', [1, 2, 'x'], '2', 'varchar(1)'],
  ['if', [null, 1, 2], '2'],
  ['if', ['a', 1, decimal('2.25')], '2.25'],
  ['ifnull', [null, 10], '10'],
  ['ifnull', [1, 0], '1'],
  ['coalesce', [null, null, date('2024-01-05')], '2024-01-05', 'date(10)'],
  ['coalesce', [null, null], null],
  ['nullif', [1, 1], null],
  ['nullif', [1, 2], '1'],
  ['nullif', [column('A'), 'a'], null],
  ['greatest', [2, 0], '2'],
  ['greatest', [decimal('34.0'), int(3), int(767)], '767.0', 'decimal(11,1)'],
  ['greatest', ['B', 'A', 'C'], 'C'],
  ['greatest', [1, null], null],
  ['least', [2, 0], '0'],
  ['least', [double(34), decimal('3.5')], '3.5', 'double'],
  ['least', [date('2024-01-05'), datetime('2023-01-05 10:00:00')], '2023-01-05 10:00:00'],
])

table('patterns', [
  ['like', ['David!', 'David_'], '1', 'bigint(1)'],
  ['like', ['David!', 'David\\_'], '0'],
  ['like', ['David_', 'David\\_'], '1'],
  ['like', ['David_', 'David|_', '|'], '1'],
  ['like', [column('ABC'), 'a%'], '1'],
  ['like', [textIn('utf8mb4_bin', 'ABC'), 'a%'], '0'],
  ['like', [10, '1%'], '1'],
  ['like', [null, 'a'], null],
  ['like', ['a', null], null],
  ['regexp', ['Michael!', '.*'], '1'],
  ['regexp', ['new*\n*line', 'new\\*.\\*line'], '0'],
  ['regexp', ['a', '^[a-d]'], '1'],
  ['regexp', [column('abc'), 'ABC'], '1'],
  ['regexp', [textIn('utf8mb4_bin', 'abc'), 'ABC'], '0'],
  ['regexp', ['fofo', '^f.*$'], '1'],
  ['regexp', ['aXbc', '[^a-dXYZ]'], '0'],
  ['regexp', ['justalnums', '[[:alnum:]]+'], '1'],
  ['regexp', ['!!', '[[:alnum:]]+'], '0'],
  ['regexp', ['a word a', '\\bword\\b'], '1'],
  ['regexp', ['asword', '\\bword\\b'], '0'],
  ['regexp', ['größe', '^\\w+$'], '1'],
  ['regexp', ['pix', '^(pi|apa)x$'], '1'],
  ['regexp', ['abcde', 'a[bcd]{2,3}e'], '1'],
  ['regexp', [null, 'a'], null],
  ['regexp_like', ['abc', 'ABC', 'c'], '0'],
  ['regexp_like', ['a\nb', 'a.b', 'n'], '1'],
  ['regexp_instr', ['dog cat dog', 'dog'], '1'],
  ['regexp_instr', ['dog cat dog', 'dog', 2], '9'],
  ['regexp_instr', ['aa aaa aaaa', 'a{2}', 1, 2, 1], '6'],
  ['regexp_substr', ['abc def ghi', '[a-z]+'], 'abc'],
  ['regexp_substr', ['abc def ghi', '[a-z]+', 1, 3], 'ghi'],
  ['regexp_substr', ['abc', '[0-9]'], null],
  ['regexp_replace', ['a b c', 'b', 'X'], 'a X c'],
  ['regexp_replace', ['abc def ghi', '[a-z]+', 'X', 1, 3], 'abc def X'],
  ['regexp_replace', ['abc', '(a)(b)', '$2$1'], 'bac'],
])

describe('patterns that are none', () => {
  test.each([
    ['', 3685],
    ['a(', 3691],
    ['a)', 3691],
    ['[a', 3696],
    ['[z-a]', 3697],
    ['a{2,1}', 3693],
    ['a{x}', 3692],
    ['a\\', 3689],
    ['*a', 3688],
    ['a*+', 3690],
    ['(a)\\2', 3694],
  ])('%p is error %p', (pattern, number) => {
    expect(() => call('regexp', ['x', pattern])).toThrow(expect.objectContaining({ number }))
  })

  test('positions outside of the text', () => {
    expect(() => call('regexp_instr', ['abc', 'a', 5])).toThrow(expect.objectContaining({ number: 3686 }))
  })
})

test('collations that do not go together are refused', () => {
  const a = textIn('utf8mb4_general_ci', 'a')
  const b = textIn('utf8mb4_unicode_ci', 'a')
  expect(() => call('=', [a, b])).toThrow(expect.objectContaining({ number: 1267 }))
})

describe('dates beside constants that are none', () => {
  test('text is an error', () => {
    const tomorrow = () => call('=', [column(date('2024-01-05')), 'tomorrow'])
    expect(tomorrow).toThrow(
      expect.objectContaining({ number: 1525, message: "Incorrect DATE value: 'tomorrow'" }),
    )
    const zero = () => call('<', ['0000-00-00', column(datetime('2024-01-05 00:00:00'))])
    expect(zero).toThrow("Incorrect DATETIME value: '0000-00-00'")
  })

  test('a number is compared as a number', () => {
    expect(call('>', [column(date('2024-01-05')), 7]).text).toBe('1')
    expect(call('=', [column(date('2024-01-05')), 20240199]).text).toBe('0')
  })
})

test('NULL has a type of its own', () => {
  expect(call('case', [1, null]).value).toBeNull()
  expect(call('coalesce', [{ type: NULL_TYPE, value: null }]).type).toBe('null(0)')
})
