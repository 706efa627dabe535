/** Takes what a remote sends apart into packets (MySQL internals manual, "MySQL Packets"), in whatever pieces it comes. */

const HEADER_BYTES = 4
/** A packet with so long a payload goes on in the next one. */
const PAYLOAD_BYTES_MAX = 0xff_ff_ff

/** Takes a payload, which lies between two places and is valid during the call. */
export type PacketTaker = (bytes: Buffer, from: number, to: number) => void

export class PacketSplitter {
  /** The beginning of a packet whose end hasn't come yet. */
  private rest: Buffer[] = []
  private restBytes = 0
  /** How long it will be, as far as that is known. */
  private wantedBytes = HEADER_BYTES
  /** Payloads that go on. */
  private parts: Buffer[] = []

  constructor(private readonly taker: PacketTaker) {}

  /** The bytes are valid during the call. */
  push(bytes: Buffer, length: number): void {
    if (this.restBytes === 0) {
      this.split(bytes, 0, length)
      return
    }
    this.keep(bytes, 0, length)
    if (this.restBytes < this.wantedBytes) return
    const joined = Buffer.concat(this.rest, this.restBytes)
    this.rest = []
    this.restBytes = 0
    this.split(joined, 0, joined.length)
  }

  private split(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (to - at >= HEADER_BYTES) {
      const size =
        (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
      const end = at + HEADER_BYTES + size
      if (end > to) {
        this.wantedBytes = HEADER_BYTES + size
        this.keep(bytes, at, to)
        return
      }
      if (size === PAYLOAD_BYTES_MAX || this.parts.length > 0) this.takePart(bytes, at + HEADER_BYTES, end)
      else this.taker(bytes, at + HEADER_BYTES, end)
      at = end
    }
    if (at < to) {
      this.wantedBytes = HEADER_BYTES
      this.keep(bytes, at, to)
    }
  }

  private takePart(bytes: Buffer, from: number, to: number): void {
    this.parts.push(Buffer.from(bytes.subarray(from, to)))
    if (to - from === PAYLOAD_BYTES_MAX) return
    const whole = Buffer.concat(this.parts)
    this.parts = []
    this.taker(whole, 0, whole.length)
  }

  private keep(bytes: Buffer, from: number, to: number): void {
    this.rest.push(Buffer.from(bytes.subarray(from, to)))
    this.restBytes += to - from
  }
}
