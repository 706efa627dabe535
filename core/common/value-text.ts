/**
 * Any value as text: what the text protocol sends, what string functions see of numbers and dates, what messages show.
 */
import { formatDecimal } from './decimal.js'
import { formatDouble, formatFixed, formatFloat } from './double-format.js'
import type { EvaluationContext } from './evaluation.js'
import { isBinary, NOT_FIXED_DECIMALS, type SqlType } from './sql-type.js'
import { timestampToLocal } from './temporal.js'
import { formatDate, formatDatetime, formatTime } from './temporal-text.js'
import { UTC_TIME_ZONE } from './time-zones.js'
import type { ExactValue, Value } from './value.js'

/** Text of a non-NULL value. Without a context TIMESTAMPs are shown in UTC. */
export type TextOf = (value: Value, context?: EvaluationContext) => string

/**
 * The text of values of `type`. Bytes (and BIT) come as one character per byte (Latin-1); JSON and text as they are.
 */
export function textOf(type: SqlType): TextOf {
  switch (type.name) {
    case 'null':
      return () => 'NULL'
    case 'decimal':
      return decimalText(type)
    case 'float':
    case 'double':
      return approximateText(type)
    case 'year':
      return (value) => String(value).padStart(4, '0')
    case 'bit':
      return (value) => latin1Text(bitBytes(value as ExactValue, type.length))
    case 'date':
      return (value) => formatDate(value as ExactValue)
    case 'time':
      return (value) => formatTime(value as ExactValue, type.scale)
    case 'datetime':
      return (value) => formatDatetime(value as ExactValue, type.scale)
    case 'timestamp':
      return timestampText(type)
    case 'enum':
      return (value) => enumText(type, value as number)
    case 'set':
      return (value) => setText(type, value as ExactValue)
    default:
      if (isBinary(type)) return (value) => latin1Text(value as Uint8Array)
      return type.zerofill ? zerofilled(type.length) : String
  }
}

function zerofilled(width: number): TextOf {
  return (value) => String(value).padStart(width, '0')
}

function decimalText(type: SqlType): TextOf {
  const { scale, length, zerofill } = type
  if (!zerofill) return (value) => formatDecimal(value as ExactValue, scale)
  const width = length + (scale > 0 ? 1 : 0)
  return (value) => formatDecimal(value as ExactValue, scale).padStart(width, '0')
}

function approximateText(type: SqlType): TextOf {
  const { scale, length } = type
  const plain: (value: Value) => string =
    scale < NOT_FIXED_DECIMALS
      ? (value) => formatFixed(value as number, scale)
      : type.name === 'float'
        ? (value) => formatFloat(value as number)
        : (value) => formatDouble(value as number)
  return type.zerofill ? (value) => plain(value).padStart(length, '0') : plain
}

function timestampText(type: SqlType): TextOf {
  const { scale } = type
  return (value, context) => {
    const zone = context?.timeZone ?? UTC_TIME_ZONE
    return formatDatetime(timestampToLocal(value as ExactValue, scale, zone), scale)
  }
}

/** The member of an ENUM's index; index 0 is the empty string of a value that was none of the members. */
function enumText(type: SqlType, index: number): string {
  return type.members?.[index - 1] ?? ''
}

/** The members in a SET's bit mask, with commas. */
export function setText(type: SqlType, mask: ExactValue): string {
  const members = type.members ?? []
  let text = ''
  let rest = BigInt(mask)
  for (let i = 0; rest > 0n; i++, rest >>= 1n) {
    if ((rest & 1n) !== 0n) text += text === '' ? (members[i] ?? '') : `,${members[i] ?? ''}`
  }
  return text
}

/** The bytes of a BIT(length) value, most significant first. */
export function bitBytes(value: ExactValue, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(length / 8))
  if (typeof value === 'number') {
    let rest = value
    for (let i = bytes.length - 1; i >= 0 && rest > 0; i--) {
      bytes[i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    return bytes
  }
  let rest = value
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n)
    rest >>= 8n
  }
  return bytes
}

/** One character per byte. */
export function latin1Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice(0, bytes.length)
}

/** The bytes of a string whose characters are all below 256. */
export function latin1Bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

const SURROGATE = /[\ud800-\udfff]/

/** Characters (code points) of a string. */
export function codePointCount(text: string): number {
  if (!SURROGATE.test(text)) return text.length
  let count = 0
  for (let i = 0; i < text.length; count++) i += (text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1
  return count
}

/** The first `count` characters (code points) of a string. */
export function firstCodePoints(text: string, count: number): string {
  if (text.length <= count) return text
  if (!SURROGATE.test(text)) return text.slice(0, count)
  let i = 0
  for (let seen = 0; seen < count && i < text.length; seen++) i += (text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1
  return text.slice(0, i)
}

/** Most characters of a value of the type as text (bytes for binary strings). */
export function textLengthMax(type: SqlType): number {
  switch (type.name) {
    case 'decimal':
      return type.length + (type.scale > 0 ? 1 : 0) + (type.unsigned ? 0 : 1)
    case 'bit':
      return Math.ceil(type.length / 8)
    case 'enum':
      return (type.members ?? []).reduce((max, member) => Math.max(max, codePointCount(member)), 0)
    case 'set':
      return Math.max(
        (type.members ?? []).reduce((sum, member) => sum + codePointCount(member) + 1, -1),
        0,
      )
    default:
      return type.length
  }
}
