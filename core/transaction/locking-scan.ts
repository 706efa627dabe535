/**
 * Locking scans: UPDATE, DELETE, SELECT … FOR UPDATE and FOR SHARE, and plain reads under SERIALIZABLE. A row is locked,
 * then read in its last committed version (or as our own write).
 *
 * Rows are locked as the scan meets them. A lock that is free at once is taken in the middle of a slice: nothing
 * can change between it and the reading. When one has to be waited for, the slice ends before that row, and after the
 * wait the scan goes on at the row's key in the state that is committed then; so what is gone or has moved is treated as it
 * is, not as it was.
 *
 * Under REPEATABLE READ and SERIALIZABLE the walked range is locked too, against inserts, before it is read; a scan
 * that ends early gives back what it didn't reach. A search for one whole unique key locks that key instead, present or
 * not. Under READ COMMITTED no ranges are locked, and rows that the filter rejects in their committed version
 * are passed by without a lock (InnoDB's semi-consistent read).
 */
import { performance } from 'node:perf_hooks'
import type { Batch } from '../common/batch.js'
import { copyRange } from '../common/bytes.js'
import { whenSettled } from '../common/settle.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { KeyRange } from '../spi/storage.js'
import type { RowCursor, TableScan } from '../spi/transaction.js'
import { ClaimingRuns } from './claiming-runs.js'
import { EntryScan, getMerged } from './entry-scan.js'
import type { LockPatience } from './lock-owner.js'
import type { ReadView } from './read-view.js'
import type { RangeLock } from './lock-manager.js'
import { ScanOutput } from './scan-output.js'
import { scanRanges, type ScanRange } from './scan-ranges.js'
import { run, type Steps } from './steps.js'
import type { IndexRuntime, TableRuntime } from './table-runtime.js'
import { IndexEntries, SLICE_MS, yieldTurn } from './table-scan.js'
import type { CoreTransaction } from './transaction.js'

/** Rows that are locked one by one before the rest is claimed: see `LockManager`. */
const LOCKED_ONE_BY_ONE = 1000

/** A row whose lock has to be waited for, or that was read from a state that is no longer the last. */
interface Interruption {
  readonly key: Buffer
  readonly wait: Promise<boolean> | undefined
}

export class LockingScanCursor implements RowCursor {
  private readonly output: ScanOutput
  private readonly index: IndexRuntime | undefined
  private readonly keyspace: number
  private readonly ranges: readonly ScanRange[]
  private readonly isExclusive: boolean
  private readonly patience: LockPatience
  private rangeIndex = -1
  private entries: EntryScan | undefined
  private rangeLock: RangeLock | undefined
  private lockedCount = 0
  private isDone = false
  private runs: ClaimingRuns | undefined
  /** When the turn of the event loop is over; 0 while there was no reason to look at the clock. */
  private untilMs = 0

  constructor(
    private readonly transaction: CoreTransaction,
    private readonly runtime: TableRuntime,
    private readonly scan: TableScan,
  ) {
    this.index = runtime.indexOf(scan.index)
    this.keyspace = this.index?.keyspace ?? runtime.rowKeyspace
    this.ranges = scanRanges(runtime, this.index, scan)
    this.output = new ScanOutput(runtime, scan, transaction.evaluation)
    this.isExclusive = scan.lock === 'exclusive'
    this.patience = transaction.patience(scan.lockWait)
  }

  next(): MaybePromise<Batch | undefined> {
    this.output.clear()
    this.untilMs = 0
    const wait = this.fill()
    return wait === undefined ? this.filled() : this.fillLater(wait)
  }

  rowKey(row: number): Uint8Array {
    return this.output.rowKey(row)
  }

  close(): void {
    this.isDone = true
    this.shrinkRangeLock()
  }

  /** Fills the batch; answers what has to be waited for before it can go on. */
  private fill(): Promise<unknown> | undefined {
    const { output } = this
    while (!this.isDone && !output.isFull) {
      // The first range may be a single key, and worth no look at the clock.
      if (this.rangeIndex >= 0 && this.isOverdue) {
        if (output.batch.rowCount > 0) return undefined
        this.untilMs = 0
        return yieldTurn()
      }
      this.transaction.statement?.checkKilled()
      const read = this.readNext()
      if (isPromise(read)) return read
    }
    return undefined
  }

  private async fillLater(first: Promise<unknown>): Promise<Batch | undefined> {
    for (let wait: Promise<unknown> | undefined = first; wait !== undefined; wait = this.fill()) await wait
    return this.filled()
  }

  private filled(): Batch | undefined {
    const { output } = this
    if (output.isComplete) this.close()
    return output.batch.rowCount > 0 ? output.batch : undefined
  }

  private get isOverdue(): boolean {
    const nowMs = performance.now()
    if (this.untilMs === 0) this.untilMs = nowMs + SLICE_MS
    return nowMs >= this.untilMs
  }

