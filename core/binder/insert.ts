/**
 * Binds INSERT and REPLACE (MySQL manual 15.2.7 and 15.2.12).
 */
import { sqlError } from '../common/sql-error.js'
import { STRICT_MODES } from '../common/sql-mode.js'
import { NULL_TYPE, type SqlType } from '../common/sql-type.js'
import type { InsertPlan, MissingValue } from '../plan/change.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import type { LogicalNode, OutputColumn } from '../plan/logical.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import type { ColumnReference, InsertStatement } from '../plan/syntax/index.js'
import type { Binding, ExpressionContext } from './binding.js'
import { plainContext } from './binding.js'
import { assigned } from './assignments.js'
import { convertTo } from './calls.js'
import { refuseReadOf } from './changed-table.js'
import { tableRelation } from './relations.js'
import { NULL_CONSTANT } from './literals.js'
import { defaultExpression, missingValue, onUpdateNow, rowRules } from './row-rules.js'
import { bindOnDuplicate, bindQuerySource } from './on-duplicate.js'
import { sameName, Scope, type ScopeRelation } from './scope.js'
import { writableTable } from './targets.js'

export function bindInsert(binding: Binding, syntax: InsertStatement): InsertPlan {
  const table = writableTable(binding, syntax.table, 'INSERT')
  const relation = tableRelation(binding, table, table.name)
  const targets = targetColumns(syntax, table)
  const missing = table.columns.map((column) => missingValue(binding, column, relation))
  const { source, defaultPlaces, read } = bindSource(binding, syntax, table, relation, targets, missing)
  const ignored = givenGenerated(table, targets, syntax, defaultPlaces)
  refuseInStrictMode(binding, table, ignored)
  const old = tableRelation(binding, table, table.name)
  const onDuplicate =
    syntax.onDuplicateKeyUpdate.length === 0
      ? undefined
      : bindOnDuplicate(binding, syntax, { table, inserted: relation, old, targets, read })
  return {
    kind: 'insert',
    rules: rowRules(binding, table, relation),
    source,
    targets: targets.map((column, i) => ({ column, source: source.output[i]?.id ?? -1 })),
    defaultPlaces,
    ignored,
    missing,
    mode: syntax.replace ? 'replace' : 'insert',
    ignore: syntax.ignore,
    onDuplicate,
    readForDuplicate: read.flatMap((each) => each.columns.map((column) => column.id)),
    onUpdate: onDuplicate === undefined ? [] : onUpdateNow(binding, table, onDuplicate),
    oldLayout: old.columns.map((column): ColumnId => column.id),
    oldRules: rowRules(binding, table, old),
  }
}

/** Positions of the columns that the statement gives values for, in its order. */
function targetColumns(syntax: InsertStatement, table: TableDefinition): readonly number[] {
  if (syntax.columns === undefined) {
    const noValues = syntax.source.kind === 'rows' && syntax.source.rows.every((row) => row.length === 0)
    if (noValues) return []
    return table.columns.flatMap((column, i) => (column.invisible ? [] : [i]))
  }
  const seen = new Set<number>()
  return syntax.columns.map((reference) => {
    const position = columnPosition(table, reference)
    if (seen.has(position)) throw sqlError('ER_FIELD_SPECIFIED_TWICE', reference.name)
    seen.add(position)
    return position
  })
}

export function columnPosition(table: TableDefinition, reference: ColumnReference): number {
  const position = table.columns.findIndex((column) => sameName(column.name, reference.name))
  const qualified = reference.table !== undefined && !sameName(reference.table, table.name)
  if (position < 0 || qualified) throw sqlError('ER_BAD_FIELD_ERROR', reference.name, 'field list')
  return position
}

interface BoundSource {
  readonly source: LogicalNode
  readonly defaultPlaces: ReadonlyMap<number, readonly number[]> | undefined
  /** Tables of the query whose columns ON DUPLICATE KEY UPDATE names. */
  readonly read: readonly ScopeRelation[]
}

