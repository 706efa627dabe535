// @ts-check
/**
 * Applies changes to leaves: reads each leaf that they fall into, merges, and writes it back, as several leaves if it became
 * too long, together with its right neighbour if it became short.
 *
 * A large entry, one that alone fills a leaf, has a leaf that speaks for its key alone: from the key to its successor, which is the
 * key and a zero byte. So who looks for other keys, or changes them, never reads or copies it. What is before
 * and behind it belongs to other leaves, which may be empty.
 *
 * Invariants, checked by `leaf-writer.test.ts`: leaves tile their keyspace (see `leaf.js`); no leaf is longer than
 * `LEAF_BYTES_MAX` unless it has one entry; a large entry's leaf begins at its key and ends at its successor, if that isn't longer
 * than keys may be; leaves beside an empty one have large entries; a keyspace without entries has no leaf. Leaves that were
 * written before large entries had leaves to themselves are brought into order when they are changed.
 */
import {
  compareBytes,
  ENTRY_BYTES,
  frameBytes,
  KEY_BYTES_MAX,
  Leaf,
  LEAF_BYTES_MAX,
  LeafEncoder,
} from './leaf.js'

/** @typedef {import('./leaf.js').Run} Run */
/** @typedef {{ entries: number, bytes: number }} Size */
/**
 * Where the leaves are. Answers are the caller's own bytes.
 * @typedef {object} LeafPages
 * @property {(keyspace: number, key: Run) => Buffer | undefined} floor the leaf with the greatest lower bound ≤ a key
 * @property {(keyspace: number, lower: Run) => Buffer | undefined} before the leaf with the greatest lower bound < a key
 * @property {(keyspace: number, lower: Run) => Buffer | undefined} get
 * @property {(keyspace: number, lower: Run, leaf: Buffer) => void} put
 * @property {(keyspace: number, lower: Run) => void} remove
 */

/** A leaf that lost entries and has less than this takes in its right neighbour. */
const SHORT_LEAF_BYTES = LEAF_BYTES_MAX >>> 2
/** Several leaves made of one are filled so far, so that each takes some more before it splits too. */
const FILLED_BYTES = Math.floor(LEAF_BYTES_MAX * 0.85)

/** An entry that weighs more is large. */
const WEIGHT_MAX = LEAF_BYTES_MAX - frameBytes(0, 0)

/** @type {Run} */
const EMPTY_KEY = { bytes: new Uint8Array(0), start: 0, end: 0 }

/** @param {ArrayLike<number>} numbers @param {number} at @returns {number} */
function item(numbers, at) {
  return /** @type {number} */ (numbers[at])
}

const COLUMNS = 5
const SOURCE = 0
const KEY_START = 1
const KEY_END = 2
const VALUE_START = 3
const VALUE_END = 4

/** Entries that lie in several buffers. */
class EntryList {
  count = 0
  /** @type {Uint8Array[]} */
  sources = []
  columns = new Int32Array(256 * COLUMNS)

  clear() {
    this.count = 0
    this.sources.length = 0
  }

  /** @param {Uint8Array} source @param {number} keyStart @param {number} keyEnd @param {number} valueStart @param {number} valueEnd */
  add(source, keyStart, keyEnd, valueStart, valueEnd) {
    const at = this.count++ * COLUMNS
    if (at >= this.columns.length) {
      const grown = new Int32Array(this.columns.length * 2)
      grown.set(this.columns)
      this.columns = grown
    }
    // An entry's source is most often that of the entry before it.
    let number = this.sources.length - 1
    if (this.sources[number] !== source) number = this.sources.lastIndexOf(source)
    if (number < 0) number = this.sources.push(source) - 1
    this.columns[at + SOURCE] = number
    this.columns[at + KEY_START] = keyStart
    this.columns[at + KEY_END] = keyEnd
    this.columns[at + VALUE_START] = valueStart
    this.columns[at + VALUE_END] = valueEnd
  }

