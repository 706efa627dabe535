/**
 * latin1, ascii and binary: one byte is one character.
 *
 * MySQL's latin1 is Windows code page 1252, with the five bytes that the code page leaves open (81, 8D, 8F, 90, 9D)
 * standing for the control characters of the same number. A string in `binary` is bytes; where one must be handled as
 * a JavaScript string, each character is the byte of the same number.
 */
import './node-buffer.js'
import { asBuffer } from './charset-utf8.js'
import type { Charset } from './collation.js'

const QUESTION_MARK = 0x3f

/** The characters of bytes 80 to 9F in code page 1252. */
const CODE_PAGE_1252_HIGH =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178'

const BYTE_OF_HIGH: ReadonlyMap<number, number> = new Map(
  Array.from(CODE_PAGE_1252_HIGH, (character, i) => [character.charCodeAt(0), 0x80 + i]),
)

/** The byte of a character in latin1, or -1. */
export function latin1Byte(codePoint: number): number {
  if (codePoint < 0x80 || (codePoint >= 0xa0 && codePoint <= 0xff)) return codePoint
  return BYTE_OF_HIGH.get(codePoint) ?? -1
}

/** The character of a byte in latin1. */
export function latin1CodePoint(byte: number): number {
  return byte < 0x80 || byte >= 0xa0 ? byte : CODE_PAGE_1252_HIGH.charCodeAt(byte - 0x80)
}

abstract class SingleByteCharset implements Charset {
  readonly bytesPerCharMax = 1
  readonly isUnicode = false

  constructor(
    readonly name: string,
    readonly description: string,
    readonly defaultCollation: string,
    /** Matches if one of the characters isn't the byte of the same number. */
    private readonly unlikeLatin: RegExp,
  ) {}

  encode(text: string): Uint8Array {
    if (!this.unlikeLatin.test(text)) return Buffer.from(text, 'latin1')
    const bytes: number[] = []
    for (const character of text) {
      const byte = this.byteOf(character.codePointAt(0) as number)
      bytes.push(byte < 0 ? QUESTION_MARK : byte)
    }
    return Uint8Array.from(bytes)
  }

  abstract decode(bytes: Uint8Array, start?: number, end?: number): string

  abstract firstInvalid(bytes: Uint8Array, start?: number, end?: number): number

  canEncode(text: string): boolean {
    if (!this.unlikeLatin.test(text)) return true
    for (const character of text) if (this.byteOf(character.codePointAt(0) as number) < 0) return false
    return true
  }

  bytesOf(): number {
    return 1
  }

  byteLength(text: string): number {
    let surrogatePairs = 0
    for (let i = 0; i < text.length; i++) if ((text.codePointAt(i) as number) > 0xffff) surrogatePairs++
    return text.length - surrogatePairs
  }

  /** The byte of a character, or -1. */
  protected abstract byteOf(codePoint: number): number
}

const C1_CONTROL = /[\u0080-\u009f]/g

class Latin1Charset extends SingleByteCharset {
  decode(bytes: Uint8Array, start = 0, end = bytes.length): string {
    const text = asBuffer(bytes).latin1Slice(start, end)
    return text.replace(C1_CONTROL, (character) =>
      String.fromCharCode(latin1CodePoint(character.charCodeAt(0))),
    )
  }

  firstInvalid(): number {
    return -1
  }

  protected byteOf(codePoint: number): number {
    return latin1Byte(codePoint)
  }
}

const NOT_ASCII = /[^\0-\x7f]/g

class AsciiCharset extends SingleByteCharset {
  decode(bytes: Uint8Array, start = 0, end = bytes.length): string {
    return asBuffer(bytes).latin1Slice(start, end).replace(NOT_ASCII, '?')
  }

  firstInvalid(bytes: Uint8Array, start = 0, end = bytes.length): number {
    for (let at = start; at < end; at++) if ((bytes[at] as number) >= 0x80) return at
    return -1
  }

  protected byteOf(codePoint: number): number {
    return codePoint < 0x80 ? codePoint : -1
  }
}

class BinaryCharset extends SingleByteCharset {
  decode(bytes: Uint8Array, start = 0, end = bytes.length): string {
    return asBuffer(bytes).latin1Slice(start, end)
  }

  firstInvalid(): number {
    return -1
  }

  protected byteOf(codePoint: number): number {
    return codePoint <= 0xff ? codePoint : -1
  }
}

export const LATIN1: Charset = new Latin1Charset(
  'latin1',
  'cp1252 West European',
  'latin1_swedish_ci',
  /[^\0-\x7f\xa0-\xff]/,
)
export const ASCII: Charset = new AsciiCharset('ascii', 'US ASCII', 'ascii_general_ci', /[^\0-\x7f]/)
export const BINARY: Charset = new BinaryCharset('binary', 'Binary pseudo charset', 'binary', /[^\0-\xff]/)
