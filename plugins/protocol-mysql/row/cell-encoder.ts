/**
 * How one column's values are written into rows: chosen once per result by the column's type, the protocol (text or
 * binary) and the client's character set. Encoders keep no state, so that results made for several clients can share them.
 */
import {
  bitBytes,
  charsetOfCollation,
  copyBytes,
  isText,
  setText,
  type BytesVector,
  type Charset,
  type ExactValue,
  type ExactVector,
  type SqlType,
  type Vector,
} from '@switchyard/core/spi'
import { encodeText, type ResultCharset } from '../wire/result-charset.js'

/** Writes the value (never NULL) of `row` at `at`; the room was made. Returns the end. */
export type EncodeCell = (vector: Vector, row: number, target: Buffer, at: number) => number

export interface CellEncoder {
  readonly encode: EncodeCell
  /** Most bytes that a value takes, whatever its data. */
  readonly fixedBytesMax: number
  /** For strings: most bytes that a stored byte becomes; 0 for others. */
  readonly bytesPerStoredByte: number
}

/** A length-encoded integer of any size. */
const LENGTH_BYTES_MAX = 9
/** First bytes of characters beyond the Basic Multilingual Plane. */
const FOUR_BYTE_LEAD = 0xf0

export function writeLength(target: Buffer, at: number, length: number): number {
  if (length < 0xfb) {
    target[at] = length
    return at + 1
  }
  if (length <= 0xffff) {
    target[at] = 0xfc
    target[at + 1] = length
    target[at + 2] = length >> 8
    return at + 3
  }
  if (length <= 0xffffff) {
    target[at] = 0xfd
    target[at + 1] = length
    target[at + 2] = length >> 8
    target[at + 3] = length >> 16
    return at + 4
  }
  target[at] = 0xfe
  target.writeUInt32LE(length, at + 1)
  target.fill(0, at + 5, at + 9)
  return at + LENGTH_BYTES_MAX
}

function appendBytes(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  copyBytes(source, start, end, target, at)
  return at + end - start
}

/** The bytes of the vector as they are. */
function encodeBytes(vector: Vector, row: number, target: Buffer, at: number): number {
  const source = vector as BytesVector
  const start = source.start(row)
  const end = source.end(row)
  return appendBytes(source.data, start, end, target, writeLength(target, at, end - start))
}

/** Text in a character set that has ASCII and all but the rare characters in common with UTF-8: up to `leadMax`. */
function transcodeBelow(charset: Charset, lead: number): EncodeCell {
  const slow = transcode(charset)
  return (vector, row, target, at) => {
    const source = vector as BytesVector
    const { data } = source
    const end = source.end(row)
    for (let i = source.start(row); i < end; i++) {
      if ((data[i] as number) >= lead) return slow(vector, row, target, at)
    }
    return encodeBytes(vector, row, target, at)
  }
}

function transcode(charset: Charset): EncodeCell {
  return (vector, row, target, at) => {
    const source = vector as BytesVector
    const bytes = charset.encode(source.data.utf8Slice(source.start(row), source.end(row)))
    const start = writeLength(target, at, bytes.length)
    target.set(bytes, start)
    return start + bytes.length
  }
}

const BYTES: CellEncoder = { encode: encodeBytes, fixedBytesMax: LENGTH_BYTES_MAX, bytesPerStoredByte: 1 }

/** CHAR, VARCHAR, TEXT and JSON, which vectors hold as UTF-8. */
function textEncoder(charset: Charset): CellEncoder {
  switch (charset.name) {
    case 'utf8mb4':
      return BYTES
    case 'utf8mb3':
      return { ...BYTES, encode: transcodeBelow(charset, FOUR_BYTE_LEAD) }
    case 'latin1':
    case 'ascii':
      return { ...BYTES, encode: transcodeBelow(charset, 0x80) }
    default:
      return { ...BYTES, encode: transcode(charset), bytesPerStoredByte: charset.bytesPerCharMax }
  }
}

/** Strings of all kinds, ENUM, SET and BIT, which both protocols send alike; undefined for other types. */
export function stringEncoder(type: SqlType, result: ResultCharset): CellEncoder | undefined {
  if (isText(type)) return textEncoder(result.charset ?? charsetOfCollation(type.collation))
  switch (type.name) {
    case 'json':
      return result.charset === undefined ? BYTES : textEncoder(result.charset)
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return BYTES
    case 'enum':
      return enumEncoder(type, result)
    case 'set':
      return setEncoder(type, result)
    case 'bit':
      return bitEncoder(type)
    default:
      return undefined
  }
}

/** ENUM and SET texts go out like other text of their collation. */
function memberBytes(text: string, type: SqlType, result: ResultCharset): Buffer {
  const charset = result.charset ?? charsetOfCollation(type.collation)
  return lengthEncoded(encodeText(text, { ...result, charset }))
}

function lengthEncoded(bytes: Uint8Array): Buffer {
  const encoded = Buffer.allocUnsafe(bytes.length + LENGTH_BYTES_MAX)
  const at = writeLength(encoded, 0, bytes.length)
  encoded.set(bytes, at)
  return encoded.subarray(0, at + bytes.length)
}

export function exactAt(vector: Vector, row: number): ExactValue {
  const exact = vector as ExactVector
  return (exact.wide === undefined ? exact.values[row] : exact.wide[row]) as ExactValue
}

function enumEncoder(type: SqlType, result: ResultCharset): CellEncoder {
  // Index 0 is the empty string that stands for a value that was none of the members.
  const texts = ['', ...(type.members ?? [])].map((member) => memberBytes(member, type, result))
  const empty = lengthEncoded(Buffer.alloc(0))
  return {
    encode: (vector, row, target, at) => {
      const text = texts[Number(exactAt(vector, row))] ?? empty
      return appendBytes(text, 0, text.length, target, at)
    },
    fixedBytesMax: Math.max(...texts.map((text) => text.length)),
    bytesPerStoredByte: 0,
  }
}

/** Combinations remembered per SET column. */
const SET_TEXTS_MAX = 1024

function setEncoder(type: SqlType, result: ResultCharset): CellEncoder {
  const texts = new Map<ExactValue, Buffer>()
  const encodeMask = (mask: ExactValue): Buffer => {
    let text = texts.get(mask)
    if (text === undefined) {
      text = memberBytes(setText(type, mask), type, result)
      if (texts.size < SET_TEXTS_MAX) texts.set(mask, text)
    }
    return text
  }
  return {
    encode: (vector, row, target, at) => {
      const text = encodeMask(exactAt(vector, row))
      return appendBytes(text, 0, text.length, target, at)
    },
    fixedBytesMax: memberBytes((type.members ?? []).join(','), type, result).length + LENGTH_BYTES_MAX,
    bytesPerStoredByte: 0,
  }
}

function bitEncoder(type: SqlType): CellEncoder {
  return {
    encode: (vector, row, target, at) => {
      const bytes = bitBytes(exactAt(vector, row), type.length)
      target[at] = bytes.length
      target.set(bytes, at + 1)
      return at + 1 + bytes.length
    },
    fixedBytesMax: LENGTH_BYTES_MAX,
    bytesPerStoredByte: 0,
  }
}
