/**
 * A snapshot: LMDB as it was when a read transaction began, under the commits that are in memory since then. The newest layer
 * that knows a key decides.
 */
import type { EntryVisitor, KeyRange, KeyspaceSnapshot, RunVisitor } from '@switchyard/core/spi'
import type { KeyspaceSize } from './environment.js'
import { GatheredRun } from './gathered-run.js'
import type { Layers } from './layers.js'
import { NONE, type Overlay } from './overlay.js'
import type { OverlayCursor } from './overlay-index.js'

/** Ranges up to this many entries are counted, longer ones measured by where their bounds lie. */
const COUNTED_ENTRIES_MAX = 100

export class LmdbSnapshot implements KeyspaceSnapshot {
  private isReleased = false

  constructor(
    private readonly layers: Layers,
    readonly commitNumber: number,
    private readonly sizeOf: (keyspace: number) => KeyspaceSize,
    private readonly onRelease: (commitNumber: number) => void,
  ) {
    layers.retain()
  }

  get(keyspace: number, key: Uint8Array, visit: EntryVisitor): boolean {
    const { active, frozen, base } = this.layers
    for (let overlay: Overlay | undefined = active; overlay !== undefined;) {
      const record = overlay.find(keyspace, key, 0, key.length)
      const version = record === NONE ? NONE : overlay.versionAt(record, this.commitNumber)
      if (version !== NONE) {
        if (overlay.isRemoval(version)) return false
        overlay.show(record, version, visit)
        return true
      }
      overlay = overlay === active ? frozen : undefined
    }
    return base.reader.get(base, keyspace, key, visit)
  }

  scan(
    keyspace: number,
    range: KeyRange,
    reverse: boolean,
    limit: number,
    visit: EntryVisitor,
    visitRun?: RunVisitor,
  ): number {
    const { active, frozen, base } = this.layers
    const newer = this.changesOf(active, keyspace, range, reverse)
    const older = frozen && this.changesOf(frozen, keyspace, range, reverse)
    if (newer === undefined && older === undefined) {
      return base.reader.scan(base, keyspace, range, reverse, limit, visit, visitRun)
    }
    if (limit <= 0) return 0
    const merge = new Merge(newer, older, keyspace, reverse, limit, visit, visitRun)
    base.reader.scan(base, keyspace, range, reverse, Infinity, merge.visitBase, merge.visitBaseRun)
    return merge.finish()
  }

  estimate(keyspace: number, range: KeyRange): number {
    const counted = this.scan(keyspace, range, false, COUNTED_ENTRIES_MAX, () => true)
    if (counted < COUNTED_ENTRIES_MAX) return counted
    const { entries } = this.sizeOf(keyspace)
    return Math.max(counted, Math.round(entries * this.shareOf(keyspace, range)))
  }

  release(): void {
    if (this.isReleased) return
    this.isReleased = true
    this.layers.release()
    this.onRelease(this.commitNumber)
  }

  /** The changes of a layer within a range; undefined if there are none. */
  private changesOf(
    overlay: Overlay,
    keyspace: number,
    range: KeyRange,
    reverse: boolean,
  ): RangeChanges | undefined {
    if (!overlay.gains.has(keyspace)) return undefined
    const changes = new RangeChanges(overlay, this.commitNumber, keyspace, range, reverse)
    return changes.record === NONE ? undefined : changes
  }

  /** Estimated part of a keyspace that a range covers, as if keys were spread evenly between the first and the last. */
  private shareOf(keyspace: number, range: KeyRange): number {
    const all = { lower: undefined, upper: undefined }
    const first = this.endKey(keyspace, all, false)
    const last = this.endKey(keyspace, all, true)
    let skipped = 0
    while (skipped < first.length && first[skipped] === last[skipped]) skipped++
    const [from, to] = [leadingNumber(first, skipped), leadingNumber(last, skipped)]
    if (to <= from) return 1
    const lower = range.lower === undefined ? from : leadingNumber(range.lower, skipped)
    const upper = range.upper === undefined ? to : leadingNumber(range.upper, skipped)
    return Math.min(1, Math.max(0, (upper - lower) / (to - from)))
  }

  private endKey(keyspace: number, range: KeyRange, reverse: boolean): Uint8Array {
    let found: Uint8Array = new Uint8Array(0)
    this.scan(keyspace, range, reverse, 1, (key, start, end) => {
      found = Uint8Array.prototype.slice.call(key, start, end)
      return false
    })
    return found
  }
}

