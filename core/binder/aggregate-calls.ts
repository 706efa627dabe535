/**
 * Binds aggregate and window function calls (MySQL manual 14.19 and 14.20). The call itself goes to the query block's list; the
 * expression gets a reference to its output column.
 */
import type { AggregateBinding } from '../common/function-binding.js'
import { sqlError } from '../common/sql-error.js'
import { BIGINT_TYPE, isInteger, isNumeric, isString, isTemporal } from '../common/sql-type.js'
import type {
  AggregateCall,
  ColumnExpression,
  ColumnId,
  Expression,
  FrameBound,
  WindowFrame,
} from '../plan/expression.js'
import type {
  AggregateCall as AggregateSyntax,
  ColumnReference,
  Expression as Syntax,
  FrameBound as FrameBoundSyntax,
  OrderItem,
  WindowCall as WindowSyntax,
  WindowFrame as FrameSyntax,
  WindowSpecification,
} from '../plan/syntax/index.js'
import type { Binding, ExpressionContext, PendingWindow } from './binding.js'
import { bindCall, convertAll } from './calls.js'
import { BoundArgument } from './constants.js'
import { expressionKey } from './expression-keys.js'
import { constant } from './literals.js'
import { sameName, type QueryBoundary } from './scope.js'

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

function bindAggregateFunction(binding: Binding, name: string, args: readonly Expression[]) {
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

function outputColumn(
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

// ── Windows ─────────────────────────────────────────────────────────────────────────────────────────────────────

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

const WHOLE_PARTITION: WindowFrame = {
  unit: 'rows',
  start: { kind: 'unbounded preceding' },
  end: { kind: 'unbounded following' },
  rangeStart: undefined,
  rangeEnd: undefined,
  rangeColumn: undefined,
}

const UP_TO_PEERS: WindowFrame = { ...WHOLE_PARTITION, unit: 'range', end: { kind: 'current row' } }

function hasWindowCall(syntax: unknown): boolean {
  if (Array.isArray(syntax)) return syntax.some(hasWindowCall)
  if (typeof syntax !== 'object' || syntax === null) return false
  const { kind } = syntax as Partial<Syntax>
  if (kind === 'window') return true
  return kind !== 'subquery' && Object.values(syntax).some(hasWindowCall)
}

function bindFrame(
  binding: Binding,
  syntax: FrameSyntax | undefined,
  window: PendingWindow,
  context: ExpressionContext,
): WindowFrame {
  if (syntax === undefined) return window.orderBy.length > 0 ? UP_TO_PEERS : WHOLE_PARTITION
  if (syntax.unit === 'groups') throw sqlError('ER_NOT_SUPPORTED_YET', 'GROUPS')
  if (syntax.exclude !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'EXCLUDE')
  if (syntax.from.kind === 'unboundedFollowing')
    throw sqlError('ER_WINDOW_FRAME_START_ILLEGAL', '<unnamed window>')
  if (syntax.to.kind === 'unboundedPreceding')
    throw sqlError('ER_WINDOW_FRAME_END_ILLEGAL', '<unnamed window>')
  const start = bindFrameBound(binding, syntax.from, context)
  const end = bindFrameBound(binding, syntax.to, context)
  if (syntax.unit === 'rows')
    for (const bound of [syntax.from, syntax.to]) checkRowCount(binding, bound, context)
  if (rank(start) > rank(end)) throw sqlError('ER_WINDOW_FRAME_ILLEGAL', '<unnamed window>')
  const frame = {
    unit: syntax.unit,
    start,
    end,
    rangeStart: undefined,
    rangeEnd: undefined,
    rangeColumn: undefined,
  }
  if (syntax.unit === 'rows' || (!('offset' in start) && !('offset' in end))) return frame
  return bindRangeOffsets(binding, syntax, frame, window)
}

const BOUND_RANKS = {
  'unbounded preceding': 0,
  preceding: 1,
  'current row': 2,
  following: 3,
  'unbounded following': 4,
}

function rank(bound: FrameBound): number {
  return BOUND_RANKS[bound.kind]
}

/** ROWS counts rows: offsets are whole numbers. */
function checkRowCount(binding: Binding, bound: FrameBoundSyntax, context: ExpressionContext): void {
  if (!('offset' in bound)) return
  if (bound.unit !== undefined) throw sqlError('ER_WINDOW_ROWS_INTERVAL_USE', '<unnamed window>')
  const { type } = binding.expression(bound.offset, context)
  const isCount = isInteger(type) || type.name === 'null' || bound.offset.kind === 'parameter'
  if (!isCount) throw sqlError('ER_WINDOW_FRAME_ILLEGAL', '<unnamed window>')
}

function bindFrameBound(binding: Binding, bound: FrameBoundSyntax, context: ExpressionContext): FrameBound {
  switch (bound.kind) {
    case 'currentRow':
      return { kind: 'current row' }
    case 'unboundedPreceding':
      return { kind: 'unbounded preceding' }
    case 'unboundedFollowing':
      return { kind: 'unbounded following' }
    default:
      return { kind: bound.kind, offset: binding.expression(bound.offset, context) }
  }
}

/** RANGE with offsets: the limit values are computed from the current row's sort value. */
function bindRangeOffsets(
  binding: Binding,
  syntax: FrameSyntax,
  frame: WindowFrame,
  window: PendingWindow,
): WindowFrame {
  const order = window.orderBy[0]
  if (order === undefined || window.orderBy.length !== 1) {
    throw sqlError('ER_WINDOW_RANGE_FRAME_ORDER_TYPE', '<unnamed window>')
  }
  const type = order.expression.type
  if (!isNumeric(type) && !isTemporal(type)) {
    throw sqlError('ER_WINDOW_RANGE_FRAME_ORDER_TYPE', '<unnamed window>')
  }
  const rangeColumn = binding.newColumn()
  const current: Expression = {
    kind: 'column',
    column: rangeColumn,
    type,
    nullable: order.expression.nullable,
    coercibility: 5,
    text: order.expression.text,
  }
  const limit = (bound: FrameBound, source: FrameBoundSyntax): Expression | undefined => {
    if (!('offset' in bound)) return undefined
    const back = (bound.kind === 'preceding') !== order.descending
    const unit = 'unit' in source ? source.unit : undefined
    if (unit === undefined) {
      if (!isNumeric(type)) throw sqlError('ER_WINDOW_RANGE_FRAME_TEMPORAL_TYPE', '<unnamed window>')
      return bindCall(binding, back ? '-' : '+', [current, bound.offset])
    }
    if (isNumeric(type)) throw sqlError('ER_WINDOW_RANGE_FRAME_NUMERIC_TYPE', '<unnamed window>')
    const word = constant({ ...BIGINT_TYPE, name: 'varchar', collation: 'utf8mb4_0900_ai_ci' }, unit, unit, 4)
    return bindCall(binding, back ? 'date_sub' : 'date_add', [current, bound.offset, word])
  }
  return {
    ...frame,
    rangeStart: limit(frame.start, syntax.from),
    rangeEnd: limit(frame.end, syntax.to),
    rangeColumn,
  }
}

/** The pending window with this specification, made if it is new. */
export function bindWindow(
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
