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
/** Two-byte digits of the beginning of a key by which many entries are sorted without comparing them. */
const KEY_DIGITS = 6
/** And those of the keyspace before them. */
const KEYSPACE_DIGITS = 2
/** Fewer entries than these are sorted by comparing them. */
const MANY = 8192

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
  /** The most significant first. @private @type {Uint16Array[]} */
  digits = []
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
    for (let i = 0; i < KEYSPACE_DIGITS + KEY_DIGITS; i++) this.digits.push(new Uint16Array(capacity))
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
    this.setDigits(index, bytes, keyStart, valueStart)
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
    if (isSorted) this.order = order
    else if (this.count < MANY) this.order = this.sorted(order)
    else this.order = this.sortedByDigits(order)
  }

  /** Keeps equal ones in their order. @private @param {Uint32Array} order */
  sorted(order) {
    return order.sort((left, right) => this.compare(left, right))
  }

  /** Digit by digit from the last on, and those with the same digits by comparing them. @private @param {Uint32Array} given */
  sortedByDigits(given) {
    /** @type {Uint32Array} */
    let order = given
    /** @type {Uint32Array} */
    let other = new Uint32Array(order.length)
    for (let i = this.digits.length - 1; i >= 0; i--) {
      if (!moveByDigit(order, other, /** @type {Uint16Array} */ (this.digits[i]))) continue
      const moved = other
      other = order
      order = moved
    }
    for (let from = 0; from < order.length;) {
      let to = from + 1
      while (to < order.length && this.hasSameDigits(item(order, from), item(order, to))) to++
      if (to - from > 1) this.sorted(order.subarray(from, to))
      from = to
    }
    return order
  }

  /** @private @param {number} index @param {Buffer} bytes @param {number} keyStart @param {number} keyEnd */
  setDigits(index, bytes, keyStart, keyEnd) {
    const { digits } = this
    const keyspace = item(this.keyspaces, index)
    const [high, low] = /** @type {[Uint16Array, Uint16Array]} */ (/** @type {unknown} */ (digits))
    high[index] = keyspace >>> 16
    low[index] = keyspace
    for (let i = 0; i < KEY_DIGITS; i++) {
      const at = keyStart + 2 * i
      const column = /** @type {Uint16Array} */ (digits[KEYSPACE_DIGITS + i])
      column[index] = ((at < keyEnd ? item(bytes, at) : 0) << 8) | (at + 1 < keyEnd ? item(bytes, at + 1) : 0)
    }
  }

  /** @private @param {number} left @param {number} right */
  hasSameDigits(left, right) {
    const { digits } = this
    for (let i = digits.length - 1; i >= 0; i--) {
      const column = /** @type {Uint16Array} */ (digits[i])
      if (column[left] !== column[right]) return false
    }
    return true
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

/** Where the next number with each digit goes. */
const places = new Uint32Array(65_536)

/**
 * Moves numbers into the order of a digit of theirs, and keeps the order of those that have the same. Answers false, and moves nothing, if all
 * have the same.
 *
 * @param {Uint32Array} from @param {Uint32Array} to @param {Uint16Array} digits
 */
function moveByDigit(from, to, digits) {
  places.fill(0)
  for (let i = 0; i < from.length; i++) {
    const digit = item(digits, item(from, i))
    places[digit] = item(places, digit) + 1
  }
  if (item(places, item(digits, item(from, 0))) === from.length) return false
  let start = 0
  for (let digit = 0; digit < places.length; digit++) {
    const count = item(places, digit)
    places[digit] = start
    start += count
  }
  for (let i = 0; i < from.length; i++) {
    const index = item(from, i)
    const digit = item(digits, index)
    const place = item(places, digit)
    to[place] = index
    places[digit] = place + 1
  }
  return true
}
