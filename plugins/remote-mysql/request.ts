/**
 * Requests as packets (MySQL internals manual, "COM_QUERY", "COM_STMT_PREPARE", "COM_STMT_EXECUTE"). They are written into one buffer that
 * all connections share, and sent before control goes back to the event loop.
 */
import { writeAtOnce, type Value } from '@switchyard/core/spi'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Where requests go. */
export interface RequestTarget {
  readonly stream: Duplex
  /** The socket, if it isn't encrypted. */
  readonly plain: Socket | undefined
}

const QUERY = 0x03
const PREPARE = 0x16
const EXECUTE = 0x17
const CLOSE = 0x19

const HEADER_BYTES = 4
/** Of a packet's payload; a longer one goes on in the next packet. */
const PAYLOAD_BYTES_MAX = 0xff_ff_ff
const KEPT_BYTES_MAX = 64 * 1024

const TYPE_LONGLONG = 8
const TYPE_VAR_STRING = 253
const UNSIGNED = 0x80
const SIGNED_MAX = 2n ** 63n - 1n

let bytes: Buffer = Buffer.allocUnsafeSlow(KEPT_BYTES_MAX)
let length = 0
/** Where the request begins that is being written: others that go with it come before. */
let start = 0
let isGathering = false

/** Begins a request that won't be longer. */
function begin(command: number, bytesMax: number): void {
  const size = start + HEADER_BYTES + 1 + bytesMax
  if (size > bytes.length) {
    const larger = Buffer.allocUnsafeSlow(size)
    bytes.copy(larger, 0, 0, start)
    bytes = larger
  }
  bytes[start + HEADER_BYTES] = command
  length = start + HEADER_BYTES + 1
}

/** UTF-16 units become three bytes at most. */
function putText(command: number, text: string): void {
  begin(command, text.length * 3)
  length += bytes.utf8Write(text, length)
}

/** Sends what was begun. */
function send(to: RequestTarget): void {
  const payloadBytes = length - start - HEADER_BYTES
  if (payloadBytes >= PAYLOAD_BYTES_MAX) {
    writeOut(start, to)
    sendLong(to.stream)
  } else {
    putHeader(bytes, start, payloadBytes, 0)
    if (isGathering) {
      start = length
      return
    }
    writeOut(length, to)
  }
  clear()
}

function clear(): void {
  start = 0
  if (bytes.length > KEPT_BYTES_MAX) bytes = Buffer.allocUnsafeSlow(KEPT_BYTES_MAX)
}

function writeOut(end: number, { stream, plain }: RequestTarget): void {
  if (end === 0) return
  const isFree = plain?.writableLength === 0 && !plain.connecting
  const written = isFree ? writeAtOnce(plain, bytes, end) : 0
  if (written < end) stream.write(Buffer.from(bytes.subarray(written, end)))
}

/** Sends all that `write` sends to one target in one piece. */
export function sendTogether(write: () => void, to: RequestTarget): void {
  isGathering = true
  try {
    write()
  } finally {
    isGathering = false
    writeOut(start, to)
    clear()
  }
}

function sendLong(stream: Duplex): void {
  let sequence = 0
  for (let at = start + HEADER_BYTES; ; at += PAYLOAD_BYTES_MAX) {
    const payloadBytes = Math.min(PAYLOAD_BYTES_MAX, length - at)
    const header = Buffer.allocUnsafe(HEADER_BYTES)
    putHeader(header, 0, payloadBytes, sequence++ & 0xff)
    stream.write(header)
    stream.write(Buffer.from(bytes.subarray(at, at + payloadBytes)))
    if (payloadBytes < PAYLOAD_BYTES_MAX) return
  }
}

function putHeader(target: Buffer, at: number, payloadBytes: number, sequence: number): void {
  target[at] = payloadBytes & 0xff
  target[at + 1] = (payloadBytes >> 8) & 0xff
  target[at + 2] = payloadBytes >> 16
  target[at + 3] = sequence
}

export function sendQuery(sql: string, to: RequestTarget): void {
  putText(QUERY, sql)
  send(to)
}

export function sendPrepare(sql: string, to: RequestTarget): void {
  putText(PREPARE, sql)
  send(to)
}

/** Has no answer. */
export function sendClose(statementId: number, to: RequestTarget): void {
  begin(CLOSE, 4)
  length = bytes.writeUInt32LE(statementId, length)
  send(to)
}

/** Values are integers, texts, or NULL. */
export function sendExecute(statementId: number, values: readonly Value[], to: RequestTarget): void {
  begin(EXECUTE, executeBytesMax(values))
  length = bytes.writeUInt32LE(statementId, length)
  // No cursor, and once.
  bytes[length] = 0
  length = bytes.writeUInt32LE(1, length + 1)
  if (values.length > 0) putValues(values)
  send(to)
}

function executeBytesMax(values: readonly Value[]): number {
  let size = 16
  for (const value of values) size += 16 + (typeof value === 'string' ? value.length * 3 : 0)
  return size
}

function putValues(values: readonly Value[]): void {
  const bitmap = length
  const types = bitmap + ((values.length + 7) >> 3) + 1
  for (let at = bitmap; at < types; at++) bytes[at] = 0
  // The types follow: they are those of the values, and may be others the next time.
  bytes[types - 1] = 1
  length = types + 2 * values.length
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as Value
    const type = types + 2 * i
    bytes[type + 1] = 0
    if (typeof value === 'string') {
      bytes[type] = TYPE_VAR_STRING
      putString(value)
      continue
    }
    bytes[type] = TYPE_LONGLONG
    if (value === null) {
      const place = bitmap + (i >> 3)
      bytes[place] = (bytes[place] as number) | (1 << (i & 7))
    } else if (putInteger(value as number | bigint)) bytes[type + 1] = UNSIGNED
  }
}

/** Answers whether it goes over as an unsigned number. */
function putInteger(value: number | bigint): boolean {
  if (typeof value === 'number') {
    bytes.writeUInt32LE(value >>> 0, length)
    length = bytes.writeInt32LE(Math.floor(value / 0x1_0000_0000), length + 4)
    return false
  }
  const isUnsigned = value > SIGNED_MAX
  length = isUnsigned ? bytes.writeBigUInt64LE(value, length) : bytes.writeBigInt64LE(value, length)
  return isUnsigned
}

/** The length is written in as many bytes as the text's longest form could need. */
function putString(value: string): void {
  const sizeMax = value.length * 3
  const start = length + (sizeMax < 251 ? 1 : sizeMax < 0x1_0000 ? 3 : 9)
  const size = bytes.utf8Write(value, start)
  if (start === length + 1) bytes[length] = size
  else if (start === length + 3) {
    bytes[length] = 0xfc
    bytes.writeUInt16LE(size, length + 1)
  } else {
    bytes[length] = 0xfe
    bytes.writeUInt32LE(size, length + 1)
    bytes.writeUInt32LE(0, length + 5)
  }
  length = start + size
}
