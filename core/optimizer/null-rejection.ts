/**
 * Which columns must not be NULL for a condition to be true.
 */
import type { CallExpression, ColumnId, Expression } from '../plan/expression.js'
import { conjuncts, disjuncts } from './conditions.js'

const NONE: ReadonlySet<ColumnId> = new Set()

/** Columns that make the condition false or unknown if they are NULL. */
export function rejectedNulls(condition: Expression): ReadonlySet<ColumnId> {
  if (condition.kind === 'subquery')
    return condition.mode === 'in' || condition.mode === 'any'
      ? union(condition.operands, strictColumns)
      : NONE
  if (condition.kind !== 'call') return strictColumns(condition)
  switch (condition.name) {
    case 'and':
      return union(conjuncts(condition), rejectedNulls)
    case 'or':
      return intersection(disjuncts(condition).map(rejectedNulls))
    case 'is true':
      return union(condition.arguments, rejectedNulls)
    case 'is false':
    case 'is not null':
      return union(condition.arguments, strictColumns)
    case 'not':
      return rejectedByNot(condition)
    case 'between':
    case 'in':
      return condition.name === 'in'
        ? union(condition.arguments.slice(0, 1), strictColumns)
        : union(condition.arguments, strictColumns)
    case '<=>':
      return rejectedBySafeEqual(condition)
    default:
      return strictColumns(condition)
  }
}

function rejectedByNot({ arguments: args }: CallExpression): ReadonlySet<ColumnId> {
  const [operand] = args
  if (operand?.kind === 'call' && (operand.name === 'is null' || operand.name === 'isnull')) {
    return union(operand.arguments, strictColumns)
  }
  return union(args, strictColumns)
}

/** `a <=> 5` isn't true for NULL, `a <=> b` is if both are NULL. */
function rejectedBySafeEqual({ arguments: [left, right] }: CallExpression): ReadonlySet<ColumnId> {
  if (left === undefined || right === undefined) return NONE
  const isValue = (side: Expression) => side.kind === 'constant' && side.value !== null
  if (isValue(right)) return strictColumns(left)
  return isValue(left) ? strictColumns(right) : NONE
}

/** Functions that answer NULL whenever an argument is NULL. */
const STRICT: ReadonlySet<string> = new Set([
  '=',
  '<>',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '*',
  '/',
  'div',
  '%',
  'unary -',
  'not',
  'xor',
  'like',
  'regexp',
  'abs',
  'lower',
  'upper',
  'length',
  'char_length',
  'concat',
  'substring',
  'trim',
  'date',
  'year',
  'month',
])

/** Columns that make the expression NULL if they are NULL. */
export function strictColumns(expression: Expression): ReadonlySet<ColumnId> {
  switch (expression.kind) {
    case 'column':
      return new Set([expression.column])
    case 'convert':
      return strictColumns(expression.operand)
    case 'call':
      if (STRICT.has(expression.name)) return union(expression.arguments, strictColumns)
      return expression.name === 'in' || expression.name === 'between'
        ? union(expression.arguments.slice(0, 1), strictColumns)
        : NONE
    default:
      return NONE
  }
}

function union(
  expressions: readonly Expression[],
  columnsOf: (expression: Expression) => ReadonlySet<ColumnId>,
): ReadonlySet<ColumnId> {
  const all = new Set<ColumnId>()
  for (const each of expressions) for (const column of columnsOf(each)) all.add(column)
  return all
}

function intersection(sets: readonly ReadonlySet<ColumnId>[]): ReadonlySet<ColumnId> {
  const [first, ...others] = sets
  return new Set([...(first ?? NONE)].filter((column) => others.every((other) => other.has(column))))
}
