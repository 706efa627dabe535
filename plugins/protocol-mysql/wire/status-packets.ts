/** OK, EOF and ERR packets (MySQL internals manual, "Generic Response Packets"). */
import type { ResultStatus, SessionChange, SqlError } from '@switchyard/core/spi'
import { Capability } from './capabilities.js'
import { Header, Status } from './constants.js'
import type { PacketOutput } from './packet-output.js'
import { PayloadWriter } from './payload-writer.js'
import { encodeText, type ResultCharset } from './result-charset.js'

/** Longest error text of a packet (MYSQL_ERRMSG_SIZE). */
const ERROR_TEXT_BYTES_MAX = 512
const TRACK_VARIABLE = 0
const TRACK_DATABASE = 1
/** Header, two length-encoded integers, status and warnings. */
const OK_FIXED_BYTES = 1 + 9 + 9 + 2 + 2

export function statusFlags(status: ResultStatus): number {
  return (
    (status.inTransaction ? Status.InTransaction : 0) |
    (status.autocommit ? Status.Autocommit : 0) |
    (status.moreResults ? Status.MoreResults : 0) |
    (status.noBackslashEscapes ? Status.NoBackslashEscapes : 0)
  )
}

/** Warnings are counted in 16 bits. */
function writeStatus(output: PacketOutput, flags: number, warningCount: number): void {
  const warnings = Math.min(warningCount, 0xffff)
  const { buffer, at } = output
  buffer[at] = flags
  buffer[at + 1] = flags >> 8
  buffer[at + 2] = warnings
  buffer[at + 3] = warnings >> 8
  output.at = at + 4
}

function writeLengthEncoded(output: PacketOutput, value: number | bigint): void {
  const { buffer } = output
  if (value < 0xfb && value >= 0) buffer[output.at++] = Number(value)
  else if (value <= 0xffff && value >= 0) {
    buffer[output.at] = 0xfc
    output.at = buffer.writeUInt16LE(Number(value), output.at + 1)
  } else {
    buffer[output.at] = 0xfe
    output.at = buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), output.at + 1)
  }
}

/** `header` is Eof where an OK packet ends a result set (CLIENT_DEPRECATE_EOF). */
export function writeOk(
  output: PacketOutput,
  status: ResultStatus,
  capabilities: number,
  charset: ResultCharset,
  header: number = Header.Ok,
): void {
  const isTracking = (capabilities & Capability.SessionTrack) !== 0 && status.changes.length > 0
  const changes = isTracking ? encodeChanges(status.changes, charset) : undefined
  const info = status.info === '' ? undefined : encodeText(status.info, charset)
  output.begin(OK_FIXED_BYTES + (info?.length ?? 0) + (changes?.length ?? 0) + 18)
  output.buffer[output.at++] = header
  writeLengthEncoded(output, header === Header.Ok ? status.affectedRows : 0)
  writeLengthEncoded(output, header === Header.Ok ? status.lastInsertId : 0)
  writeStatus(
    output,
    statusFlags(status) | (isTracking ? Status.SessionStateChanged : 0),
    status.warningCount,
  )
  if ((capabilities & Capability.SessionTrack) === 0) {
    if (info !== undefined) writeBytes(output, info)
  } else if (info !== undefined || changes !== undefined) {
    writeLengthEncoded(output, info?.length ?? 0)
    if (info !== undefined) writeBytes(output, info)
    if (changes !== undefined) {
      writeLengthEncoded(output, changes.length)
      writeBytes(output, changes)
    }
  }
  output.end()
}

function writeBytes(output: PacketOutput, bytes: Uint8Array): void {
  output.buffer.set(bytes, output.at)
  output.at += bytes.length
}

function encodeChanges(changes: readonly SessionChange[], charset: ResultCharset): Buffer {
  const writer = new PayloadWriter()
  const entry = new PayloadWriter()
  for (const change of changes) {
    entry.lengthEncodedBytes(encodeText(change.name, charset))
    if (change.kind === 'variable') entry.lengthEncodedBytes(encodeText(change.value, charset))
    writer
      .uint8(change.kind === 'variable' ? TRACK_VARIABLE : TRACK_DATABASE)
      .lengthEncodedBytes(entry.take())
  }
  return writer.take()
}

/** The EOF packet of clients without CLIENT_DEPRECATE_EOF. */
export function writeEof(output: PacketOutput, flags: number, warningCount: number): void {
  output.begin(5)
  output.buffer[output.at++] = Header.Eof
  const { buffer, at } = output
  const warnings = Math.min(warningCount, 0xffff)
  buffer[at] = warnings
  buffer[at + 1] = warnings >> 8
  buffer[at + 2] = flags
  buffer[at + 3] = flags >> 8
  output.at = at + 4
  output.end()
}

/**
 * An ERR packet. Before the client has told its capabilities it carries no SQLSTATE, because a client could not know
 * that one is there.
 */
export function writeError(
  output: PacketOutput,
  error: Pick<SqlError, 'number' | 'sqlState' | 'message'>,
  charset: ResultCharset,
  withSqlState = true,
): void {
  const text = encodeText(error.message, charset).subarray(0, ERROR_TEXT_BYTES_MAX)
  output.begin(9 + text.length)
  output.buffer[output.at] = Header.Error
  output.at = output.buffer.writeUInt16LE(error.number, output.at + 1)
  if (withSqlState) output.at += output.buffer.latin1Write(`#${error.sqlState}`, output.at)
  writeBytes(output, text)
  output.end()
}