/** The six bytes of a key behind its first `skipped` as a number. */
function leadingNumber(key: Uint8Array, skipped: number): number {
  let number = 0
  for (let at = skipped; at < skipped + 6; at++) number = number * 256 + (key[at] ?? 0)
  return number
}

const NOTHING = new Uint8Array(0)

/** Walks what one overlay has within a range, as a snapshot sees it. */
class RangeChanges {
  /** NONE at the end. */
  record = NONE
  /** The version of the record that counts. */
  version = NONE
  private readonly cursor: OverlayCursor
  /** The record behind the range's far end, NONE if there is none. */
  private readonly stop: number = NONE

  constructor(
    readonly overlay: Overlay,
    private readonly commitNumber: number,
    keyspace: number,
    { lower = NOTHING, upper }: KeyRange,
    private readonly reverse: boolean,
  ) {
    const end = upper ?? NOTHING
    const endKeyspace = upper === undefined ? keyspace + 1 : keyspace
    this.cursor = overlay.cursor()
    // Most ranges have no changes: the far end is looked for only if there are some.
    if (reverse) {
      this.cursor.seekBefore(endKeyspace, end, 0, end.length)
      const { record } = this.cursor
      if (record === NONE || overlay.compare(record, keyspace, lower, 0, lower.length) < 0) return
      const far = overlay.cursor()
      far.seekBefore(keyspace, lower, 0, lower.length)
      this.stop = far.record
    } else {
      this.cursor.seek(keyspace, lower, 0, lower.length)
      const { record } = this.cursor
      if (record === NONE || overlay.compare(record, endKeyspace, end, 0, end.length) >= 0) return
      const far = overlay.cursor()
      far.seek(endKeyspace, end, 0, end.length)
      this.stop = far.record
    }
    this.settle()
  }

  advance(): void {
    this.step()
    this.settle()
  }

  private step(): void {
    if (this.reverse) this.cursor.previous()
    else this.cursor.next()
  }

  /** Goes on to the first record with a version old enough. */
  private settle(): void {
    const { cursor, overlay, stop } = this
    let { record } = cursor
    while (record !== NONE && record !== stop) {
      this.version = overlay.versionAt(record, this.commitNumber)
      if (this.version !== NONE) {
        this.record = record
        return
      }
      this.step()
      record = cursor.record
    }
    this.record = NONE
  }
}

/** Entries of LMDB between two changes from which on they are shown where they lie, and not gathered. */
const UNGATHERED_ENTRIES_MIN = 24

/** Runs that no scan uses. Visitors may scan, too, so that one wouldn't do. */
const idleRuns: GatheredRun[] = []

/**
 * Merges LMDB's entries, which are pushed, with those of the overlays, which are pulled. For visitors of runs they are gathered into
 * new ones.
 */
class Merge {
  private visited = 0
  private isOver = false

  constructor(
    private readonly newer: RangeChanges | undefined,
    private readonly older: RangeChanges | undefined,
    private readonly keyspace: number,
    private readonly reverse: boolean,
    private readonly limit: number,
    private readonly visit: EntryVisitor,
    private readonly visitRun: RunVisitor | undefined,
  ) {
    if (visitRun === undefined) return
    this.gathered = idleRuns.pop() ?? new GatheredRun()
    this.visitBaseRun = this.runVisitor(visitRun, this.gathered)
  }

  readonly visitBaseRun: RunVisitor | undefined
  private readonly gathered: GatheredRun | undefined

  /** Shows the changes before an entry of LMDB, and then it or what became of it. */
  readonly visitBase: EntryVisitor = (key, keyStart, keyEnd, value, valueStart, valueEnd) => {
    if (this.isOver) return false
    for (let next = this.next(); next !== undefined; next = this.next()) {
      const order = next.overlay.compare(next.record, this.keyspace, key, keyStart, keyEnd)
      if (this.reverse ? order < 0 : order > 0) break
      if (!this.show(next)) return false
      if (order === 0) return true
    }
    return this.showGathered() && this.showEntry(key, keyStart, keyEnd, value, valueStart, valueEnd)
  }

