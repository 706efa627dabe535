/**
 * What a transaction has written to one storage and not yet committed: its write set, and an order over it, so
 * that reads can merge it with a snapshot. The entries lie in the chunks that the commit log and the driver get,
 * nothing is encoded twice; the order is a list of entry references for each keyspace, in blocks of bounded size, so that a
 * transaction of four rows costs a few small arrays and one of a million rows still inserts in logarithmic time.
 *
 * A rollback to a mark cuts the chunks and takes the later entries out of the order, or puts the one that each had
 * replaced back.
 */
import { compareRanges } from '../common/bytes.js'
import { sqlError } from '../common/sql-error.js'
import {
  ENTRY_HEADER_BYTES,
  REMOVE,
  WriteSetBuilder,
  WriteSetReader,
  type WriteSet,
  type WriteSetMark,
} from '../common/write-set.js'
import { CHUNK_SPAN, KeyOrder, NO_REFERENCE, type OrderedEntries } from './key-order.js'
import { OverlayCursor, OverlayState } from './overlay-cursor.js'

/** A chunk that has reached this size takes no more entries; the log and drivers like them bounded. */
const CHUNK_BYTES = 1 << 20
const LATER_CHUNK_CAPACITY_BYTES = 1 << 16
/** Entries that are ordered for somebody who only asks whether there are some. */
const ORDERED_AT_ONCE = 16_384

export interface OverlayMark {
  readonly chunkCount: number
  readonly chunk: WriteSetMark
  readonly undoLength: number
}

export class Overlay implements OrderedEntries {
  /** After `get` answered `put` (or a cursor stands on an entry): where its value lies. Valid until the next write. */
  bytes: Buffer
  valueStart = 0
  valueEnd = 0

  private readonly chunks: WriteSetBuilder[]
  private current: WriteSetBuilder
  private closedBytes = 0
  private readonly orders = new Map<number, KeyOrder>()
  /** Pairs of a written entry and the one that it replaced. */
  private readonly undo: number[] = []

  /** Throws ER_TRANS_CACHE_FULL in `put` and `remove` beyond `bytesMax`. */
  constructor(private readonly bytesMax: number) {
    this.current = new WriteSetBuilder()
    this.chunks = [this.current]
    this.bytes = this.current.bytes
  }

  get byteSize(): number {
    return this.closedBytes + this.current.byteLength
  }

  get entryCount(): number {
    return this.undo.length / 2
  }

  hasEntries(keyspace: number): boolean {
    return this.orders.has(keyspace)
  }

  /** Without `isOrdered` entries are ordered when somebody looks for one of the keyspace, which is unlikely then. */
  put(
    keyspace: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    isOrdered = true,
  ): void {
    this.reserve(keyEnd - keyStart + valueEnd - valueStart)
    const offset = this.current.put(keyspace, key, keyStart, keyEnd, value, valueStart, valueEnd)
    this.enter(keyspace, offset, isOrdered)
  }

  /**
   * As `put` of a value of so many bytes, which the caller writes before anybody reads: answers where in `placedIn` it goes. It goes there at the
   * latest when that is another chunk.
   */
  place(keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number, valueBytes: number): number {
    this.reserve(keyEnd - keyStart + valueBytes)
    const offset = this.current.place(keyspace, key, keyStart, keyEnd, valueBytes)
    this.enter(keyspace, offset, true)
    return offset + ENTRY_HEADER_BYTES + keyEnd - keyStart
  }

  /** The chunk that the last entry went to; its bytes may move with the next one. */
  get placedIn(): WriteSet {
    return this.current
  }

  remove(keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number, isOrdered = true): void {
    this.reserve(keyEnd - keyStart)
    this.enter(keyspace, this.current.remove(keyspace, key, keyStart, keyEnd), isOrdered)
  }

  get(keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number): OverlayState {
    const order = this.orderedOf(keyspace)
    if (order?.find(this, key, keyStart, keyEnd) !== true) return OverlayState.unknown
    return this.select(order.foundReference())
  }

  /**
   * A cursor on the entries from `lower` (inclusive) to `upper` (exclusive) in key order or backwards; valid until the next write.
   * Undefined if nothing was written to the keyspace.
   */
  cursor(
    keyspace: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
    reverse: boolean,
  ): OverlayCursor | undefined {
    const order = this.orderedOf(keyspace)
    return order === undefined ? undefined : new OverlayCursor(this, order, lower, upper, reverse)
  }

  /**
   * Whether entries of a key range were put and are there, or may be: so many that aren't ordered are not looked at, as if all of the
   * keyspace had been written to.
   */
  mayHavePut(keyspace: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined): boolean {
    if ((this.orders.get(keyspace)?.unordered.length ?? 0) > ORDERED_AT_ONCE) return true
    const cursor = this.cursor(keyspace, lower, upper, false)
    if (cursor === undefined) return false
    while (!cursor.isDone && cursor.isRemoved) cursor.advance()
    return !cursor.isDone
  }

  mark(): OverlayMark {
    return { chunkCount: this.chunks.length, chunk: this.current.mark(), undoLength: this.undo.length }
  }

  rollbackTo(mark: OverlayMark): void {
    const undo = this.undo
    // What is left is less than what goes: order it anew.
    if (undo.length - mark.undoLength > mark.undoLength) {
      this.rebuild(mark)
      return
    }
    while (undo.length > mark.undoLength) {
      const replaced = undo.pop() as number
      const reference = undo.pop() as number
      this.takeBack(reference, replaced, undo.length)
    }
    this.cut(mark)
  }

