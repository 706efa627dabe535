/**
 * The default router. Every table has one primary copy and that answers; secondary copies are refused with a reason, because nothing
 * feeds them yet.
 */
import {
  sqlError,
  type NewTable,
  type PlacementCandidate,
  type RefusalReason,
  type Router,
  type RoutingRequest,
  type StorageChoice,
  type StorageEntry,
} from '@switchyard/core/spi'

/** Engine names of MySQL, MariaDB and their forks: dumps and ORMs write them, and mean "the usual one". */
const FOREIGN_ENGINES: ReadonlySet<string> = new Set([
  'innodb',
  'myisam',
  'aria',
  'archive',
  'csv',
  'heap',
  'merge',
  'mrg_myisam',
  'blackhole',
  'ndb',
  'ndbcluster',
  'rocksdb',
  'tokudb',
  'xtradb',
])

/** Which new tables go to a column store without being asked to. */
export interface ColumnRule {
  readonly storage: string
  /** Words in lower case. */
  readonly names: readonly string[]
  /** Least share of numbers and dates among the columns. */
  readonly numericShare: number
}

const NUMERIC_TYPES: ReadonlySet<string> = new Set([
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'bit', 'year'],
  ...['date', 'time', 'datetime', 'timestamp'],
])

export class PlacementRouter implements Router {
  /** `defaultStorage` takes tables whose definition names none. */
  constructor(
    private readonly defaultStorage: string,
    private readonly columnRule?: ColumnRule,
  ) {}

  candidates(request: RoutingRequest, storages: readonly StorageEntry[]): readonly PlacementCandidate[] {
    const candidates = request.table.placements.map((placement): PlacementCandidate => {
      const storage = storages.find((each) => each.name === placement.storage)
      return { placement, refused: refusal(placement, storage), delayMs: 0 }
    })
    return candidates.sort((a, b) => Number(a.refused !== undefined) - Number(b.refused !== undefined))
  }

  choose(table: NewTable, storages: readonly StorageEntry[], strict: boolean): StorageChoice {
    if (table.engine === undefined) return this.chooseByRule(table, storages)
    const name = table.engine.toLowerCase()
    const configured = storages.find((storage) => storage.name.toLowerCase() === name)
    if (configured !== undefined) return { storage: configured.name, reason: 'the ENGINE clause names it' }
    if (FOREIGN_ENGINES.has(name)) {
      return { storage: this.defaultStorage, reason: `${table.engine} means the default storage` }
    }
    if (strict) throw sqlError('ER_UNKNOWN_STORAGE_ENGINE', table.engine)
    return { storage: this.defaultStorage, reason: `${table.engine} is unknown` }
  }

  private chooseByRule(table: NewTable, storages: readonly StorageEntry[]): StorageChoice {
    const usual = { storage: this.defaultStorage, reason: 'it is the default storage' }
    const rule = this.columnRule
    if (rule === undefined || table.hasForeignKeys === true) return usual
    if (storages.find(({ name }) => name === rule.storage)?.available !== true) return usual
    const words = table.name.toLowerCase().split(/[^a-z0-9]+/)
    const word = words.find((each) => rule.names.includes(each))
    const { columnTypes } = table
    const numeric = columnTypes.filter((type) => NUMERIC_TYPES.has(type)).length
    const share = columnTypes.length === 0 ? 0 : numeric / columnTypes.length
    if (word === undefined || word === '' || share < rule.numericShare) return usual
    return {
      storage: rule.storage,
      reason: `its name has "${word}", and ${Math.round(share * 100)}% of its columns are numbers or dates`,
    }
  }
}

function refusal(
  placement: RoutingRequest['table']['placements'][number],
  storage: StorageEntry | undefined,
): RefusalReason | undefined {
  if (placement.role !== 'primary') return { kind: 'not-primary' }
  if (placement.state !== 'active') return { kind: 'not-active', state: placement.state }
  if (storage === undefined) return { kind: 'unavailable', detail: 'the storage is not configured' }
  return storage.available ? undefined : { kind: 'unavailable', detail: 'the storage does not answer' }
}