  /** The same for a run. */
  private runVisitor(visitRun: RunVisitor, gathered: GatheredRun): RunVisitor {
    return (bytes, start, places, at, count) => {
      let from = 0
      while (from < count && !this.isOver) {
        const next = this.next()
        const order = next === undefined ? 1 : this.compareAt(next, bytes, start, places, at + 2 * from)
        if (next !== undefined && order <= 0) {
          if (order === 0) from++
          this.show(next)
          continue
        }
        const to =
          next === undefined ? count : this.firstBehind(next, bytes, start, places, at, from + 1, count)
        if (to - from < UNGATHERED_ENTRIES_MIN) {
          from += gathered.addRun(bytes, start, places, at + 2 * from, to - from)
          if (from < to || this.isSated) this.showGathered()
        } else if (this.showGathered()) {
          const wanted = Math.min(to - from, this.limit - this.visited)
          this.noteTaken(visitRun(bytes, start, places, at + 2 * from, wanted), wanted)
          from = to
        }
      }
      return this.isOver ? 0 : count
    }
  }

  /** Notes how many of the entries that were shown at once the visitor took. */
  private noteTaken(taken: number, shown: number): void {
    this.visited += taken
    this.isOver = taken < shown || this.visited >= this.limit
  }

  /** The first entry of a run from `from` on that isn't before a change. */
  private firstBehind(
    change: RangeChanges,
    bytes: Buffer,
    start: number,
    places: Uint16Array,
    at: number,
    from: number,
    count: number,
  ): number {
    let low = from
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.compareAt(change, bytes, start, places, at + 2 * middle) > 0) low = middle + 1
      else high = middle
    }
    return low
  }

  private compareAt(
    { overlay, record }: RangeChanges,
    bytes: Buffer,
    start: number,
    places: Uint16Array,
    at: number,
  ): number {
    const keyStart = start + (places[at] as number)
    return overlay.compare(record, this.keyspace, bytes, keyStart, start + (places[at + 2] as number))
  }

  /** Shows the changes behind the last entry of LMDB. Answers how many entries were shown in all. */
  finish(): number {
    for (let next = this.next(); !this.isOver && next !== undefined; next = this.next()) this.show(next)
    this.showGathered()
    const { gathered } = this
    if (gathered !== undefined) {
      gathered.reset()
      idleRuns.push(gathered)
    }
    return this.visited
  }

  /** The overlay whose record comes next, undefined if none is left; of two with the same key the newer one. */
  private next(): RangeChanges | undefined {
    const newer = this.newer?.record === NONE ? undefined : this.newer
    const older = this.older?.record === NONE ? undefined : this.older
    if (newer === undefined || older === undefined) return newer ?? older
    const order = newer.overlay.compareRecords(newer.record, older.overlay, older.record)
    if (order === 0) older.advance()
    return order === 0 || (this.reverse ? order > 0 : order < 0) ? newer : older
  }

  /** Shows a change, or gathers it, unless it is a removal, and goes behind it. Answers whether to go on. */
  private show(changes: RangeChanges): boolean {
    const { overlay, record, version } = changes
    changes.advance()
    if (overlay.isRemoval(version)) return true
    if (this.gathered === undefined) return overlay.show(record, version, this.showEntry)
    if (overlay.show(record, version, this.gather)) return !this.isSated || this.showGathered()
    return this.showGathered() && overlay.show(record, version, this.gatherOrShow)
  }

  private readonly gather: EntryVisitor = (key, keyStart, keyEnd, value, valueStart, valueEnd) =>
    this.gathered?.add(key, keyStart, keyEnd, value, valueStart, valueEnd) === true

  /** With nothing gathered: an entry that there is no room for even then is shown as it is. */
  private readonly gatherOrShow: EntryVisitor = (key, keyStart, keyEnd, value, valueStart, valueEnd) =>
    this.gather(key, keyStart, keyEnd, value, valueStart, valueEnd) ||
    this.showEntry(key, keyStart, keyEnd, value, valueStart, valueEnd)

  private readonly showEntry: EntryVisitor = (key, keyStart, keyEnd, value, valueStart, valueEnd) => {
    this.visited++
    this.isOver =
      !this.visit(key, keyStart, keyEnd, value, valueStart, valueEnd) || this.visited >= this.limit
    return !this.isOver
  }

  /** Whether what is gathered should be shown. */
  private get isSated(): boolean {
    const { gathered } = this
    return gathered !== undefined && (gathered.isFull || this.visited + gathered.count >= this.limit)
  }

  /** Shows what is gathered. Answers whether to go on. */
  private showGathered(): boolean {
    const { gathered, visitRun } = this
    if (gathered === undefined || visitRun === undefined || gathered.count === 0) return !this.isOver
    const wanted = Math.min(gathered.count, this.limit - this.visited)
    this.noteTaken(gathered.show(visitRun, wanted), wanted)
    return !this.isOver
  }
}
