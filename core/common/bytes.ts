/**
 * Runs of bytes: a growing buffer that codecs write into, and the order that all key-value stores agree on.
 */
import './node-buffer.js'

const INITIAL_CAPACITY_BYTES = 512
/** Short runs are quicker byte by byte (measured: the turn is near 32 bytes). */
const COPY_LOOP_BYTES_MAX = 32

/** TypeScript knows no type of the prototype. */
const { prototype } = Buffer as { prototype: Buffer }

/**
 * Copies `source[start, end)` to `target` at `at`, which has room for it. `copy` makes no view as `set` does: of shared memory it
 * takes half the time from Node 22 on, of other memory half in Node 22 and as much elsewhere (measured on 20, 22, 24 and 26).
 */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Buffer, at: number): void {
  const size = end - start
  if (size <= COPY_LOOP_BYTES_MAX) for (let i = 0; i < size; i++) target[at + i] = source[start + i] as number
  else if (size === source.byteLength) target.set(source, at)
  // Node 20's `copy` would go by `length`, which LMDB sets on the buffers that it reads into.
  else if (start === 0) target.set(source.subarray(0, end), at)
  else prototype.copy.call(source, target, at, start, end)
}

/** A buffer that is cleared and filled again. Writers call `reserve` first, then store and move `length`. */
export class ByteBuffer {
  bytes: Buffer
  length = 0

  constructor(capacityBytes = INITIAL_CAPACITY_BYTES) {
    this.bytes = Buffer.allocUnsafe(capacityBytes)
  }

  clear(): void {
    this.length = 0
  }

  /** Makes room for `size` more bytes. Earlier references to `bytes` are stale afterwards. */
  reserve(size: number): void {
    const needed = this.length + size
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, needed))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }

  append(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.reserve(size)
    copyBytes(source, start, end, this.bytes, this.length)
    this.length += size
  }

  /** What was written since `from`, as bytes of their own. */
  copy(from = 0): Buffer {
    return copyRange(this.bytes, from, this.length)
  }
}

/** `source[start, end)` as bytes of their own; cheap for short runs, which come from Node's pool. */
export function copyRange(source: Uint8Array, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  copyBytes(source, start, end, copy, 0)
  return copy
}

/** Order of `a[aStart, aEnd)` and `b[bStart, bEnd)` as unsigned bytes, shorter first: negative, zero or positive. */
export function compareRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const common = Math.min(aEnd - aStart, bEnd - bStart)
  for (let i = 0; i < common; i++) {
    const difference = (a[aStart + i] as number) - (b[bStart + i] as number)
    if (difference !== 0) return difference
  }
  return aEnd - aStart - (bEnd - bStart)
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return compareRanges(a, 0, a.length, b, 0, b.length)
}

export function equalRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  return aEnd - aStart === bEnd - bStart && compareRanges(a, aStart, aEnd, b, bStart, bEnd) === 0
}

/**
 * The least bytes above everything that begins with `prefix`; undefined if there are none (all bytes are 255, or
 * there are no bytes).
 */
export function successorOfPrefix(prefix: Uint8Array): Buffer | undefined {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return undefined
  const successor = copyRange(prefix, 0, length)
  successor[length - 1] = (successor[length - 1] as number) + 1
  return successor
}

/** The least bytes above `key` itself: `key` and a zero byte. */
export function successorOfKey(key: Uint8Array): Buffer {
  const successor = Buffer.allocUnsafe(key.length + 1)
  successor.set(key)
  successor[key.length] = 0
  return successor
}

/** The bytes as a string of the same length, one unit a byte: what maps are keyed by. */
export function bytesToMapKey(bytes: Uint8Array, start: number, end: number): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return buffer.latin1Slice(start, end)
}
