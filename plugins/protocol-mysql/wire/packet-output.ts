/**
 * Collects the packets of a response in a pooled buffer and hands full buffers to the client's stream. Encoders write
 * straight into `buffer` at `at`, between `begin` and `end`.
 */
import { acquireBuffer, OUTPUT_BUFFER_BYTES, releaseBuffer } from './buffer-pool.js'
import { HEADER_BYTES, PACKET_PAYLOAD_MAX } from './constants.js'

const EMPTY: Buffer = Buffer.alloc(0)

/** Where full buffers go; it gives them back to the pool when they are sent. */
export type SendBuffer = (buffer: Buffer, length: number) => void

export class PacketOutput {
  buffer: Buffer = EMPTY
  at = 0
  /** Number of the next packet. */
  sequence = 0
  private packetStart = 0

  constructor(private readonly send: SendBuffer) {}

  /** Starts a packet of at most `payloadBytesMax` bytes, and makes room for it. */
  begin(payloadBytesMax: number): void {
    if (this.at + HEADER_BYTES + payloadBytesMax > this.buffer.length) {
      this.makeRoom(HEADER_BYTES + payloadBytesMax)
    }
    this.packetStart = this.at
    this.at += HEADER_BYTES
  }

  /** Ends the packet at `at` and writes its header. */
  end(): void {
    const start = this.packetStart
    const length = this.at - start - HEADER_BYTES
    if (length >= PACKET_PAYLOAD_MAX) this.splitPacket(start, length)
    else this.writeHeader(start, length)
  }

  /** A whole packet. */
  packet(payload: Uint8Array): void {
    this.begin(payload.length)
    this.buffer.set(payload, this.at)
    this.at += payload.length
    this.end()
  }

  /** Whole packets with their headers, numbered from 1 on as they stand in `packets`. */
  packets(packets: Buffer, count: number): void {
    if (this.at + packets.length > this.buffer.length) this.makeRoom(packets.length)
    const start = this.at
    packets.copy(this.buffer, start)
    this.at = start + packets.length
    if (this.sequence !== 1) this.renumber(start)
    this.sequence = (this.sequence + count) & 0xff
  }

  /** Hands everything to the stream. */
  flush(): void {
    if (this.at === 0) return
    const { buffer, at } = this
    this.buffer = EMPTY
    this.at = 0
    this.send(buffer, at)
  }

  /** Forgets what was not handed over. */
  discard(): void {
    releaseBuffer(this.buffer)
    this.buffer = EMPTY
    this.at = 0
  }

  private makeRoom(size: number): void {
    this.flush()
    releaseBuffer(this.buffer)
    this.buffer = size <= OUTPUT_BUFFER_BYTES ? acquireBuffer() : Buffer.allocUnsafeSlow(size)
  }

  private writeHeader(start: number, length: number): void {
    const { buffer, sequence } = this
    buffer[start] = length
    buffer[start + 1] = length >> 8
    buffer[start + 2] = length >> 16
    buffer[start + 3] = sequence
    this.sequence = (sequence + 1) & 0xff
  }

  /** A payload of 16 MiB and more goes out as full packets and a shorter one, which may be empty. */
  private splitPacket(start: number, length: number): void {
    const whole = this.buffer
    const payload = whole.subarray(start + HEADER_BYTES, start + HEADER_BYTES + length)
    const packetCount = Math.floor(length / PACKET_PAYLOAD_MAX) + 1
    const before = whole.subarray(0, start)
    this.buffer = Buffer.allocUnsafeSlow(start + length + packetCount * HEADER_BYTES)
    this.buffer.set(before)
    this.at = start
    for (let i = 0; i < packetCount; i++) {
      const part = payload.subarray(i * PACKET_PAYLOAD_MAX, (i + 1) * PACKET_PAYLOAD_MAX)
      this.writeHeader(this.at, part.length)
      this.buffer.set(part, this.at + HEADER_BYTES)
      this.at += HEADER_BYTES + part.length
    }
    releaseBuffer(whole)
  }

  private renumber(start: number): void {
    const { buffer } = this
    let sequence = this.sequence
    for (let at = start; at < this.at;) {
      buffer[at + 3] = sequence
      sequence = (sequence + 1) & 0xff
      const length = (buffer[at] as number) | ((buffer[at + 1] as number) << 8)
      at += HEADER_BYTES + (length | ((buffer[at + 2] as number) << 16))
    }
  }
}