  private readNext(): MaybePromise<unknown> {
    if (this.entries?.isExhausted === false) return run(this.readSlice(this.entries))
    this.entries = undefined
    this.rangeLock = undefined
    const range = this.ranges[++this.rangeIndex]
    this.isDone = range === undefined
    if (range === undefined) return undefined
    if (range.isPoint && range.lower !== undefined) {
      this.isDone = this.rangeIndex === this.ranges.length - 1
      return this.readPoint(range.lower)
    }
    this.entries = new EntryScan(this.keyspace, range, this.scan.reverse, this.index !== undefined)
    return this.transaction.locksRanges ? this.lockRange(range) : undefined
  }

  private *readSlice(entries: EntryScan): Steps<void> {
    const interruption = yield* this.index === undefined
      ? this.readRows(entries)
      : this.readThroughIndex(entries)
    if (interruption === undefined) return
    entries.resumeAt(interruption.key)
    if (interruption.wait !== undefined) yield interruption.wait
  }

  /** Locks one key of a unique index, whether an entry has it or not, and reads its row. */
  private readPoint(key: Uint8Array): MaybePromise<unknown> {
    if (this.locksUnmatched || this.output.filter === undefined) return this.lockPoint(key)
    return whenSettled(this.isRejected(key), (isRejected) => (isRejected ? undefined : this.lockPoint(key)))
  }

  private lockPoint(key: Uint8Array): MaybePromise<unknown> {
    const { environment, locks } = this.transaction
    const isKept = this.locksUnmatched || environment.locks.holdsKey(locks, this.keyspace, key, 0, key.length)
    const granted = this.lockKey(this.keyspace, key, 0, key.length)
    return whenSettled(granted, (isGranted) => (isGranted ? this.readLockedPoint(key, isKept) : undefined))
  }

  private readLockedPoint(key: Uint8Array, isKept: boolean): MaybePromise<unknown> {
    const before = this.output.total
    const read = this.index === undefined ? this.addRow(key) : this.addRowOf(key)
    if (isKept) return read
    return whenSettled(read, () => {
      if (this.output.total > before) return
      const { environment, locks } = this.transaction
      environment.locks.unlockKey(locks, this.keyspace, key, 0, key.length)
    })
  }

  /** Whether there is a row with the key, and the filter rejects its last version: then it isn't waited for. */
  private isRejected(key: Uint8Array): MaybePromise<boolean> {
    return whenSettled(this.index === undefined ? key : this.rowKeyAt(key), (rowKey) => {
      if (rowKey === undefined) return false
      let isMatch = true
      const read = this.getRow(rowKey, (_key, _from, _to, value, start, end) => {
        isMatch = this.output.matches(value, start, end)
        return true
      })
      return whenSettled(read, () => !isMatch)
    })
  }

  private addRow(rowKey: Uint8Array): MaybePromise<unknown> {
    return this.getRow(rowKey, (_key, _from, _to, value, start, end) => {
      this.output.add(rowKey, 0, rowKey.length, value, start, end)
      return true
    })
  }

  /** Locks and adds the row that the entry of a unique index points to. */
  private addRowOf(key: Uint8Array): MaybePromise<unknown> {
    return whenSettled(this.rowKeyAt(key), (rowKey) => {
      if (rowKey === undefined) return
      const granted = this.lockRow(rowKey, 0, rowKey.length)
      return whenSettled(granted, (isGranted) => (isGranted ? this.addRow(rowKey) : undefined))
    })
  }

  /** The key of the row that the entry of a unique index points to. */
  private rowKeyAt(key: Uint8Array): MaybePromise<Buffer | undefined> {
    const { state } = this.runtime
    const overlay = this.transaction.overlayAt(state.ordinal)
    const snapshot = this.transaction.latestOf(state)
    let rowKey: Buffer | undefined
    const read = getMerged(snapshot, overlay, this.keyspace, key, (_key, _from, _to, value, start, end) => {
      rowKey = copyRange(value, start, end)
      return true
    })
    return whenSettled(read, () => rowKey)
  }

  private lockRange(range: KeyRange): MaybePromise<unknown> {
    const { environment, locks } = this.transaction
    const { lower, upper } = range
    this.rangeLock = environment.locks.lockRange(locks, this.keyspace, lower, upper)
    return environment.locks.whenClear(
      locks,
      () => environment.writersInto(this.runtime.state, this.keyspace, lower, upper, locks),
      this.patience,
    )
  }

  private *readRows(entries: EntryScan): Steps<Interruption | undefined> {
    const { output, transaction } = this
    const { views } = transaction.environment
    const view = views.current
    const { state } = this.runtime
    const claims = this.canClaim()
    const runs = claims ? this.claimingRuns(view) : undefined
    let interruption: Interruption | undefined
    const slice = entries.next(
      view.snapshot(state),
      transaction.overlayAt(state.ordinal),
      1024,
      (key, keyStart, keyEnd, value, valueStart, valueEnd) => {
        if (!this.locksUnmatched && !output.matches(value, valueStart, valueEnd)) return true
        const granted = view === views.current && this.lockWalked(key, keyStart, keyEnd, claims)
        if (view !== views.current || isPromise(granted)) {
          interruption = {
            key: copyRange(key, keyStart, keyEnd),
            wait: granted === false ? undefined : asWait(granted),
          }
          return false
        }
        if (granted) output.add(key, keyStart, keyEnd, value, valueStart, valueEnd)
        return !output.isFull
      },
      runs,
    )
    if (isPromise(slice)) yield slice
    if (runs?.interruptedAt !== undefined) return { key: runs.interruptedAt, wait: undefined }
    return interruption
  }

