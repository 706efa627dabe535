/**
 * Binds FROM: tables, views, common table expressions, derived tables and joins (MySQL manual 15.2.13.2).
 */
import type { ErrorCode } from '../common/error-catalogue.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import type { Correlation, Expression } from '../plan/expression.js'
import type { JoinNode, LogicalNode, OutputColumn, ScanLock, ScanNode } from '../plan/logical.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import { columnsOf } from '../plan/rewrite.js'
import type { DerivedTable, Join, JsonTable, TableFactor, TableReference } from '../plan/syntax/index.js'
import type { Binding, BoundColumn, BoundQuery } from './binding.js'
import { plainContext } from './binding.js'
import { asCondition, bindCall } from './calls.js'
import { bindCommonTable } from './common-tables.js'
import { conjunction } from './comparisons.js'
import type { ResolvedRelation } from './environment.js'
import { bindJsonTable, jsonTableDocument } from './json-table.js'
import {
  baseOf,
  QueryBoundary,
  Scope,
  columnExpression,
  sameName,
  type ScopeColumn,
  type ScopeRelation,
} from './scope.js'

/** MySQL's limit for one join. */
const JOIN_TABLES_MAX = 61
/** MySQL's limit for tables, and for queries that stand for one. */
const COLUMNS_MAX = 4096

export interface BoundFrom {
  readonly plan: LogicalNode
  readonly relations: readonly ScopeRelation[]
  readonly visible: readonly ScopeColumn[]
}

/** How the tables of this FROM are read. */
export interface FromOptions {
  /** The lock for a table under this alias. */
  readonly lockOf: (alias: string) => ScanLock | undefined
  /** Aliases whose rows the statement changes: their scans also yield row keys. */
  readonly isTarget: (alias: string, table: TableDefinition) => boolean
  /** Told of every scan, so that changes find their targets. */
  readonly onScan?: (scan: ScanNode, relation: ScopeRelation) => void
}

export const READ_ONLY: FromOptions = { lockOf: () => undefined, isTarget: () => false }

/** Binds a comma list and puts its relations into `scope`. */
export function bindFrom(
  binding: Binding,
  references: readonly TableReference[],
  scope: Scope,
  options: FromOptions,
  fixedOrder: boolean,
): LogicalNode {
  let result: BoundFrom | undefined
  for (const reference of references) {
    const next = bindReference(binding, reference, scope, options, result)
    result = result === undefined ? next.from : crossJoin(result, next, fixedOrder)
  }
  if (result === undefined) return { kind: 'values', rows: [[]], output: [] }
  for (const relation of result.relations) scope.add(relation)
  if (result.relations.length > JOIN_TABLES_MAX) throw sqlError('ER_TOO_MANY_TABLES', JOIN_TABLES_MAX)
  scope.visible = [...result.visible]
  return result.plan
}

interface BoundReference {
  readonly from: BoundFrom
  /** What a LATERAL table takes from the tables before it. */
  readonly correlations: readonly Correlation[]
}

function crossJoin(left: BoundFrom, right: BoundReference, fixedOrder: boolean): BoundFrom {
  return {
    plan: join('inner', left.plan, right.from.plan, undefined, right.correlations, fixedOrder),
    relations: [...left.relations, ...right.from.relations],
    visible: [...left.visible, ...right.from.visible],
  }
}

export function join(
  type: JoinNode['type'],
  left: LogicalNode,
  right: LogicalNode,
  condition: Expression | undefined,
  correlations: readonly Correlation[],
  fixedOrder: boolean,
): JoinNode {
  const rightOutput =
    type === 'left' ? right.output.map((column) => ({ ...column, nullable: true })) : right.output
  return {
    kind: 'join',
    type,
    left,
    right,
    condition: condition === undefined ? undefined : asCondition(condition),
    nullAware: false,
    correlations,
    fixedOrder,
    algorithm: undefined,
    output: type === 'semi' || type === 'anti' ? left.output : [...left.output, ...rightOutput],
  }
}

