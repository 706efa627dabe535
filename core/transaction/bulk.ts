/**
 * Work on whole tables for DDL: building indexes, copying tables, checking them. The caller holds the table's metadata lock
 * exclusively (shared to check), so the last committed state stands still meanwhile. New entries go to keyspaces that no
 * definition names yet, in chunks of bounded size; one commit of the catalog publishes them. Whoever fails or is killed
 * leaves entries behind that nobody sees: the caller drops those keyspaces.
 */
import { ByteBuffer, copyRange } from '../common/bytes.js'
import { isPromise, type MaybePromise, type Value } from '../common/value.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { KeyspaceSnapshot } from '../spi/storage.js'
import { duplicateEntry } from '../spi/duplicate-entry.js'
import { EntryScan, type MergedVisitor } from './entry-scan.js'
import type { TransactionEnvironment } from './environment.js'
import type { StorageState } from './read-view.js'
import { StagedKeyspace } from './staged-table.js'
import { TableRuntime, type IndexRuntime } from './table-runtime.js'
import { SLICE_MS, yieldTurn } from './table-scan.js'

const ENTRIES_PER_SLICE = 512
/** Lookups of keys that a slice may leave to be awaited. */
const LOOKUPS_MAX = 100

/** Makes a row of the new definition from one of the old: called in key order, values in the order of the columns. */
export type RowTransform = (row: readonly Value[]) => readonly Value[]

export interface CopiedSize {
  readonly rows: number
  readonly bytes: number
}

/** Visits every entry of a keyspace in slices, and lets others work in between. Kill-able. */
export async function walkKeyspace(
  snapshot: KeyspaceSnapshot,
  keyspace: number,
  statement: StatementContext | undefined,
  visit: MergedVisitor,
  afterSlice: () => Promise<void> | undefined = () => undefined,
): Promise<void> {
  const scan = new EntryScan(keyspace, { lower: undefined, upper: undefined }, false, false)
  let untilMs = performance.now() + SLICE_MS
  while (!scan.isExhausted) {
    statement?.checkKilled()
    const slice = scan.next(snapshot, undefined, ENTRIES_PER_SLICE, visit)
    if (isPromise(slice)) await slice
    const work = afterSlice()
    if (work !== undefined) await work
    if (performance.now() < untilMs) continue
    await yieldTurn()
    untilMs = performance.now() + SLICE_MS
  }
}

/**
 * Builds the entries of `indexes`, which belong to `table` as it will be, from its present rows. Rejects with
 * ER_DUP_ENTRY.
 */
export async function buildIndexes(
  environment: TransactionEnvironment,
  table: TableDefinition,
  indexes: readonly IndexDefinition[],
  statement: StatementContext,
): Promise<void> {
  const runtime = environment.runtimeOf(table)
  const { state } = runtime
  const loaders = indexes.map((index) => new IndexLoader(runtime, indexRuntimeOf(runtime, index), statement))
  const view = environment.views.current.retain()
  try {
    const visit: MergedVisitor = (key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      const row = runtime.rowDecoder.values(value, valueStart, valueEnd)
      const rowKey = copyRange(key, keyStart, keyEnd)
      for (const loader of loaders) loader.add(row, rowKey)
      return true
    }
    const flushFull = (): Promise<void> | undefined =>
      loaders.some((loader) => loader.isFull) ? flushAll(loaders) : undefined
    await walkKeyspace(view.snapshot(state), runtime.rowKeyspace, statement, visit, flushFull)
    for (const loader of loaders) await loader.finish()
  } catch (error) {
    for (const loader of loaders) await loader.abandon()
    throw error
  } finally {
    view.release()
  }
  await makeDurable(state)
  environment.noteLoad(
    state,
    indexes.map((index) => index.id),
  )
}

/**
 * Copies the rows of one table into another definition of it (other placement and index ids), entries of all its
 * indexes included. Rejects with ER_DUP_ENTRY if rows collide there.
 */