  private claimingRuns(view: ReadView): ClaimingRuns {
    this.runs ??= new ClaimingRuns(this.transaction, this.keyspace, this.output)
    if (this.untilMs === 0) this.untilMs = performance.now() + SLICE_MS
    this.runs.begin(view, this.untilMs)
    return this.runs
  }

  private *readThroughIndex(entries: EntryScan): Steps<Interruption | undefined> {
    const { transaction, runtime, output } = this
    const { views } = transaction.environment
    const view = views.current
    const snapshot = view.snapshot(runtime.state)
    const overlay = transaction.overlayAt(runtime.state.ordinal)
    const found = new IndexEntries(runtime, this.index as IndexRuntime, overlay, true)
    const slice = entries.next(snapshot, overlay, output.room, found.visit)
    if (isPromise(slice)) yield slice
    for (let i = 0; i < found.length && !output.isComplete; i++) {
      const rowKey = found.rowKey(i)
      if (!this.locksUnmatched) {
        const matches = this.rowMatches(found, i)
        if (!(isPromise(matches) ? ((yield matches) as boolean) : matches)) continue
      }
      const entryKey = found.entryKey(i) as Buffer
      if (view !== views.current) return { key: entryKey, wait: undefined }
      const granted = this.lockRow(rowKey, 0, rowKey.length)
      if (isPromise(granted)) return { key: entryKey, wait: granted }
      if (!granted) continue
      const read = this.readLockedRow(found, i)
      if (isPromise(read)) yield read
    }
    return undefined
  }

  private readLockedRow(found: IndexEntries, i: number): MaybePromise<boolean> {
    const rowKey = found.rowKey(i)
    return this.getRow(rowKey, (_key, _keyStart, _keyEnd, value, valueStart, valueEnd, isOwn) => {
      if (isOwn !== true || found.isEntryOf(i, value, valueStart, valueEnd)) {
        this.output.add(rowKey, 0, rowKey.length, value, valueStart, valueEnd)
      }
      return true
    })
  }

  private rowMatches(found: IndexEntries, i: number): MaybePromise<boolean> {
    let isMatch = false
    const read = this.getRow(found.rowKey(i), (_key, _keyStart, _keyEnd, value, valueStart, valueEnd) => {
      isMatch = this.output.matches(value, valueStart, valueEnd)
      return true
    })
    return isPromise(read) ? read.then(() => isMatch) : isMatch
  }

  private getRow(rowKey: Uint8Array, visit: Parameters<typeof getMerged>[4]): MaybePromise<boolean> {
    const { state, rowKeyspace } = this.runtime
    const overlay = this.transaction.overlayAt(state.ordinal)
    return getMerged(this.transaction.latestOf(state), overlay, rowKeyspace, rowKey, visit)
  }

  /**
   * Whether rows can be claimed as long as this turn lasts. All rows of the walked range are locked, and what lies between them is, too: claiming
   * them takes nothing from others that they would have otherwise.
   */
  private canClaim(): boolean {
    const { locks, environment } = this.transaction
    if (!this.isExclusive || !this.locksUnmatched || this.lockedCount < LOCKED_ONE_BY_ONE) return false
    return environment.locks.canClaim(locks, this.keyspace)
  }

  private lockWalked(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    claims: boolean,
  ): boolean | Promise<boolean> {
    this.lockedCount++
    if (!claims) return this.lockRow(key, keyStart, keyEnd)
    const { locks, environment } = this.transaction
    environment.locks.claimKey(locks, this.keyspace, key, keyStart, keyEnd)
    return true
  }

  private lockRow(key: Uint8Array, keyStart: number, keyEnd: number): boolean | Promise<boolean> {
    return this.lockKey(this.runtime.rowKeyspace, key, keyStart, keyEnd)
  }

  private lockKey(
    keyspace: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
  ): boolean | Promise<boolean> {
    const { environment, locks } = this.transaction
    return environment.locks.lockKey(locks, keyspace, key, keyStart, keyEnd, this.isExclusive, this.patience)
  }

  private get locksUnmatched(): boolean {
    return this.transaction.locksRanges
  }

  private shrinkRangeLock(): void {
    const { rangeLock, entries } = this
    if (rangeLock === undefined || entries === undefined || entries.isExhausted) return
    this.rangeLock = undefined
    if (this.scan.reverse) rangeLock.lower = entries.rest.upper
    else rangeLock.upper = entries.rest.lower
    this.transaction.environment.locks.rangeShrank()
  }
}

function asWait(granted: boolean | Promise<boolean>): Promise<boolean> | undefined {
  return isPromise(granted) ? granted : undefined
}
