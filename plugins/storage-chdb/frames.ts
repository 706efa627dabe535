/**
 * How the driver and the engine's process talk: frames on a socket. Each is its length (4 bytes, little endian, without
 * themselves), its kind (1), the number of the query that it belongs to (4), and a payload. `engine-child.js` has the other end.
 *
 * A query has a window: so many bytes of its result may be on the way. The child stops reading from the engine when they are, and
 * `credit` gives room again for what was taken. So a client that reads slowly holds up its own query and no other.
 */
export const FrameKind = {
  /** JSON: the SQL text, whether rows come back, the window. */
  query: 1,
  /** Four bytes: how many were taken. */
  credit: 2,
  cancel: 3,
  ping: 4,
  /** End all queries and the process. */
  stop: 5,
  /** The engine is open. */
  ready: 16,
  /** A block of rows in ClickHouse's format Native. */
  block: 17,
  end: 18,
  /** JSON: ClickHouse's number of the error, and its message. Query 0: the engine couldn't be opened. */
  error: 19,
  pong: 20,
} as const

const HEADER_BYTES = 9

export function frame(kind: number, id: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  bytes.writeUInt32LE(HEADER_BYTES - 4 + payload.length, 0)
  bytes.writeUInt8(kind, 4)
  bytes.writeUInt32LE(id, 5)
  bytes.set(payload, HEADER_BYTES)
  return bytes
}

/** Puts frames together from what arrives; a frame's bytes are its receiver's to keep. */
export class FrameReader {
  private readonly parts: Buffer[] = []
  private total = 0
  /** Bytes of the frame that is arriving, its length included; undefined until that is known. */
  private wanted: number | undefined

  constructor(private readonly take: (kind: number, id: number, payload: Buffer) => void) {}

  push(bytes: Buffer): void {
    this.parts.push(bytes)
    this.total += bytes.length
    while (this.isComplete()) this.takeOne()
  }

  private isComplete(): boolean {
    if (this.wanted === undefined) {
      if (this.total < 4) return false
      this.wanted = 4 + this.joined().readUInt32LE(0)
    }
    return this.total >= this.wanted
  }

  private takeOne(): void {
    const all = this.joined()
    const wanted = this.wanted ?? 0
    this.wanted = undefined
    this.parts.length = 0
    this.total = all.length - wanted
    if (this.total > 0) this.parts.push(all.subarray(wanted))
    this.take(all.readUInt8(4), all.readUInt32LE(5), all.subarray(HEADER_BYTES, wanted))
  }

  private joined(): Buffer {
    const [first] = this.parts
    if (this.parts.length === 1 && first !== undefined) return first
    const all = Buffer.concat(this.parts, this.total)
    this.parts.length = 0
    this.parts.push(all)
    return all
  }
}