function bindSource(
  binding: Binding,
  syntax: InsertStatement,
  table: TableDefinition,
  relation: ScopeRelation,
  targets: readonly number[],
  missing: readonly MissingValue[],
): BoundSource {
  if (syntax.source.kind === 'query') {
    const bound = bindQuerySource(binding, syntax, syntax.source.query, table)
    if (bound.columnCount !== targets.length) throw sqlError('ER_WRONG_VALUE_COUNT_ON_ROW', 1)
    return { source: bound.plan, defaultPlaces: undefined, read: bound.read }
  }
  refuseReadOf([{ alias: table.name, table }], syntax.source.rows, binding.environment.database, [])
  // `INSERT … SET a = 1, b = a`: columns read as the values that they have so far, first their defaults.
  const row: (Expression | undefined)[] = []
  const context: ExpressionContext = {
    ...plainContext(new Scope(undefined, []), 'field list'),
    defaultOf: (name) => {
      const column = table.columns.find((each) => sameName(each.name, name))
      return column === undefined ? undefined : defaultExpression(binding, column, relation)
    },
    alias: (name) => {
      const position = table.columns.findIndex((each) => sameName(each.name, name))
      const given = row[targets.indexOf(position)]
      if (given !== undefined) return convertTo(given, table.columns[position]?.type)
      const value = missing[position]
      return value?.kind === 'expression' ? value.expression : undefined
    },
  }
  const defaultPlaces = new Map<number, number[]>()
  const rows = syntax.source.rows.map((cells, rowNumber) => {
    row.length = 0
    if (cells.length !== targets.length && cells.length !== 0) {
      throw sqlError('ER_WRONG_VALUE_COUNT_ON_ROW', rowNumber + 1)
    }
    if (cells.length === 0) {
      if (syntax.columns !== undefined && targets.length > 0)
        throw sqlError('ER_WRONG_VALUE_COUNT_ON_ROW', rowNumber + 1)
      defaultPlaces.set(
        rowNumber,
        targets.map((_, i) => i),
      )
      return targets.map((): Expression => NULL_CONSTANT)
    }
    return cells.map((cell, i): Expression => {
      if (cell.kind !== 'defaultKeyword') {
        const value = assigned(binding.expression(cell, context), table.columns[targets[i] ?? -1])
        row[i] = value
        return value
      }
      const places = defaultPlaces.get(rowNumber) ?? []
      places.push(i)
      defaultPlaces.set(rowNumber, places)
      return NULL_CONSTANT
    })
  })
  const columns = targets.map((position) => table.columns[position] as ColumnDefinition)
  const types = columns.map((_, i) => commonType(rows, i))
  const isMixed = types.includes(undefined)
  const output = columns.map((column, i): OutputColumn => ({
    id: binding.newColumn(),
    name: '',
    type: isMixed ? column.type : (types[i] ?? NULL_TYPE),
    nullable: true,
  }))
  return {
    source: { kind: 'values', rows, output, ...(isMixed ? { storedIn: columns } : {}) },
    defaultPlaces: defaultPlaces.size === 0 ? undefined : defaultPlaces,
    read: [],
  }
}

/** The type of all values in one column of a VALUES list; undefined if they have several. */
function commonType(rows: readonly (readonly Expression[])[], i: number): SqlType | undefined {
  let common: SqlType = NULL_TYPE
  for (const row of rows) {
    const type = row[i]?.type ?? NULL_TYPE
    if (type.name === 'null') continue
    if (common.name === 'null') common = type
    else if (!isReadAs(type, common)) return undefined
    else if (type.length > common.length) common = type
  }
  return common
}

/** Whether values of both types look the same in memory, save for how long they may be. */
function isReadAs(from: SqlType, to: SqlType): boolean {
  return (
    from.name === to.name &&
    from.scale === to.scale &&
    from.unsigned === to.unsigned &&
    from.collation === to.collation
  )
}

/** Generated columns, which take no value but DEFAULT, that the statement gives something else. */
function givenGenerated(
  table: TableDefinition,
  targets: readonly number[],
  syntax: InsertStatement,
  defaultPlaces: BoundSource['defaultPlaces'],
): readonly number[] {
  const rowCount = syntax.source.kind === 'rows' ? syntax.source.rows.length : 1
  return targets.filter((position, i) => {
    if (table.columns[position]?.generated === undefined) return false
    for (let row = 0; row < rowCount; row++) if (defaultPlaces?.get(row)?.includes(i) !== true) return true
    return false
  })
}

/**
 * Without strict mode such values are passed over with a warning, as MariaDB does and MySQL does not: dumps that mariadb-dump takes
 * of any server, of this one too, have the values of generated columns in their rows.
 */
function refuseInStrictMode(binding: Binding, table: TableDefinition, given: readonly number[]): void {
  const [first = -1] = given
  const column = table.columns[first]
  if (column === undefined || (binding.environment.sqlMode & STRICT_MODES) === 0) return
  throw sqlError('ER_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN', column.name, table.name)
}
