/**
 * utf8mb4 and utf8mb3 (MySQL manual 12.9). JavaScript's strings hold every character of Unicode, so only utf8mb3 has
 * characters to refuse: those outside the Basic Multilingual Plane.
 */
import { isUtf8 } from 'node:buffer'
import './node-buffer.js'
import type { Charset } from './collation.js'

const SUPPLEMENTARY = /[\u{10000}-\u{10ffff}]/gu
const SURROGATE = /[\ud800-\udfff]/
const LONE_SURROGATE = /\p{Surrogate}/u

class Utf8Charset implements Charset {
  readonly isUnicode = true

  constructor(
    readonly name: string,
    readonly description: string,
    readonly defaultCollation: string,
    readonly bytesPerCharMax: 3 | 4,
  ) {}

  encode(text: string): Uint8Array {
    return Buffer.from(this.representable(text), 'utf8')
  }

  decode(bytes: Uint8Array, start = 0, end = bytes.length): string {
    const text = asBuffer(bytes).utf8Slice(start, end)
    return this.bytesPerCharMax === 3 && SURROGATE.test(text) ? text.replace(SUPPLEMENTARY, '\ufffd') : text
  }

  firstInvalid(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.bytesPerCharMax === 4 && isUtf8(bytes.subarray(start, end))) return -1
    let at = start
    while (at < end) {
      const length = utf8SequenceLength(bytes, at, end)
      if (length === 0 || length > this.bytesPerCharMax) return at
      at += length
    }
    return -1
  }

  canEncode(text: string): boolean {
    if (!SURROGATE.test(text)) return true
    return this.bytesPerCharMax === 4 && !LONE_SURROGATE.test(text)
  }

  bytesOf(codePoint: number): number {
    if (codePoint < 0x80) return 1
    if (codePoint < 0x800) return 2
    if (codePoint < 0x10000) return 3
    return this.bytesPerCharMax === 4 ? 4 : 1
  }

  byteLength(text: string): number {
    return Buffer.byteLength(this.representable(text), 'utf8')
  }

  private representable(text: string): string {
    return this.bytesPerCharMax === 3 && SURROGATE.test(text) ? text.replace(SUPPLEMENTARY, '?') : text
  }
}

/** The same memory as a Buffer, whose methods decode. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer
    ? (bytes as Buffer)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Bytes of the well-formed character at `at` (Unicode standard, table 3-7), or 0 if there is none. */
function utf8SequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number
  if (lead < 0x80) return 1
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  if (length === 0 || at + length > end) return 0
  // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
  const second = bytes[at + 1] as number
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const greatest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < least || second > greatest) return 0
  for (let i = 2; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0
  return length
}

export const UTF8MB4: Charset = new Utf8Charset('utf8mb4', 'UTF-8 Unicode', 'utf8mb4_0900_ai_ci', 4)
export const UTF8MB3: Charset = new Utf8Charset('utf8mb3', 'UTF-8 Unicode', 'utf8mb3_general_ci', 3)
