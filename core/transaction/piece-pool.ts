/**
 * Memory in which bulk work collects entries until a piece is large enough to be stored. Shared memory, which weighs nothing in the eyes of the
 * garbage collector and need not be copied for the thread that stores it; used again, because nobody would collect it soon.
 */

/** Entries of ascending keys are stored in pieces of this size. */
export const PIECE_BYTES = 16 * 2 ** 20
/** Others in larger ones, because each may touch much of what is stored. */
export const SCATTERED_PIECE_BYTES = 4 * PIECE_BYTES
/** For the entries that make a piece full. */
const SLACK_BYTES = 2 ** 18
/** Kept for later use, of each size. */
const KEPT_MAX = 4

class PiecePool {
  private readonly free: Buffer[] = []

  constructor(private readonly pieceBytes: number) {}

  take(): Buffer {
    return this.free.pop() ?? Buffer.from(new SharedArrayBuffer(this.pieceBytes + SLACK_BYTES))
  }

  /** Does nothing with memory from elsewhere. */
  giveBack(memory: Buffer): void {
    const isOurs =
      memory.buffer instanceof SharedArrayBuffer && memory.length === this.pieceBytes + SLACK_BYTES
    if (isOurs && this.free.length < KEPT_MAX) this.free.push(memory)
  }
}

export const pieces = new PiecePool(PIECE_BYTES)
export const scatteredPieces = new PiecePool(SCATTERED_PIECE_BYTES)
