/**
 * Binds aggregate calls and GROUPING (MySQL manual 14.19). The call itself goes to the query block's list; the
 * expression gets a reference to its output column.
 */
import type { AggregateBinding } from '../common/function-binding.js'
import { sqlError } from '../common/sql-error.js'
import { BIGINT_TYPE, isString } from '../common/sql-type.js'
import type { AggregateCall, ColumnExpression, ColumnId, Expression } from '../plan/expression.js'
import type {
  AggregateCall as AggregateSyntax,
  ColumnReference,
  Expression as Syntax,
  OrderItem,
} from '../plan/syntax/index.js'
import type { Binding, ExpressionContext } from './binding.js'
import { bindCall, convertAll } from './calls.js'
import { BoundArgument } from './constants.js'
import { expressionKey } from './expression-keys.js'
import { constant } from './literals.js'
import type { QueryBoundary } from './scope.js'

interface AggregateParts extends Pick<AggregateSyntax, 'distinct' | 'arguments' | 'orderBy' | 'separator'> {
  readonly kind: 'aggregate'
  readonly name: string
}

export function bindAggregate(
  binding: Binding,
  syntax: AggregateParts,
  context: ExpressionContext,
): Expression {
  const outer = aggregatingBlock(syntax.arguments, context)
  if (outer !== undefined) return outer.boundary.correlate(bindAggregate(binding, syntax, outer.context))
  const aggregates = context.aggregates
  if (aggregates === undefined) throw sqlError('ER_INVALID_GROUP_FUNC_USE')
  const inner: ExpressionContext = { ...context, aggregates: undefined, windows: undefined }
  const args = syntax.arguments.map((argument) => binding.expression(argument, inner))
  const { binding: bound, converted } = bindAggregateFunction(binding, syntax.name, args)
  const orderBy = syntax.orderBy.map((item) => ({
    expression: binding.expression(orderSyntax(binding, item, syntax.arguments), inner),
    descending: item.descending,
  }))
  const separator =
    syntax.separator === undefined ? undefined : separatorText(binding, syntax.separator.bytes)
  const text = `${syntax.name}(${syntax.distinct ? 'distinct ' : ''}${args.length === 0 ? '*' : args.map((each) => each.text).join(',')})`
  const key = aggregateKey(binding, { ...syntax, converted, orderBy, separator })
  const known = aggregates.find((each) => aggregateKeys.get(each) === key)
  const call: AggregateCall = known ?? {
    output: binding.newColumn(),
    name: syntax.name,
    arguments: converted,
    distinct: syntax.distinct,
    orderBy,
    separator,
    binding: bound,
    text,
  }
  if (known === undefined) {
    aggregates.push(call)
    aggregateKeys.set(call, key)
  }
  return outputColumn(call.output, bound, text)
}

/**
 * The enclosing block that computes an aggregate whose arguments are columns of that block alone (MySQL manual 14.19.1): the
 * sub-query around the call sees the result as a constant. Undefined for the block itself.
 */
function aggregatingBlock(
  args: readonly Syntax[],
  { scope, clause }: ExpressionContext,
): { readonly boundary: QueryBoundary; readonly context: ExpressionContext } | undefined {
  const { boundary } = scope
  if (boundary?.context?.aggregates === undefined) return undefined
  const columns = args.flatMap(columnsIn)
  const isOwn = columns.some(
    (each) => scope.findLocal(each.database, each.table, each.name, clause) !== undefined,
  )
  return columns.length === 0 || isOwn ? undefined : { boundary, context: boundary.context }
}

/** The column references of an expression; those of its sub-queries count as none. */
function columnsIn(syntax: unknown): readonly ColumnReference[] {
  if (Array.isArray(syntax)) return syntax.flatMap(columnsIn)
  if (typeof syntax !== 'object' || syntax === null) return []
  const node = syntax as Partial<Syntax>
  if (node.kind === 'column') return [node as ColumnReference]
  if (node.kind === 'subquery' || node.kind === 'exists' || node.kind === 'inQuery') return []
  return Object.values(node).flatMap(columnsIn)
}

/** Keys of the calls that were made, so that the same aggregate written twice is computed once. */
const aggregateKeys = new WeakMap<AggregateCall, string>()

function aggregateKey(
  binding: Binding,
  call: {
    name: string
    distinct: boolean
    converted: readonly Expression[]
    orderBy: readonly { expression: Expression; descending: boolean }[]
    separator: string | undefined
  },
): string {
  const args = call.converted.map((each) => expressionKey(binding, each))
  const order = call.orderBy.map(
    (each) => `${expressionKey(binding, each.expression)} ${String(each.descending)}`,
  )
  return JSON.stringify([call.name, call.distinct, args, order, call.separator])
}

export function bindAggregateFunction(binding: Binding, name: string, args: readonly Expression[]) {
  const fn = binding.environment.functions.aggregate(name)
  if (fn === undefined) throw sqlError('ER_NOT_SUPPORTED_YET', name)
  if (args.length < fn.argumentsMin || args.length > fn.argumentsMax) {
    throw sqlError('ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT', name)
  }
  const bound = fn.bind(
    args.map((argument) => new BoundArgument(binding, argument)),
    binding.environment,
  )
  return { binding: bound, converted: convertAll(args, bound.parameterTypes) }
}

/** GROUP_CONCAT(a, b ORDER BY 2) means b. */
function orderSyntax(binding: Binding, item: OrderItem, args: readonly Syntax[]): Syntax {
  if (item.expression.kind !== 'number' || item.expression.class !== 'integer') return item.expression
  binding.pin(item.expression.ordinal)
  const argument = args[Number(item.expression.text) - 1]
  if (argument === undefined) throw sqlError('ER_BAD_FIELD_ERROR', item.expression.text, 'order clause')
  return argument
}

function separatorText(binding: Binding, bytes: string): string {
  return binding.environment.decode(bytes, binding.environment.clientCharset) ?? bytes
}

/** What stands in an expression for a call that the query block computes. */
export function outputColumn(
  column: ColumnId,
  bound: Pick<AggregateBinding, 'type' | 'shownType' | 'nullable' | 'coercibility'>,
  text: string,
): Expression {
  const { type, shownType, nullable } = bound
  const coercibility = bound.coercibility ?? (isString(type) ? 4 : 5)
  const reference: ColumnExpression = { kind: 'column', column, type, nullable, coercibility, text }
  if (shownType === undefined) return reference
  // The conversion has its operand's text, as implicit ones have: arithmetic looks through it for more digits.
  return { kind: 'convert', operand: reference, type: shownType, nullable, coercibility, text }
}

/** GROUPING(a, b, …): one bit for each item, the last one lowest. */
export function bindGrouping(
  binding: Binding,
  items: readonly Syntax[],
  context: ExpressionContext,
): Expression {
  if (context.grouping === undefined || items.length === 0) throw sqlError('ER_INVALID_GROUP_FUNC_USE')
  const inner: ExpressionContext = { ...context, aggregates: undefined, windows: undefined }
  let result: Expression | undefined
  for (const item of items) {
    const flag = context.grouping(binding.expression(item, inner))
    if (flag === undefined) throw sqlError('ER_FIELD_IN_GROUPING_NOT_GROUP_BY', items.indexOf(item) + 1)
    result =
      result === undefined
        ? flag
        : bindCall(binding, '+', [bindCall(binding, '*', [result, constant(BIGINT_TYPE, 2, '2')]), flag])
  }
  return result as Expression
}
