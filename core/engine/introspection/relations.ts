/**
 * Walks over databases and over what is in them, in the order of their names: those of all catalogs and the computed ones, as far as
 * the account may see them. A catalog that can't answer (a remote server that is down) costs a warning, not the listing.
 */
import { isVirtualDatabase, missingVirtualTable, SWITCHYARD } from '../../catalog/names.js'
import { canSeeDatabase, canSeeTable } from '../../catalog/privileges.js'
import { isSqlError, sqlError } from '../../common/sql-error.js'
import { isPromise, type MaybePromise } from '../../common/value.js'
import type { VirtualTable } from '../../plan/logical.js'
import type {
  DatabaseDefinition,
  RelationDefinition,
  TableDefinition,
  ViewDefinition,
} from '../../plan/schema.js'
import type { CatalogProvider } from '../../spi/catalog.js'
import type { ListingRequest } from './listing.js'

/** A table, a view, or a table that the server computes, with the database that it is in. */
export type RelationRow =
  | { readonly kind: 'table'; readonly database: DatabaseDefinition; readonly definition: TableDefinition }
  | { readonly kind: 'view'; readonly database: DatabaseDefinition; readonly definition: ViewDefinition }
  | { readonly kind: 'computed'; readonly database: DatabaseDefinition; readonly definition: VirtualTable }

export type TableRow = Extract<RelationRow, { readonly kind: 'table' }>
export type ViewRow = Extract<RelationRow, { readonly kind: 'view' }>

interface FoundDatabase {
  readonly database: DatabaseDefinition
  readonly provider: CatalogProvider
}

export async function walkDatabases(
  request: ListingRequest,
  visit: (database: DatabaseDefinition) => void,
): Promise<void> {
  for (const { database } of await visibleDatabases(request)) visit(database)
}

/** Calls `visit` for each relation, and waits for it. */
export async function walkRelations(
  request: ListingRequest,
  visit: (row: RelationRow) => MaybePromise<void>,
): Promise<void> {
  for (const found of await visibleDatabases(request)) {
    for (const name of await relationNames(request, found)) {
      const pause = request.pause()
      if (isPromise(pause)) await pause
      const row = await readRelation(request, found, name)
      const visited = row === undefined ? undefined : visit(row)
      if (isPromise(visited)) await visited
    }
  }
}

export function walkTables(
  request: ListingRequest,
  visit: (row: TableRow) => MaybePromise<void>,
): Promise<void> {
  return walkRelations(request, (row) => (row.kind === 'table' ? visit(row) : undefined))
}

export function walkViews(
  request: ListingRequest,
  visit: (row: ViewRow) => MaybePromise<void>,
): Promise<void> {
  return walkRelations(request, (row) => (row.kind === 'view' ? visit(row) : undefined))
}

/** Temporary tables come first. Throws ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE, ER_UNKNOWN_TABLE; asks for no privilege. */
export async function findRelation(
  request: ListingRequest,
  database: string,
  name: string,
): Promise<RelationRow> {
  const found = await findDatabase(request, database)
  const temporary = request.session.temporaryTables.find(database, name)
  if (temporary !== undefined) {
    const definition = found?.database ?? missingDatabase(database)
    return { kind: 'table', database: definition, definition: temporary }
  }
  if (found === undefined) throw sqlError('ER_BAD_DB_ERROR', database)
  const computed = request.services.core.names.virtualTable(database, name)
  if (computed !== undefined) return { kind: 'computed', database: found.database, definition: computed }
  if (isVirtualDatabase(database)) throw missingVirtualTable(database, name)
  const relation = await found.provider.relation(found.database.name, name)
  if (relation === undefined) throw sqlError('ER_NO_SUCH_TABLE', database, name)
  return rowOf(found.database, relation)
}

/** Throws ER_BAD_DB_ERROR, and ER_DBACCESS_DENIED_ERROR if the account may not see it. */
export async function requireVisibleDatabase(
  request: ListingRequest,
  name: string,
): Promise<DatabaseDefinition> {
  const { account } = request
  if (!canSeeDatabase(account, name)) {
    throw sqlError('ER_DBACCESS_DENIED_ERROR', account.user, account.host, name)
  }
  const found = await findDatabase(request, name)
  if (found === undefined) throw sqlError('ER_BAD_DB_ERROR', name)
  return found.database
}

