/**
 * Statements that change rows, written for the remote as a whole: UPDATE and DELETE with their conditions, INSERT … SELECT of what lies
 * there as well. What a column gets is computed here if it doesn't depend on the row; else it must be something that the remote stores
 * as the server would, with the same errors.
 */
import {
  charsetOfCollation,
  isInteger,
  isText,
  planTables,
  readsColumns,
  sameType,
  type ChangeValues,
  type ColumnAssignment,
  type ColumnDefinition,
  type DriverChange,
  type Expression,
  type InsertPlan,
  type LogicalNode,
  type TableDefinition,
  type UpdatePlan,
} from '@switchyard/core/spi'
import type { Dialect } from './dialect.js'
import { Refusal } from './expression-checks.js'
import { expressionSql } from './fragment-expression.js'
import { FragmentWriter, rowMark } from './fragment-sql.js'
import type { RemoteServer } from './remote-server.js'
import { tableName, type RemoteTables } from './remote-table.js'
import { isSingleTable, textOf, type Select } from './select.js'
import { identifier, literal } from './sql-text.js'

export interface ChangeSql {
  readonly sql: string
  /** Whether numbers may be drawn for some of the rows while others bring their own. */
  readonly mayDraw: boolean
}

export function changeInput({ plan }: DriverChange): LogicalNode {
  return plan.kind === 'insert' ? plan.source : plan.input
}

/** The tables that are written to. */
export function changedTables({ plan }: DriverChange): readonly TableDefinition[] {
  switch (plan.kind) {
    case 'insert':
      return [plan.rules.table]
    case 'update':
      return plan.targets.map((target) => target.rules.table)
    case 'delete':
      return plan.targets.map((target) => target.table)
  }
}

/** The server that all tables of the change lie on. Throws a `Refusal`. */
export function changeServer(change: DriverChange, tables: RemoteTables): RemoteServer {
  const all = [...changedTables(change), ...planTables(changeInput(change))]
  const servers = new Set(all.map((table) => tables.require(table).server))
  const [server] = servers
  if (server === undefined || servers.size > 1) throw new Refusal('tables of several servers')
  return server
}

/** `values` is undefined while the change is planned. Throws a `Refusal`, also for values that depend on the rows after all. */
export function changeSql(
  change: DriverChange,
  tables: RemoteTables,
  dialect: Dialect,
  values: ChangeValues | undefined,
): ChangeSql {
  return new ChangeWriter(change, tables, dialect, values).write()
}

class ChangeWriter {
  constructor(
    private readonly change: DriverChange,
    private readonly tables: RemoteTables,
    private readonly dialect: Dialect,
    private readonly values: ChangeValues | undefined,
  ) {}

  write(): ChangeSql {
    const { plan } = this.change
    if (plan.ignore) throw new Refusal('IGNORE')
    for (const table of changedTables(this.change)) {
      if (this.tables.require(table).isReadOnly) throw new Refusal('a database that is read only')
    }
    if (plan.kind === 'insert') return this.insert(plan)
    this.checkReadOnce(plan.input)
    return { sql: plan.kind === 'update' ? this.update(plan) : this.remove(), mayDraw: false }
  }

  /** What is changed must not be read a second time: servers refuse that, or not, by how they run it. */
  private checkReadOnce(input: LogicalNode): void {
    const read = planTables(input).map((table) => table.id)
    for (const { id } of changedTables(this.change)) {
      if (read.filter((each) => each === id).length > 1) throw new Refusal('a table that is changed and read')
    }
  }

  private newWriter(isBare: boolean): FragmentWriter {
    return new FragmentWriter(this.tables, this.dialect, this.values, isBare)
  }

  // ── UPDATE ──────────────────────────────────────────────────────────────────────────────────────────────────

  private update(plan: UpdatePlan): string {
    const writer = this.newWriter(false)
    const select = writer.select(plan.input)
    const isSingle = isSingleTable(select)
    checkRows(select, isSingle)
    const assignments = plan.targets.flatMap((target) => {
      const { table, layout } = target.rules
      const name = tableOfRow(select, target.rowKey)
      // It is set by the remote, in its own time zone.
      if (target.onUpdate.some(({ column }) => table.columns[column]?.type.name !== 'timestamp')) {
        throw new Refusal('ON UPDATE CURRENT_TIMESTAMP of a DATETIME')
      }
      if (!isSingle) checkIndependent(target.assignments, layout)
      return target.assignments.map(({ column: position, expression }) => {
        const column = columnAt(table, position)
        const value = this.assigned(column, expression, select, writer)
        return `${name}.${identifier(column.name)} = ${value}`
      })
    })
    return `UPDATE ${select.from} SET ${assignments.join(', ')}${endOf(select)}`
  }

  // ── DELETE ──────────────────────────────────────────────────────────────────────────────────────────────────

  private remove(): string {
    const { plan } = this.change
    if (plan.kind !== 'delete') throw new Error('invariant: only DELETE removes rows')
    // Aliases are no names of tables here: for one table by the grammar of some servers, for several without a current database.
    const select = this.newWriter(true).select(plan.input)
    const isSingle = isSingleTable(select)
    checkRows(select, isSingle)
    const names = plan.targets.map(({ rowKey }) => tableOfRow(select, rowKey))
    return `DELETE ${isSingle ? '' : `${names.join(', ')} `}FROM ${select.from}${endOf(select)}`
  }

  // ── INSERT ──────────────────────────────────────────────────────────────────────────────────────────────────

