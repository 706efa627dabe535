/**
 * Plain scans: rows as the transaction's snapshot and its own writes have them, by the rows' own order or through an
 * index. Slices are read synchronously where the driver can; a scan that finds little gives way to others now and then.
 */
import { performance } from 'node:perf_hooks'
import type { Batch } from '../common/batch.js'
import { copyRange } from '../common/bytes.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { KeyspaceSnapshot } from '../spi/storage.js'
import type { RowCursor, TableScan } from '../spi/transaction.js'
import { EntryScan, getMerged, type MergedVisitor } from './entry-scan.js'
import { CoveringReader } from './covering-reader.js'
import type { Overlay } from './overlay.js'
import { ROWS_PER_LOOK, RunReader } from './run-reader.js'
import { ScanOutput } from './scan-output.js'
import { scanRanges, type ScanRange } from './scan-ranges.js'
import type { IndexRuntime, TableRuntime } from './table-runtime.js'
import type { CoreTransaction } from './transaction.js'

/** How long `next` works before it answers with what it has, or gives way to others. */
export const SLICE_MS = 4
const SLICE_ROWS = 1024
/** First slice through an index: most such reads are short. */
const FIRST_INDEX_SLICE = 64

/** Waits until other work has had its turn. */
export function yieldTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export class TableScanCursor implements RowCursor {
  protected readonly output: ScanOutput
  private readonly index: IndexRuntime | undefined
  private readonly keyspace: number
  private readonly ranges: readonly ScanRange[]
  private readonly covering: CoveringReader | undefined
  private runs: RunReader | undefined
  private rangeIndex = -1
  private entries: EntryScan | undefined
  private sliceSize = FIRST_INDEX_SLICE
  private isDone = false

  constructor(
    private readonly transaction: CoreTransaction,
    private readonly runtime: TableRuntime,
    scan: TableScan,
  ) {
    this.index = runtime.indexOf(scan.index)
    this.keyspace = this.index?.keyspace ?? runtime.rowKeyspace
    this.ranges = scanRanges(runtime, this.index, scan)
    this.output = new ScanOutput(runtime, scan, transaction.evaluation)
    this.covering = this.index && CoveringReader.for(runtime, this.index, scan, this.output)
    this.reverse = scan.reverse
  }

  private readonly reverse: boolean

  next(): MaybePromise<Batch | undefined> {
    this.output.clear()
    return this.fill(performance.now() + SLICE_MS)
  }

  rowKey(row: number): Uint8Array {
    return this.output.rowKey(row)
  }

  close(): void {
    this.isDone = true
    this.entries = undefined
  }

  /** Reads slices until the batch is full, the end is reached, or time is up. */
  private fill(untilMs: number): MaybePromise<Batch | undefined> {
    const { output } = this
    while (!this.isDone && !output.isFull) {
      const entries = this.openEntries()
      if (entries === undefined) break
      this.transaction.statement?.checkKilled()
      const slice = entries instanceof EntryScan ? this.readSlice(entries, untilMs) : this.readPoint(entries)
      if (isPromise(slice)) return slice.then(() => this.fill(untilMs))
      if (performance.now() < untilMs) continue
      if (output.batch.rowCount > 0) return output.batch
      return yieldTurn().then(() => this.fill(performance.now() + SLICE_MS))
    }
    if (output.isComplete) this.isDone = true
    return output.batch.rowCount > 0 ? output.batch : undefined
  }

  /** What to read next: the rest of a range, or a point. */
  private openEntries(): EntryScan | Uint8Array | undefined {
    if (this.entries?.isExhausted === false) return this.entries
    this.entries = undefined
    const range = this.ranges[++this.rangeIndex]
    if (range === undefined) {
      this.isDone = true
      return undefined
    }
    if (range.isPoint && this.canReadPoints && range.lower !== undefined) return range.lower
    this.entries = new EntryScan(this.keyspace, range, this.reverse, this.index !== undefined)
    return this.entries
  }

  /** With own entries in an index a point may have two of them (`entry-scan.ts`). */
  private get canReadPoints(): boolean {
    if (this.index === undefined) return true
    const overlay = this.transaction.overlayAt(this.runtime.state.ordinal)
    return (
      overlay?.hasEntries(this.keyspace) !== true && overlay?.hasEntries(this.runtime.rowKeyspace) !== true
    )
  }

  private readPoint(key: Uint8Array): MaybePromise<void> {
    const { state, rowKeyspace } = this.runtime
    const { output } = this
    const snapshot = this.transaction.snapshotOf(state)
    const overlay = this.transaction.overlayAt(state.ordinal)
    if (this.index === undefined) {
      const found = getMerged(snapshot, overlay, rowKeyspace, key, (_key, _from, _to, value, start, end) => {
        output.add(key, 0, key.length, value, start, end)
        return true
      })
      return isPromise(found) ? found.then(() => undefined) : undefined
    }
    const entries = new IndexEntries(this.runtime, this.index, overlay)
    const found = snapshot.get(this.keyspace, key, entries.visit)
    return isPromise(found)
      ? found.then(() => this.fetch(entries, snapshot, overlay, 0))
      : this.fetch(entries, snapshot, overlay, 0)
  }

  private readSlice(entries: EntryScan, untilMs: number): MaybePromise<void> {
    const { state } = this.runtime
    const snapshot = this.transaction.snapshotOf(state)
    const overlay = this.transaction.overlayAt(state.ordinal)
    if (this.index === undefined) return this.readRows(entries, snapshot, overlay, untilMs)
    if (this.covering !== undefined && overlay?.hasEntries(this.runtime.rowKeyspace) !== true) {
      return this.covering.read(entries, snapshot, overlay)
    }
    return this.readThroughIndex(this.index, entries, snapshot, overlay)
  }

  private readRows(
    entries: EntryScan,
    snapshot: KeyspaceSnapshot,
    overlay: Overlay | undefined,
    untilMs: number,
  ): MaybePromise<void> {
    const { output } = this
    const runs = (this.runs ??= new RunReader(output))
    runs.untilMs = untilMs
    let count = 0
    const visit: MergedVisitor = (key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      runs.add(key, keyStart, keyEnd, value, valueStart, valueEnd)
      if (++count % ROWS_PER_LOOK === 0 && performance.now() > untilMs) return false
      return !output.isFull
    }
    return entries.next(snapshot, overlay, SLICE_ROWS, visit, runs)
  }

  private readThroughIndex(
    index: IndexRuntime,
    entries: EntryScan,
    snapshot: KeyspaceSnapshot,
    overlay: Overlay | undefined,
  ): MaybePromise<void> {
    const found = new IndexEntries(this.runtime, index, overlay)
    const size = Math.min(this.sliceSize, this.output.room)
    this.sliceSize = Math.min(this.sliceSize * 4, 1024)
    const slice = entries.next(snapshot, overlay, size, found.visit)
    if (isPromise(slice)) return slice.then(() => this.fetch(found, snapshot, overlay, 0))
    return this.fetch(found, snapshot, overlay, 0)
  }

  /** Reads the rows of index entries from number `from` on. */
  private fetch(
    found: IndexEntries,
    snapshot: KeyspaceSnapshot,
    overlay: Overlay | undefined,
    from: number,
  ): MaybePromise<void> {
    const { output, runtime } = this
    for (let i = from; i < found.length && !output.isComplete; i++) {
      const rowKey = found.rowKey(i)
      const read = getMerged(
        snapshot,
        overlay,
        runtime.rowKeyspace,
        rowKey,
        (_key, _keyStart, _keyEnd, value, valueStart, valueEnd, isOwn) => {
          if (isOwn !== true || found.isEntryOf(i, value, valueStart, valueEnd)) {
            output.add(rowKey, 0, rowKey.length, value, valueStart, valueEnd)
          }
          return true
        },
      )
      if (isPromise(read)) return read.then(() => this.fetch(found, snapshot, overlay, i + 1))
    }
  }
}

