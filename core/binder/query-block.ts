/**
 * Binds one query block, SELECT … FROM … WHERE … GROUP BY … HAVING … WINDOW …, together with the ORDER BY and LIMIT that apply to it
 * (MySQL manual 15.2.13). The order of the plan: FROM, WHERE, grouping, HAVING, windows, select list, DISTINCT, ORDER BY, LIMIT.
 */
import { sqlError } from '../common/sql-error.js'
import { SqlMode } from '../common/sql-mode.js'
import type { AggregateCall, Expression, SortKey } from '../plan/expression.js'
import type { LogicalNode, OutputColumn } from '../plan/logical.js'
import { rewriteExpression } from '../plan/rewrite.js'
import type { Limit, LockingClause, OrderItem, SelectBlock } from '../plan/syntax/index.js'
import type { Binding, BoundColumn, BoundQuery, ExpressionContext, PendingWindow } from './binding.js'
import { plainContext } from './binding.js'
import { asCondition } from './calls.js'
import { pinLiterals } from './constants.js'
import { expressionKey } from './expression-keys.js'
import { functionalColumns } from './functional-columns.js'
import { bindFrom } from './from-clause.js'
import { buildGrouping, groupItems, type GroupItem } from './grouping.js'
import { checkHavingNames, warnOfOvershadowed } from './item-names.js'
import { bindLimit } from './limits.js'
import { checkLocking, lockOptions } from './locking-clauses.js'
import { sameName, Scope, type CommonTable, type QueryBoundary } from './scope.js'
import { bareName, bindItem, lookupItem, ordinal, sameExpression, type BoundItem } from './select-list.js'
import { checkWindowNames, rewriteWindow, windowNode } from './windows.js'

export interface BlockClauses {
  readonly orderBy: readonly OrderItem[]
  readonly limit: Limit | undefined
  readonly locking: readonly LockingClause[]
  /** SQL_CALC_FOUND_ROWS of a whole set operation; a single block has its own. */
  readonly countAll?: boolean
}

export function bindBlock(
  binding: Binding,
  block: SelectBlock,
  clauses: BlockClauses,
  boundary: QueryBoundary | undefined,
  commonTables: readonly CommonTable[],
): BoundQuery {
  const scope = new Scope(boundary, commonTables)
  let plan = bindFrom(binding, block.from, scope, lockOptions(clauses.locking), block.straightJoin)
  checkLocking(clauses.locking, scope)
  if (block.where !== undefined) {
    const where = binding.expression(block.where, plainContext(scope, 'where clause'))
    plan = filter(plan, functionalColumns(binding, scope, plan)?.(where) ?? where)
  }
  const aggregates: AggregateCall[] = []
  const windows: PendingWindow[] = []
  const base: ExpressionContext = {
    scope,
    clause: 'field list',
    aggregates,
    windows,
    namedWindows: block.windows,
    alias: undefined,
    aliasOrder: 'after',
    exactLiterals: true,
  }
  checkWindowNames(block)
  const grouped = bindGroupBy(binding, block, base)
  const context = { ...base, grouping: block.rollup ? groupingLookup(binding, grouped) : undefined }
  const items = block.items.flatMap((item) => bindItem(binding, item, context))
  const groups = grouped ?? resolveGroupBy(binding, block, base, items)
  for (const item of items) pinLiterals(binding, item.expression)
  warnOfOvershadowed(binding, block, scope, items)
  checkHavingNames(binding, block, scope, items, groups)
  const having = bindHaving(
    binding,
    block,
    { ...context, grouping: block.rollup ? groupingLookup(binding, groups) : undefined },
    items,
    groups,
  )
  const order = bindOrder(binding, clauses.orderBy, context, items)
  return assemble(binding, block, clauses, { scope, plan, items, groups, aggregates, windows, having, order })
}

interface BlockParts {
  readonly scope: Scope
  readonly plan: LogicalNode
  readonly items: readonly BoundItem[]
  readonly groups: readonly GroupItem[]
  readonly aggregates: AggregateCall[]
  readonly windows: readonly PendingWindow[]
  readonly having: Expression | undefined
  readonly order: readonly SortKey[]
}

