// @ts-check
/**
 * The leaf: neighbouring entries of one keyspace, packed into one value of LMDB, whose key is the keyspace and the leaf's lower
 * bound. Leaves of a keyspace tile it: the first begins at the empty key, each ends where the next begins, the last has no end.
 * A leaf knows both bounds, so that whoever has one knows which keys it speaks for.
 *
 * Layout, in words of two bytes in the machine's order (as LMDB itself): number of entries; length of the lower
 * bound; length of the upper bound or `NO_UPPER`; 0. Then for each entry where its key and where its value begins, and where
 * the last ones end, counted from the leaf's beginning. Then the bounds, then all keys, then all values: a search touches
 * few lines of memory. A leaf may have no entries. A leaf longer than `LEAF_BYTES_MAX` holds a single entry; its four places take four bytes each, and `LARGE`
 * stands for the number of entries.
 *
 * JavaScript, because the writer thread is started from a file and needs it before the build too.
 */

/**
 * Bytes that LMDB puts into one overflow page. Leaves of half a page would lie within LMDB's own, but then nearly always one
 * in each (measured: the file has twice the size). Places in such a leaf fit a word.
 */
export const LEAF_BYTES_MAX = 8192 - 16

/** Longest key that LMDB takes with pages of 8 KiB, less the keyspace. */
export const KEY_BYTES_MAX = 4026 - 4

const HEADER_WORDS = 4
const LARGE = 0xffff
const NO_UPPER = 0xffff
/** Words of the table of a leaf with one large entry. */
const LARGE_TABLE_WORDS = 8

const NOTHING = Buffer.alloc(0)
const NO_WORDS = new Uint16Array(0)

/** @param {ArrayLike<number>} numbers @param {number} at @returns {number} */
function item(numbers, at) {
  return /** @type {number} */ (numbers[at])
}

/** Negative, 0 or positive as the first run of bytes sorts before, at or behind the second.
 * @param {Uint8Array} left @param {number} leftStart @param {number} leftEnd
 * @param {Uint8Array} right @param {number} rightStart @param {number} rightEnd
 */
export function compareBytes(left, leftStart, leftEnd, right, rightStart, rightEnd) {
  const leftSize = leftEnd - leftStart
  const rightSize = rightEnd - rightStart
  const common = leftSize < rightSize ? leftSize : rightSize
  for (let i = 0; i < common; i++) {
    const difference = item(left, leftStart + i) - item(right, rightStart + i)
    if (difference !== 0) return difference
  }
  return leftSize - rightSize
}

/** A view of a leaf in somebody's memory; pointed at one after the other. */
export class Leaf {
  /** @type {Buffer} */
  bytes = NOTHING
  /** The same memory. @type {Uint16Array} */
  words = NO_WORDS
  /** Where the leaf begins in `bytes`. */
  start = 0
  /** Number of entries. */
  count = 0
  /** Whether its one entry is too long to lie in memory with others. */
  isLarge = false
  /** Whether it is the last of its keyspace. */
  isLast = true
  /** The lower bound is `bytes[lowerStart, upperStart)`, the upper one `bytes[upperStart, upperEnd)`. */
  lowerStart = 0
  upperStart = 0
  upperEnd = 0
  /** Index in `words` of the first place. */
  tableAt = 0

  /** @param {Buffer} bytes @param {Uint16Array} words over the same memory @param {number} start even */
  point(bytes, words, start) {
    const head = start >>> 1
    const count = item(words, head)
    const upperSize = item(words, head + 2)
    this.bytes = bytes
    this.words = words
    this.start = start
    this.isLarge = count === LARGE
    this.count = this.isLarge ? 1 : count
    this.tableAt = head + HEADER_WORDS
    this.lowerStart = (this.tableAt + (this.isLarge ? LARGE_TABLE_WORDS : 2 * count + 2)) * 2
    this.upperStart = this.lowerStart + item(words, head + 1)
    this.isLast = upperSize === NO_UPPER
    this.upperEnd = this.upperStart + (this.isLast ? 0 : upperSize)
  }

  /** @param {number} index */
  keyStart(index) {
    return this.start + this.place(2 * index)
  }

  /** @param {number} index */
  keyEnd(index) {
    return this.start + this.place(2 * index + 2)
  }

  /** @param {number} index */
  valueStart(index) {
    return this.start + this.place(2 * index + 1)
  }

  /** @param {number} index */
  valueEnd(index) {
    return this.start + this.place(2 * index + 3)
  }

  /** Bytes from its beginning to its end. */
  get byteSize() {
    return this.place(2 * this.count + 1)
  }

