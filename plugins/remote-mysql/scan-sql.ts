/** Scans of single tables: the SQL, and which conditions a remote checks as the server would. */
import {
  charsetOfCollation,
  isInteger,
  isSqlError,
  isText,
  type ColumnCondition,
  type Expression,
  type PushDown,
  type ScanRequest,
  type SqlType,
  type TableDefinition,
} from '@switchyard/core/spi'
import { Refusal } from './expression-checks.js'
import { conditionExpressionSql } from './fragment-expression.js'
import type { RemoteTable } from './remote-table.js'
import { tableName } from './remote-table.js'
import { columnSql } from './select.js'
import { identifier, literal } from './sql-text.js'

export function conditionPushDown(
  table: TableDefinition,
  remote: RemoteTable,
  { column, operator }: ColumnCondition,
): PushDown {
  const type = table.columns[column]?.type
  if (type === undefined) return 'no'
  if (operator === 'is null' || operator === 'is not null') return 'exact'
  return isComparable(type, column, remote) ? 'exact' : 'no'
}

const PLAIN: ReadonlySet<string> = new Set(['decimal', 'double', 'date', 'time', 'datetime', 'timestamp'])

function isComparable(type: SqlType, column: number, { server, foreignColumns }: RemoteTable): boolean {
  if (isInteger(type) || PLAIN.has(type.name)) return true
  if (!isText(type) || foreignColumns.has(column)) return false
  // Literals are sent in utf8mb4: beside another set they might have the column converted.
  const { name } = charsetOfCollation(type.collation)
  return name === 'utf8mb4' && server.dialect?.hasCollation(type.collation) === true
}

const ALIAS = 't'
const NO_AVERAGES: ReadonlyMap<number, number> = new Map()

export function scanSql(table: TableDefinition, remote: RemoteTable, request: ScanRequest): string {
  const { columns, conditions, lock } = request
  const listed = columns.map((column) => columnSql(table, column, ALIAS))
  const checked = conditions.filter((each) => conditionPushDown(table, remote, each) === 'exact')
  const where = [...checked.map((each) => conditionSql(table, each)), ...filterSql(table, remote, request)]
  return [
    // Rows without columns are only counted.
    `SELECT ${listed.length === 0 ? '1' : listed.join(', ')} FROM ${tableName(remote)} ${ALIAS}`,
    ...(where.length === 0 ? [] : [`WHERE ${where.join(' AND ')}`]),
    ...(lock === undefined ? [] : [lockSql(lock, request.lockWait ?? 'wait', remote)]),
  ].join(' ')
}

/** What of the filter the remote checks as well as the server. */
function filterSql(table: TableDefinition, remote: RemoteTable, { planned }: ScanRequest): readonly string[] {
  const { dialect } = remote.server
  if (planned?.node.filter === undefined || dialect === undefined) return []
  const { node, values } = planned
  const columns = new Map<number, string>()
  const foreignColumns = new Set<number>()
  for (const [i, position] of node.columns.entries()) {
    const id = node.output[i]?.id ?? -1
    columns.set(id, columnSql(table, position, ALIAS))
    if (remote.foreignColumns.has(position)) foreignColumns.add(id)
  }
  return conjuncts(planned.node.filter).flatMap((part) => {
    try {
      return [
        conditionExpressionSql(part, columns, { dialect, values, foreignColumns, averages: NO_AVERAGES }),
      ]
    } catch (error) {
      // Errors of constants are the server's to raise, if it comes to compute them.
      if (error instanceof Refusal || isSqlError(error)) return []
      throw error
    }
  })
}

export function conjuncts(condition: Expression): readonly Expression[] {
  if (condition.kind === 'call' && condition.name === 'and') return condition.arguments.flatMap(conjuncts)
  return [condition]
}

function conditionSql(table: TableDefinition, { column, operator, values }: ColumnCondition): string {
  const definition = table.columns[column]
  if (definition === undefined) throw new Error('invariant: conditions are about columns of their table')
  const name = `${ALIAS}.${identifier(definition.name)}`
  const literals = values.map((value) => literal(value, definition.type))
  switch (operator) {
    case 'is null':
      return `${name} IS NULL`
    case 'is not null':
      return `${name} IS NOT NULL`
    case 'in':
      return literals.length === 0 ? '0' : `${name} IN (${literals.join(', ')})`
    default:
      return `${name} ${operator} ${literals[0] ?? 'NULL'}`
  }
}

/** Where a remote knows neither NOWAIT nor SKIP LOCKED, waiting is what is left. */
export function lockSql(
  lock: 'share' | 'exclusive',
  wait: 'wait' | 'nowait' | 'skip',
  remote: RemoteTable,
): string {
  const { dialect } = remote.server
  const isOld = dialect?.flavour === 'mariadb' || (dialect?.version ?? 0) < 80_000
  const mode = lock === 'exclusive' ? 'FOR UPDATE' : isOld ? 'LOCK IN SHARE MODE' : 'FOR SHARE'
  if (wait === 'wait' || dialect?.hasSkipLocked !== true) return mode
  return `${mode} ${wait === 'nowait' ? 'NOWAIT' : 'SKIP LOCKED'}`
}