function assemble(
  binding: Binding,
  block: SelectBlock,
  clauses: BlockClauses,
  parts: BlockParts,
): BoundQuery {
  let { plan } = parts
  const isGrouped = parts.groups.length > 0 || parts.aggregates.length > 0
  const grouping = isGrouped
    ? buildGrouping(
        binding,
        plan,
        parts.scope,
        parts.groups,
        parts.aggregates,
        parts.windows.flatMap((window) => window.calls.map((call) => call.output)),
        block.rollup,
      )
    : undefined
  const above = (expression: Expression, where: string, position: number) =>
    grouping === undefined ? expression : grouping.rewrite(expression, where, position)
  // Rewriting may still add aggregates, so everything is rewritten before the node is taken.
  const having = parts.having === undefined ? undefined : above(parts.having, 'HAVING clause', 1)
  const windows = parts.windows.map((window) => rewriteWindow(window, above))
  const items = parts.items.map((item, i) => ({
    ...item,
    expression: above(item.expression, 'SELECT list', i + 1),
  }))
  const order = parts.order.map((key, i) => ({
    ...key,
    expression: above(key.expression, 'ORDER BY clause', i + 1),
  }))
  if (grouping !== undefined) plan = grouping.node
  if (having !== undefined) plan = filter(plan, having)
  for (const window of windows) plan = windowNode(plan, window)
  return project(binding, block, clauses, plan, items, order)
}

/** Select list, DISTINCT, ORDER BY and LIMIT; order expressions that aren't selected ride along and are dropped at the end. */
function project(
  binding: Binding,
  block: SelectBlock,
  clauses: BlockClauses,
  input: LogicalNode,
  items: readonly BoundItem[],
  order: readonly SortKey[],
): BoundQuery {
  const columns: BoundColumn[] = items.map((item) => ({
    id: binding.newColumn(),
    name: item.name,
    type: item.expression.type,
    nullable: item.expression.nullable,
    origin: item.origin,
    coercibility: item.expression.coercibility,
  }))
  const expressions = items.map((item) => item.expression)
  const keys = new Map(items.map((item, i) => [expressionKey(binding, item.expression), i] as const))
  const hidden: { readonly expression: Expression; readonly column: OutputColumn }[] = []
  const sortKeys = order.map((key, position): SortKey => {
    const selected = keys.get(expressionKey(binding, key.expression))
    const column = selected === undefined ? undefined : columns[selected]
    if (column !== undefined)
      return { expression: reference(column, key.expression), descending: key.descending }
    if (block.distinct) checkOrderIsSelected(binding, key.expression, keys, position)
    const extra = {
      id: binding.newColumn(),
      name: '',
      type: key.expression.type,
      nullable: key.expression.nullable,
    }
    hidden.push({ expression: key.expression, column: extra })
    return { expression: reference(extra, key.expression), descending: key.descending }
  })
  let plan: LogicalNode = {
    kind: 'project',
    input,
    expressions: [...expressions, ...hidden.map((each) => each.expression)],
    output: [...columns, ...hidden.map((each) => each.column)],
  }
  if (block.distinct) plan = { kind: 'distinct', input: plan, output: plan.output }
  if (sortKeys.length > 0)
    plan = { kind: 'sort', input: plan, keys: sortKeys, top: undefined, output: plan.output }
  plan = bindLimit(binding, plan, clauses.limit, block.calcFoundRows)
  if (hidden.length > 0) {
    const kept = columns.map((column) => ({ ...column, id: binding.newColumn() }))
    const last: LogicalNode = {
      kind: 'project',
      input: plan,
      expressions: columns.map((column, i) => reference(column, items[i]?.expression)),
      output: kept,
    }
    return { plan: last, columns: kept }
  }
  return { plan, columns }
}

function reference(column: OutputColumn, like: Expression | undefined): Expression {
  return {
    kind: 'column',
    column: column.id,
    type: column.type,
    nullable: column.nullable,
    coercibility: like?.coercibility ?? 2,
    text: like?.text ?? column.name,
  }
}

/** Distinct rows have an order only by what they are: selected expressions, and what is computed of them. */
function checkOrderIsSelected(
  binding: Binding,
  expression: Expression,
  selected: ReadonlyMap<string, number>,
  position: number,
): void {
  if ((binding.environment.sqlMode & SqlMode.ONLY_FULL_GROUP_BY) === 0) return
  rewriteExpression(expression, (part) => {
    if (selected.has(expressionKey(binding, part))) return part
    if (part.kind !== 'column') return undefined
    const name = part.text.replaceAll('`', '')
    throw sqlError('ER_FIELD_IN_ORDER_NOT_SELECT', position + 1, 'ORDER BY clause', name, 'DISTINCT')
  })
}

