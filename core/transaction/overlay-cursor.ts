/**
 * Walks what a transaction has written to one keyspace.
 */
import { compareRanges } from '../common/bytes.js'
import { ENTRY_HEADER_BYTES } from '../common/write-set.js'
import { CHUNK_SPAN, type Block, type KeyOrder } from './key-order.js'
import type { Overlay } from './overlay.js'

/** What an overlay knows of a key. */
export const OverlayState = { unknown: 0, put: 1, removed: 2 } as const
export type OverlayState = (typeof OverlayState)[keyof typeof OverlayState]

const EMPTY = Buffer.alloc(0)

/** Walks a range of one keyspace of an overlay. Starts on the first entry. */
export class OverlayCursor {
  /** The entry under the cursor; the key is `bytes[keyStart, keyEnd)`. Meaningless once `isDone`. */
  bytes: Buffer = EMPTY
  keyStart = 0
  keyEnd = 0
  valueStart = 0
  valueEnd = 0
  isRemoved = false
  isDone = false
  private block = 0
  private index = 0

  constructor(
    private readonly overlay: Overlay,
    private readonly order: KeyOrder,
    private readonly lower: Uint8Array | undefined,
    private readonly upper: Uint8Array | undefined,
    private readonly reverse: boolean,
  ) {
    const start = reverse ? upper : lower
    if (start !== undefined) {
      order.find(overlay, start, 0, start.length)
      this.block = order.block
      this.index = order.index
    } else if (reverse) {
      this.block = order.blocks.length - 1
      this.index = (order.blocks[this.block] as Block).references.length
    }
    if (reverse) this.index--
    this.settle()
  }

  advance(): void {
    this.index += this.reverse ? -1 : 1
    this.settle()
  }

  /** Order of a key of the snapshot and the key under the cursor, in the direction of the walk. */
  compare(key: Uint8Array, keyStart: number, keyEnd: number): number {
    const order = compareRanges(key, keyStart, keyEnd, this.bytes, this.keyStart, this.keyEnd)
    return this.reverse ? -order : order
  }

  private settle(): void {
    const blocks = this.order.blocks
    if (this.reverse) {
      if (this.index < 0) this.index = (blocks[--this.block]?.references.length ?? 0) - 1
    } else if (this.index >= (blocks[this.block] as Block).references.length) {
      this.block++
      this.index = 0
    }
    const reference = blocks[this.block]?.references[this.index]
    if (reference === undefined) this.isDone = true
    else this.load(reference)
  }

  private load(reference: number): void {
    const overlay = this.overlay
    const bound = this.reverse ? this.lower : this.upper
    if (bound !== undefined) {
      const order = overlay.compareTo(bound, 0, bound.length, reference)
      // Behind the range: at or above `upper`, or below `lower`.
      if (this.reverse ? order > 0 : order <= 0) {
        this.isDone = true
        return
      }
    }
    this.isRemoved = overlay.select(reference) === OverlayState.removed
    this.bytes = overlay.bytes
    this.keyStart = (reference % CHUNK_SPAN) + ENTRY_HEADER_BYTES
    this.keyEnd = overlay.valueStart
    this.valueStart = overlay.valueStart
    this.valueEnd = overlay.valueEnd
  }
}
