/**
 * Compares large collections of index entries without holding or looking up any of them: by number, and by the sum of a 64-bit hash of each.
 * Collections that differ have equal digests by chance only; the hash isn't made to withstand someone who seeks that.
 */
export class EntryDigest {
  private count = 0
  private low = 0
  private high = 0

  /** Takes in the entry `key` → `value[start, end)`; the order of calls doesn't matter. */
  add(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    start: number,
    end: number,
  ): void {
    let first = keyEnd - keyStart
    let second = 0x9747b28c
    for (let i = keyStart; i < keyEnd; i++) {
      first = Math.imul(first ^ (key[i] as number), 0x01000193)
      second = Math.imul(second ^ (key[i] as number), 0x5bd1e995) ^ (second >>> 13)
    }
    for (let i = start; i < end; i++) {
      first = Math.imul(first ^ (value[i] as number), 0x01000193)
      second = Math.imul(second ^ (value[i] as number), 0x5bd1e995) ^ (second >>> 13)
    }
    this.count++
    this.low = (this.low + scattered(first ^ (second >>> 7))) | 0
    this.high = (this.high + scattered(second ^ Math.imul(first, 0x27d4eb2f))) | 0
  }

  equals(other: EntryDigest): boolean {
    return this.count === other.count && this.low === other.low && this.high === other.high
  }
}

/** Every bit of the hash depends on every bit of `bits`, so that sums of similar hashes have nothing in common. */
function scattered(bits: number): number {
  const once = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}