export async function copyTable(
  environment: TransactionEnvironment,
  from: TableDefinition,
  to: TableDefinition,
  transform: RowTransform,
  statement: StatementContext,
): Promise<CopiedSize> {
  const source = environment.runtimeOf(from)
  const target = environment.runtimeOf(to)
  const copy = new TableLoader(target, statement)
  const view = environment.views.current.retain()
  try {
    const visit: MergedVisitor = (key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      const row = transform(source.rowDecoder.values(value, valueStart, valueEnd))
      const isHidden = source.primaryKey === undefined
      copy.add(row, isHidden ? copyRange(key, keyStart, keyEnd) : undefined)
      return true
    }
    const flushFull = (): Promise<void> | undefined => (copy.isFull ? copy.flush() : undefined)
    await walkKeyspace(view.snapshot(source.state), source.rowKeyspace, statement, visit, flushFull)
    await copy.finish()
  } catch (error) {
    await copy.abandon()
    throw error
  } finally {
    view.release()
  }
  await makeDurable(target.state)
  environment.noteLoad(target.state, [target.rowKeyspace, ...target.indexes.map((index) => index.keyspace)])
  environment.sizes.set(target, copy.rows, copy.bytes)
  return { rows: copy.rows, bytes: copy.bytes }
}

/**
 * Fills the keyspaces of a new table with rows that come from elsewhere, as from another driver: `next` hands out some
 * at a time, undefined at the end. Rejects with ER_DUP_ENTRY if rows collide.
 */
export async function loadTable(
  environment: TransactionEnvironment,
  to: TableDefinition,
  next: () => MaybePromise<readonly (readonly Value[])[] | undefined>,
  statement: StatementContext,
): Promise<CopiedSize> {
  const target = environment.runtimeOf(to)
  const load = new TableLoader(target, statement)
  try {
    await addAll(load, next, statement)
    await load.finish()
  } catch (error) {
    await load.abandon()
    throw error
  }
  environment.noteLoad(target.state, [target.rowKeyspace, ...target.indexes.map((index) => index.keyspace)])
  environment.sizes.set(target, load.rows, load.bytes)
  return { rows: load.rows, bytes: load.bytes }
}

async function addAll(
  load: TableLoader,
  next: Parameters<typeof loadTable>[2],
  statement: StatementContext,
): Promise<void> {
  let untilMs = performance.now() + SLICE_MS
  for (;;) {
    statement.checkKilled()
    const pending = next()
    const rows = isPromise(pending) ? await pending : pending
    if (rows === undefined) return
    for (const row of rows) {
      load.add(row, undefined)
      if (load.isFull) await load.flush()
    }
    if (performance.now() < untilMs) continue
    await yieldTurn()
    untilMs = performance.now() + SLICE_MS
  }
}

/** Removes what a table has in its storage: rows and entries. After the commit that unpublished it, or a failed copy. */
export async function dropKeyspaces(
  environment: TransactionEnvironment,
  table: TableDefinition,
): Promise<void> {
  const { state, rowKeyspace, indexes } = environment.runtimeOf(table)
  for (const keyspace of [rowKeyspace, ...indexes.map((index) => index.keyspace)]) {
    await state.storage.dropKeyspace(keyspace)
  }
}

/** What was loaded must not be lost once the catalog's commit, which is in the log, names it. */
async function makeDurable({ storage }: StorageState): Promise<void> {
  if (storage.capabilities.durable) await storage.checkpoint()
}

/** An index that the runtime's definition may not have yet. */
function indexRuntimeOf(runtime: TableRuntime, index: IndexDefinition): IndexRuntime {
  const { table, state } = runtime
  const others = table.indexes.filter((present) => present.id !== index.id)
  const definition = { ...table, indexes: [...others, index] }
  const made = new TableRuntime(definition, state).indexOf(index)
  if (made === undefined) throw new Error('invariant: a primary key is built by copying its table')
  return made
}

async function flushAll(loaders: readonly IndexLoader[]): Promise<void> {
  for (const loader of loaders) await loader.flush()
}

/** Fills one keyspace, and checks that no two entries have the same key. */
class KeyspaceLoader {
  private readonly entries: StagedKeyspace
  /** Keys that had to be looked up. */
  private readonly lookups: Promise<void>[] = []

  constructor(
    state: StorageState,
    keyspace: number,
    private readonly fail: (row: readonly Value[]) => Error,
  ) {
    this.entries = new StagedKeyspace(state.storage, keyspace, keyspace)
  }