function bindReference(
  binding: Binding,
  reference: TableReference,
  scope: Scope,
  options: FromOptions,
  before: BoundFrom | undefined,
): BoundReference {
  switch (reference.kind) {
    case 'table':
      return { from: bindTable(binding, reference, scope, options), correlations: [] }
    case 'derivedTable':
      return bindDerived(binding, reference, scope, before)
    case 'join':
      return bindJoin(binding, reference, scope, options, before)
    case 'jsonTable':
      return bindTableFunction(binding, reference, scope, before)
  }
}

// ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────────────

function bindTable(binding: Binding, syntax: TableFactor, scope: Scope, options: FromOptions): BoundFrom {
  if (syntax.partitions.length > 0) throw sqlError('ER_NOT_SUPPORTED_YET', 'PARTITION')
  const alias = syntax.alias ?? syntax.name.name
  if (syntax.name.database === undefined) {
    const common = scope.commonTables.findLast((each) => sameName(each.name, syntax.name.name))
    if (common !== undefined) return underAlias(binding, bindCommonTable(binding, common), alias, undefined)
  }
  const relation = binding.environment.relation(syntax.name.database, syntax.name.name)
  switch (relation.kind) {
    case 'table':
      return bindStoredTable(binding, relation.table, alias, syntax, options)
    case 'view':
      return bindView(binding, relation, alias)
    case 'virtual': {
      const { table } = relation
      const columns = table.columns.map((column): ScopeColumn => ({
        id: binding.newColumn(),
        name: column.name,
        type: column.type,
        nullable: column.nullable,
        origin: origin(table.database, alias, table.name, column.name),
        invisible: false,
      }))
      const plan: LogicalNode = {
        kind: 'virtual',
        source: table,
        columns: table.columns.map((_, i) => i),
        alias,
        equalities: [],
        output: columns.map(asOutput),
      }
      return { plan, relations: [{ alias, database: table.database, columns }], visible: columns }
    }
  }
}

function bindStoredTable(
  binding: Binding,
  table: TableDefinition,
  alias: string,
  syntax: Pick<TableFactor, 'indexHints'>,
  options: FromOptions,
): BoundFrom {
  const relation = tableRelation(binding, table, alias)
  const rowKey = options.isTarget(alias, table) ? binding.newColumn() : undefined
  const output = relation.columns.map(asOutput)
  const scan: ScanNode = {
    kind: 'scan',
    table,
    alias,
    columns: table.columns.map((_, i) => i),
    lock: options.lockOf(alias),
    indexHints: bindHints(table, syntax),
    access: undefined,
    filter: undefined,
    limit: undefined,
    rowKey,
    output:
      rowKey === undefined
        ? output
        : [...output, { id: rowKey, name: '', type: ROW_KEY_TYPE, nullable: false }],
  }
  options.onScan?.(scan, relation)
  return {
    plan: scan,
    relations: [relation],
    visible: relation.columns.filter((column) => !column.invisible),
  }
}

const ROW_KEY_TYPE: OutputColumn['type'] = {
  name: 'varbinary',
  unsigned: false,
  zerofill: false,
  length: 4096,
  scale: 0,
  collation: 'binary',
}

/** Columns that are not of a table yet. */
export function columnsRelation(binding: Binding, columns: readonly ColumnDefinition[]): ScopeRelation {
  const named = columns.map((column): ScopeColumn => ({
    id: binding.newColumn(),
    name: column.name,
    type: column.type,
    nullable: column.nullable,
    origin: undefined,
    invisible: column.invisible,
  }))
  return { alias: '', database: undefined, columns: named }
}

/** A table's columns under an alias, with new column ids. Hidden ones have no name there. */
export function tableRelation(binding: Binding, table: TableDefinition, alias: string): ScopeRelation {
  const columns = table.columns.map((column): ScopeColumn => ({
    id: binding.newColumn(),
    name: column.hidden === true ? '' : column.name,
    type: column.type,
    nullable: column.nullable,
    origin: {
      database: table.database,
      tableAlias: alias,
      table: table.name,
      column: column.name,
      definition: column,
      definedIn: table,
    },
    invisible: column.invisible,
  }))
  return { alias, database: table.database, columns }
}

