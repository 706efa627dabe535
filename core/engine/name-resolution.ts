/**
 * Resolves the names of tables in a statement before it is bound: asks the catalogs (which may have to ask a remote server), and follows
 * views into the tables behind them. The answer is one immutable set for this statement.
 */
import type { ResolvedRelation } from '../binder/environment.js'
import { missingVirtualTable } from '../catalog/names.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import type { VirtualTable } from '../plan/logical.js'
import type { RelationDefinition, TableDefinition, ViewDefinition } from '../plan/schema.js'
import type { QualifiedName, QueryExpression } from '../plan/syntax/index.js'
import type { CatalogProvider } from '../spi/catalog.js'

/** Where names are looked up, in this order: temporary tables, computed tables, the catalogs. */
export interface NameSources {
  readonly catalogs: readonly CatalogProvider[]
  temporaryTable(database: string, name: string): TableDefinition | undefined
  virtualTable(database: string, name: string): VirtualTable | undefined
  isVirtualDatabase(database: string): boolean
  parseView(view: ViewDefinition): QueryExpression
}

/** Views in views, to no more than this depth. */
const VIEW_DEPTH_MAX = 32

export interface ResolvedNames {
  /** Throws what looking the name up gave: ER_NO_SUCH_TABLE, ER_BAD_DB_ERROR, ER_NO_DB_ERROR, a remote's error. */
  relation(database: string | undefined, name: string): ResolvedRelation
  /** Every relation found, views before what they read; once for each account that must be allowed to use it. */
  readonly found: readonly FoundRelation[]
}

export interface FoundRelation {
  readonly relation: ResolvedRelation
  /** How the statement comes to it, if not by its own text. */
  readonly through: ThroughView | undefined
}

/** A view that hides what is behind it (MySQL manual 27.6 "Stored Object Access Control"). */
export interface ThroughView {
  /** The one that the statement names. */
  readonly view: Pick<ViewDefinition, 'database' | 'name'>
  /** 'user@host' in whose name the view reads; undefined for who runs the statement. */
  readonly definer: string | undefined
}

export async function resolveNames(
  statement: object,
  defaultDatabase: string | null,
  sources: NameSources,
): Promise<ResolvedNames> {
  const known = new Map<string, ResolvedRelation | Error>()
  const found: FoundRelation[] = []
  const visited = new Set<string>()
  const visit = async (
    names: readonly TableName[],
    depth: number,
    through: ThroughView | undefined,
  ): Promise<void> => {
    for (const { database = defaultDatabase ?? undefined, name } of names) {
      if (database === undefined) continue
      const key = keyOf(database, name)
      const visitKey = `${key}\u0000${through === undefined ? '' : (through.definer ?? '@')}`
      if (visited.has(visitKey)) continue
      visited.add(visitKey)
      const relation = known.get(key) ?? (await lookUp(database, name, sources))
      known.set(key, relation)
      if (relation instanceof Error) continue
      // Written in any case, and asked for by its own name where a message is about it.
      if (relation.kind === 'virtual')
        known.set(keyOf(relation.table.database, relation.table.name), relation)
      found.push({ relation, through })
      if (relation.kind !== 'view') continue
      if (depth >= VIEW_DEPTH_MAX) throw sqlError('ER_VIEW_RECURSIVE', database, name)
      await visit(tableNames(relation.query), depth + 1, behind(relation.view, through))
    }
  }
  await visit(tableNames(statement), 0, undefined)
  return {
    found,
    relation: (database = defaultDatabase ?? undefined, name) => {
      if (database === undefined) throw sqlError('ER_NO_DB_ERROR')
      const relation = known.get(keyOf(database, name)) ?? sqlError('ER_NO_SUCH_TABLE', database, name)
      if (relation instanceof Error) throw relation
      return relation
    },
  }
}

/** A view that reads in its invoker's name reads in the name of the view around it, if that has one. */
function behind(view: ViewDefinition, around: ThroughView | undefined): ThroughView {
  return {
    view: around?.view ?? view,
    definer: view.sqlSecurity === 'DEFINER' ? view.definer : around?.definer,
  }
}

function keyOf(database: string, name: string): string {
  return `${database}\u0000${name}`
}

/** What the name means, or the error that it gives where it is used. */
async function lookUp(
  database: string,
  name: string,
  sources: NameSources,
): Promise<ResolvedRelation | Error> {
  const temporary = sources.temporaryTable(database, name)
  if (temporary !== undefined) return { kind: 'table', table: temporary }
  const table = sources.virtualTable(database, name)
  if (table !== undefined) return { kind: 'virtual', table }
  if (sources.isVirtualDatabase(database)) return missingVirtualTable(database, name)
  try {
    for (const catalog of sources.catalogs) {
      const asked = catalog.relation(database, name)
      const relation = asked instanceof Promise ? await asked : asked
      if (relation !== undefined) return resolved(relation, sources)
      if ((await catalog.database(database)) !== undefined)
        return sqlError('ER_NO_SUCH_TABLE', database, name)
    }
  } catch (error) {
    if (isSqlError(error)) return error
    throw error
  }
  return sqlError('ER_BAD_DB_ERROR', database)
}

function resolved(relation: RelationDefinition, sources: NameSources): ResolvedRelation {
  if (relation.kind === 'table') return { kind: 'table', table: relation }
  return { kind: 'view', view: relation, query: qualifyNames(sources.parseView(relation), relation.database) }
}

interface TableName {
  readonly database: string | undefined
  readonly name: string
}

/** Every table that the syntax names, common table expressions included: those are found before catalogs are asked. */
export function tableNames(node: unknown): readonly TableName[] {
  const names: TableName[] = []
  const walk = (part: unknown): void => {
    if (Array.isArray(part)) {
      for (const each of part) walk(each)
      return
    }
    if (typeof part !== 'object' || part === null) return
    const name = tableNameOf(part)
    if (name !== undefined) names.push(name)
    for (const each of Object.values(part)) if (typeof each === 'object') walk(each)
  }
  walk(node)
  return names
}

function tableNameOf(part: object): TableName | undefined {
  if (!('kind' in part)) return undefined
  switch (part.kind) {
    case 'table':
      return 'partitions' in part ? (part as { readonly name?: QualifiedName } & object).name : undefined
    case 'tableBlock':
    case 'insert':
    case 'load':
      return (part as { readonly table?: QualifiedName } & object).table
    default:
      return undefined
  }
}

/** Unqualified tables of a view's text belong to the view's database, whoever reads the view. */
function qualifyNames(query: QueryExpression, database: string): QueryExpression {
  const commonTables = new Set<string>()
  collectCommonTables(query, commonTables)
  const rewrite = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(rewrite)
    if (typeof part !== 'object' || part === null) return part
    const copy = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, rewrite(value)]))
    const name = tableNameOf(part)
    if (name === undefined || name.database !== undefined || commonTables.has(name.name.toLowerCase()))
      return copy
    const key = 'name' in part && typeof part.name === 'object' ? 'name' : 'table'
    return { ...copy, [key]: { ...name, database } }
  }
  return rewrite(query) as QueryExpression
}

function collectCommonTables(node: unknown, into: Set<string>): void {
  if (Array.isArray(node)) {
    for (const each of node) collectCommonTables(each, into)
    return
  }
  if (typeof node !== 'object' || node === null) return
  if ('elements' in node && 'recursive' in node && Array.isArray(node.elements)) {
    for (const element of node.elements as readonly { readonly name: string }[])
      into.add(element.name.toLowerCase())
  }
  for (const each of Object.values(node)) collectCommonTables(each, into)
}
