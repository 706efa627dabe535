// @ts-check
/**
 * Entries of write sets (see `core/common/write-set.ts`) in the order of keyspaces and keys, those of one key in the order in
 * which they came. Entries are numbers in columns and their bytes stay where they are: a set may have many.
 */
import { compareBytes } from './leaf.js'

const PUT = 1
const ENTRY_HEADER_BYTES = 13
/** A removal has no value. */
const NO_VALUE = -1
/** Bytes of a key that are compared as one number. */
const HEAD_BYTES = 6

/** @param {ArrayLike<number>} numbers @param {number} at @returns {number} */
function item(numbers, at) {
  return /** @type {number} */ (numbers[at])
}

export class SortedChanges {
  count = 0
  /** @private @type {Buffer[]} */
  sources = []
  /** @private */
  keyspaces
  /** @private */
  heads
  /** Source, and in it where the key and the value begin and end. @private */
  places
  /** @private @type {Uint32Array} */
  order = new Uint32Array(0)
  /** @private @type {import('./leaf.js').Run} */
  key = { bytes: new Uint8Array(0), start: 0, end: 0 }

  /** @param {number} capacity most entries that are added between two times of `clear` */
  constructor(capacity) {
    this.capacity = capacity
    this.keyspaces = new Uint32Array(capacity)
    this.heads = new Float64Array(capacity)
    this.places = new Int32Array(capacity * 4)
  }

  get isFull() {
    return this.count === this.capacity
  }

  clear() {
    this.count = 0
    this.sources.length = 0
  }

  /** Adds the entry at `at`; answers where the next one begins. @param {Buffer} bytes @param {number} at */
  add(bytes, at) {
    const { sources } = this
    if (sources[sources.length - 1] !== bytes) sources.push(bytes)
    const index = this.count++
    const keyStart = at + ENTRY_HEADER_BYTES
    const valueStart = keyStart + bytes.readUInt32LE(at + 5)
    const end = valueStart + bytes.readUInt32LE(at + 9)
    this.keyspaces[index] = bytes.readUInt32LE(at + 1)
    this.heads[index] = headOf(bytes, keyStart, valueStart)
    const place = index * 4
    this.places[place] = sources.length - 1
    this.places[place + 1] = keyStart
    this.places[place + 2] = valueStart
    this.places[place + 3] = bytes[at] === PUT ? end : NO_VALUE
    return end
  }

  sort() {
    const order = new Uint32Array(this.count)
    let isSorted = true
    for (let index = 0; index < order.length; index++) {
      order[index] = index
      isSorted &&= index === 0 || this.compare(index - 1, index) <= 0
    }
    // Sorting keeps equal ones in their order.
    if (!isSorted) order.sort((left, right) => this.compare(left, right))
    this.order = order
  }

  /** @param {number} at */
  keyspaceOf(at) {
    return item(this.keyspaces, item(this.order, at))
  }

  /** Valid until the next call. @param {number} at */
  keyOf(at) {
    const { key, places } = this
    const place = item(this.order, at) * 4
    key.bytes = /** @type {Buffer} */ (this.sources[item(places, place)])
    key.start = item(places, place + 1)
    key.end = item(places, place + 2)
    return key
  }

  /** Where the value ends that begins behind the key, or a negative number for a removal. @param {number} at */
  valueEndOf(at) {
    return item(this.places, item(this.order, at) * 4 + 3)
  }

  /** Whether the next change is one of the same key. @param {number} at */
  isRepeated(at) {
    return at + 1 < this.count && this.compare(item(this.order, at), item(this.order, at + 1)) === 0
  }

  /** Compares two entries in the order in which they were added. @private @param {number} left @param {number} right */
  compare(left, right) {
    const { keyspaces, heads, places, sources } = this
    const before = item(keyspaces, left) - item(keyspaces, right) || item(heads, left) - item(heads, right)
    if (before !== 0) return before
    const leftPlace = left * 4
    const rightPlace = right * 4
    return compareBytes(
      /** @type {Buffer} */ (sources[item(places, leftPlace)]),
      item(places, leftPlace + 1),
      item(places, leftPlace + 2),
      /** @type {Buffer} */ (sources[item(places, rightPlace)]),
      item(places, rightPlace + 1),
      item(places, rightPlace + 2),
    )
  }
}

/** The first bytes of a key as a number that sorts like them. @param {Buffer} bytes @param {number} start @param {number} end */
function headOf(bytes, start, end) {
  let head = 0
  for (let i = 0; i < HEAD_BYTES; i++) head = head * 256 + (start + i < end ? item(bytes, start + i) : 0)
  return head
}
