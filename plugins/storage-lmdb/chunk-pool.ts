/**
 * Memory in which applied bytes are kept until the writer thread has stored them.
 *
 * Shared memory weighs nothing in the eyes of the garbage collector, and the writer thread hardly ever makes garbage that
 * would start it: chunks that are merely dropped stay for minutes. So they are used again, by whom nobody reads any more.
 */

/** Bytes of which `[0, byteLength)` are write sets one behind the other. */
export interface Chunk {
  /** Shared while an overlay reads it too; otherwise it moves to the writer thread, and back. */
  readonly memory: SharedArrayBuffer | ArrayBuffer
  byteLength: number
}

/** Size of pooled chunks, and with it of the largest write set that an overlay takes. */
export const CHUNK_BYTES = 1024 * 1024

export class ChunkPool {
  private readonly free: (SharedArrayBuffer | ArrayBuffer)[] = []

  /** Keeps at most `bytesMax` for later use. */
  constructor(private readonly bytesMax: number) {}

  take(): Chunk {
    return { memory: this.free.pop() ?? new SharedArrayBuffer(CHUNK_BYTES), byteLength: 0 }
  }

  giveBack(chunks: readonly Chunk[]): void {
    for (const { memory } of chunks) {
      if (this.free.length * CHUNK_BYTES < this.bytesMax) this.free.push(memory)
    }
  }
}