function bindHints(table: TableDefinition, syntax: Pick<TableFactor, 'indexHints'>): ScanNode['indexHints'] {
  if (syntax.indexHints.length === 0) return undefined
  let use: string[] | undefined
  let force: string[] | undefined
  const ignore: string[] = []
  for (const hint of syntax.indexHints) {
    for (const name of hint.indexes) {
      if (!table.indexes.some((index) => sameName(index.name, name))) {
        throw sqlError('ER_KEY_DOES_NOT_EXITS', name, table.name)
      }
    }
    if (hint.action === 'use') use = [...(use ?? []), ...hint.indexes]
    else if (hint.action === 'force') force = [...(force ?? []), ...hint.indexes]
    else ignore.push(...hint.indexes)
  }
  if (use !== undefined && force !== undefined) throw sqlError('ER_WRONG_USAGE', 'USE INDEX', 'FORCE INDEX')
  return { use, force, ignore }
}

function bindView(
  binding: Binding,
  relation: Extract<ResolvedRelation, { kind: 'view' }>,
  alias: string,
): BoundFrom {
  const { view } = relation
  const bound = bindViewQuery(binding, relation)
  const names = view.columnNames ?? bound.columns.map((column) => column.name)
  if (names.length !== bound.columns.length) throw sqlError('ER_VIEW_WRONG_LIST')
  const columns = bound.columns.map((column, i) => ({ ...column, name: names[i] ?? column.name }))
  return underAlias(binding, { plan: bound.plan, columns }, alias, {
    database: view.database,
    table: view.name,
  })
}

/** What a view's text lacks is no fault of the statement's: the view is invalid, whatever exactly is missing. */
const MISSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ER_BAD_DB_ERROR',
  'ER_BAD_FIELD_ERROR',
  'ER_FUNC_INEXISTENT_NAME_COLLISION',
  'ER_NO_SUCH_TABLE',
  'ER_SP_DOES_NOT_EXIST',
  'ER_VIEW_INVALID',
])

function bindViewQuery(
  binding: Binding,
  { view, query }: Extract<ResolvedRelation, { kind: 'view' }>,
): BoundQuery {
  try {
    return binding.forStoredText(view.connectionCollation).query(query, undefined, [])
  } catch (cause) {
    if (isSqlError(cause) && MISSING.has(cause.code)) {
      throw sqlError('ER_VIEW_INVALID', view.database, view.name)
    }
    throw cause
  }
}

// ── Derived tables ──────────────────────────────────────────────────────────────────────────────────────────────

function bindDerived(
  binding: Binding,
  syntax: DerivedTable,
  scope: Scope,
  before: BoundFrom | undefined,
): BoundReference {
  const lateral = syntax.lateral ? lateralBoundary(binding, scope, before) : undefined
  const bound = binding.query(syntax.query, lateral ?? scope.boundary, scope.commonTables)
  const columns = renamed(bound.columns, syntax.columns)
  checkUnique(columns)
  const from = underAlias(binding, { plan: bound.plan, columns }, syntax.alias, undefined)
  return { from, correlations: lateral?.correlations ?? [] }
}

/** Lets what stands behind it see the tables before; undefined if there are none. */
function lateralBoundary(
  binding: Binding,
  scope: Scope,
  before: BoundFrom | undefined,
): QueryBoundary | undefined {
  if (before === undefined) return undefined
  const left = new Scope(scope.boundary, scope.commonTables)
  left.relations.push(...before.relations)
  left.visible = [...before.visible]
  return new QueryBoundary(left, () => binding.newColumn())
}

