/**
 * Runs of bytes: a growing buffer that codecs write into, and the order that all key-value stores agree on.
 */
import './node-buffer.js'

const INITIAL_CAPACITY_BYTES = 512
/** Short runs are quicker byte by byte than by a call (measured: the turn is near 32 bytes). */
const COPY_LOOP_BYTES_MAX = 32

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

/** Copies `source[start, end)` to `target` at `at`. A buffer's own `copy` makes no view. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): void {
  if (end - start <= COPY_LOOP_BYTES_MAX) {
    for (let from = start, to = at; from < end; from++, to++) target[to] = source[from] as number
  } else if (source instanceof Buffer) source.copy(target, at, start, end)
  else target.set(source.subarray(start, end), at)
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