  get isFull(): boolean {
    return this.entries.isFull || this.lookups.length > LOOKUPS_MAX
  }

  put(key: Buffer, value: Uint8Array, valueEnd: number, uniqueRow: readonly Value[] | undefined): void {
    if (uniqueRow !== undefined) this.check(key, uniqueRow)
    this.entries.put(key, value, valueEnd)
  }

  /** Resolves when there is room for more. */
  async flush(): Promise<void> {
    await Promise.all(this.lookups.splice(0))
    await this.entries.room()
  }

  /** Resolves when everything is stored. */
  async finish(): Promise<void> {
    await Promise.all(this.lookups.splice(0))
    await this.entries.finish()
    this.entries.close()
  }

  /** After a failure: resolves when nothing more is being stored. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.lookups.splice(0))
    await this.entries.abandon()
  }

  private check(key: Buffer, row: readonly Value[]): void {
    const found = this.entries.has(key)
    if (!isPromise(found)) this.refuse(found, row)
    else {
      const lookup = found.then((isFound) => this.refuse(isFound, row))
      // It is awaited later.
      lookup.catch(() => undefined)
      this.lookups.push(lookup)
    }
  }

  private refuse(isFound: boolean, row: readonly Value[]): void {
    if (isFound) throw this.fail(row)
  }
}

class IndexLoader {
  private readonly loader: KeyspaceLoader

  constructor(
    runtime: TableRuntime,
    private readonly index: IndexRuntime,
    statement: StatementContext,
  ) {
    this.loader = new KeyspaceLoader(runtime.state, index.keyspace, (row) =>
      duplicateEntry(runtime.table, index.definition, row, statement.evaluation),
    )
  }

  get isFull(): boolean {
    return this.loader.isFull
  }

  add(row: readonly Value[], rowKey: Buffer): void {
    const { bytes, isUnique } = this.index.entryKey(row, rowKey)
    this.loader.put(bytes, rowKey, rowKey.length, isUnique ? row : undefined)
  }

  flush(): Promise<void> {
    return this.loader.flush()
  }

  finish(): Promise<void> {
    return this.loader.finish()
  }

  abandon(): Promise<void> {
    return this.loader.abandon()
  }
}

class TableLoader {
  rows = 0
  bytes = 0
  private readonly rowLoader: KeyspaceLoader
  private readonly indexLoaders: readonly IndexLoader[]
  private readonly buffer = new ByteBuffer(1024)

  constructor(
    private readonly runtime: TableRuntime,
    statement: StatementContext,
  ) {
    const { primaryKey, table, state, rowKeyspace } = runtime
    this.rowLoader = new KeyspaceLoader(state, rowKeyspace, (row) => {
      if (primaryKey === undefined) throw new Error('invariant: hidden keys are distinct')
      return duplicateEntry(table, primaryKey, row, statement.evaluation)
    })
    this.indexLoaders = runtime.indexes.map((index) => new IndexLoader(runtime, index, statement))
  }

  get isFull(): boolean {
    return this.rowLoader.isFull || this.indexLoaders.some((loader) => loader.isFull)
  }

  add(row: readonly Value[], hiddenKey: Buffer | undefined): void {
    const { runtime, buffer } = this
    const rowKey = runtime.rowKeyOf(row) ?? hiddenKey ?? numberedKey(this.rows + 1)
    buffer.clear()
    runtime.rowEncoder.encode(row, buffer)
    this.rowLoader.put(
      rowKey,
      buffer.bytes,
      buffer.length,
      runtime.primaryKey === undefined ? undefined : row,
    )
    for (const loader of this.indexLoaders) loader.add(row, rowKey)
    this.rows++
    this.bytes += buffer.length
  }

  async flush(): Promise<void> {
    await this.rowLoader.flush()
    await flushAll(this.indexLoaders)
  }

  async finish(): Promise<void> {
    await this.rowLoader.finish()
    for (const loader of this.indexLoaders) await loader.finish()
  }

  async abandon(): Promise<void> {
    await this.rowLoader.abandon()
    for (const loader of this.indexLoaders) await loader.abandon()
  }
}

/** A hidden row id; see `row-ids.ts`. */
function numberedKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(8)
  key.writeBigUInt64BE(BigInt(id))
  return key
}