/** JSON_TABLE, which sees the tables before it without LATERAL. */
function bindTableFunction(
  binding: Binding,
  syntax: JsonTable,
  scope: Scope,
  before: BoundFrom | undefined,
): BoundReference {
  const lateral = lateralBoundary(binding, scope, before)
  const arguments_ = new Scope(lateral ?? scope.boundary, scope.commonTables)
  const document = jsonTableDocument(
    binding.expression(syntax.document, plainContext(arguments_, 'a table function argument')),
  )
  const source = bindJsonTable(binding, syntax)
  const [, ...columns] = source.columns.map((column): ScopeColumn => ({
    id: binding.newColumn(),
    ...column,
    origin: origin('', syntax.alias, '', column.name),
    invisible: false,
  }))
  const plan: LogicalNode = {
    kind: 'virtual',
    source,
    columns: columns.map((_, i) => i + 1),
    alias: syntax.alias,
    equalities: [{ column: 0, value: document }],
    output: columns.map(asOutput),
  }
  const relation = { alias: syntax.alias, database: undefined, columns }
  return {
    from: { plan, relations: [relation], visible: columns },
    correlations: lateral?.correlations ?? [],
  }
}

export function renamed(columns: readonly BoundColumn[], names: readonly string[]): readonly BoundColumn[] {
  if (names.length === 0) return columns
  if (names.length !== columns.length) throw sqlError('ER_VIEW_WRONG_LIST')
  return columns.map((column, i) => ({ ...column, name: names[i] ?? column.name }))
}

function checkUnique(columns: readonly BoundColumn[]): void {
  const seen = new Set<string>()
  for (const { name } of columns) {
    const key = name.toLowerCase()
    if (seen.has(key)) throw sqlError('ER_DUP_FIELDNAME', name)
    seen.add(key)
  }
}

/** The rows of a query as a relation of their own, with new column ids. */
function underAlias(
  binding: Binding,
  bound: {
    readonly plan: LogicalNode
    readonly columns: readonly (OutputColumn & { origin?: ScopeColumn['origin'] })[]
  },
  alias: string,
  view: { readonly database: string; readonly table: string } | undefined,
): BoundFrom {
  if (bound.columns.length > COLUMNS_MAX) throw sqlError('ER_TOO_MANY_FIELDS')
  const columns = bound.columns.map((column): ScopeColumn => ({
    id: binding.newColumn(),
    name: column.name,
    type: column.type,
    nullable: column.nullable,
    origin:
      view === undefined
        ? derivedOrigin(alias, column)
        : { ...origin(view.database, alias, view.table, column.name), base: baseOf(column.origin) },
    invisible: false,
  }))
  const plan: LogicalNode = {
    kind: 'rename',
    input: bound.plan,
    columns: bound.columns.map((column) => column.id),
    output: columns.map(asOutput),
  }
  return { plan, relations: [{ alias, database: view?.database, columns }], visible: columns }
}

function derivedOrigin(alias: string, column: OutputColumn & { origin?: ScopeColumn['origin'] }) {
  return { ...origin('', alias, column.origin?.table ?? '', column.name), base: baseOf(column.origin) }
}

function origin(database: string, tableAlias: string, table: string, column: string) {
  return { database, tableAlias, table, column, definition: undefined, definedIn: undefined }
}

function asOutput(column: ScopeColumn): OutputColumn {
  return { id: column.id, name: column.name, type: column.type, nullable: column.nullable }
}

// ── Joins ───────────────────────────────────────────────────────────────────────────────────────────────────────

