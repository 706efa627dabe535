/**
 * The parameters of COM_STMT_EXECUTE (MySQL internals manual, "COM_STMT_EXECUTE"): a NULL bitmap, types if they were
 * bound anew, and values in the binary layout of their types.
 */
import {
  BIGINT_TYPE,
  charsetByName,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  INT_TYPE,
  NULL_TYPE,
  parseDecimal,
  sqlError,
  textType,
  timeType,
  UNSIGNED_BIGINT_TYPE,
  binaryType,
  type Charset,
  type ExactValue,
  type ParameterValue,
  type SqlType,
} from '@switchyard/core/spi'
import { WireType } from '../wire/constants.js'
import { PayloadReader } from '../wire/payload-reader.js'

const UNSIGNED_FLAG = 0x8000
const TYPE_MASK = 0xff
const SECONDS_PER_DAY = 86_400
const MICROSECONDS_PER_SECOND = 1_000_000
/** Texts up to this many characters share one type, so that plans made for one fit the next. */
const VARCHAR_LENGTH_MAX = 16_383
const VARBINARY_LENGTH_MAX = 65_535

const NULL_PARAMETER: ParameterValue = { type: NULL_TYPE, value: null }

/** What the connection remembers of a prepared statement. */
export class BoundParameters {
  /** Types as last bound: type code, and the unsigned flag. */
  types: Uint16Array | undefined
  /** Values sent ahead by COM_STMT_SEND_LONG_DATA, by position. */
  private longData: Map<number, Buffer[]> | undefined
  private longDataBytes = 0
  private isLongDataTooBig = false

  constructor(readonly count: number) {}

  /** Keeps a piece of a long value. What is wrong with it is said when the statement is executed, as in MySQL. */
  appendLongData(position: number, data: Buffer, bytesMax: number): void {
    if (this.longDataBytes + data.length > bytesMax) {
      this.isLongDataTooBig = true
      return
    }
    this.longDataBytes += data.length
    this.longData ??= new Map()
    const pieces = this.longData.get(position)
    // The packet's bytes are a view of the connection's input.
    const piece = Buffer.from(data)
    if (pieces === undefined) this.longData.set(position, [piece])
    else pieces.push(piece)
  }

  clearLongData(): void {
    this.longData = undefined
    this.longDataBytes = 0
    this.isLongDataTooBig = false
  }

  /** The long value of a parameter; throws ER_NET_PACKET_TOO_LARGE if it was cut. */
  takeLongData(position: number): Buffer | undefined {
    if (this.isLongDataTooBig) throw sqlError('ER_NET_PACKET_TOO_LARGE')
    const pieces = this.longData?.get(position)
    return pieces === undefined ? undefined : Buffer.concat(pieces)
  }
}

const NO_PARAMETERS: readonly ParameterValue[] = []

/**
 * The parameters at the reader's position. Throws ER_MALFORMED_PACKET, and ER_WRONG_ARGUMENTS if values come before any
 * types were bound.
 */
export function readParameters(
  reader: PayloadReader,
  bound: BoundParameters,
  clientCharset: string,
): readonly ParameterValue[] {
  if (bound.count === 0) return NO_PARAMETERS
  const nullsAt = reader.position
  reader.skip((bound.count + 7) >> 3)
  if (reader.uint8() === 1) bound.types = readTypes(reader, bound.count)
  const { types } = bound
  if (types === undefined) throw sqlError('ER_WRONG_ARGUMENTS', 'mysqld_stmt_execute')
  const text = textReader(clientCharset)
  const parameters = new Array<ParameterValue>(bound.count)
  for (let i = 0; i < bound.count; i++) {
    const type = types[i] as number
    const longData = bound.takeLongData(i)
    const isNull = ((reader.byteAt(nullsAt + (i >> 3)) >> (i & 7)) & 1) === 1
    if (longData !== undefined) parameters[i] = stringParameter(type & TYPE_MASK, longData, text)
    else parameters[i] = isNull ? NULL_PARAMETER : readParameter(reader, type, text)
  }
  return parameters
}

function readTypes(reader: PayloadReader, count: number): Uint16Array {
  const types = new Uint16Array(count)
  for (let i = 0; i < count; i++) types[i] = reader.uint16()
  return types
}

function readParameter(reader: PayloadReader, typeAndFlag: number, text: TextReader): ParameterValue {
  const isUnsigned = (typeAndFlag & UNSIGNED_FLAG) !== 0
  const type = typeAndFlag & TYPE_MASK
  switch (type) {
    case WireType.Null:
      return NULL_PARAMETER
    case WireType.Tiny:
      return integer(isUnsigned ? reader.uint8() : reader.int8())
    case WireType.Short:
    case WireType.Year:
      return integer(isUnsigned ? reader.uint16() : reader.int16())
    case WireType.Long:
    case WireType.Int24:
      return isUnsigned ? { type: BIGINT_TYPE, value: reader.uint32() } : integer(reader.int32())
    case WireType.LongLong:
      return isUnsigned
        ? { type: UNSIGNED_BIGINT_TYPE, value: reader.uint64() }
        : { type: BIGINT_TYPE, value: reader.int64() }
    case WireType.Float:
      return finite(FLOAT_TYPE, reader.float())
    case WireType.Double:
      return finite(DOUBLE_TYPE, reader.double())
    case WireType.Date:
    case WireType.Datetime:
    case WireType.Timestamp:
      return readDatetime(reader, type)
    case WireType.Time:
      return readTime(reader)
    case WireType.Decimal:
    case WireType.NewDecimal:
      return decimalParameter(reader.lengthEncodedBytes())
    default:
      return stringParameter(type, reader.lengthEncodedBytes(), text)
  }
}

