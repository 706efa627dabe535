import type {
  Assignment,
  DeleteStatement,
  InsertStatement,
  UpdateStatement,
} from '../plan/syntax/data-change.js'
import type { TableReference } from '../plan/syntax/query.js'
import { nameList, quoteName, quoteNames, type PrintContext } from './print-context.js'
import { printOrderBy } from './print-expression.js'
import { printHints, printLimit, printTable, printWith } from './print-query.js'

/** INSERT, REPLACE, UPDATE and DELETE as text. */

const PRIORITIES = { low: 'low_priority ', high: 'high_priority ', delayed: 'delayed ' } as const

export function printInsert(node: InsertStatement, context: PrintContext): string {
  const columns = node.columns === undefined ? '' : ` (${node.columns.map(context.expression).join(',')})`
  const alias =
    node.rowAlias === undefined
      ? ''
      : ` as ${quoteName(node.rowAlias.name)}${nameList(node.rowAlias.columns)}`
  const update = printAssignments(node.onDuplicateKeyUpdate, context)
  return (
    `${node.replace ? 'replace' : 'insert'} ${printHints(node.hints)}` +
    (node.priority === undefined ? '' : PRIORITIES[node.priority]) +
    `${node.ignore ? 'ignore ' : ''}into ${quoteNames(node.table.database, node.table.name)}` +
    (node.partitions.length === 0 ? '' : ` partition ${nameList(node.partitions)}`) +
    `${columns} ${printSource(node, context)}${alias}` +
    (update === '' ? '' : ` on duplicate key update ${update}`)
  )
}

function printSource(node: InsertStatement, context: PrintContext): string {
  if (node.source.kind === 'query') return context.query(node.source.query)
  return `values ${node.source.rows.map((row) => `(${row.map(context.expression).join(',')})`).join(',')}`
}

function printAssignments(assignments: readonly Assignment[], context: PrintContext): string {
  return assignments
    .map(({ column, value }) => `${context.expression(column)} = ${context.expression(value)}`)
    .join(',')
}

export function printUpdate(node: UpdateStatement, context: PrintContext): string {
  return (
    (node.with === undefined ? '' : `${printWith(node.with, context)} `) +
    `update ${printHints(node.hints)}` +
    `${node.lowPriority ? 'low_priority ' : ''}${node.ignore ? 'ignore ' : ''}` +
    node.tables.map((table) => printTable(table, context)).join(',') +
    ` set ${printAssignments(node.assignments, context)}` +
    printTail(node, context)
  )
}

export function printDelete(node: DeleteStatement, context: PrintContext): string {
  const targets = node.targets?.map(({ database, name }) => quoteNames(database, name)).join(',')
  return (
    (node.with === undefined ? '' : `${printWith(node.with, context)} `) +
    `delete ${printHints(node.hints)}` +
    `${node.lowPriority ? 'low_priority ' : ''}${node.quick ? 'quick ' : ''}${node.ignore ? 'ignore ' : ''}` +
    (targets === undefined ? 'from ' : `${targets} from `) +
    (targets === undefined
      ? node.from.map(printSingleTable).join(',')
      : node.from.map((table) => printTable(table, context)).join(',')) +
    printTail(node, context)
  )
}

/** The table of a single-table DELETE, whose alias comes before its partitions. */
function printSingleTable(node: TableReference): string {
  if (node.kind !== 'table') throw new Error('Invariant: a single-table DELETE has one plain table')
  const alias = node.alias === undefined ? '' : ` ${quoteName(node.alias)}`
  const partitions = node.partitions.length === 0 ? '' : ` partition ${nameList(node.partitions)}`
  return quoteNames(node.name.database, node.name.name) + alias + partitions
}

/** WHERE, ORDER BY and LIMIT. */
function printTail(node: UpdateStatement | DeleteStatement, context: PrintContext): string {
  const where = node.where === undefined ? '' : ` where ${context.expression(node.where)}`
  return where + printOrderBy(node.orderBy, context) + printLimit(node.limit, context)
}
