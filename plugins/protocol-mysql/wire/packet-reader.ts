/**
 * Cuts the byte stream of a client into packets, however it is split, and joins packets of 16 MiB to whole payloads. A
 * payload that lies in one chunk is handed out as a view of it, without a copy.
 */
import { sqlError } from '@switchyard/core/spi'
import { HEADER_BYTES, PACKET_PAYLOAD_MAX } from './constants.js'

const EMPTY: Buffer = Buffer.alloc(0)

export class PacketReader {
  /** Larger payloads are ER_NET_PACKET_TOO_LARGE as soon as their header is seen. */
  payloadBytesMax: number
  /** Sequence number of the last packet whose header was read. */
  sequence = 0

  private bytes: Buffer = EMPTY
  private at = 0
  private end = 0
  /** Whether `bytes` is ours to append to behind `end`. */
  private isOwned = false
  /** Full packets of a payload that goes on. */
  private parts: Buffer[] = []
  private partsLength = 0

  constructor(payloadBytesMax: number) {
    this.payloadBytesMax = payloadBytesMax
  }

  /** Bytes that wait to be read. */
  get available(): number {
    return this.end - this.at
  }

  /** Whether a payload has begun to arrive and isn't complete; only true after `next` found none. */
  get isInside(): boolean {
    return this.end > this.at || this.parts.length > 0
  }

  /** Takes over a chunk; its bytes must not change any more. */
  push(chunk: Buffer): void {
    if (this.at === this.end) {
      this.bytes = chunk
      this.at = 0
      this.end = chunk.length
      this.isOwned = false
      return
    }
    const size = this.end - this.at + chunk.length
    if (!this.isOwned || this.end + chunk.length > this.bytes.length) {
      // Never moved inside one buffer: payloads handed out are views of it.
      const grown = Buffer.allocUnsafeSlow(this.roomFor(size))
      this.bytes.copy(grown, 0, this.at, this.end)
      this.end -= this.at
      this.at = 0
      this.bytes = grown
      this.isOwned = true
    }
    chunk.copy(this.bytes, this.end)
    this.end += chunk.length
  }

  /**
   * The next whole payload, or undefined if it has not arrived yet. Its first packet must carry the sequence number
   * `sequence` (ER_NET_PACKETS_OUT_OF_ORDER). After an error nothing further can be read.
   */
  next(sequence: number): Buffer | undefined {
    for (;;) {
      const start = this.at + HEADER_BYTES
      if (start > this.end) return undefined
      const length = this.packetLength()
      const expected = (sequence + this.parts.length) & 0xff
      if (this.bytes[this.at + 3] !== expected) throw sqlError('ER_NET_PACKETS_OUT_OF_ORDER')
      this.sequence = expected
      if (this.partsLength + length > this.payloadBytesMax) throw sqlError('ER_NET_PACKET_TOO_LARGE')
      if (start + length > this.end) return undefined
      const payload = this.bytes.subarray(start, start + length)
      this.at = start + length
      // An idle connection keeps nothing of what it has read.
      if (this.at === this.end) this.forget()
      if (length < PACKET_PAYLOAD_MAX) return this.parts.length === 0 ? payload : this.join(payload)
      this.parts.push(payload)
      this.partsLength += length
    }
  }

  /** Everything that was not read yet, which then counts as read. */
  takeRest(): Buffer {
    const rest = this.bytes.subarray(this.at, this.end)
    this.discard()
    return rest
  }

  discard(): void {
    this.forget()
    this.parts = []
    this.partsLength = 0
  }

  private forget(): void {
    this.bytes = EMPTY
    this.at = this.end = 0
  }

  private join(last: Buffer): Buffer {
    this.parts.push(last)
    const payload = Buffer.concat(this.parts, this.partsLength + last.length)
    this.parts = []
    this.partsLength = 0
    return payload
  }

  private packetLength(): number {
    const { bytes, at } = this
    return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
  }

  /** Twice as much, so that few copies are made; not more than the packet that has begun needs, if that is enough. */
  private roomFor(size: number): number {
    const expected = this.available < HEADER_BYTES ? 0 : this.packetLength() + HEADER_BYTES
    return expected >= size ? Math.min(expected, size * 2) : size * 2
  }
}