export function filter(input: LogicalNode, condition: Expression): LogicalNode {
  return { kind: 'filter', input, condition: asCondition(condition), output: input.output }
}

// ── GROUP BY, HAVING, ORDER BY ──────────────────────────────────────────────────────────────────────────────────

/** GROUP BY items that need nothing of the select list; undefined if one may. */
function bindGroupBy(
  binding: Binding,
  block: SelectBlock,
  context: ExpressionContext,
): readonly GroupItem[] | undefined {
  if (block.groupBy.length === 0) return []
  if (
    !block.groupBy.every((item) => item.kind === 'column' && isLocal(context.scope, item.table, item.name))
  ) {
    return undefined
  }
  return resolveGroupBy(binding, block, context, [])
}

function isLocal(scope: Scope, table: string | undefined, name: string): boolean {
  if (table !== undefined) return true
  return scope.visible.some((column) => sameName(column.name, name))
}

function resolveGroupBy(
  binding: Binding,
  block: SelectBlock,
  context: ExpressionContext,
  items: readonly BoundItem[],
): readonly GroupItem[] {
  const inner: ExpressionContext = {
    ...context,
    clause: 'group statement',
    aggregates: undefined,
    windows: undefined,
    alias: (name) => lookupItem(items, name, 'group statement')?.expression,
    aliasOrder: 'after',
  }
  const expressions = block.groupBy.map((syntax) => {
    const expression = ordinal(binding, syntax, items, 'group statement') ?? binding.expression(syntax, inner)
    rejectAggregates(expression, context, items)
    return expression
  })
  return groupItems(binding, expressions, block.rollup)
}

/** GROUP BY an alias of an aggregate or a window function is an error. */
function rejectAggregates(
  expression: Expression,
  context: ExpressionContext,
  items: readonly BoundItem[],
): void {
  const title = items.find((item) => item.expression === expression)?.name
  const outputs = new Set(context.aggregates?.map((call) => call.output))
  const windowOutputs = new Set(context.windows?.flatMap((window) => window.calls.map((call) => call.output)))
  rewriteExpression(expression, (part) => {
    if (part.kind !== 'column') return undefined
    if (outputs.has(part.column)) throw sqlError('ER_WRONG_GROUP_FIELD', title ?? part.text)
    if (windowOutputs.has(part.column)) throw sqlError('ER_WINDOW_INVALID_WINDOW_FUNC_ALIAS_USE', part.text)
    return part
  })
}

function groupingLookup(binding: Binding, groups: readonly GroupItem[] | undefined) {
  return (expression: Expression): Expression | undefined => {
    const key = expressionKey(binding, expression)
    return groups?.find((item) => item.key === key)?.flag
  }
}

function bindHaving(
  binding: Binding,
  block: SelectBlock,
  context: ExpressionContext,
  items: readonly BoundItem[],
  groups: readonly GroupItem[],
): Expression | undefined {
  if (block.having === undefined) return undefined
  // HAVING prefers a GROUP BY column over an alias of the same name (manual 15.2.13, with warning 1052).
  const alias = (name: string): Expression | undefined => {
    const local = context.scope.visible.filter((column) => sameName(column.name, name))
    const grouped = groups.find(
      (item) =>
        item.expression.kind === 'column' &&
        local.some((column) => column.id === (item.expression as { column: number }).column),
    )
    const item = lookupItem(items, name, 'having clause')
    if (grouped === undefined) return item?.expression
    if (item !== undefined && !sameExpression(item.expression, grouped.expression)) {
      binding.environment.warn('Warning', 'ER_NON_UNIQ_ERROR', name, 'having clause')
    }
    return grouped.expression
  }
  return binding.expression(block.having, {
    ...context,
    clause: 'having clause',
    windows: undefined,
    alias,
    aliasOrder: 'before',
  })
}

function bindOrder(
  binding: Binding,
  orderBy: readonly OrderItem[],
  context: ExpressionContext,
  items: readonly BoundItem[],
): readonly SortKey[] {
  const inner: ExpressionContext = {
    ...context,
    clause: 'order clause',
    alias: (name) => lookupItem(items, name, 'order clause')?.expression,
    aliasOrder: 'after',
  }
  return orderBy.map((item) => {
    const selected =
      ordinal(binding, item.expression, items, 'order clause') ?? bareName(item.expression, items)
    const expression = selected ?? binding.expression(item.expression, inner)
    return { expression, descending: item.descending }
  })
}