  /** @param {number} index */
  bytesOf(index) {
    return /** @type {Uint8Array} */ (this.sources[item(this.columns, index * COLUMNS + SOURCE)])
  }

  /** @param {number} index @param {number} column */
  get(index, column) {
    return item(this.columns, index * COLUMNS + column)
  }

  /** @param {number} index */
  keySize(index) {
    return this.get(index, KEY_END) - this.get(index, KEY_START)
  }

  /** Bytes in a leaf. @param {number} index */
  weight(index) {
    return ENTRY_BYTES + this.keySize(index) + this.get(index, VALUE_END) - this.get(index, VALUE_START)
  }

  /** Whether an entry has a leaf to itself. @param {number} index */
  isLarge(index) {
    return this.weight(index) > WEIGHT_MAX
  }

  /** @param {number} index @returns {Run} */
  keyOf(index) {
    return { bytes: this.bytesOf(index), start: this.get(index, KEY_START), end: this.get(index, KEY_END) }
  }

  /** The key that follows an entry's immediately; undefined if it would be too long. @param {number} index @returns {Run | undefined} */
  successor(index) {
    const size = this.keySize(index)
    if (size === KEY_BYTES_MAX) return undefined
    const { bytes, start, end } = this.keyOf(index)
    const successor = new Uint8Array(size + 1)
    successor.set(bytes.subarray(start, end))
    return { bytes: successor, start: 0, end: size + 1 }
  }

  /** The first entry from `from` on that is large, or the number of entries. @param {number} from */
  nextLarge(from) {
    while (from < this.count && !this.isLarge(from)) from++
    return from
  }

  /**
   * Where a leaf ends that has the entries from `from` up to `to`, within a range that ends at `upper`.
   * @param {number} from @param {number} to @param {Run | undefined} upper
   */
  boundOf(from, to, upper) {
    const successor = to > from && this.isLarge(to - 1) ? this.successor(to - 1) : undefined
    if (successor !== undefined) return successor
    if (to === this.count) return upper
    return this.isLarge(to) ? this.keyOf(to) : this.separator(to)
  }

  /** The shortest key behind entry `index - 1` and not behind entry `index`. @private @param {number} index @returns {Run} */
  separator(index) {
    const left = this.bytesOf(index - 1)
    const leftStart = this.get(index - 1, KEY_START)
    const leftSize = this.keySize(index - 1)
    const bytes = this.bytesOf(index)
    const start = this.get(index, KEY_START)
    let common = 0
    while (common < leftSize && left[leftStart + common] === bytes[start + common]) common++
    return { bytes, start, end: start + common + 1 }
  }
}

export class LeafWriter {
  /** @private */
  entries = new EntryList()
  /** A list that isn't in use. @private */
  spare = new EntryList()
  /** @private */
  encoder = new LeafEncoder()
  /** @private */
  leaf = new Leaf()

  /** Leaves that there were before and that are changed or gone: per leaf u32 keyspace, u16 length, lower bound. */
  touched = new TouchedLeaves()

  /** @param {LeafPages} pages @param {(keyspace: number) => Size} sizeOf what to count in */
  constructor(pages, sizeOf) {
    /** @private */
    this.pages = pages
    /** @private */
    this.sizeOf = sizeOf
  }

  /** @param {import('./sorted-changes.js').SortedChanges} changes */
  apply(changes) {
    for (let at = 0; at < changes.count;) at = this.rewrite(changes, at)
  }

