/**
 * Statements may not change a table that one of their sub-queries reads (MySQL manual 15.2.15.12 "Restrictions on
 * Subqueries"): the sub-query would see rows half way. A derived table is exempt, because it is read as a whole first.
 */
import { sqlError } from '../common/sql-error.js'
import type { TableDefinition } from '../plan/schema.js'
import type { QualifiedName } from '../plan/syntax/index.js'
import { sameName, type CommonTable } from './scope.js'

export interface ChangedTable {
  readonly alias: string
  readonly table: TableDefinition
}

/** Throws ER_UPDATE_TABLE_USED if a sub-query somewhere in `syntax` reads one of the tables. */
export function refuseReadOf(
  changed: readonly ChangedTable[],
  syntax: unknown,
  database: string | null,
  commonTables: readonly CommonTable[],
): void {
  for (const name of tablesRead(syntax, false)) {
    const isCommon = commonTables.some((each) => sameName(each.name, name.name))
    if (name.database === undefined && isCommon) continue
    const found = changed.find(
      ({ table }) => table.name === name.name && table.database === (name.database ?? database),
    )
    if (found !== undefined) throw sqlError('ER_UPDATE_TABLE_USED', found.alias)
  }
}

const SUBQUERY_KINDS: ReadonlySet<unknown> = new Set([
  'subquery',
  'exists',
  'inQuery',
  'quantifiedComparison',
])

/** The tables that FROM clauses inside of sub-queries name. */
function* tablesRead(node: unknown, isInside: boolean): Generator<QualifiedName> {
  if (Array.isArray(node)) {
    for (const each of node) yield* tablesRead(each, isInside)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const kind = 'kind' in node ? node.kind : undefined
  if (kind === 'derivedTable') return
  if (kind === 'table' && isInside && 'name' in node) yield node.name as QualifiedName
  const entersQuery = isInside || SUBQUERY_KINDS.has(kind)
  for (const each of Object.values(node)) yield* tablesRead(each, entersQuery)
}
