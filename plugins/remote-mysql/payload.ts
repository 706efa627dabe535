/** Numbers of variable length in packets (MySQL internals manual, "Length-Encoded Integer"). */

/** Stands in the place of a length for NULL. */
export const NULL_CELL = 0xfb

/** The number at a place whose first byte is above `NULL_CELL`. */
export function longNumber(bytes: Buffer, at: number): number {
  switch (bytes[at]) {
    case 0xfc:
      return bytes.readUInt16LE(at + 1)
    case 0xfd:
      return bytes.readUIntLE(at + 1, 3)
    default:
      return bytes.readUInt32LE(at + 1) + bytes.readUInt32LE(at + 5) * 0x1_0000_0000
  }
}

/** How many bytes a number takes whose first byte this is. */
export function numberBytes(first: number): number {
  if (first < NULL_CELL) return 1
  return first === 0xfc ? 3 : first === 0xfd ? 4 : 9
}

/** Reads an OK packet's or a header's parts one after the other. */
export class PayloadReader {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly end: number,
  ) {}

  get isAtEnd(): boolean {
    return this.at >= this.end
  }

  uint16(): number {
    this.at += 2
    return this.bytes.readUInt16LE(this.at - 2)
  }

  number(): number | bigint {
    const { bytes, at } = this
    const first = bytes[at] as number
    this.at += numberBytes(first)
    if (first < NULL_CELL) return first
    if (first < 0xfe) return longNumber(bytes, at)
    const value = bytes.readBigUInt64LE(at + 1)
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
  }

  text(): string {
    const size = Number(this.number())
    this.at += size
    return this.bytes.utf8Slice(this.at - size, this.at)
  }
}