  /** Applies changes to the leaf that the one at `at` belongs to; answers the first that it doesn't take.
   * @private @param {import('./sorted-changes.js').SortedChanges} changes @param {number} at
   */
  rewrite(changes, at) {
    const { pages } = this
    const keyspace = changes.keyspaceOf(at)
    const size = this.sizeOf(keyspace)
    const found = pages.floor(keyspace, changes.keyOf(at))
    this.entries.clear()
    const leaf = this.pointAt(found)
    let lower = found === undefined ? EMPTY_KEY : lowerOf(leaf)
    let upper = upperOf(leaf)
    const isAppend = leaf.count === 0 || isBehind(changes.keyOf(at), leaf)
    const wasLarge = hasLarge(leaf)
    const before = size.entries
    if (found !== undefined) this.touched.add(keyspace, lower)
    at = this.merge(changes, at, keyspace, leaf, size)
    // Beside a large entry there may be empty leaves, which must not stay when it is gone.
    const isFreed = wasLarge && !(this.entries.count === 1 && this.entries.isLarge(0))
    let takesNext = isFreed
    while (
      upper !== undefined &&
      (takesNext || this.endsEmpty(upper) || (size.entries < before && this.isShort()))
    ) {
      this.pointAt(pages.get(keyspace, upper) ?? missing())
      if (hasLarge(leaf)) break
      this.touched.add(keyspace, upper)
      pages.remove(keyspace, upper)
      at = this.merge(changes, at, keyspace, leaf, size)
      upper = upperOf(leaf)
      takesNext = false
    }
    let takesPrevious = isFreed
    while (lower.end > lower.start && (takesPrevious || this.beginsEmpty(lower))) {
      this.pointAt(pages.before(keyspace, lower) ?? missing())
      if (hasLarge(leaf)) break
      pages.remove(keyspace, lower)
      lower = lowerOf(leaf)
      this.touched.add(keyspace, lower)
      this.prepend(leaf)
      takesPrevious = false
    }
    this.write(keyspace, lower, upper, isAppend, found !== undefined)
    this.entries.clear()
    return at
  }

  /** Whether the list, as leaves from a bound on, begins with an empty one. @private @param {Run} lower */
  beginsEmpty(lower) {
    const { entries } = this
    return entries.count === 0 || (entries.isLarge(0) && !isSame(entries.keyOf(0), lower))
  }

  /** Whether the list, as leaves up to a bound, ends with an empty one. @private @param {Run} upper */
  endsEmpty(upper) {
    const { entries } = this
    return entries.count === 0 || !isSame(entries.boundOf(entries.count - 1, entries.count, upper), upper)
  }

  /** A leaf, or for none one that has no entries and no end. @private @param {Buffer | undefined} found */
  pointAt(found) {
    const { leaf } = this
    if (found === undefined) {
      leaf.count = 0
      leaf.isLast = true
    } else {
      const memory = found.byteOffset % 2 === 0 ? found : Buffer.from(Uint8Array.from(found).buffer)
      const words = new Uint16Array(memory.buffer, memory.byteOffset, memory.length >>> 1)
      leaf.point(memory, words, 0)
    }
    return leaf
  }

  /** Adds a leaf's entries, changed, to the list; answers the first change behind the leaf.
   * @private @param {import('./sorted-changes.js').SortedChanges} changes @param {number} at @param {number} keyspace
   * @param {Leaf} leaf @param {Size} size
   */
  merge(changes, at, keyspace, leaf, size) {
    const { entries } = this
    let old = 0
    while (at < changes.count && changes.keyspaceOf(at) === keyspace) {
      // Of several changes of a key the last one counts.
      if (changes.isRepeated(at)) {
        at++
        continue
      }
      const { bytes, start, end } = changes.keyOf(at)
      if (!leaf.endsBehind(bytes, start, end)) break
      let order = 1
      for (; old < leaf.count; old++) {
        order = compareBytes(leaf.bytes, leaf.keyStart(old), leaf.keyEnd(old), bytes, start, end)
        if (order >= 0) break
        this.keep(leaf, old)
      }
      if (old < leaf.count && order === 0) {
        size.entries--
        size.bytes -= leaf.keyEnd(old) - leaf.keyStart(old) + leaf.valueEnd(old) - leaf.valueStart(old)
        old++
      }
      const valueEnd = changes.valueEndOf(at)
      if (valueEnd >= 0) {
        entries.add(bytes, start, end, end, valueEnd)
        size.entries++
        size.bytes += valueEnd - start
      }
      at++
    }
    for (; old < leaf.count; old++) this.keep(leaf, old)
    return at
  }

