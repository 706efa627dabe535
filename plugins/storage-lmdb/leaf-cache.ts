/**
 * Leaves in memory, in frames of a page each, which are made as they are needed up to a limit.
 *
 * A frame is good for a span of states of LMDB (`Base.sequence`): from the one in which the leaf was read to the last
 * one before the leaf changed, or for all to come while it hasn't. So a flush costs the frames of the leaves that it changed, and
 * older snapshots go on using what is theirs.
 *
 * What to give up: two queues. New leaves wait in the first, a tenth of the cache, and only those that are asked for again there pass
 * into the second. So a scan of a large table washes through the first and leaves what is often used alone.
 */
import type { Leaf } from './leaf.js'
import { LeafDirectory, NO_FRAME } from './leaf-directory.js'

const FRAME_BYTES = 8192
const SLAB_FRAMES = 128
/** Leaves that are known for each that can be cached: bounds are small. Beyond that all is forgotten and begins anew. */
const KNOWN_PER_FRAME = 32
const STILL_GOOD = 0x7fffffff
/** Bytes of an item of the list of changed leaves before its lower bound; see `leaf-writer.js`. */
const TOUCHED_HEADER_BYTES = 6

export class LeafCache {
  /** The state of LMDB that new snapshots see: only its leaves are put here. */
  sequence = 0
  /** While a flush's changes are being noted: what is read meanwhile may be changed by it. */
  isClosingState = false
  private readonly slabs: Buffer[] = []
  private readonly slabWords: Uint16Array[] = []
  private readonly since: Int32Array
  private readonly until: Int32Array
  private readonly generations: Int32Array
  private readonly pins: Uint16Array
  /** Asked for since it came into its queue, or to its end. */
  private readonly isUsed: Uint8Array
  private readonly arrivals: FrameQueue
  private readonly keepers: FrameQueue
  private readonly arrivalsMax: number
  private frameCount = 0
  private knownCount = 0
  private readonly directories = new Map<number, LeafDirectory>()
  /** Keyspaces that are being loaded or dropped, how many times. */
  private readonly suspended = new Map<number, number>()
  /** Where a scan ended last: going on there isn't another use. */
  private lastScanned = NO_FRAME

  /** At least a slab, so that small tables are always cached. */
  constructor(bytesMax: number) {
    const framesMax = Math.max(SLAB_FRAMES, Math.floor(bytesMax / FRAME_BYTES))
    this.since = new Int32Array(framesMax)
    this.until = new Int32Array(framesMax)
    this.generations = new Int32Array(framesMax)
    this.pins = new Uint16Array(framesMax)
    this.isUsed = new Uint8Array(framesMax)
    this.arrivals = new FrameQueue(framesMax)
    this.keepers = new FrameQueue(framesMax)
    this.arrivalsMax = Math.ceil(framesMax / 10)
  }

  /** What is known of a keyspace, if anything. */
  directory(keyspace: number): LeafDirectory | undefined {
    return this.directories.get(keyspace)
  }

  /** Frame of the leaf that a directory stands at, as a state has it, or `NO_FRAME`. */
  frameOf(directory: LeafDirectory, sequence: number): number {
    const { frame } = directory
    if (frame === NO_FRAME || this.generations[frame] !== directory.generation) return NO_FRAME
    if (sequence < (this.since[frame] as number) || sequence > (this.until[frame] as number)) return NO_FRAME
    if (frame !== this.lastScanned) this.isUsed[frame] = 1
    return frame
  }

  /** Points a view at a frame's leaf. */
  show(frame: number, leaf: Leaf): void {
    const slab = Math.floor(frame / SLAB_FRAMES)
    leaf.point(
      this.slabs[slab] as Buffer,
      this.slabWords[slab] as Uint16Array,
      (frame % SLAB_FRAMES) * FRAME_BYTES,
    )
  }

  /**
   * Puts a leaf that was read in a state, and that the view shows, into a frame, and points the view there. Answers the frame, or
   * `NO_FRAME` if there is none to be had.
   */
  keep(keyspace: number, sequence: number, leaf: Leaf): number {
    if (sequence !== this.sequence || this.suspended.has(keyspace)) return NO_FRAME
    const directory = this.directoryFor(keyspace)
    const known = directory.size
    directory.enter(leaf.bytes, leaf.lowerStart, leaf.upperStart)
    this.knownCount += directory.size - known
    const frame = this.frameFor(directory)
    if (frame === NO_FRAME) return NO_FRAME
    const slab = this.slabs[Math.floor(frame / SLAB_FRAMES)] as Buffer
    slab.set(leaf.bytes.subarray(0, leaf.byteSize), (frame % SLAB_FRAMES) * FRAME_BYTES)
    this.show(frame, leaf)
    this.since[frame] = sequence
    this.until[frame] = this.isClosingState ? sequence : STILL_GOOD
    directory.put(frame, this.generations[frame] as number)
    return frame
  }

