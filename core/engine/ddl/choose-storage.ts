/**
 * Where a new table goes: what the router says about its ENGINE clause.
 */
import type { NewTableElement } from '../../catalog/new-table-element.js'
import { sqlError } from '../../common/sql-error.js'
import { SqlMode } from '../../common/sql-mode.js'
import type { Placement } from '../../plan/schema.js'
import type { StorageEntry } from '../../spi/router.js'
import type { DefinitionContext } from './definition-context.js'
import type { TableName } from './statement-locks.js'

export interface ChosenStorage {
  readonly storage: string
  /** MySQL's own engine name that stands for it, if one was written. */
  readonly engineAsWritten: string | undefined
}

/** Spelled as SHOW CREATE TABLE does. */
const MYSQL_ENGINES: readonly string[] = [
  'ARCHIVE',
  'BLACKHOLE',
  'CSV',
  'FEDERATED',
  'InnoDB',
  'MEMORY',
  'MRG_MYISAM',
  'MyISAM',
  'ndbcluster',
]

export interface StorageWish {
  readonly engine: string | undefined
  readonly temporary: boolean
  readonly columnTypes: readonly string[]
  readonly hasForeignKeys: boolean
}

/** Throws ER_UNKNOWN_STORAGE_ENGINE, ER_STORAGE_UNAVAILABLE. */
export function chooseStorage(
  table: TableName,
  wish: StorageWish,
  context: DefinitionContext,
): ChosenStorage {
  const engine = wish.engine ?? sessionEngine(wish, context)
  if (engine === undefined && wish.temporary && context.temporaryStorage !== undefined) {
    return { storage: context.temporaryStorage, engineAsWritten: undefined }
  }
  const entries = storageEntries(context)
  const strict = (context.sqlMode & SqlMode.NO_ENGINE_SUBSTITUTION) !== 0
  const { storage } = context.router.choose(
    { ...table, engine, columnTypes: wish.columnTypes, hasForeignKeys: wish.hasForeignKeys },
    entries,
    strict,
  )
  const chosen = entries.find((entry) => entry.name === storage)
  if (chosen === undefined) throw sqlError('ER_UNKNOWN_STORAGE_ENGINE', storage)
  if (!chosen.capabilities.writable) throw sqlError('ER_ILLEGAL_HA', table.name)
  if (engine?.toLowerCase() === storage.toLowerCase()) return { storage, engineAsWritten: undefined }
  if (wish.engine === undefined || engine === undefined) {
    // Not the usual one: whoever made the table should hear of it.
    if (storage !== context.defaultStorage)
      context.statement.warn('Note', 'ER_WARN_USING_OTHER_HANDLER', storage, table.name)
    return { storage, engineAsWritten: undefined }
  }
  context.statement.warn('Note', 'ER_WARN_USING_OTHER_HANDLER', storage, table.name)
  const known = MYSQL_ENGINES.find((name) => name.toLowerCase() === engine.toLowerCase())
  return { storage, engineAsWritten: known }
}

/** default_storage_engine and default_tmp_storage_engine, where the session has set them; else the router decides. */
function sessionEngine({ temporary }: StorageWish, context: DefinitionContext): string | undefined {
  const { session } = context.statement.evaluation
  const name = temporary ? 'default_tmp_storage_engine' : 'default_storage_engine'
  const engine = String(session.systemVariable(name, 'session'))
  return engine.toLowerCase() === context.defaultStorage.toLowerCase() ? undefined : engine
}

export function storageEntries(context: DefinitionContext): readonly StorageEntry[] {
  return context.storages.map(({ name, capabilities }) => ({ name, capabilities, available: true }))
}

/** A new primary placement; its id is the keyspace of the rows. */
export function primaryPlacement(storage: string, context: DefinitionContext): Placement {
  return Object.freeze({
    id: context.catalog.allocateId(),
    storage,
    role: 'primary',
    feed: 'none',
    state: 'active',
  })
}

export function columnTypeNames(elements: readonly NewTableElement[]): readonly string[] {
  return elements.flatMap((element) =>
    element.kind === 'column' || element.kind === 'readyColumn' ? [element.type.name] : [],
  )
}

export function hasForeignKeys(elements: readonly NewTableElement[]): boolean {
  return elements.some((element) => element.kind === 'foreignKey')
}
