/**
 * Finds where the blocks of the format Native end in bytes that arrive in pieces of any size: over HTTP nothing else says so. What is left
 * at the end is no block: a server that fails in the middle of a result writes its error there.
 */
import { valueBytesOf } from './native-block.js'

const CAPACITY_FIRST_BYTES = 2 ** 17

export class NativeSplitter {
  private bytes = Buffer.allocUnsafe(CAPACITY_FIRST_BYTES)
  /** Where the block begins that is looked at. */
  private start = 0
  /** Up to where it is known; behind `end` while bytes of it are still to come. */
  private at = 0
  private end = 0
  /** Yields `true` at the end of each block, `false` when bytes are missing. */
  private readonly scan = this.blocks()
  private isForeign = false

  push(bytes: Uint8Array): void {
    if (this.end + bytes.length > this.bytes.length) this.makeRoom(bytes.length)
    this.bytes.set(bytes, this.end)
    this.end += bytes.length
  }

  /** The next block that is complete; its bytes are the caller's. */
  take(): Buffer | undefined {
    if (this.isForeign || !this.isBlockComplete()) return undefined
    const block = Buffer.from(this.bytes.subarray(this.start, this.at))
    this.start = this.at
    return block
  }

  /** What has come behind the last complete block. */
  rest(): Buffer {
    return this.bytes.subarray(this.start, this.end)
  }

  private isBlockComplete(): boolean {
    try {
      return this.scan.next().value
    } catch {
      // Whatever this is, it is no block.
      this.isForeign = true
      return false
    }
  }

  private makeRoom(wanted: number): void {
    const kept = this.end - this.start
    const capacity = Math.max(this.bytes.length, 2 * (kept + wanted))
    const bytes = capacity === this.bytes.length ? this.bytes : Buffer.allocUnsafe(capacity)
    this.bytes.copy(bytes, 0, this.start, this.end)
    this.bytes = bytes
    this.at -= this.start
    this.start = 0
    this.end = kept
  }

  private *blocks(): Generator<boolean, never> {
    for (;;) {
      const columnCount = yield* this.varint()
      const rowCount = yield* this.varint()
      for (let column = 0; column < columnCount; column++) {
        yield* this.text()
        const type = yield* this.text()
        const inner = /^Nullable\((.*)\)$/.exec(type)?.[1]
        if (inner !== undefined) this.at += rowCount
        if ((inner ?? type) === 'String') yield* this.strings(rowCount)
        else this.at += rowCount * valueBytesOf(inner ?? type)
        while (this.at > this.end) yield false
      }
      yield true
    }
  }

  private *strings(rowCount: number): Generator<boolean, void> {
    for (let row = 0; row < rowCount; row++) {
      let length = 0
      let factor = 1
      for (;;) {
        while (this.at >= this.end) yield false
        const byte = this.bytes[this.at++] as number
        length += (byte & 127) * factor
        if (byte < 128) break
        factor *= 128
      }
      this.at += length
    }
  }

  private *varint(): Generator<boolean, number> {
    let value = 0
    let factor = 1
    for (;;) {
      while (this.at >= this.end) yield false
      const byte = this.bytes[this.at++] as number
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
  }

  private *text(): Generator<boolean, string> {
    const length = yield* this.varint()
    while (this.at + length > this.end) yield false
    const start = this.at
    this.at += length
    return this.bytes.latin1Slice(start, this.at)
  }
}