  private insert(plan: InsertPlan): ChangeSql {
    if (plan.onDuplicate !== undefined) throw new Refusal('ON DUPLICATE KEY UPDATE')
    if (plan.load !== undefined || plan.defaultPlaces !== undefined || plan.ignored.length > 0) {
      throw new Refusal('no entry for this INSERT')
    }
    const { table } = plan.rules
    const writer = this.newWriter(false)
    const made = writer.select(plan.source)
    const select = made.isDistinct ? writer.wrapped(made) : made
    let mayDraw = false
    const cells = [...table.columns.entries()].flatMap(([position, column]): [string, string][] => {
      if (column.generated !== undefined) return []
      const target = plan.targets.find((each) => each.column === position)
      if (target === undefined) {
        const missing = plan.missing[position]
        if (missing?.kind === 'auto increment') return []
        if (missing?.kind !== 'expression') throw new Refusal(`no default for ${column.name}`)
        return [[column.name, this.assigned(column, missing.expression, select, writer)]]
      }
      const value = this.assigned(column, outputOf(plan.source, target.source), select, writer)
      if (!column.autoIncrement) return [[column.name, value]]
      mayDraw = true
      return [[column.name, this.change.keepsZero ? value : `NULLIF(${value}, 0)`]]
    })
    const names = cells.map(([name]) => identifier(name)).join(', ')
    const verb = plan.mode === 'replace' ? 'REPLACE' : 'INSERT'
    const source = textOf(
      select,
      cells.map(([, value]) => value),
    )
    return { sql: `${verb} INTO ${tableName(this.tables.require(table))} (${names}) ${source}`, mayDraw }
  }

  // ── Values ──────────────────────────────────────────────────────────────────────────────────────────────────

  private assigned(
    column: ColumnDefinition,
    expression: Expression,
    select: Select,
    writer: FragmentWriter,
  ): string {
    if (column.generated !== undefined) throw new Refusal('a generated column')
    if (readsColumns(expression)) {
      const { foreignColumns } = writer.scope
      if (expression.kind === 'column' && foreignColumns.has(expression.column)) {
        throw new Refusal(`the type of ${expression.text} isn't one of ours`)
      }
      checkStorable(expression, column, this.change.isStrict)
      return expressionSql(expression, select.columns, writer.scope)
    }
    if (this.values === undefined) return '?'
    const value = this.values.storedOf(column, expression)
    if (value === undefined) throw new Refusal(`what ${column.name} gets depends on the rows`)
    return literal(value, column.type)
  }
}

function columnAt(table: TableDefinition, position: number): ColumnDefinition {
  const column = table.columns[position]
  if (column === undefined) throw new Error(`invariant: table ${table.name} has no column ${position}`)
  return column
}

function outputOf(source: LogicalNode, id: number): Expression {
  const column = source.output.find((each) => each.id === id)
  if (column === undefined) throw new Error('invariant: columns get outputs of the source')
  const { name, type, nullable } = column
  return { kind: 'column', column: id, type, nullable, coercibility: 2, text: name }
}

/** The name of the table whose row it is. */
function tableOfRow(select: Select, rowKey: number): string {
  const mark = select.columns.get(rowKey)
  const name = mark?.slice(0, -rowMark('').length) ?? ''
  if (mark !== rowMark(name)) throw new Refusal('rows of a derived table')
  return name
}

function checkRows(select: Select, isSingle: boolean): void {
  const isPlain = select.groupBy === undefined && !select.isDistinct && !select.hasWindows
  if (!isPlain) throw new Refusal('rows that are no rows of a table')
  if (!isSingle && (select.orderBy.length > 0 || select.limit !== '')) {
    throw new Refusal('ORDER BY or LIMIT of several tables')
  }
}

/** In which order a server assigns to several tables isn't said. */
function checkIndependent(assignments: readonly ColumnAssignment[], layout: readonly number[]): void {
  const assigned = new Set<number>()
  for (const { column, expression } of assignments) {
    if (readsAny(expression, assigned)) throw new Refusal('a column that is assigned and read')
    assigned.add(layout[column] ?? -1)
  }
}

function readsAny(expression: Expression, columns: ReadonlySet<number>): boolean {
  switch (expression.kind) {
    case 'column':
      return columns.has(expression.column)
    case 'call':
      return expression.arguments.some((each) => readsAny(each, columns))
    case 'convert':
      return readsAny(expression.operand, columns)
    default:
      return false
  }
}

function endOf({ where, orderBy, limit }: Select): string {
  const conditions = where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`
  return `${conditions}${orderBy.length === 0 ? '' : ` ORDER BY ${orderBy.join(', ')}`}${limit}`
}

const WHOLE_NUMBERS: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint'])

/** Throws a `Refusal` unless the remote, which is strict, stores the value as the server would, and fails where that does. */
function checkStorable(expression: Expression, column: ColumnDefinition, isStrict: boolean): void {
  const [from, to] = [expression.type, column.type]
  const mayFail = expression.nullable && !column.nullable
  if (mayFail && !isStrict) throw new Refusal(`NULL for ${column.name}`)
  if (sameType(from, to)) return
  const isExact = (name: string): boolean => WHOLE_NUMBERS.has(name) || name === 'decimal'
  const isKnown =
    (isExact(from.name) && (isExact(to.name) || to.name === 'double')) ||
    (from.name === 'date' && to.name === 'datetime') ||
    (isText(from) &&
      isText(to) &&
      charsetOfCollation(from.collation).name === charsetOfCollation(to.collation).name)
  if (!isKnown) throw new Refusal(`no entry for storing ${from.name} as ${to.name}`)
  const fits =
    (isInteger(from) && to.name === 'double') ||
    (isText(from) && from.length <= to.length && to.name !== 'char')
  if (!fits && !isStrict) throw new Refusal(`${expression.text} may not fit into ${column.name}`)
}
