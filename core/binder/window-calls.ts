/**
 * Binds calls of window functions (MySQL manual 14.20). The call itself goes to the window of the query block that it is of; the expression
 * gets a reference to its output column.
 */
import { sqlError } from '../common/sql-error.js'
import type { Expression } from '../plan/expression.js'
import type {
  Expression as Syntax,
  WindowCall as WindowSyntax,
  WindowSpecification,
} from '../plan/syntax/index.js'
import { bindAggregateFunction, outputColumn } from './aggregate-calls.js'
import type { Binding, ExpressionContext, PendingWindow } from './binding.js'
import { convertAll } from './calls.js'
import { BoundArgument } from './constants.js'
import { expressionKey } from './expression-keys.js'
import { sameName } from './scope.js'
import { bindFrame } from './window-frames.js'

export function bindWindowCall(
  binding: Binding,
  syntax: WindowSyntax,
  context: ExpressionContext,
): Expression {
  if (context.windows === undefined) throw sqlError('ER_WINDOW_INVALID_WINDOW_FUNC_USE', syntax.call.name)
  if (syntax.fromLast) throw sqlError('ER_NOT_SUPPORTED_YET', 'FROM LAST')
  if (syntax.nulls === 'ignore') throw sqlError('ER_NOT_SUPPORTED_YET', 'IGNORE NULLS')
  if (syntax.call.kind === 'aggregate' && syntax.call.distinct) {
    throw sqlError('ER_NOT_SUPPORTED_YET', '<window function>(DISTINCT ..)')
  }
  const inner: ExpressionContext = { ...context, windows: undefined }
  const specification = resolveWindow(syntax.over, context)
  if (hasWindowCall([specification.partitionBy, specification.orderBy])) {
    throw sqlError('ER_WINDOW_NESTED_WINDOW_FUNC_USE_IN_WINDOW_SPEC', '<unnamed window>')
  }
  const window = bindWindow(binding, specification, inner, context.windows)
  const args = syntax.call.arguments.map((argument) => binding.expression(argument, inner))
  const name = syntax.call.name.toLowerCase()
  const frame = bindFrame(binding, specification.frame, window, inner)
  const text = `${name}(${args.map((each) => each.text).join(',')}) over …`
  const fn = syntax.call.kind === 'function' ? binding.environment.functions.window(name) : undefined
  const output = binding.newColumn()
  if (fn !== undefined) {
    if (args.length < fn.argumentsMin || args.length > fn.argumentsMax) {
      throw sqlError('ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT', name)
    }
    const bound = fn.bind(
      args.map((argument) => new BoundArgument(binding, argument)),
      binding.environment,
    )
    window.calls.push({
      output,
      name,
      arguments: convertAll(args, bound.parameterTypes),
      window: bound,
      aggregate: undefined,
      type: bound.type,
      nullable: bound.nullable,
      usesFrame: fn.usesFrame,
      frame,
      text,
    })
    return outputColumn(output, bound, text)
  }
  const { binding: bound, converted } = bindAggregateFunction(binding, name, args)
  const nullable = name !== 'count'
  window.calls.push({
    output,
    name,
    arguments: converted,
    window: undefined,
    aggregate: bound,
    type: bound.type,
    nullable,
    usesFrame: true,
    frame,
    text,
  })
  return outputColumn(output, { ...bound, nullable }, text)
}

/** Follows names and merges `OVER (w ORDER BY …)` with the window it refines. */
function resolveWindow(
  over: WindowSyntax['over'],
  context: ExpressionContext,
  depth = 0,
): WindowSpecification {
  if (depth > context.namedWindows.length) throw sqlError('ER_WINDOW_CIRCULARITY_IN_WINDOW_GRAPH')
  const find = (name: string): WindowSpecification => {
    const named = context.namedWindows.find((each) => sameName(each.name, name))
    if (named === undefined) throw sqlError('ER_WINDOW_NO_SUCH_WINDOW', name)
    return resolveWindow(named.specification, context, depth + 1)
  }
  if (over.kind === 'windowName') return find(over.name)
  if (over.base === undefined) return over
  const base = find(over.base)
  if (over.partitionBy.length > 0) throw sqlError('ER_WINDOW_NO_CHILD_PARTITIONING')
  if (base.frame !== undefined) throw sqlError('ER_WINDOW_NO_INHERIT_FRAME', over.base)
  if (base.orderBy.length > 0 && over.orderBy.length > 0) {
    throw sqlError('ER_WINDOW_NO_REDEFINE_ORDER_BY', '<unnamed window>', over.base)
  }
  return {
    ...over,
    base: undefined,
    partitionBy: base.partitionBy,
    orderBy: over.orderBy.length > 0 ? over.orderBy : base.orderBy,
  }
}

function hasWindowCall(syntax: unknown): boolean {
  if (Array.isArray(syntax)) return syntax.some(hasWindowCall)
  if (typeof syntax !== 'object' || syntax === null) return false
  const { kind } = syntax as Partial<Syntax>
  if (kind === 'window') return true
  return kind !== 'subquery' && Object.values(syntax).some(hasWindowCall)
}

/** The pending window with this specification, made if it is new. */
function bindWindow(
  binding: Binding,
  specification: WindowSpecification,
  context: ExpressionContext,
  pending: PendingWindow[],
): PendingWindow {
  const items = [...specification.partitionBy, ...specification.orderBy.map((item) => item.expression)]
  if (items.some((item) => item.kind === 'number' && item.class === 'integer')) {
    throw sqlError('ER_WINDOW_ILLEGAL_ORDER_BY', '<unnamed window>')
  }
  const partitionBy = specification.partitionBy.map((each) => binding.expression(each, context))
  const orderBy = specification.orderBy.map((item) => ({
    expression: binding.expression(item.expression, context),
    descending: item.descending,
  }))
  const key = JSON.stringify([
    partitionBy.map((each) => expressionKey(binding, each)),
    orderBy.map((each) => `${expressionKey(binding, each.expression)} ${String(each.descending)}`),
  ])
  const known = pending.find((each) => each.key === key)
  if (known !== undefined) return known
  const window: PendingWindow = { partitionBy, orderBy, key, calls: [] }
  pending.push(window)
  return window
}
