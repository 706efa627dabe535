/**
 * Goal: the digits of a quotient survive inside of an expression and are rounded where they leave it. Method: small
 * expression trees compiled as plans are; each answer is what MySQL shows for the same SQL.
 */
import { SINGLE_ROW } from '../common/batch.js'
import { textOf } from '../common/conversion.js'
import { BIGINT_TYPE, decimalType, DOUBLE_TYPE, INT_TYPE, type SqlType } from '../common/sql-type.js'
import type { Expression } from '../plan/expression.js'
import type { ArgumentInfo } from '../spi/functions.js'
import { compileExpression, NO_COLUMNS } from './compile-expression.js'
import { builtInFunctions } from './library.js'
import { testContext, testEnvironment } from './test-support.js'

function int(value: number): Expression {
  const text = String(value)
  const type = { ...BIGINT_TYPE, length: text.length + 1 }
  return { kind: 'constant', type, value, nullable: false, coercibility: 5, text }
}

function asArgument(expression: Expression): ArgumentInfo {
  const { type, nullable, coercibility, text } = expression
  const constant = expression.kind === 'constant' ? { value: expression.value } : undefined
  return { type, nullable, coercibility, text, constant, isConstant: true }
}

function convert(operand: Expression, type: SqlType, text = operand.text): Expression {
  return { kind: 'convert', operand, type, nullable: true, coercibility: 5, text }
}

function call(name: string, ...args: readonly Expression[]): Expression {
  const definition = builtInFunctions().scalar(name)
  if (definition === undefined) throw new Error(`no function ${name}`)
  const binding = definition.bind(args.map(asArgument), testEnvironment())
  const converted = args.map((argument, i) => {
    const type = binding.parameterTypes[i]
    return type === undefined ? argument : convert(argument, type)
  })
  const { type, nullable } = binding
  const text = `${name}(${args.map((argument) => argument.text).join(',')})`
  return {
    kind: 'call',
    name,
    arguments: converted,
    binding,
    volatility: 'immutable',
    type,
    nullable,
    coercibility: 5,
    text,
  }
}

function shown(expression: Expression): string {
  const value = compileExpression(expression, NO_COLUMNS)(SINGLE_ROW, 0, testContext())
  return value === null ? 'NULL' : textOf(expression.type)(value)
}

const third = call('/', int(1), int(3))

test.each([
  ['1/3', third, '0.3333'],
  ['1/3*3', call('*', third, int(3)), '1.0000'],
  ['1/3*100', call('*', third, int(100)), '33.3333'],
  ['1/3+1/3+1/3', call('+', call('+', third, third), third), '1.0000'],
  ['-(1/3)*100', call('*', call('unary -', third), int(100)), '-33.3333'],
  ['1/3/3', call('/', third, int(3)), '0.11111111'],
  ['(2/3)*(3/2)', call('*', call('/', int(2), int(3)), call('/', int(3), int(2))), '1.00000000'],
  ['IF(1, 1/3, 0)*100', call('*', call('if', int(1), third, int(0)), int(100)), '33.3333'],
  ['IFNULL(1/3, 0)*100', call('*', call('ifnull', third, int(0)), int(100)), '33.3333'],
  [
    'CASE WHEN 0 THEN 5 ELSE 1/3 END*100',
    call('*', call('case', int(0), int(5), third), int(100)),
    '33.3333',
  ],
  ['IF(0, 1/3, 7)*100', call('*', call('if', int(0), third, int(7)), int(100)), '700.0000'],
  [
    'COALESCE(NULLIF(1/3, 0), 1)*3',
    call('*', call('coalesce', call('nullif', third, int(0)), int(1)), int(3)),
    '1.0000',
  ],
  ['1/3 as DOUBLE', convert(third, DOUBLE_TYPE), '0.333333333'],
  ['CAST(1/3 AS DECIMAL(10,6))', convert(third, decimalType(10, 6), 'cast'), '0.333333'],
  ['CAST(1/3 AS DECIMAL(10,2))*3', call('*', convert(third, decimalType(10, 2), 'cast'), int(3)), '0.99'],
  ['1/3 DIV 1', call('div', third, int(1)), '0'],
  ['7 % (2/3)', call('%', int(7), call('/', int(2), int(3))), '0.3333'],
  ['1 % (1/100000)', call('%', int(1), call('/', int(1), int(100000))), '0.0000'],
] as const)('%s', (_sql, expression, expected) => {
  expect(shown(expression)).toBe(expected)
})

test('integers have no more digits than they show', () => {
  expect(shown(call('if', int(1), int(2), int(3)))).toBe('2')
  expect(shown(convert(int(2), INT_TYPE))).toBe('2')
})