  /** The write sets in order; they must not change any more. */
  writeSets(): readonly WriteSet[] {
    return this.chunks.filter((chunk) => chunk.entryCount > 0)
  }

  // ---- for orders and cursors

  /** Makes `bytes`, `valueStart` and `valueEnd` those of an entry. */
  select(reference: number): OverlayState {
    const bytes = this.chunkOf(reference).bytes
    const offset = reference % CHUNK_SPAN
    this.bytes = bytes
    const keyEnd = offset + ENTRY_HEADER_BYTES + bytes.readUInt32LE(offset + 5)
    this.valueStart = keyEnd
    this.valueEnd = keyEnd + bytes.readUInt32LE(offset + 9)
    return bytes[offset] === REMOVE ? OverlayState.removed : OverlayState.put
  }

  compareTo(key: Uint8Array, keyStart: number, keyEnd: number, reference: number): number {
    const bytes = this.chunkOf(reference).bytes
    const offset = reference % CHUNK_SPAN
    const start = offset + ENTRY_HEADER_BYTES
    return compareRanges(key, keyStart, keyEnd, bytes, start, start + bytes.readUInt32LE(offset + 5))
  }

  private chunkOf(reference: number): WriteSetBuilder {
    if (reference < CHUNK_SPAN) return this.chunks[0] as WriteSetBuilder
    return this.chunks[Math.floor(reference / CHUNK_SPAN)] as WriteSetBuilder
  }

  private reserve(size: number): void {
    if (this.byteSize + size + ENTRY_HEADER_BYTES > this.bytesMax) throw sqlError('ER_TRANS_CACHE_FULL')
    if (this.current.byteLength < CHUNK_BYTES) return
    this.closedBytes += this.current.byteLength
    this.current = new WriteSetBuilder(LATER_CHUNK_CAPACITY_BYTES)
    this.chunks.push(this.current)
  }

  private cut(mark: OverlayMark): void {
    while (this.chunks.length > mark.chunkCount) this.dropChunk()
    this.current.truncate(mark.chunk)
  }

  private rebuild(mark: OverlayMark): void {
    this.cut(mark)
    this.undo.length = 0
    this.orders.clear()
    const reader = new WriteSetReader()
    for (const [i, chunk] of this.chunks.entries()) {
      reader.reset(chunk)
      while (reader.next()) this.orderIn(i, reader.keyspace, reader.entryStart)
    }
  }

  private dropChunk(): void {
    this.chunks.pop()
    this.current = this.chunks[this.chunks.length - 1] as WriteSetBuilder
    this.closedBytes -= this.current.byteLength
  }

  private enter(keyspace: number, offset: number, isOrdered: boolean): void {
    if (isOrdered) this.orderIn(this.chunks.length - 1, keyspace, offset)
    else this.note(keyspace, offset)
  }

  private orderIn(chunk: number, keyspace: number, offset: number): void {
    const reference = chunk * CHUNK_SPAN + offset
    const order = this.orderedOf(keyspace) ?? this.newOrder(keyspace)
    this.undo.push(reference, this.setIn(order, reference))
  }

  /** Takes note of an entry without ordering it. */
  private note(keyspace: number, offset: number): void {
    const order = this.orders.get(keyspace) ?? this.newOrder(keyspace)
    order.unordered.push(this.undo.length)
    this.undo.push((this.chunks.length - 1) * CHUNK_SPAN + offset, NO_REFERENCE)
  }

  private newOrder(keyspace: number): KeyOrder {
    const order = new KeyOrder()
    this.orders.set(keyspace, order)
    return order
  }

  private setIn(order: KeyOrder, reference: number): number {
    const { bytes } = this.chunkOf(reference)
    const offset = reference % CHUNK_SPAN
    const keyStart = offset + ENTRY_HEADER_BYTES
    return order.set(this, bytes, keyStart, keyStart + bytes.readUInt32LE(offset + 5), reference)
  }

  /** The order of a keyspace with all of its entries. */
  private orderedOf(keyspace: number): KeyOrder | undefined {
    const order = this.orders.get(keyspace)
    if (order !== undefined && order.unordered.length > 0) {
      const { undo } = this
      for (const at of order.unordered.splice(0)) undo[at + 1] = this.setIn(order, undo[at] as number)
    }
    return order
  }

  /** `at`: its place in the undo list. */
  private takeBack(reference: number, replaced: number, at: number): void {
    const bytes = this.chunkOf(reference).bytes
    const offset = reference % CHUNK_SPAN
    const keyspace = bytes.readUInt32LE(offset + 1)
    const order = this.orders.get(keyspace) as KeyOrder
    // What comes later has gone; what was there before is ordered.
    if (order.unordered.at(-1) === at) {
      order.unordered.pop()
      if (order.isEmpty) this.orders.delete(keyspace)
      return
    }
    const keyStart = offset + ENTRY_HEADER_BYTES
    order.find(this, bytes, keyStart, keyStart + bytes.readUInt32LE(offset + 5))
    if (replaced !== NO_REFERENCE) order.replaceFound(replaced)
    else if (order.removeFound()) this.orders.delete(keyspace)
  }
}
