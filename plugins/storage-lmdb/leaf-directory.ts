/**
 * Which leaves of a keyspace this thread has come across: their lower bounds in order, and where in the cache each was put.
 * Only hints: a leaf may be gone or new ones may lie between, which a leaf's own bounds tell. So nothing here must be
 * kept in step with LMDB, and hints outlast the cached bytes.
 */
import { compareBytes } from './leaf.js'

/** No frame of the cache. */
export const NO_FRAME = -1

const BLOCK_LEAVES_MAX = 128
const KEY_BYTES_INITIAL = 512

/** Neighbouring leaves, their bounds one behind the other. */
class Block {
  count = 0
  keys = new Uint8Array(KEY_BYTES_INITIAL)
  /** Where bounds begin in `keys`, and behind them where the last one ends. */
  readonly starts = new Uint32Array(BLOCK_LEAVES_MAX + 1)
  readonly frames = new Int32Array(BLOCK_LEAVES_MAX)
  /** What each frame was at when it got the leaf. */
  readonly generations = new Int32Array(BLOCK_LEAVES_MAX)

  compare(index: number, key: Uint8Array, start: number, end: number): number {
    return compareBytes(this.keys, this.startOf(index), this.startOf(index + 1), key, start, end)
  }

  startOf(index: number): number {
    return this.starts[index] as number
  }

  /** The last leaf whose bound is ≤ a key, or -1. */
  floor(key: Uint8Array, start: number, end: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.compare(middle, key, start, end) <= 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  insert(index: number, key: Uint8Array, start: number, end: number): void {
    const { starts, frames, generations, count } = this
    const size = end - start
    const used = this.startOf(count)
    if (used + size > this.keys.length) {
      const grown = new Uint8Array(Math.max(this.keys.length * 2, used + size))
      grown.set(this.keys.subarray(0, used))
      this.keys = grown
    }
    const at = this.startOf(index)
    this.keys.copyWithin(at + size, at, used)
    for (let i = 0; i < size; i++) this.keys[at + i] = key[start + i] as number
    for (let i = count; i >= index; i--) starts[i + 1] = this.startOf(i) + size
    frames.copyWithin(index + 1, index, count)
    generations.copyWithin(index + 1, index, count)
    frames[index] = NO_FRAME
    this.count++
  }

  remove(index: number): void {
    const { starts, frames, generations, count } = this
    const at = this.startOf(index)
    const size = this.startOf(index + 1) - at
    this.keys.copyWithin(at, at + size, this.startOf(count))
    for (let i = index + 1; i < count; i++) starts[i] = this.startOf(i + 1) - size
    frames.copyWithin(index, index + 1, count)
    generations.copyWithin(index, index + 1, count)
    this.count--
  }

  /** Moves the upper half to a new block. */
  split(): Block {
    const kept = this.count >>> 1
    const right = new Block()
    const from = this.startOf(kept)
    const end = this.startOf(this.count)
    right.keys = this.keys.slice(from, Math.max(end, from + KEY_BYTES_INITIAL))
    right.count = this.count - kept
    for (let i = 0; i <= right.count; i++) right.starts[i] = this.startOf(kept + i) - from
    right.frames.set(this.frames.subarray(kept, this.count))
    right.generations.set(this.generations.subarray(kept, this.count))
    this.count = kept
    return right
  }
}

export class LeafDirectory {
  /** Number of leaves. */
  size = 0
  /** In order; none is empty. */
  private readonly blocks: Block[] = []
  /** What `floor` and `insert` found. */
  private blockAt = 0
  private block: Block | undefined
  private index = 0

  /** Goes to the last known leaf whose lower bound is ≤ a key; answers whether there is one. */
  floor(key: Uint8Array, start: number, end: number): boolean {
    const { blocks } = this
    let low = 0
    let high = blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((blocks[middle] as Block).compare(0, key, start, end) <= 0) low = middle + 1
      else high = middle
    }
    const block = blocks[low - 1]
    if (block === undefined) return false
    this.blockAt = low - 1
    this.block = block
    this.index = block.floor(key, start, end)
    return true
  }

  /** Goes to the leaf with exactly this lower bound; answers whether it is known. */
  find(key: Uint8Array, start: number, end: number): boolean {
    return this.floor(key, start, end) && this.current.compare(this.index, key, start, end) === 0
  }

  /** Goes to the last known leaf whose lower bound is before a key; answers whether there is one. */
  before(key: Uint8Array, start: number, end: number): boolean {
    if (!this.floor(key, start, end)) return false
    if (this.current.compare(this.index, key, start, end) < 0) return true
    if (this.index > 0) this.index--
    else {
      const block = this.blocks[this.blockAt - 1]
      if (block === undefined) return false
      this.blockAt--
      this.block = block
      this.index = block.count - 1
    }
    return true
  }

  /** Goes to the last known leaf; answers whether there is one. */
  last(): boolean {
    const block = this.blocks[this.blocks.length - 1]
    if (block === undefined) return false
    this.blockAt = this.blocks.length - 1
    this.block = block
    this.index = block.count - 1
    return true
  }

  /** Goes to the leaf with this lower bound, which is added if it is not known. */
  enter(key: Uint8Array, start: number, end: number): void {
    if (this.floor(key, start, end)) {
      if (this.current.compare(this.index, key, start, end) === 0) return
      this.index++
    } else {
      if (this.blocks.length === 0) this.blocks.push(new Block())
      this.blockAt = 0
      this.block = this.blocks[0]
      this.index = 0
    }
    this.makeRoom()
    this.current.insert(this.index, key, start, end)
    this.size++
  }

  /** Forgets the leaf that was gone to. */
  remove(): void {
    this.current.remove(this.index)
    this.size--
    if (this.current.count === 0) this.blocks.splice(this.blockAt, 1)
  }

  /** The lower bound of the leaf that was gone to is `keys[keyStart, keyEnd)`. */
  get keys(): Uint8Array {
    return this.current.keys
  }

  get keyStart(): number {
    return this.current.startOf(this.index)
  }

  get keyEnd(): number {
    return this.current.startOf(this.index + 1)
  }

  get frame(): number {
    return this.current.frames[this.index] as number
  }

  get generation(): number {
    return this.current.generations[this.index] as number
  }

  put(frame: number, generation: number): void {
    this.current.frames[this.index] = frame
    this.current.generations[this.index] = generation
  }

  private get current(): Block {
    if (this.block === undefined) throw new Error('invariant: a directory is used after it was searched')
    return this.block
  }

  private makeRoom(): void {
    const block = this.current
    if (block.count < BLOCK_LEAVES_MAX) return
    const right = block.split()
    this.blocks.splice(this.blockAt + 1, 0, right)
    if (this.index <= block.count) return
    this.index -= block.count
    this.blockAt++
    this.block = right
  }
}
