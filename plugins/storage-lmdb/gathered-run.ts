/**
 * Entries from several places, copied side by side as a leaf has them: what is gathered is shown as one run, which costs
 * readers far less than one entry after the other.
 */
import { copyBytes, type RunVisitor } from '@switchyard/core/spi'

/** Keys lie in the first part of the bytes, values in the second; places have 16 bits. */
const KEY_BYTES = 0x4000
const BYTES = 0x10000
const ENTRIES_MAX = 256
/** The first run is short, for readers that want little. */
const FIRST_ENTRIES = 32

export class GatheredRun {
  count = 0
  private capacity = FIRST_ENTRIES
  private readonly bytes = Buffer.allocUnsafeSlow(BYTES)
  /** See `RunVisitor`: the bounds of keys and values by turns. */
  private readonly places = new Uint16Array(2 * ENTRIES_MAX + 2)
  private keyEnd = 0
  private valueEnd = KEY_BYTES

  get isFull(): boolean {
    return this.count >= this.capacity
  }

  /** Forgets what was gathered, and begins with short runs again. */
  reset(): void {
    this.empty()
    this.capacity = FIRST_ENTRIES
  }

  /** Appends an entry; answers false if there is no room for it. */
  add(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    const { bytes } = this
    const nextKey = this.keyEnd + keyEnd - keyStart
    const nextValue = this.valueEnd + valueEnd - valueStart
    if (this.count === this.capacity || nextKey > KEY_BYTES || nextValue >= BYTES) return false
    copyBytes(key, keyStart, keyEnd, bytes, this.keyEnd)
    copyBytes(value, valueStart, valueEnd, bytes, this.valueEnd)
    this.end(nextKey, nextValue)
    return true
  }

  /** Appends the first entries of a run; answers how many there was room for. */
  addRun(source: Buffer, start: number, places: Uint16Array, at: number, count: number): number {
    const keyShift = this.keyEnd - (places[at] as number)
    const valueShift = this.valueEnd - (places[at + 1] as number)
    const room = Math.min(count, this.capacity - this.count)
    let taken = 0
    while (taken < room) {
      const nextKey = (places[at + 2 * taken + 2] as number) + keyShift
      const nextValue = (places[at + 2 * taken + 3] as number) + valueShift
      if (nextKey > KEY_BYTES || nextValue >= BYTES) break
      taken++
    }
    if (taken === 0) return 0
    const last = at + 2 * taken
    const { bytes } = this
    copyBytes(source, start + (places[at] as number), start + (places[last] as number), bytes, this.keyEnd)
    copyBytes(
      source,
      start + (places[at + 1] as number),
      start + (places[last + 1] as number),
      bytes,
      this.valueEnd,
    )
    for (let i = 1; i <= taken; i++) {
      this.end((places[at + 2 * i] as number) + keyShift, (places[at + 2 * i + 1] as number) + valueShift)
    }
    return taken
  }

  /** Shows the first `count` entries that were gathered, and forgets all. Answers how many were taken. */
  show(visit: RunVisitor, count: number): number {
    this.places[0] = 0
    this.places[1] = KEY_BYTES
    this.empty()
    this.capacity = ENTRIES_MAX
    return visit(this.bytes, 0, this.places, 0, count)
  }

  private end(keyEnd: number, valueEnd: number): void {
    const at = 2 * ++this.count
    this.places[at] = this.keyEnd = keyEnd
    this.places[at + 1] = this.valueEnd = valueEnd
  }

  private empty(): void {
    this.count = 0
    this.keyEnd = 0
    this.valueEnd = KEY_BYTES
  }
}
