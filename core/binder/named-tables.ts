/**
 * Binds what FROM names: common table expressions, tables and their index hints, views, tables that the server makes up.
 */
import type { ErrorCode } from '../common/error-catalogue.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import type { LogicalNode, OutputColumn, ScanLock, ScanNode } from '../plan/logical.js'
import type { TableDefinition } from '../plan/schema.js'
import type { TableFactor } from '../plan/syntax/index.js'
import type { Binding, BoundQuery } from './binding.js'
import { bindCommonTable } from './common-tables.js'
import type { ResolvedRelation } from './environment.js'
import { asOutput, origin, renamed, tableRelation, underAlias, type BoundFrom } from './relations.js'
import { sameName, type Scope, type ScopeColumn, type ScopeRelation } from './scope.js'

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

export function bindNamedTable(
  binding: Binding,
  syntax: TableFactor,
  scope: Scope,
  options: FromOptions,
): BoundFrom {
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
  const columns = renamed(bound.columns, view.columnNames ?? [])
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
