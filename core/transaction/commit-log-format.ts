/**
 * How the commit log lies in its files. A segment is a header of `SEGMENT_HEADER_BYTES` and records behind it, without
 * gaps; all numbers are little endian, those that may pass 32 bits are doubles holding safe integers.
 *
 *     segment header: 'SWYCLOG1', f64 sequence, f64 number of the last commit before it, u32 salt, u32 crc of the 28 bytes
 *     record: u32 crc, u8 flags, u8 length of the name, u16 0, f64 commit number, f64 timestamp, f64 bytes of the record,
 *             u32 number of write sets, name, per write set (u32 bytes, u32 entries), then the bytes of all of them
 *
 * Each crc goes on from the one before it, the first from the segment header's. So a record is valid only in its place: what is
 * left of an earlier use of the file, or of a group that failed, never fits, and the first record that doesn't fit is the end.
 * Where the log goes on after such an end stands a barrier: an empty record with a random number, so that not even the
 * same commit written once more can make what lies behind it fit again.
 */
import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { WriteSet } from '../common/write-set.js'
import type { CommitRecord } from './commit-log.js'

const MAGIC = Buffer.from('SWYCLOG1')
/** A whole sector, so that the header is never torn by a write of records. */
export const SEGMENT_HEADER_BYTES = 512
const HEADER_CRC_AT = 28

export interface SegmentHeader {
  readonly sequence: number
  /** Number of the last commit before the segment. */
  readonly previousCommitNumber: number
  /** Makes the checksums of each use of a file different. */
  readonly salt: number
}

export function encodeSegmentHeader(header: SegmentHeader): {
  readonly bytes: Buffer
  readonly chain: number
} {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  MAGIC.copy(bytes)
  bytes.writeDoubleLE(header.sequence, 8)
  bytes.writeDoubleLE(header.previousCommitNumber, 16)
  bytes.writeUInt32LE(header.salt, 24)
  const chain = crc32(bytes.subarray(0, HEADER_CRC_AT))
  bytes.writeUInt32LE(chain, HEADER_CRC_AT)
  return { bytes, chain }
}

/** Undefined if the bytes are no segment header. */
export function decodeSegmentHeader(bytes: Buffer): (SegmentHeader & { readonly chain: number }) | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0) {
    return undefined
  }
  const chain = crc32(bytes.subarray(0, HEADER_CRC_AT))
  if (bytes.readUInt32LE(HEADER_CRC_AT) !== chain) return undefined
  return {
    sequence: bytes.readDoubleLE(8),
    previousCommitNumber: bytes.readDoubleLE(16),
    salt: bytes.readUInt32LE(24),
    chain,
  }
}

const RECORD_FIXED_BYTES = 36
const SET_TABLE_BYTES = 8
/** Set on the last record of a commit: without it the commit is not whole. */
const LAST_OF_COMMIT = 1
/** Set on barriers, which are no commits. */
const BARRIER = 2
const NAME_BYTES_MAX = 255

/** Write sets up to this size are copied into the group's buffer, larger ones are written from where they are. */
const COPIED_BYTES_MAX = 64 * 1024
/** Checksums of large write sets let other work run after so many bytes (about 2 ms). */
const CHECKSUM_SLICE_BYTES = 4 * 1024 * 1024

export interface EncodedGroup {
  /** To be written one behind the other. */
  readonly parts: readonly Buffer[]
  readonly byteLength: number
  /** Checksum that the next record goes on from. */
  readonly chain: number
}

/** Turns groups of commits into bytes. The result of one call is valid until the next. */
export class GroupEncoder {
  private bytes = Buffer.allocUnsafe(64 * 1024)
  private readonly names = new Map<string, Buffer>()

  async encode(commits: readonly (readonly CommitRecord[])[], chain: number): Promise<EncodedGroup> {
    this.reserve(commits)
    const parts: Buffer[] = []
    let byteLength = 0
    let at = 0
    for (const records of commits) {
      for (const [index, record] of records.entries()) {
        const start = at
        at = this.writeHeader(record, index === records.length - 1, at)
        const isSmall = record.writeSets.every((set) => set.byteLength <= COPIED_BYTES_MAX)
        if (isSmall) {
          for (const set of record.writeSets) at += set.bytes.copy(this.bytes, at, 0, set.byteLength)
          chain = crc32(this.bytes.subarray(start + 4, at), chain)
          parts.push(this.bytes.subarray(start, at))
        } else {
          const data = record.writeSets.map((set) => set.bytes.subarray(0, set.byteLength))
          chain = crc32(this.bytes.subarray(start + 4, at), chain)
          for (const piece of data) chain = await checksumInSlices(piece, chain)
          parts.push(this.bytes.subarray(start, at), ...data)
        }
        this.bytes.writeUInt32LE(chain, start)
      }
    }
    const joined = this.joinNeighbours(parts)
    for (const part of joined) byteLength += part.length
    return { parts: joined, byteLength, chain }
  }