async function visibleDatabases(request: ListingRequest): Promise<readonly FoundDatabase[]> {
  const { filter, account } = request
  if (filter.database !== undefined) {
    const found = await tolerating(request, () => findDatabase(request, filter.database ?? ''))
    return found === undefined || !canSeeDatabase(account, found.database.name) ? [] : [found]
  }
  const byName = new Map<string, FoundDatabase>()
  for (const provider of request.services.core.names.catalogs) {
    const databases = await tolerating(request, () => provider.databases())
    for (const database of databases ?? []) {
      // Programs that dump every database which is listed know only MySQL's own that they must leave out.
      if (database.name === SWITCHYARD) continue
      if (!byName.has(database.name) && canSeeDatabase(account, database.name)) {
        byName.set(database.name, { database, provider })
      }
    }
  }
  return [...byName.values()].sort((a, b) => compareNames(a.database.name, b.database.name))
}

async function findDatabase(request: ListingRequest, name: string): Promise<FoundDatabase | undefined> {
  for (const provider of request.services.core.names.catalogs) {
    const found = provider.database(name)
    const database = isPromise(found) ? await found : found
    if (database !== undefined) return { database, provider }
  }
  return undefined
}

async function relationNames(request: ListingRequest, found: FoundDatabase): Promise<readonly string[]> {
  const { filter, account } = request
  if (filter.relation === undefined) return (await namedRelations(request, found)).map(({ name }) => name)
  return canSeeTable(account, found.database.name, filter.relation) ? [filter.relation] : []
}

/** Names without definitions: all that SHOW TABLES needs, and much cheaper where a remote server has to be asked. */
export interface NamedRelation {
  readonly name: string
  readonly kind: RelationRow['kind']
}

async function namedRelations(
  request: ListingRequest,
  { database, provider }: FoundDatabase,
): Promise<readonly NamedRelation[]> {
  const { account, services } = request
  const stored = (await tolerating(request, () => provider.relationNames(database.name))) ?? []
  const computed = services
    .computedTables(database.name)
    .map(({ name }): NamedRelation => ({ name, kind: 'computed' }))
  return [...computed, ...stored.map(({ name, kind }): NamedRelation => ({ name, kind }))]
    .filter(({ name }) => canSeeTable(account, database.name, name))
    .sort((a, b) => compareNames(a.name, b.name))
}

/** Relations of the one database that the request's filter names. */
export async function walkNames(
  request: ListingRequest,
  visit: (relation: NamedRelation) => void,
): Promise<void> {
  for (const found of await visibleDatabases(request)) {
    for (const relation of await namedRelations(request, found)) visit(relation)
  }
}

async function readRelation(
  request: ListingRequest,
  { database, provider }: FoundDatabase,
  name: string,
): Promise<RelationRow | undefined> {
  const computed = request.services.computedTables(database.name).find((table) => table.name === name)
  if (computed !== undefined) return { kind: 'computed', database, definition: computed }
  const relation = await tolerating(request, () => provider.relation(database.name, name))
  return relation === undefined ? undefined : rowOf(database, relation)
}

function rowOf(database: DatabaseDefinition, relation: RelationDefinition): RelationRow {
  return relation.kind === 'table'
    ? { kind: 'table', database, definition: relation }
    : { kind: 'view', database, definition: relation }
}

/** Undefined, with a warning, in the place of an error that one catalog or storage answers with. */
export async function tolerating<T>(
  request: ListingRequest,
  action: () => MaybePromise<T>,
): Promise<T | undefined> {
  try {
    const result = action()
    return isPromise(result) ? await result : result
  } catch (error) {
    if (request.onError === 'throw' || !isSqlError(error)) throw error
    request.statement.warnError(error)
    return undefined
  }
}

/** A temporary table outlives its database. */
function missingDatabase(name: string): DatabaseDefinition {
  return { id: 0, name, charset: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci', isSystem: false }
}

export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
