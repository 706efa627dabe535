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

/** A chunk that has reached this size takes no more entries; the log and drivers like them bounded. */
const CHUNK_BYTES = 1 << 20
const LATER_CHUNK_CAPACITY_BYTES = 1 << 16
/** A reference is `chunk * CHUNK_SPAN + offset`: a safe integer, and a small one in the first chunk. */
const CHUNK_SPAN = 0x80000000
const BLOCK_ENTRIES_MAX = 512
const NONE = -1
/** Entries that are ordered for somebody who only asks whether there are some. */
const ORDERED_AT_ONCE = 16_384

export interface OverlayMark {
  readonly chunkCount: number
  readonly chunk: WriteSetMark
  readonly undoLength: number
}

/** What an overlay knows of a key. */
export const OverlayState = { unknown: 0, put: 1, removed: 2 } as const
export type OverlayState = (typeof OverlayState)[keyof typeof OverlayState]

const EMPTY = Buffer.alloc(0)

export class Overlay {
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

  put(
    keyspace: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.reserve(keyEnd - keyStart + valueEnd - valueStart)
    const offset = this.current.put(keyspace, key, keyStart, keyEnd, value, valueStart, valueEnd)
    this.order(keyspace, offset)
  }

  /**
   * As `put` of a value of so many bytes, which the caller writes before anybody reads: answers where in `placedIn` it goes. It goes there at the
   * latest when that is another chunk.
   */
  place(keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number, valueBytes: number): number {
    this.reserve(keyEnd - keyStart + valueBytes)
    const offset = this.current.place(keyspace, key, keyStart, keyEnd, valueBytes)
    this.order(keyspace, offset)
    return offset + ENTRY_HEADER_BYTES + keyEnd - keyStart
  }

  /** The chunk that the last entry went to; its bytes may move with the next one. */
  get placedIn(): WriteSet {
    return this.current
  }

  remove(keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number): void {
    this.reserve(keyEnd - keyStart)
    this.order(keyspace, this.current.remove(keyspace, key, keyStart, keyEnd))
  }

  /** As `put`, where nobody is likely to look for entries of the keyspace: they are ordered when somebody does. */
  putUnordered(
    keyspace: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.reserve(keyEnd - keyStart + valueEnd - valueStart)
    this.note(keyspace, this.current.put(keyspace, key, keyStart, keyEnd, value, valueStart, valueEnd))
  }

  /** As `remove`, in the way of `putUnordered`. */
  removeUnordered(keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number): void {
    this.reserve(keyEnd - keyStart)
    this.note(keyspace, this.current.remove(keyspace, key, keyStart, keyEnd))
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

  /** Order of a key and the key of an entry. */
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

  private order(keyspace: number, offset: number): void {
    this.orderIn(this.chunks.length - 1, keyspace, offset)
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
    this.undo.push((this.chunks.length - 1) * CHUNK_SPAN + offset, NONE)
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
    if (replaced !== NONE) order.replaceFound(replaced)
    else if (order.removeFound()) this.orders.delete(keyspace)
  }
}

/** Entries that stand side by side in the order. */
class Block {
  constructor(
    readonly references: number[],
    /** What `prefixOf` says of their keys: a search looks at few of the entries themselves, which lie far apart in memory. */
    readonly prefixes: number[],
  ) {}
}

const PREFIX_BYTES = 6

/** The first bytes of a key as a number: of two keys with different ones the greater has the greater. */
function prefixOf(key: Uint8Array, start: number, end: number): number {
  const size = end - start
  let prefix = 0
  for (let i = 0; i < PREFIX_BYTES; i++) {
    prefix = prefix * 256 + (i < size ? (key[start + i] as number) : 0)
  }
  return prefix
}

/** References to the entries of one keyspace, ascending by key, one for each key. */
class KeyOrder {
  readonly blocks: Block[] = [new Block([], [])]
  /** Places in the undo list of entries that the blocks don't have yet: the last ones of the keyspace. */
  readonly unordered: number[] = []
  /** Where `find` found the key, or where it belongs. */
  block = 0
  index = 0
  private prefix = 0

  find(overlay: Overlay, key: Uint8Array, keyStart: number, keyEnd: number): boolean {
    const blocks = this.blocks
    this.prefix = prefixOf(key, keyStart, keyEnd)
    let low = 0
    let high = blocks.length - 1
    // Ascending writes are common: look behind the end first.
    if (high > 0 && this.isBehind(overlay, key, keyStart, keyEnd, blocks[high - 1] as Block)) low = high
    while (low < high) {
      const middle = (low + high) >>> 1
      const block = blocks[middle] as Block
      if (this.isBehind(overlay, key, keyStart, keyEnd, block)) low = middle + 1
      else high = middle
    }
    this.block = low
    return this.findInBlock(overlay, blocks[low] as Block, key, keyStart, keyEnd)
  }

  get isEmpty(): boolean {
    return this.unordered.length === 0 && this.blocks.length === 1 && this.blocks[0]?.references.length === 0
  }

  foundReference(): number {
    return (this.blocks[this.block] as Block).references[this.index] as number
  }

  replaceFound(reference: number): void {
    ;(this.blocks[this.block] as Block).references[this.index] = reference
  }