  /** Makes the buffer large enough for all that will be copied, so that it does not move meanwhile. */
  private reserve(commits: readonly (readonly CommitRecord[])[]): void {
    let needed = 0
    for (const records of commits) {
      for (const record of records) {
        needed += RECORD_FIXED_BYTES + NAME_BYTES_MAX + record.writeSets.length * SET_TABLE_BYTES
        for (const set of record.writeSets) if (set.byteLength <= COPIED_BYTES_MAX) needed += set.byteLength
      }
    }
    if (needed > this.bytes.length) this.bytes = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2))
  }

  /** Writes all of a record that comes before the bytes of its write sets, but for the checksum. Answers the end. */
  private writeHeader(record: CommitRecord, isLast: boolean, start: number): number {
    const { bytes } = this
    const name = this.nameOf(record.storage)
    let at = start + RECORD_FIXED_BYTES
    at += name.copy(bytes, at)
    let dataBytes = 0
    for (const set of record.writeSets) {
      bytes.writeUInt32LE(set.byteLength, at)
      bytes.writeUInt32LE(set.entryCount, at + 4)
      at += SET_TABLE_BYTES
      dataBytes += set.byteLength
    }
    bytes[start + 4] = isLast ? LAST_OF_COMMIT : 0
    bytes[start + 5] = name.length
    bytes.writeUInt16LE(0, start + 6)
    bytes.writeDoubleLE(record.commitNumber, start + 8)
    bytes.writeDoubleLE(record.timestampMicros, start + 16)
    bytes.writeDoubleLE(at - start + dataBytes, start + 24)
    bytes.writeUInt32LE(record.writeSets.length, start + 32)
    return at
  }

  private nameOf(storage: string): Buffer {
    let name = this.names.get(storage)
    if (name === undefined) {
      name = Buffer.from(storage)
      if (name.length > NAME_BYTES_MAX) throw new Error('invariant: a storage name has at most 255 bytes')
      this.names.set(storage, name)
    }
    return name
  }

  /** Parts that lie one behind the other in our buffer become one. */
  private joinNeighbours(parts: readonly Buffer[]): Buffer[] {
    const joined: Buffer[] = []
    for (const part of parts) {
      const last = joined.at(-1)
      if (last?.buffer === this.bytes.buffer && last.byteOffset + last.length === part.byteOffset) {
        const start = last.byteOffset - this.bytes.byteOffset
        joined[joined.length - 1] = this.bytes.subarray(start, start + last.length + part.length)
      } else joined.push(part)
    }
    return joined
  }
}

/** A barrier behind commit `commitNumber`. */
export function encodeBarrier(commitNumber: number, chain: number): EncodedGroup {
  const bytes = Buffer.alloc(RECORD_FIXED_BYTES)
  bytes[4] = BARRIER
  bytes.writeDoubleLE(commitNumber, 8)
  bytes.writeDoubleLE(randomInt(2 ** 47), 16)
  bytes.writeDoubleLE(RECORD_FIXED_BYTES, 24)
  const next = crc32(bytes.subarray(4), chain)
  bytes.writeUInt32LE(next, 0)
  return { parts: [bytes], byteLength: RECORD_FIXED_BYTES, chain: next }
}

async function checksumInSlices(bytes: Buffer, chain: number): Promise<number> {
  for (let at = 0; at < bytes.length; at += CHECKSUM_SLICE_BYTES) {
    chain = crc32(bytes.subarray(at, at + CHECKSUM_SLICE_BYTES), chain)
    if (at + CHECKSUM_SLICE_BYTES < bytes.length) await new Promise(setImmediate)
  }
  return chain
}

/** A record as it was found in a segment. */
export interface FoundRecord {
  readonly record: CommitRecord
  readonly isLastOfCommit: boolean
  /** The record is none: see above. */
  readonly isBarrier: boolean
  readonly byteLength: number
  readonly chain: number
}

/**
 * Length of the record that starts at `at`, as it claims; undefined if fewer bytes than its fixed part are at hand, or if
 * this is no record at all.
 */
export function claimedRecordBytes(bytes: Buffer, at: number): number | undefined {
  if (at + RECORD_FIXED_BYTES > bytes.length) return undefined
  const claimed = bytes.readDoubleLE(at + 24)
  return Number.isSafeInteger(claimed) && claimed >= RECORD_FIXED_BYTES ? claimed : undefined
}

/** Reads the record at `at`, all of which is at hand; undefined if its checksum doesn't fit. */
export function decodeRecord(
  bytes: Buffer,
  at: number,
  byteLength: number,
  chain: number,
): FoundRecord | undefined {
  const end = at + byteLength
  const found = crc32(bytes.subarray(at + 4, end), chain)
  if (found !== bytes.readUInt32LE(at)) return undefined
  const nameEnd = at + RECORD_FIXED_BYTES + (bytes[at + 5] as number)
  const setCount = bytes.readUInt32LE(at + 32)
  const writeSets: WriteSet[] = []
  let dataAt = nameEnd + setCount * SET_TABLE_BYTES
  for (let index = 0; index < setCount; index++) {
    const setBytes = bytes.readUInt32LE(nameEnd + index * SET_TABLE_BYTES)
    writeSets.push({
      bytes: bytes.subarray(dataAt, dataAt + setBytes),
      byteLength: setBytes,
      entryCount: bytes.readUInt32LE(nameEnd + index * SET_TABLE_BYTES + 4),
    })
    dataAt += setBytes
  }
  if (dataAt !== end) throw new Error('invariant: a record with a valid checksum holds what it says')
  return {
    record: {
      commitNumber: bytes.readDoubleLE(at + 8),
      timestampMicros: bytes.readDoubleLE(at + 16),
      storage: bytes.toString('utf8', at + RECORD_FIXED_BYTES, nameEnd),
      writeSets,
    },
    isLastOfCommit: ((bytes[at + 4] as number) & LAST_OF_COMMIT) !== 0,
    isBarrier: ((bytes[at + 4] as number) & BARRIER) !== 0,
    byteLength,
    chain: found,
  }
}