  /** The first entry whose key isn't before this one. @param {Uint8Array} key @param {number} start @param {number} end */
  positionOf(key, start, end) {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = compareBytes(this.bytes, this.keyStart(middle), this.keyEnd(middle), key, start, end)
      if (order < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether a key lies before the leaf's end. @param {Uint8Array} key @param {number} start @param {number} end */
  endsBehind(key, start, end) {
    return this.isLast || compareBytes(key, start, end, this.bytes, this.upperStart, this.upperEnd) < 0
  }

  /** Whether a key isn't before the leaf's beginning. @param {Uint8Array} key @param {number} start @param {number} end */
  beginsAtOrBefore(key, start, end) {
    return compareBytes(key, start, end, this.bytes, this.lowerStart, this.upperStart) >= 0
  }

  /** @private @param {number} index */
  place(index) {
    if (!this.isLarge) return item(this.words, this.tableAt + index)
    const at = this.tableAt + 2 * index
    return item(this.words, at) + item(this.words, at + 1) * 0x10000
  }
}

/** Some bytes in a buffer. @typedef {{ bytes: Uint8Array, start: number, end: number }} Run */

/** Bytes of a leaf besides its entries. @param {number} lowerSize @param {number} upperSize */
export function frameBytes(lowerSize, upperSize) {
  return (HEADER_WORDS + 2) * 2 + lowerSize + upperSize
}

/** Bytes of an entry in a leaf besides its key and its value. */
export const ENTRY_BYTES = 4

/** Writes one leaf after the other into memory that it keeps, from the header to the last value. */
export class LeafEncoder {
  /** @private */
  memory = new Target(LEAF_BYTES_MAX)
  /** @private @type {Target} */
  target = this.memory
  /** @private */
  tableAt = 0
  /** Where the next key goes. @private */
  keyEnd = 0
  /** Where the next value goes. @private */
  valueEnd = 0
  /** @private */
  isLarge = false

  /** Begins a leaf. @param {number} count @param {number} byteSize all of it @param {number} keyBytes all keys together
   * @param {Run} lower @param {Run | undefined} upper
   */
  begin(count, byteSize, keyBytes, lower, upper) {
    this.isLarge = byteSize > LEAF_BYTES_MAX
    if (this.isLarge && count !== 1) throw new Error('invariant: only a single entry is longer than a leaf')
    const tableWords = this.isLarge ? LARGE_TABLE_WORDS : 2 * count + 2
    this.target = this.isLarge ? new Target(byteSize + LARGE_TABLE_WORDS * 2) : this.memory
    const { words } = this.target
    words[0] = this.isLarge ? LARGE : count
    words[1] = lower.end - lower.start
    words[2] = upper === undefined ? NO_UPPER : upper.end - upper.start
    words[3] = 0
    this.tableAt = HEADER_WORDS
    let end = (HEADER_WORDS + tableWords) * 2
    end = this.copy(lower.bytes, lower.start, lower.end, end)
    if (upper !== undefined) end = this.copy(upper.bytes, upper.start, upper.end, end)
    this.keyEnd = end
    this.valueEnd = end + keyBytes
    this.note()
  }

  /** @param {Uint8Array} bytes @param {number} keyStart @param {number} keyEnd @param {number} valueStart @param {number} valueEnd */
  add(bytes, keyStart, keyEnd, valueStart, valueEnd) {
    this.keyEnd = this.copy(bytes, keyStart, keyEnd, this.keyEnd)
    this.valueEnd = this.copy(bytes, valueStart, valueEnd, this.valueEnd)
    this.note()
  }

  /** The finished leaf; valid until the next one begins. */
  finish() {
    return this.target.bytes.subarray(0, this.valueEnd)
  }

  /** Notes where the next key and the next value go. @private */
  note() {
    const { words } = this.target
    for (const place of [this.keyEnd, this.valueEnd]) {
      words[this.tableAt++] = place
      if (this.isLarge) words[this.tableAt++] = place / 0x10000
    }
  }

  /** Answers where the copy ends. @private @param {Uint8Array} source @param {number} start @param {number} end @param {number} at */
  copy(source, start, end, at) {
    const { bytes } = this.target
    // Short runs are quicker byte by byte than through a view.
    if (end - start <= 32) for (let i = start; i < end; i++) bytes[at + i - start] = item(source, i)
    else bytes.set(source.subarray(start, end), at)
    return at + end - start
  }
}

/** Memory of a leaf, as bytes and as words. */
class Target {
  /** @param {number} size */
  constructor(size) {
    const memory = new ArrayBuffer(size + (size & 1))
    this.bytes = Buffer.from(memory)
    this.words = new Uint16Array(memory)
  }
}