  /** Answers whether the order is empty now. */
  removeFound(): boolean {
    const { references, prefixes } = this.blocks[this.block] as Block
    references.splice(this.index, 1)
    prefixes.splice(this.index, 1)
    if (references.length > 0) return false
    if (this.blocks.length === 1) return true
    this.blocks.splice(this.block, 1)
    return false
  }

  /** Answers the reference that was there before, or NONE. */
  set(overlay: Overlay, key: Uint8Array, keyStart: number, keyEnd: number, reference: number): number {
    if (this.find(overlay, key, keyStart, keyEnd)) {
      const replaced = this.foundReference()
      this.replaceFound(reference)
      return replaced
    }
    const block = this.blocks[this.block] as Block
    const { references, prefixes } = block
    if (this.index === references.length) {
      references.push(reference)
      prefixes.push(this.prefix)
    } else {
      references.splice(this.index, 0, reference)
      prefixes.splice(this.index, 0, this.prefix)
    }
    if (references.length > BLOCK_ENTRIES_MAX) this.split(block)
    return NONE
  }

  /** In the middle, but at the end of the order right behind it, so that ascending inserts fill blocks. */
  private split({ references, prefixes }: Block): void {
    const isLast = this.block === this.blocks.length - 1
    const at = isLast ? references.length - 1 : references.length >>> 1
    this.blocks.splice(this.block + 1, 0, new Block(references.splice(at), prefixes.splice(at)))
  }

  private isBehind(
    overlay: Overlay,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    block: Block,
  ): boolean {
    return this.compare(overlay, key, keyStart, keyEnd, block, block.references.length - 1) > 0
  }

  /** Order of the key that is looked for and the one at a place. */
  private compare(
    overlay: Overlay,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    { references, prefixes }: Block,
    at: number,
  ): number {
    const difference = this.prefix - (prefixes[at] as number)
    return difference === 0 ? overlay.compareTo(key, keyStart, keyEnd, references[at] as number) : difference
  }

  private findInBlock(
    overlay: Overlay,
    block: Block,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
  ): boolean {
    let low = 0
    let high = block.references.length
    // For the same reason.
    if (high > 0) {
      const atEnd = this.compare(overlay, key, keyStart, keyEnd, block, high - 1)
      if (atEnd >= 0) {
        this.index = atEnd === 0 ? high - 1 : high
        return atEnd === 0
      }
      high--
    }
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = this.compare(overlay, key, keyStart, keyEnd, block, middle)
      if (order === 0) {
        this.index = middle
        return true
      }
      if (order > 0) low = middle + 1
      else high = middle
    }
    this.index = low
    return false
  }
}

/** Walks a range of one keyspace of an overlay. Starts on the first entry. */
export class OverlayCursor {
  /** The entry under the cursor; the key is `bytes[keyStart, keyEnd)`. Meaningless once `isDone`. */
  bytes: Buffer = EMPTY
  keyStart = 0
  keyEnd = 0
  valueStart = 0
  valueEnd = 0
  isRemoved = false
  isDone = false
  private block = 0
  private index = 0

  constructor(
    private readonly overlay: Overlay,
    private readonly order: KeyOrder,
    private readonly lower: Uint8Array | undefined,
    private readonly upper: Uint8Array | undefined,
    private readonly reverse: boolean,
  ) {
    const start = reverse ? upper : lower
    if (start !== undefined) {
      order.find(overlay, start, 0, start.length)
      this.block = order.block
      this.index = order.index
    } else if (reverse) {
      this.block = order.blocks.length - 1
      this.index = (order.blocks[this.block] as Block).references.length
    }
    if (reverse) this.index--
    this.settle()
  }

  advance(): void {
    this.index += this.reverse ? -1 : 1
    this.settle()
  }

  /** Order of a key of the snapshot and the key under the cursor, in the direction of the walk. */
  compare(key: Uint8Array, keyStart: number, keyEnd: number): number {
    const order = compareRanges(key, keyStart, keyEnd, this.bytes, this.keyStart, this.keyEnd)
    return this.reverse ? -order : order
  }

  private settle(): void {
    const blocks = this.order.blocks
    if (this.reverse) {
      if (this.index < 0) this.index = (blocks[--this.block]?.references.length ?? 0) - 1
    } else if (this.index >= (blocks[this.block] as Block).references.length) {
      this.block++
      this.index = 0
    }
    const reference = blocks[this.block]?.references[this.index]
    if (reference === undefined) this.isDone = true
    else this.load(reference)
  }

  private load(reference: number): void {
    const overlay = this.overlay
    const bound = this.reverse ? this.lower : this.upper
    if (bound !== undefined) {
      const order = overlay.compareTo(bound, 0, bound.length, reference)
      // Behind the range: at or above `upper`, or below `lower`.
      if (this.reverse ? order > 0 : order <= 0) {
        this.isDone = true
        return
      }
    }
    this.isRemoved = overlay.select(reference) === OverlayState.removed
    this.bytes = overlay.bytes
    this.keyStart = (reference % CHUNK_SPAN) + ENTRY_HEADER_BYTES
    this.keyEnd = overlay.valueStart
    this.valueStart = overlay.valueStart
    this.valueEnd = overlay.valueEnd
  }
}
