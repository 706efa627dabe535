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
/** When all frames are taken, one leaf in so many gets one: what is often used is soon among them, and a miss costs less. */
const ADMITTED = 8
/** Leaves that are known for each that can be cached: bounds are small. Beyond that all is forgotten and begins anew. */
const KNOWN_PER_FRAME = 32
const KNOWN_MIN = 2 ** 17
const STILL_GOOD = 0x7fffffff

// Columns of a frame.
const COLUMNS = 8
/** First and last state for which its leaf is good. */
const SINCE = 0
const UNTIL = 1
/** Counts the leaves that it had. */
const GENERATION = 2
/** Whether it was asked for since it came into its queue, or to its end. */
const USED = 3
/** How many scans are in its leaf. */
const PINS = 4

/** Bytes of an item of the list of changed leaves before its lower bound; see `leaf-writer.js`. */
const TOUCHED_HEADER_BYTES = 6

export class LeafCache {
  /** The state of LMDB that new snapshots see: only its leaves are put here. */
  sequence = 0
  /** While a flush's changes are being noted: what is read meanwhile may be changed by it. */
  isClosingState = false
  private readonly slabs: Buffer[] = []
  private readonly slabWords: Uint16Array[] = []
  /** What is known of each frame, in `COLUMNS` side by side. */
  private readonly frames: Int32Array
  private readonly arrivals: FrameQueue
  private readonly keepers: FrameQueue
  private readonly framesMax: number
  private readonly arrivalsMax: number
  private frameCount = 0
  private missCount = 0
  private knownCount = 0
  private readonly directories = new Map<number, LeafDirectory>()
  /** Keyspaces that are being loaded or dropped, how many times. */
  private readonly suspended = new Map<number, number>()
  /** Where a scan ended last: going on there isn't another use. */
  private lastScanned = NO_FRAME

  /** At least a slab, so that small tables are always cached. */
  constructor(bytesMax: number) {
    const framesMax = Math.max(SLAB_FRAMES, Math.floor(bytesMax / FRAME_BYTES))
    this.framesMax = framesMax
    this.frames = new Int32Array(framesMax * COLUMNS)
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
    const { frames } = this
    const at = frame * COLUMNS
    if (frame === NO_FRAME || frames[at + GENERATION] !== directory.generation) return NO_FRAME
    if (sequence < (frames[at + SINCE] as number) || sequence > (frames[at + UNTIL] as number))
      return NO_FRAME
    if (frame !== this.lastScanned) frames[at + USED] = 1
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
    const at = frame * COLUMNS
    this.frames[at + SINCE] = sequence
    this.frames[at + UNTIL] = this.isClosingState ? sequence : STILL_GOOD
    directory.put(frame, this.frames[at + GENERATION] as number)
    return frame
  }

  /** A pinned frame keeps its leaf. */
  pin(frame: number): void {
    const at = frame * COLUMNS + PINS
    this.frames[at] = (this.frames[at] as number) + 1
  }

  unpin(frame: number): void {
    const at = frame * COLUMNS + PINS
    this.frames[at] = (this.frames[at] as number) - 1
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
    const at = frame * COLUMNS
    if (frame === NO_FRAME || this.frames[at + GENERATION] !== directory.generation) return
    if (this.frames[at + UNTIL] === STILL_GOOD) this.frames[at + UNTIL] = this.sequence
  }

  /** A frame for the leaf that a directory stands at: the one that has its last state, or another. */
  private frameFor(directory: LeafDirectory): number {
    let { frame } = directory
    const { frames } = this
    const isItsOwn = frame !== NO_FRAME && frames[frame * COLUMNS + GENERATION] === directory.generation
    if (!isItsOwn || frames[frame * COLUMNS + PINS] !== 0) {
      if (this.frameCount === this.framesMax && ++this.missCount % ADMITTED !== 0) return NO_FRAME
      frame = this.takeFrame()
      if (frame === NO_FRAME) return NO_FRAME
      frames[frame * COLUMNS + USED] = 0
      this.arrivals.push(frame)
    }
    const at = frame * COLUMNS + GENERATION
    frames[at] = ((frames[at] as number) + 1) | 0
    return frame
  }

  private directoryFor(keyspace: number): LeafDirectory {
    if (this.knownCount >= Math.max(KNOWN_MIN, this.framesMax * KNOWN_PER_FRAME)) this.clear()
    let directory = this.directories.get(keyspace)
    if (directory === undefined) this.directories.set(keyspace, (directory = new LeafDirectory()))
    return directory
  }

  private takeFrame(): number {
    if (this.frameCount < this.framesMax) return this.newFrame()
    // Each frame comes by at most twice before one is free, unless all are pinned.
    for (let tries = this.framesMax * 2; tries > 0; tries--) {
      const isFromArrivals = this.arrivals.size > this.arrivalsMax || this.keepers.size === 0
      const queue = isFromArrivals ? this.arrivals : this.keepers
      const frame = queue.shift()
      const at = frame * COLUMNS
      if (this.frames[at + USED] === 0 && this.frames[at + PINS] === 0) return frame
      this.frames[at + USED] = 0
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