function integer(value: number): ParameterValue {
  return { type: INT_TYPE, value }
}

function canonical(value: bigint): ExactValue {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** SQL has neither NaN nor infinities. */
function finite(type: SqlType, value: number): ParameterValue {
  if (!Number.isFinite(value)) throw sqlError('ER_WRONG_ARGUMENTS', 'mysqld_stmt_execute')
  return { type, value }
}

function decimalParameter(bytes: Buffer): ParameterValue {
  const { unscaled, scale } = parseDecimal(bytes.latin1Slice(0, bytes.length))
  const digits = String(unscaled).replace('-', '').length
  return { type: decimalType(Math.max(digits, scale), scale), value: unscaled }
}

// ---- strings

type TextReader = (bytes: Buffer) => ParameterValue

const textReaders = new Map<string, TextReader>()

/** One per character set. */
function textReader(charsetName: string): TextReader {
  let reader = textReaders.get(charsetName)
  if (reader === undefined) {
    const charset = charsetByName(charsetName)
    reader = charset === undefined || charset.name === 'binary' ? binaryParameter : makeTextReader(charset)
    textReaders.set(charsetName, reader)
  }
  return reader
}

/**
 * Drivers send binary data with the type of text as well; what is no text in the client's character set stays bytes, so
 * that nothing of it is lost.
 */
function makeTextReader(charset: Charset): TextReader {
  const short = textType(VARCHAR_LENGTH_MAX, charset.defaultCollation)
  return (bytes) => {
    if (charset.firstInvalid(bytes) >= 0) return binaryParameter(bytes)
    const value = charset.decode(bytes)
    const type = value.length <= VARCHAR_LENGTH_MAX ? short : textType(value.length, charset.defaultCollation)
    return { type, value }
  }
}

const SHORT_BINARY = binaryType(VARBINARY_LENGTH_MAX)

function binaryParameter(bytes: Buffer): ParameterValue {
  const type = bytes.length <= VARBINARY_LENGTH_MAX ? SHORT_BINARY : binaryType(bytes.length)
  // The packet's bytes are a view of the connection's input.
  return { type, value: Uint8Array.prototype.slice.call(bytes) }
}

function stringParameter(type: number, bytes: Buffer, text: TextReader): ParameterValue {
  switch (type) {
    case WireType.TinyBlob:
    case WireType.MediumBlob:
    case WireType.LongBlob:
    case WireType.Blob:
    case WireType.Bit:
    case WireType.Geometry:
      return binaryParameter(bytes)
    case WireType.Varchar:
    case WireType.VarString:
    case WireType.String:
    case WireType.Json:
    case WireType.Enum:
    case WireType.Set:
      return text(bytes)
    default:
      throw sqlError('ER_MALFORMED_PACKET')
  }
}

// ---- dates and times

function readDatetime(reader: PayloadReader, type: number): ParameterValue {
  const length = reader.uint8()
  if (length !== 0 && length !== 4 && length !== 7 && length !== 11) throw sqlError('ER_MALFORMED_PACKET')
  const [year, month, day] = length >= 4 ? [reader.uint16(), reader.uint8(), reader.uint8()] : [0, 0, 0]
  const [hour, minute, second] = length >= 7 ? [reader.uint8(), reader.uint8(), reader.uint8()] : [0, 0, 0]
  const microsecond = length === 11 ? reader.uint32() : 0
  // As in MySQL, parts that no date can have make the zero value.
  const isPossible =
    year <= 9999 &&
    month <= 12 &&
    day <= 31 &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    microsecond < MICROSECONDS_PER_SECOND
  if (type === WireType.Date) {
    return { type: DATE_TYPE, value: isPossible ? (year * 16 + month) * 32 + day : 0 }
  }
  const scale = microsecond > 0 && isPossible ? 6 : 0
  if (!isPossible) return { type: datetimeType(scale), value: 0 }
  const days = (year * 13 + month) * 32 + day
  const seconds = days * SECONDS_PER_DAY + (hour * 60 + minute) * 60 + second
  return {
    type: datetimeType(scale),
    value:
      scale === 0
        ? seconds
        : canonical(BigInt(seconds) * BigInt(MICROSECONDS_PER_SECOND) + BigInt(microsecond)),
  }
}

const TIME_SECONDS_MAX = 838 * 3600 + 59 * 60 + 59

function readTime(reader: PayloadReader): ParameterValue {
  const length = reader.uint8()
  if (length !== 0 && length !== 8 && length !== 12) throw sqlError('ER_MALFORMED_PACKET')
  if (length === 0) return { type: timeType(0), value: 0 }
  const isNegative = reader.uint8() === 1
  const days = reader.uint32()
  const [hour, minute, second] = [reader.uint8(), reader.uint8(), reader.uint8()]
  const microsecond = length === 12 ? reader.uint32() : 0
  if (minute > 59 || second > 59 || microsecond >= MICROSECONDS_PER_SECOND) {
    return { type: timeType(0), value: 0 }
  }
  const seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
  const scale = microsecond > 0 ? 6 : 0
  const isBeyond = seconds > TIME_SECONDS_MAX || (seconds === TIME_SECONDS_MAX && microsecond > 0)
  const magnitude = isBeyond
    ? TIME_SECONDS_MAX * (scale === 0 ? 1 : MICROSECONDS_PER_SECOND)
    : scale === 0
      ? seconds
      : seconds * MICROSECONDS_PER_SECOND + microsecond
  return { type: timeType(scale), value: isNegative ? 0 - magnitude : magnitude }
}