  /** Puts a leaf's entries before those of the list. @private @param {Leaf} leaf */
  prepend(leaf) {
    const rest = this.entries
    this.entries = this.spare
    this.spare = rest
    for (let index = 0; index < leaf.count; index++) this.keep(leaf, index)
    for (let index = 0; index < rest.count; index++) {
      this.entries.add(
        rest.bytesOf(index),
        rest.get(index, KEY_START),
        rest.get(index, KEY_END),
        rest.get(index, VALUE_START),
        rest.get(index, VALUE_END),
      )
    }
    rest.clear()
  }

  /** @private @param {Leaf} leaf @param {number} index */
  keep(leaf, index) {
    this.entries.add(
      leaf.bytes,
      leaf.keyStart(index),
      leaf.keyEnd(index),
      leaf.valueStart(index),
      leaf.valueEnd(index),
    )
  }

  /** @private */
  isShort() {
    const { entries } = this
    let bytes = 0
    for (let index = 0; index < entries.count && bytes < SHORT_LEAF_BYTES; index++)
      bytes += entries.weight(index)
    return bytes < SHORT_LEAF_BYTES
  }

  /** Writes the list as leaves that tile a range.
   * @private @param {number} keyspace @param {Run} lower @param {Run | undefined} upper
   * @param {boolean} isAppend whether what is new is behind what was there: then more is likely to follow
   * @param {boolean} isReplaced whether there is a leaf at the lower bound
   */
  write(keyspace, lower, upper, isAppend, isReplaced) {
    const { entries } = this
    if (entries.count === 0 && upper === undefined && lower.start === lower.end) {
      if (isReplaced) this.pages.remove(keyspace, lower)
      return
    }
    let from = 0
    let runEnd = 0
    let share = 0
    let goal = 0
    let written = 0
    for (;;) {
      if (from >= runEnd) {
        runEnd = entries.nextLarge(from)
        share = isAppend ? Infinity : this.shareOf(from, runEnd, lower, upper)
        goal = share
        written = 0
      }
      const to =
        from < runEnd
          ? this.endOfLeaf(from, runEnd, goal - written, lower, upper)
          : this.endOfLarge(from, lower)
      for (let index = from; index < to; index++) written += entries.weight(index)
      const next = entries.boundOf(from, to, upper)
      this.writeLeaf(keyspace, from, to, lower, next)
      if (next === undefined || (to === entries.count && isSame(next, upper))) break
      lower = next
      from = to
      goal += share
    }
  }

  /** Where a leaf ends that is followed by a large entry or nothing: it has the entry, or if it begins before its key, none.
   * @private @param {number} from @param {Run} lower
   */
  endOfLarge(from, lower) {
    return from < this.entries.count && isSame(this.entries.keyOf(from), lower) ? from + 1 : from
  }

  /** What each leaf of a run of entries is to get, so that all are alike.
   * @private @param {number} from @param {number} runEnd @param {Run} lower @param {Run | undefined} upper
   */
  shareOf(from, runEnd, lower, upper) {
    const { entries } = this
    const frame = frameBytes(sizeOf(lower), sizeOf(upper))
    let total = 0
    for (let index = from; index < runEnd; index++) total += entries.weight(index)
    return total + frame <= LEAF_BYTES_MAX ? Infinity : total / Math.ceil(total / FILLED_BYTES)
  }

