/**
 * Conditions taken apart and put together again, and what can be told of an expression without evaluating it.
 */
import { isText, sameType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { ExpressionArgument } from '../functions/expression-argument.js'
import type { CallExpression, ColumnId, Expression } from '../plan/expression.js'
import { isConstant, visitExpression } from '../plan/rewrite.js'
import { isVolatilePlan } from '../plan/volatility.js'
import type { BindingEnvironment } from '../spi/functions.js'
import type { OptimizerContext } from './context.js'

export { isConstant }

/** The conditions that all must hold for `condition` to be true, in their order. */
export function conjuncts(condition: Expression | undefined): readonly Expression[] {
  if (condition === undefined) return []
  if (condition.kind === 'call' && condition.name === 'and') return condition.arguments.flatMap(conjuncts)
  return [condition]
}

/** One of which must hold for `condition` to be true. */
export function disjuncts(condition: Expression): readonly Expression[] {
  if (condition.kind === 'call' && condition.name === 'or') return condition.arguments.flatMap(disjuncts)
  return [condition]
}

/** The condition that holds where all of `conditions` do; undefined if there are none. */
export function conjunction(
  conditions: readonly Expression[],
  context: OptimizerContext,
): Expression | undefined {
  if (conditions.length <= 1) return conditions[0]
  return bindFunction('and', conditions, context)
}

/**
 * Logic and comparisons of operands that agree in type don't look at the session, so what functions may depend on is
 * fixed here.
 */
const ENVIRONMENT: BindingEnvironment = Object.freeze({
  sqlMode: 0,
  connectionCollation: 'utf8mb4_0900_ai_ci',
  database: '',
  divPrecisionIncrement: 4,
  userVariable: () => undefined,
})

class Argument extends ExpressionArgument {
  readonly constant = undefined
}

/** A call of a built-in operator whose operands have fitting types. */
export function bindFunction(
  name: string,
  args: readonly Expression[],
  context: OptimizerContext,
): CallExpression {
  const fn = context.functions.scalar(name)
  if (fn === undefined) throw new Error(`invariant: ${name} is built in`)
  const binding = fn.bind(
    args.map((argument) => new Argument(argument)),
    ENVIRONMENT,
  )
  const texts = args.map((argument) => argument.text)
  return {
    kind: 'call',
    name: fn.name,
    arguments: args.map((argument, i) => converted(argument, binding.parameterTypes[i])),
    binding,
    volatility: fn.volatility,
    type: binding.type,
    nullable: binding.nullable,
    coercibility: 5,
    text: texts.length === 1 ? `(${texts[0] ?? ''} ${name})` : `(${texts.join(` ${name} `)})`,
  }
}

function converted(expression: Expression, type: Expression['type'] | undefined): Expression {
  if (type === undefined || sameType(expression.type, type)) return expression
  const { nullable, coercibility, text } = expression
  return { kind: 'convert', operand: expression, type, nullable, coercibility, text }
}

/** What rules ask of an expression, found in one walk. */
export interface ExpressionFacts {
  /** Columns of the input that it reads, also through correlations of sub-queries. */
  readonly columns: ReadonlySet<ColumnId>
  /** Values of an enclosing row that it reads. */
  readonly correlated: ReadonlySet<ColumnId>
  readonly isVolatile: boolean
  readonly hasSubquery: boolean
}

const FACTS = new WeakMap<Expression, ExpressionFacts>()

export function factsOf(expression: Expression): ExpressionFacts {
  const known = FACTS.get(expression)
  if (known !== undefined) return known
  const columns = new Set<ColumnId>()
  const correlated = new Set<ColumnId>()
  let isVolatile = false
  let hasSubquery = false
  visitExpression(expression, (part) => {
    if (part.kind === 'column') columns.add(part.column)
    else if (part.kind === 'correlated') correlated.add(part.column)
    else if (part.kind === 'call' && part.volatility === 'volatile') isVolatile = true
    else if (part.kind === 'subquery') {
      hasSubquery = true
      if (isVolatilePlan(part.plan)) isVolatile = true
    }
  })
  const facts: ExpressionFacts = { columns, correlated, isVolatile, hasSubquery }
  FACTS.set(expression, facts)
  return facts
}

export function readsOnly(expression: Expression, columns: ReadonlySet<ColumnId>): boolean {
  for (const column of factsOf(expression).columns) if (!columns.has(column)) return false
  return true
}

/** Whether two expressions have the same value in every row. Never said of volatile ones and sub-queries. */
export function sameExpression(a: Expression, b: Expression): boolean {
  if (a === b) return !factsOf(a).isVolatile && !factsOf(a).hasSubquery
  if (a.kind !== b.kind || !sameType(a.type, b.type)) return false
  switch (a.kind) {
    case 'column':
    case 'correlated':
      return a.column === (b as typeof a).column
    case 'parameter':
      return a.slot === (b as typeof a).slot
    case 'constant':
      return sameValue(a.value, (b as typeof a).value)
    case 'convert':
      return sameExpression(a.operand, (b as typeof a).operand)
    case 'call': {
      const other = b as typeof a
      return (
        a.name === other.name &&
        a.volatility !== 'volatile' &&
        // Bindings of one name can differ in what the binder gave them: collation, sql_mode.
        (a.binding === other.binding || isFixedOperator(a)) &&
        a.arguments.length === other.arguments.length &&
        a.arguments.every((argument, i) => sameExpression(argument, other.arguments[i] as Expression))
      )
    }
    case 'subquery':
      return false
  }
}

const OPERATORS = new Set([
  '=',
  '<=>',
  '<',
  '<=',
  '>',
  '>=',
  '<>',
  'and',
  'or',
  'not',
  'is null',
  'is not null',
])

/** Operators whose meaning is fixed by the types of their operands; comparisons of text have a collation besides. */
function isFixedOperator(call: CallExpression): boolean {
  return OPERATORS.has(call.name) && !call.arguments.some((argument) => isText(argument.type))
}

function sameValue(a: Value, b: Value): boolean {
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
  }
  return Object.is(a, b)
}

/** The truth of a constant condition: undefined if it isn't known at plan time, `null` for NULL. */
export function knownTruth(condition: Expression, context: OptimizerContext): boolean | null | undefined {
  if (!isConstant(condition)) return undefined
  const known =
    condition.kind === 'constant' ? { value: condition.value } : context.constantValue?.(condition)
  if (known === undefined) return undefined
  const { value } = known
  if (value === null) return null
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) !== 0
  // The executor's rule for other values is its own; they are left to it.
  return undefined
}