/** Entries of an index that were read, and whose rows come next. */
export class IndexEntries {
  private readonly rowKeys: Buffer[] = []
  /** Keys of the entries, kept only if rows may be own writes. */
  private readonly entryKeys: (Buffer | undefined)[] = []
  private readonly keepsKeys: boolean

  constructor(
    private readonly runtime: TableRuntime,
    private readonly index: IndexRuntime,
    overlay: Overlay | undefined,
    keepsKeys = false,
  ) {
    this.keepsKeys = keepsKeys || overlay?.hasEntries(runtime.rowKeyspace) === true
  }

  get length(): number {
    return this.rowKeys.length
  }

  readonly visit = (
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean => {
    this.rowKeys.push(copyRange(value, valueStart, valueEnd))
    if (this.keepsKeys) this.entryKeys.push(copyRange(key, keyStart, keyEnd))
    return true
  }

  rowKey(i: number): Buffer {
    return this.rowKeys[i] as Buffer
  }

  entryKey(i: number): Buffer | undefined {
    return this.entryKeys[i]
  }

  /** Whether entry `i` is that of this version of its row: an own write may have moved it. */
  isEntryOf(i: number, value: Uint8Array, valueStart: number, valueEnd: number): boolean {
    const entryKey = this.entryKeys[i]
    if (entryKey === undefined) return true
    const row = this.runtime.rowDecoder.values(value, valueStart, valueEnd)
    return this.index.isEntryOf(entryKey, row, this.rowKey(i))
  }
}