  /** Where a leaf ends that begins with entry `from` and is to get about so many bytes of a run of entries. @private
   * @param {number} from @param {number} runEnd @param {number} wanted @param {Run} lower @param {Run | undefined} upper
   */
  endOfLeaf(from, runEnd, wanted, lower, upper) {
    const { entries } = this
    const frame = frameBytes(sizeOf(lower), 0)
    let bytes = 0
    let to = from
    while (to < runEnd) {
      const weight = entries.weight(to)
      // The bound between two entries is at most as long as the latter's key.
      const bound = to + 1 < entries.count ? entries.keySize(to + 1) : sizeOf(upper)
      const isFull = frame + bytes + weight + bound > LEAF_BYTES_MAX || bytes + weight / 2 > wanted
      if (isFull && to > from) break
      bytes += weight
      to++
    }
    return to
  }

  /** @private @param {number} keyspace @param {number} from @param {number} to @param {Run} lower @param {Run | undefined} upper */
  writeLeaf(keyspace, from, to, lower, upper) {
    const { entries, encoder } = this
    let bytes = frameBytes(sizeOf(lower), sizeOf(upper))
    let keyBytes = 0
    for (let index = from; index < to; index++) {
      bytes += entries.weight(index)
      keyBytes += entries.keySize(index)
    }
    encoder.begin(to - from, bytes, keyBytes, lower, upper)
    for (let index = from; index < to; index++) {
      encoder.add(
        entries.bytesOf(index),
        entries.get(index, KEY_START),
        entries.get(index, KEY_END),
        entries.get(index, VALUE_START),
        entries.get(index, VALUE_END),
      )
    }
    this.pages.put(keyspace, lower, encoder.finish())
  }
}

/** Whether a leaf's entry is large. @param {Leaf} leaf */
function hasLarge(leaf) {
  return leaf.isLarge && ENTRY_BYTES + leaf.byteSize - leaf.keyStart(0) > WEIGHT_MAX
}

/** @param {Run | undefined} left @param {Run | undefined} right */
function isSame(left, right) {
  if (left === undefined || right === undefined) return left === right
  return compareBytes(left.bytes, left.start, left.end, right.bytes, right.start, right.end) === 0
}

/** @returns {never} */
function missing() {
  throw new Error('invariant: leaves tile their keyspace')
}

/** @param {Run | undefined} run */
function sizeOf(run) {
  return run === undefined ? 0 : run.end - run.start
}

/** @param {Leaf} leaf @returns {Run} */
function lowerOf({ bytes, lowerStart, upperStart }) {
  return { bytes, start: lowerStart, end: upperStart }
}

/** Undefined if it is the last one. @param {Leaf} leaf @returns {Run | undefined} */
function upperOf({ bytes, upperStart, upperEnd, isLast }) {
  return isLast ? undefined : { bytes, start: upperStart, end: upperEnd }
}

/** Whether a key is behind a leaf's last entry. @param {Run} key @param {Leaf} leaf */
function isBehind({ bytes, start, end }, leaf) {
  return leaf.positionOf(bytes, start, end) === leaf.count
}

const TOUCHED_HEADER_BYTES = 6

/** Grows by doubling. */
class TouchedLeaves {
  /** @private */
  bytes = Buffer.allocUnsafeSlow(1024)
  /** @private */
  end = 0

  /** @param {number} keyspace @param {Run} lower */
  add(keyspace, { bytes, start, end }) {
    const after = this.end + TOUCHED_HEADER_BYTES + end - start
    if (after > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(after, this.bytes.length * 2))
      grown.set(this.bytes.subarray(0, this.end))
      this.bytes = grown
    }
    this.bytes.writeUInt32LE(keyspace, this.end)
    this.bytes.writeUInt16LE(end - start, this.end + 4)
    this.bytes.set(bytes.subarray(start, end), this.end + TOUCHED_HEADER_BYTES)
    this.end = after
  }

  /** What was noted, in memory of its own. @returns {Uint8Array<ArrayBuffer>} */
  take() {
    return Uint8Array.from(this.bytes.subarray(0, this.end))
  }
}
