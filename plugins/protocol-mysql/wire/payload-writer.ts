/** Builds payloads that are made once (greetings, column definitions): a buffer that grows. Rows have encoders of their own. */
const INITIAL_BYTES = 256

export class PayloadWriter {
  private bytes: Buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  private length = 0

  uint8(value: number): this {
    const at = this.reserve(1)
    this.bytes[at] = value
    return this
  }

  uint16(value: number): this {
    const at = this.reserve(2)
    this.bytes.writeUInt16LE(value, at)
    return this
  }

  uint24(value: number): this {
    const at = this.reserve(3)
    this.bytes.writeUIntLE(value, at, 3)
    return this
  }

  uint32(value: number): this {
    const at = this.reserve(4)
    this.bytes.writeUInt32LE(value >>> 0, at)
    return this
  }

  lengthEncoded(value: number): this {
    if (value < 0xfb) return this.uint8(value)
    if (value <= 0xffff) return this.uint8(0xfc).uint16(value)
    if (value <= 0xffffff) return this.uint8(0xfd).uint24(value)
    this.uint8(0xfe).uint32(value % 0x1_0000_0000)
    return this.uint32(Math.floor(value / 0x1_0000_0000))
  }

  raw(bytes: Uint8Array): this {
    // Reserving may replace the buffer.
    const at = this.reserve(bytes.length)
    this.bytes.set(bytes, at)
    return this
  }

  lengthEncodedBytes(bytes: Uint8Array): this {
    return this.lengthEncoded(bytes.length).raw(bytes)
  }

  /** ASCII text and a zero byte. */
  zeroTerminated(text: string): this {
    return this.raw(Buffer.from(text, 'latin1')).uint8(0)
  }

  zeros(count: number): this {
    const at = this.reserve(count)
    this.bytes.fill(0, at, at + count)
    return this
  }

  /** What was written, as a view that later writes leave alone. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length)
    this.bytes = Buffer.allocUnsafe(INITIAL_BYTES)
    this.length = 0
    return taken
  }

  private reserve(size: number): number {
    const at = this.length
    this.length = at + size
    if (this.length > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length))
      this.bytes.copy(grown, 0, 0, at)
      this.bytes = grown
    }
    return at
  }
}