  /** A pinned frame keeps its leaf. */
  pin(frame: number): void {
    this.pins[frame] = (this.pins[frame] as number) + 1
  }

  unpin(frame: number): void {
    this.pins[frame] = (this.pins[frame] as number) - 1
    this.lastScanned = frame
  }

  /** Forgets that a directory knows the leaf that it stands at. */
  forget(directory: LeafDirectory): void {
    directory.remove()
    this.knownCount--
  }

  /**
   * Ends the present state for some of the leaves that the next one has changed, a list from the writer thread. Answers where in the
   * list to go on.
   */
  invalidate(touched: Buffer, at: number, count: number): number {
    for (; count > 0 && at < touched.length; count--) {
      const start = at + TOUCHED_HEADER_BYTES
      const end = start + touched.readUInt16LE(at + 4)
      const directory = this.directories.get(touched.readUInt32LE(at))
      if (directory?.find(touched, start, end) === true) this.closeFrame(directory)
      at = end
    }
    return at
  }

  /** Nothing of a keyspace is kept until `resume`, because it is changed without a list of what changes. */
  suspend(keyspace: number): void {
    this.suspended.set(keyspace, (this.suspended.get(keyspace) ?? 0) + 1)
    const directory = this.directories.get(keyspace)
    if (directory === undefined) return
    this.knownCount -= directory.size
    this.directories.delete(keyspace)
  }

  resume(keyspace: number): void {
    const count = (this.suspended.get(keyspace) ?? 1) - 1
    if (count > 0) this.suspended.set(keyspace, count)
    else this.suspended.delete(keyspace)
  }

  /** Forgets everything; the memory stays. */
  clear(): void {
    this.directories.clear()
    this.knownCount = 0
  }

  private closeFrame(directory: LeafDirectory): void {
    const { frame } = directory
    if (frame === NO_FRAME || this.generations[frame] !== directory.generation) return
    if (this.until[frame] === STILL_GOOD) this.until[frame] = this.sequence
  }

  /** A frame for the leaf that a directory stands at: the one that has its last state, or another. */
  private frameFor(directory: LeafDirectory): number {
    let { frame } = directory
    const isItsOwn = frame !== NO_FRAME && this.generations[frame] === directory.generation
    if (!isItsOwn || this.pins[frame] !== 0) {
      frame = this.takeFrame()
      if (frame === NO_FRAME) return NO_FRAME
      this.isUsed[frame] = 0
      this.arrivals.push(frame)
    }
    this.generations[frame] = ((this.generations[frame] as number) + 1) | 0
    return frame
  }

  private directoryFor(keyspace: number): LeafDirectory {
    if (this.knownCount >= this.since.length * KNOWN_PER_FRAME) this.clear()
    let directory = this.directories.get(keyspace)
    if (directory === undefined) this.directories.set(keyspace, (directory = new LeafDirectory()))
    return directory
  }

  private takeFrame(): number {
    if (this.frameCount < this.since.length) return this.newFrame()
    // Each frame comes by at most twice before one is free, unless all are pinned.
    for (let tries = this.since.length * 2; tries > 0; tries--) {
      const isFromArrivals = this.arrivals.size > this.arrivalsMax || this.keepers.size === 0
      const queue = isFromArrivals ? this.arrivals : this.keepers
      const frame = queue.shift()
      if (this.isUsed[frame] === 0 && this.pins[frame] === 0) return frame
      this.isUsed[frame] = 0
      this.keepers.push(frame)
    }
    return NO_FRAME
  }

  private newFrame(): number {
    if (this.frameCount % SLAB_FRAMES === 0) {
      const memory = new ArrayBuffer(SLAB_FRAMES * FRAME_BYTES)
      this.slabs.push(Buffer.from(memory))
      this.slabWords.push(new Uint16Array(memory))
    }
    return this.frameCount++
  }
}

/** First in, first out. */
class FrameQueue {
  size = 0
  private readonly frames: Int32Array
  private first = 0

  constructor(sizeMax: number) {
    this.frames = new Int32Array(sizeMax)
  }

  push(frame: number): void {
    this.frames[(this.first + this.size++) % this.frames.length] = frame
  }

  shift(): number {
    const frame = this.frames[this.first] as number
    this.first = (this.first + 1) % this.frames.length
    this.size--
    return frame
  }
}
