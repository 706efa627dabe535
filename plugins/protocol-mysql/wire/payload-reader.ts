/**
 * Reads the fields of one packet's payload in order. Every read is checked against the payload's end: what a client sends
 * is never trusted, and a field that isn't there is ER_MALFORMED_PACKET.
 */
import { sqlError, type ExactValue } from '@switchyard/core/spi'

const TWO_POW_32 = 0x1_0000_0000

export class PayloadReader {
  private at: number

  constructor(
    private readonly bytes: Buffer,
    start = 0,
    private readonly end: number = bytes.length,
  ) {
    this.at = start
  }

  get remaining(): number {
    return this.end - this.at
  }

  get position(): number {
    return this.at
  }

  uint8(): number {
    return this.bytes[this.take(1)] as number
  }

  uint16(): number {
    return this.bytes.readUInt16LE(this.take(2))
  }

  uint24(): number {
    return this.bytes.readUIntLE(this.take(3), 3)
  }

  uint32(): number {
    return this.bytes.readUInt32LE(this.take(4))
  }

  int8(): number {
    return this.bytes.readInt8(this.take(1))
  }

  int16(): number {
    return this.bytes.readInt16LE(this.take(2))
  }

  int32(): number {
    return this.bytes.readInt32LE(this.take(4))
  }

  int64(): ExactValue {
    const at = this.take(8)
    return narrow(this.bytes, at, this.bytes.readInt32LE(at + 4)) ?? this.bytes.readBigInt64LE(at)
  }

  uint64(): ExactValue {
    const at = this.take(8)
    return narrow(this.bytes, at, this.bytes.readUInt32LE(at + 4)) ?? this.bytes.readBigUInt64LE(at)
  }

  float(): number {
    return this.bytes.readFloatLE(this.take(4))
  }

  double(): number {
    return this.bytes.readDoubleLE(this.take(8))
  }

  /** A length-encoded integer; lengths beyond 2^53 can't be true and are malformed. */
  lengthEncoded(): number {
    const first = this.uint8()
    if (first < 0xfb) return first
    if (first === 0xfc) return this.uint16()
    if (first === 0xfd) return this.uint24()
    if (first !== 0xfe) throw sqlError('ER_MALFORMED_PACKET')
    const low = this.uint32()
    const value = this.uint32() * TWO_POW_32 + low
    if (!Number.isSafeInteger(value)) throw sqlError('ER_MALFORMED_PACKET')
    return value
  }

  /** One of the bytes that were skipped or are still to come. */
  byteAt(position: number): number {
    return this.bytes[position] as number
  }

  /** A view of the next `length` bytes. */
  slice(length: number): Buffer {
    const start = this.take(length)
    return this.bytes.subarray(start, start + length)
  }

  lengthEncodedBytes(): Buffer {
    return this.slice(this.lengthEncoded())
  }

  /** The bytes before the next zero byte, which is skipped; all that is left if there is none. */
  zeroTerminated(): Buffer {
    const zero = this.bytes.indexOf(0, this.at)
    if (zero < 0 || zero >= this.end) return this.rest()
    const bytes = this.slice(zero - this.at)
    this.at++
    return bytes
  }

  rest(): Buffer {
    return this.slice(this.remaining)
  }

  skip(length: number): void {
    this.take(length)
  }

  private take(length: number): number {
    const at = this.at
    if (length > this.end - at) throw sqlError('ER_MALFORMED_PACKET')
    this.at = at + length
    return at
  }
}

/** Eight bytes with these upper four as a number, without a detour by a bigint; undefined if it can't hold them exactly. */
function narrow(bytes: Buffer, at: number, high: number): number | undefined {
  const value = high * TWO_POW_32 + bytes.readUInt32LE(at)
  return Number.isSafeInteger(value) ? value : undefined
}