function bindJoin(
  binding: Binding,
  syntax: Join,
  scope: Scope,
  options: FromOptions,
  before: BoundFrom | undefined,
): BoundReference {
  const left = bindReference(binding, syntax.left, scope, options, before)
  const leftAndBefore =
    before === undefined
      ? left.from
      : {
          plan: left.from.plan,
          relations: [...before.relations, ...left.from.relations],
          visible: [...before.visible, ...left.from.visible],
        }
  const right = bindReference(binding, syntax.right, scope, options, leftAndBefore)
  const fromLeft = right.correlations.filter(({ outer }) => readsAny(outer, left.from))
  const fromBefore = right.correlations.filter((each) => !fromLeft.includes(each))
  if (syntax.type === 'right' && fromLeft.length > 0) {
    throw sqlError('ER_TF_FORBIDDEN_JOIN_TYPE', right.from.relations[0]?.alias ?? '')
  }
  const outer = syntax.type === 'left' || syntax.type === 'right'
  const supplied = syntax.type === 'left' ? right.from : left.from
  const l = outer && supplied === left.from ? nullableSide(left.from) : left.from
  const r = outer && supplied === right.from ? nullableSide(right.from) : right.from
  const both: BoundFrom = {
    plan: left.from.plan,
    relations: [...l.relations, ...r.relations],
    visible: [...l.visible, ...r.visible],
  }
  const names = usingNames(syntax, l, r)
  const merged = names === undefined ? undefined : mergeColumns(binding, names, l, r, syntax.type === 'right')
  const condition = merged?.condition ?? bindOn(binding, syntax, scope, both)
  if (outer && condition === undefined) throw sqlError('ER_PARSE_ERROR', '', 1)
  const plan =
    syntax.type === 'right'
      ? join('left', right.from.plan, left.from.plan, condition, [], false)
      : join(
          syntax.type === 'left' ? 'left' : 'inner',
          left.from.plan,
          right.from.plan,
          condition,
          fromLeft,
          syntax.type === 'straight',
        )
  return {
    from: { plan, relations: both.relations, visible: merged?.visible ?? both.visible },
    // What both sides take from the tables before the join reaches them through it.
    correlations: [...left.correlations, ...fromBefore],
  }
}

function readsAny(expression: Expression, from: BoundFrom): boolean {
  const own = new Set(from.plan.output.map((column) => column.id))
  return [...columnsOf(expression)].some((column) => own.has(column))
}

function bindOn(binding: Binding, syntax: Join, scope: Scope, both: BoundFrom): Expression | undefined {
  if (syntax.on === undefined) return undefined
  const inner = new Scope(scope.boundary, scope.commonTables)
  inner.relations.push(...both.relations)
  inner.visible = [...both.visible]
  return binding.expression(syntax.on, plainContext(inner, 'on clause'))
}

function nullableSide(side: BoundFrom): BoundFrom {
  const nullable = (column: ScopeColumn): ScopeColumn => ({ ...column, nullable: true })
  return {
    plan: side.plan,
    relations: side.relations.map((relation) => ({ ...relation, columns: relation.columns.map(nullable) })),
    visible: side.visible.map(nullable),
  }
}

function usingNames(syntax: Join, left: BoundFrom, right: BoundFrom): readonly string[] | undefined {
  if (syntax.using !== undefined) return syntax.using
  if (!syntax.natural) return undefined
  return left.visible
    .filter((column) => right.visible.some((other) => sameName(other.name, column.name)))
    .map((column) => column.name)
}

/** USING and NATURAL: equality of the named columns, each of which shows up once and first. */
function mergeColumns(
  binding: Binding,
  names: readonly string[],
  left: BoundFrom,
  right: BoundFrom,
  preferRight: boolean,
): { readonly condition: Expression | undefined; readonly visible: readonly ScopeColumn[] } {
  const find = (side: BoundFrom, name: string): ScopeColumn => {
    const found = side.visible.filter((column) => sameName(column.name, name))
    const column = found[0]
    if (column === undefined) throw sqlError('ER_BAD_FIELD_ERROR', name, 'from clause')
    if (found.length > 1) throw sqlError('ER_NON_UNIQ_ERROR', name, 'from clause')
    return column
  }
  const pairs = names.map((name) => ({ left: find(left, name), right: find(right, name) }))
  const equalities = pairs.map((pair) =>
    bindCall(binding, '=', [columnExpression(pair.left), columnExpression(pair.right)]),
  )
  const isMerged = (column: ScopeColumn) =>
    pairs.some((pair) => pair.left === column || pair.right === column)
  const first = preferRight ? right : left
  const second = preferRight ? left : right
  return {
    condition: equalities.length === 0 ? undefined : conjunction(binding, equalities),
    visible: [
      ...pairs.map((pair) => (preferRight ? pair.right : pair.left)),
      ...first.visible.filter((column) => !isMerged(column)),
      ...second.visible.filter((column) => !isMerged(column)),
    ],
  }
}
