/**
 * A set of the keys of entries that lie in one memory (see `WriteSet`): a hash table of where they begin, with linear probing, so that a key
 * costs eight bytes and no object. Entries are only added, and stay where they are.
 */
import { compareRanges } from '../common/bytes.js'
import { ENTRY_HEADER_BYTES } from '../common/write-set.js'

const CAPACITY_INITIAL = 1024
/** The table is at most so full. */
const FILLED_MAX = 0.5
/** In a place of the table: no key. Entries are told from it by counting from 1. */
const NONE = 0

export class EntryKeys {
  private count = 0
  private mask = CAPACITY_INITIAL - 1
  private places = new Uint32Array(CAPACITY_INITIAL)
  private hashes = new Int32Array(CAPACITY_INITIAL)

  /** Adds the key of the entry at `at`; nothing happens if the same key is there. */
  add(bytes: Buffer, at: number): void {
    const keyStart = at + ENTRY_HEADER_BYTES
    const keyEnd = keyStart + bytes.readUInt32LE(at + 5)
    const hash = hashOf(bytes, keyStart, keyEnd)
    const index = this.search(bytes, bytes, keyStart, keyEnd, hash)
    if (this.places[index] !== NONE) return
    this.places[index] = at + 1
    this.hashes[index] = hash
    if (++this.count > this.places.length * FILLED_MAX) this.grow()
  }

  /** Whether an entry in `bytes` has this key. */
  has(bytes: Buffer, key: Uint8Array): boolean {
    const hash = hashOf(key, 0, key.length)
    return this.places[this.search(bytes, key, 0, key.length, hash)] !== NONE
  }

  /** The place that has the key, or the one where it belongs. */
  private search(bytes: Buffer, key: Uint8Array, start: number, end: number, hash: number): number {
    const { places, hashes, mask } = this
    for (let index = hash & mask; ; index = (index + 1) & mask) {
      const place = places[index] as number
      if (place === NONE) return index
      if (hashes[index] !== hash) continue
      const keyStart = place - 1 + ENTRY_HEADER_BYTES
      const keyEnd = keyStart + bytes.readUInt32LE(place - 1 + 5)
      if (compareRanges(key, start, end, bytes, keyStart, keyEnd) === 0) return index
    }
  }

  private grow(): void {
    const { places, hashes } = this
    const mask = places.length * 2 - 1
    this.places = new Uint32Array(mask + 1)
    this.hashes = new Int32Array(mask + 1)
    this.mask = mask
    for (let from = 0; from < places.length; from++) {
      const hash = hashes[from] as number
      if (places[from] === NONE) continue
      let index = hash & mask
      while (this.places[index] !== NONE) index = (index + 1) & mask
      this.places[index] = places[from] as number
      this.hashes[index] = hash
    }
  }
}

/** FNV-1a, and a step that spreads it to the low bits, which choose the place. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return hash ^ (hash >>> 15)
}
