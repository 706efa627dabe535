/**
 * ucs2, utf16, utf16le and utf32: Unicode in units of two or four bytes (MySQL manual 12.9). ucs2 lacks the characters
 * outside the Basic Multilingual Plane. None of them may be a client's character set.
 */
import { asBuffer } from './charset-utf8.js'
import type { Charset } from './collation.js'

const SURROGATE_MIN = 0xd800
const LOW_SURROGATE_MIN = 0xdc00
const SURROGATE_MAX = 0xdfff
const REPLACEMENT = 0xfffd
const QUESTION_MARK = 0x3f

/** Where a unit lies in the bytes. */
interface UnitLayout {
  readonly bytesPerUnit: 2 | 4
  read(bytes: Buffer, at: number): number
  write(bytes: Buffer, unit: number, at: number): void
}

const BIG_ENDIAN_16: UnitLayout = {
  bytesPerUnit: 2,
  read: (bytes, at) => bytes.readUInt16BE(at),
  write: (bytes, unit, at) => void bytes.writeUInt16BE(unit, at),
}
const LITTLE_ENDIAN_16: UnitLayout = {
  bytesPerUnit: 2,
  read: (bytes, at) => bytes.readUInt16LE(at),
  write: (bytes, unit, at) => void bytes.writeUInt16LE(unit, at),
}
const BIG_ENDIAN_32: UnitLayout = {
  bytesPerUnit: 4,
  read: (bytes, at) => bytes.readUInt32BE(at),
  write: (bytes, unit, at) => void bytes.writeUInt32BE(unit, at),
}

class WideCharset implements Charset {
  readonly isUnicode = true

  constructor(
    readonly name: string,
    readonly description: string,
    readonly defaultCollation: string,
    readonly bytesPerCharMax: 2 | 4,
    private readonly layout: UnitLayout,
  ) {}

  encode(text: string): Uint8Array {
    const { bytesPerUnit } = this.layout
    const bytes = Buffer.allocUnsafe(text.length * bytesPerUnit)
    let at = 0
    for (const character of text) {
      const codePoint = this.representable(character.codePointAt(0) as number)
      const isPair = codePoint > 0xffff && bytesPerUnit === 2
      this.layout.write(bytes, isPair ? character.charCodeAt(0) : codePoint, at)
      at += bytesPerUnit
      if (!isPair) continue
      this.layout.write(bytes, character.charCodeAt(1), at)
      at += bytesPerUnit
    }
    return bytes.subarray(0, at)
  }

  decode(bytes: Uint8Array, start = 0, end = bytes.length): string {
    const buffer = asBuffer(bytes)
    let text = ''
    for (let at = start; at < end;) {
      const codePoint = this.codePointAt(buffer, at, end)
      text += String.fromCodePoint(codePoint < 0 ? REPLACEMENT : codePoint)
      at += codePoint < 0 ? this.layout.bytesPerUnit : this.bytesOf(codePoint)
    }
    return text
  }

  firstInvalid(bytes: Uint8Array, start = 0, end = bytes.length): number {
    const buffer = asBuffer(bytes)
    for (let at = start; at < end;) {
      const codePoint = this.codePointAt(buffer, at, end)
      if (codePoint < 0) return at
      at += this.bytesOf(codePoint)
    }
    return -1
  }

  canEncode(text: string): boolean {
    for (const character of text) {
      const codePoint = character.codePointAt(0) as number
      if (isSurrogate(codePoint) || this.representable(codePoint) !== codePoint) return false
    }
    return true
  }

  bytesOf(codePoint: number): number {
    return this.representable(codePoint) > 0xffff ? 4 : this.layout.bytesPerUnit
  }

  byteLength(text: string): number {
    let length = 0
    for (const character of text) length += this.bytesOf(character.codePointAt(0) as number)
    return length
  }

  private representable(codePoint: number): number {
    return codePoint > 0xffff && this.bytesPerCharMax === 2 ? QUESTION_MARK : codePoint
  }

  /** The character at `at`, or -1 if none starts there. */
  private codePointAt(bytes: Buffer, at: number, end: number): number {
    const { bytesPerUnit } = this.layout
    if (at + bytesPerUnit > end) return -1
    const unit = this.layout.read(bytes, at)
    if (!isSurrogate(unit)) return unit > 0x10ffff ? -1 : unit
    if (bytesPerUnit === 4 || this.bytesPerCharMax === 2 || unit >= LOW_SURROGATE_MIN || at + 4 > end)
      return -1
    const low = this.layout.read(bytes, at + 2)
    if (low < LOW_SURROGATE_MIN || low > SURROGATE_MAX) return -1
    return 0x10000 + ((unit - SURROGATE_MIN) << 10) + (low - LOW_SURROGATE_MIN)
  }
}

function isSurrogate(codePoint: number): boolean {
  return codePoint >= SURROGATE_MIN && codePoint <= SURROGATE_MAX
}

export const UCS2: Charset = new WideCharset('ucs2', 'UCS-2 Unicode', 'ucs2_general_ci', 2, BIG_ENDIAN_16)
export const UTF16: Charset = new WideCharset('utf16', 'UTF-16 Unicode', 'utf16_general_ci', 4, BIG_ENDIAN_16)
export const UTF16LE: Charset = new WideCharset(
  'utf16le',
  'UTF-16LE Unicode',
  'utf16le_general_ci',
  4,
  LITTLE_ENDIAN_16,
)
export const UTF32: Charset = new WideCharset('utf32', 'UTF-32 Unicode', 'utf32_general_ci', 4, BIG_ENDIAN_32)
