/**
 * The default router. Every table has one primary copy and that answers; secondary copies are refused with a reason, because nothing
 * feeds them yet.
 */
import {
  sqlError,
  type NewTable,
  type PlacedTable,
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
  /** Tables with fewer rows are well off as rows, those with so many as columns; between the two it depends on how they are used. */
  readonly rowsBelow: number
  readonly columnsFrom: number
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

  advise(placed: PlacedTable, storages: readonly StorageEntry[]): StorageChoice | undefined {
    const rule = this.columnRule
    if (rule === undefined) return undefined
    const { placements, foreignKeys } = placed.table
    const present = placements.find(({ role }) => role === 'primary')?.storage
    const isThere = (name: string): boolean => storages.some((each) => each.name === name && each.available)
    if (present === this.defaultStorage && foreignKeys.length === 0 && isThere(rule.storage)) {
      return adviseColumns(placed, rule)
    }
    if (present === rule.storage && isThere(this.defaultStorage)) {
      return adviseRows(placed, rule, this.defaultStorage)
    }
    return undefined
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

/** Fewer statements say nothing about how a table is used. */
const STATEMENTS_MIN = 20
/** Changes of rows that are there; inserts are no hindrance to columns. */
const CHANGE_SHARE_HIGH = 0.2
const CHANGE_SHARE_LOW = 0.05
const ANALYSIS_SHARE_HIGH = 0.5
const ANALYSIS_SHARE_LOW = 0.1

interface Shares {
  readonly statements: number
  readonly changes: number
  readonly analysis: number
}

function sharesOf({ selects, inserts, updates, deletes, joins, aggregations }: PlacedTable): Shares {
  const statements = selects + inserts + updates + deletes
  const share = (count: number, of: number): number => (of === 0 ? 0 : count / of)
  return {
    statements,
    changes: share(updates + deletes, statements),
    analysis: Math.min(1, share(Math.max(joins, aggregations), selects)),
  }
}

const percent = (share: number): string => `${Math.round(share * 100)}%`

function adviseColumns(placed: PlacedTable, rule: ColumnRule): StorageChoice | undefined {
  const { statements, changes, analysis } = sharesOf(placed)
  if (placed.rows < rule.rowsBelow || changes > CHANGE_SHARE_HIGH) return undefined
  const { storage } = rule
  const size = `${placed.rows} rows`
  if (placed.rows >= rule.columnsFrom) {
    return { storage, reason: `${size}; ${percent(changes)} of its statements change or delete rows` }
  }
  const { columns } = placed.table
  const numeric = columns.filter(({ type }) => NUMERIC_TYPES.has(type.name)).length / columns.length
  const isAnalysed = statements >= STATEMENTS_MIN && analysis >= ANALYSIS_SHARE_HIGH
  if (!isAnalysed || changes > CHANGE_SHARE_LOW || numeric < rule.numericShare) return undefined
  return {
    storage,
    reason: `${size}; ${percent(analysis)} of its queries join or aggregate, ${percent(numeric)} of its columns are numbers or dates`,
  }
}

function adviseRows(placed: PlacedTable, rule: ColumnRule, storage: string): StorageChoice | undefined {
  const { statements, changes, analysis } = sharesOf(placed)
  if (placed.rows >= rule.rowsBelow || statements < STATEMENTS_MIN) return undefined
  if (changes > CHANGE_SHARE_HIGH) {
    return {
      storage,
      reason: `${placed.rows} rows; ${percent(changes)} of its statements change or delete rows`,
    }
  }
  if (analysis >= ANALYSIS_SHARE_LOW) return undefined
  return {
    storage,
    reason: `${placed.rows} rows; only ${percent(analysis)} of its queries join or aggregate`,
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
