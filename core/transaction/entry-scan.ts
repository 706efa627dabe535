/**
 * Reads of one keyspace as a transaction sees it: a snapshot merged with the transaction's own writes.
 *
 * Rows: an own write hides the snapshot's entry. Index entries: both are shown, and own removals are ignored. An
 * own removal may speak of another version of a row than the one in the snapshot (somebody changed and committed it in
 * between, then we did), so whoever reads a row through an entry of the snapshot checks it against the row, if that is
 * an own write (`IndexRuntime.isEntryOf`).
 */
import { copyRange, equalRanges, successorOfKey } from '../common/bytes.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { EntryVisitor, KeyRange, KeyspaceSnapshot, RunVisitor } from '../spi/storage.js'
import type { Overlay } from './overlay.js'
import { OverlayState, type OverlayCursor } from './overlay-cursor.js'

/** As `EntryVisitor`; `isOwn` is true for entries that the transaction wrote. */
export type MergedVisitor = (
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
  isOwn?: boolean,
) => boolean

/** What takes entries by the run, where they lie so and nothing of the transaction's own comes between. */
export interface RunTaker {
  /** As `RunVisitor`; takes at least one if it wasn't full before. */
  readonly takeRun: RunVisitor
  /** Whether it has enough for now. */
  readonly isSated: boolean
}

/** Calls the visitor with the entry of `key`, if there is one; answers whether there is. */
export function getMerged(
  snapshot: KeyspaceSnapshot,
  overlay: Overlay | undefined,
  keyspace: number,
  key: Uint8Array,
  visit: MergedVisitor,
): MaybePromise<boolean> {
  if (overlay !== undefined) {
    const state = overlay.get(keyspace, key, 0, key.length)
    if (state === OverlayState.removed) return false
    if (state === OverlayState.put) {
      visit(key, 0, key.length, overlay.bytes, overlay.valueStart, overlay.valueEnd, true)
      return true
    }
  }
  return snapshot.get(keyspace, key, visit)
}

/** Walks a range in slices. Each slice may use a later snapshot than the one before. */
export class EntryScan {
  isExhausted = false
  private lower: Uint8Array | undefined
  private upper: Uint8Array | undefined

  constructor(
    private readonly keyspace: number,
    range: KeyRange,
    private readonly reverse: boolean,
    private readonly isIndex: boolean,
  ) {
    this.lower = range.lower
    this.upper = range.upper
  }

  /** What is left of the range. */
  get rest(): KeyRange {
    return { lower: this.lower, upper: this.upper }
  }

  /** Goes on with the entry of this key, or with what comes behind it if it is gone. */
  resumeAt(key: Uint8Array): void {
    this.isExhausted = false
    if (this.reverse) this.upper = successorOfKey(key)
    else this.lower = key
  }

  /** Visits about `limit` entries, own ones and removals counted in, until the visitor answers false, or the taker is sated. */
  next(
    snapshot: KeyspaceSnapshot,
    overlay: Overlay | undefined,
    limit: number,
    visit: MergedVisitor,
    taker?: RunTaker,
  ): MaybePromise<void> {
    const own = overlay?.cursor(this.keyspace, this.lower, this.upper, this.reverse)
    const slice =
      own === undefined || own.isDone
        ? new Slice(limit, visit, taker)
        : new MergingSlice(limit, visit, own, this.isIndex)
    const range: KeyRange = { lower: this.lower, upper: this.upper }
    const visited = snapshot.scan(this.keyspace, range, this.reverse, limit, slice.onEntry, slice.onRun)
    if (!isPromise(visited)) this.finish(slice)
    else {
      return visited.then(() => {
        this.finish(slice)
      })
    }
  }

  private finish(slice: Slice): void {
    slice.finish()
    const last = slice.last
    if (last === undefined) this.isExhausted = true
    else if (this.reverse) this.upper = last
    else this.lower = successorOfKey(last)
  }
}

/** One slice without own writes. */
class Slice {
  /** Key of the entry after which the slice stopped; undefined if it came to the end of the range. */
  last: Uint8Array | undefined
  protected seen = 0

  constructor(
    protected readonly limit: number,
    protected readonly visit: MergedVisitor,
    taker?: RunTaker,
  ) {
    this.onRun =
      taker &&
      ((bytes, start, places, at, count) => {
        const taken = this.last === undefined ? taker.takeRun(bytes, start, places, at, count) : 0
        if (taken === 0) return 0
        this.seen += taken
        if (taken < count || this.seen >= this.limit || taker.isSated) {
          const key = at + 2 * (taken - 1)
          this.last = copyRange(bytes, start + (places[key] as number), start + (places[key + 2] as number))
        }
        return taken
      })
  }

  readonly onRun: RunVisitor | undefined

  readonly onEntry: EntryVisitor = (key, keyStart, keyEnd, value, valueStart, valueEnd) => {
    // Sated by a run.
    if (this.last !== undefined) return false
    const goesOn = this.take(key, keyStart, keyEnd, value, valueStart, valueEnd)
    if (++this.seen < this.limit && goesOn) return true
    this.last ??= copyRange(key, keyStart, keyEnd)
    return false
  }

  /** The snapshot has no more entries in the slice. */
  finish(): void {
    // Nothing is left over without own writes.
  }

  protected take(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    return this.visit(key, keyStart, keyEnd, value, valueStart, valueEnd, false)
  }
}

class MergingSlice extends Slice {
  constructor(
    limit: number,
    visit: MergedVisitor,
    private readonly own: OverlayCursor,
    private readonly isIndex: boolean,
  ) {
    super(limit, visit)
  }

  override finish(): void {
    while (this.last === undefined && !this.own.isDone) this.takeOwn()
  }

  protected override take(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    const own = this.own
    while (!own.isDone) {
      const order = own.compare(key, keyStart, keyEnd)
      if (order < 0) break
      const isHidden = order === 0 && (this.isIndex ? this.repeatsOwn(value, valueStart, valueEnd) : true)
      const goesOn = this.takeOwn()
      // Two rows under one key (a unique value that we moved): the slice can't end between them.
      if (!goesOn && order === 0 && !isHidden)
        this.visit(key, keyStart, keyEnd, value, valueStart, valueEnd, false)
      if (!goesOn) return false
      if (isHidden) return true
    }
    return this.visit(key, keyStart, keyEnd, value, valueStart, valueEnd, false)
  }

  /** Shows the own entry under the cursor, unless it is a removal, and steps on. Answers whether to go on. */
  private takeOwn(): boolean {
    const own = this.own
    const { bytes, keyStart, keyEnd } = own
    const isWanted =
      own.isRemoved || this.visit(bytes, keyStart, keyEnd, bytes, own.valueStart, own.valueEnd, true)
    const goesOn = ++this.seen < this.limit && isWanted
    if (!goesOn) this.last = copyRange(bytes, keyStart, keyEnd)
    own.advance()
    return goesOn
  }

  /** Whether the own entry points to the same row. */
  private repeatsOwn(value: Uint8Array, valueStart: number, valueEnd: number): boolean {
    const own = this.own
    return !own.isRemoved && equalRanges(own.bytes, own.valueStart, own.valueEnd, value, valueStart, valueEnd)
  }
}
