/**
 * One file of the commit log: made ahead with all its blocks (an O_DSYNC write into blocks that exist needs one flush, one
 * that makes a file grow needs two), opened for appending, read back.
 */
import { close, constants, fdatasync, open, rename, write, writev } from 'node:fs'
import { open as openHandle, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  claimedRecordBytes,
  decodeRecord,
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type FoundRecord,
  type SegmentHeader,
} from './commit-log-format.js'

const renameFile = promisify(rename)
const closeFile = promisify(close)
const openFile = promisify(open)
const flushFile = promisify(fdatasync)

/** A place between two records, to start reading from. */
export interface LogPosition {
  readonly offset: number
  /** Checksum that the record there goes on from. */
  readonly chain: number
  /** Last commit that is wholly before it. */
  readonly commitNumber: number
}

/** Distance of the positions that are remembered while a segment is written or read. */
const POSITION_DISTANCE_BYTES = 256 * 1024

/** What is known of a segment, whether it is open or not. */
export class Segment {
  /** Behind the last record. */
  end: LogPosition
  /** Ascending; the first is the segment's start. */
  private readonly positions: LogPosition[]

  constructor(
    readonly path: string,
    readonly sequence: number,
    start: LogPosition,
  ) {
    this.end = start
    this.positions = [start]
  }

  get start(): LogPosition {
    return this.positions[0] as LogPosition
  }

  /** Notes that the records up to `position` are there. */
  extendTo(position: LogPosition): void {
    this.end = position
    this.remember(position)
  }

  remember(position: LogPosition): void {
    const last = this.positions[this.positions.length - 1] as LogPosition
    if (position.offset >= last.offset + POSITION_DISTANCE_BYTES) this.positions.push(position)
  }

  /** The last remembered position with nothing behind `commitNumber` before it. */
  positionBefore(commitNumber: number): LogPosition {
    let best = this.start
    for (const position of this.positions) {
      if (position.commitNumber > commitNumber) break
      best = position
    }
    return best
  }
}

export function segmentPath(folder: string, sequence: number): string {
  return join(folder, `${String(sequence).padStart(12, '0')}.log`)
}

/** Sequence number in a segment's file name; undefined for other files. */
export function sequenceOf(fileName: string): number | undefined {
  const match = /^(\d{12})\.log$/.exec(fileName)
  return match === null ? undefined : Number(match[1])
}

/** Makes a file of `byteLength` zeros, with everything on disk. */
export async function writeZeros(path: string, byteLength: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(byteLength, 1024 * 1024))
  const file = await openHandle(path, 'w')
  try {
    for (let at = 0; at < byteLength;) {
      const { bytesWritten } = await file.write(zeros, 0, Math.min(zeros.length, byteLength - at), at)
      at += bytesWritten
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Turns a file that was made ahead into the segment `header.sequence`, durably. */
export async function activateSegment(
  folder: string,
  spare: string,
  header: SegmentHeader,
): Promise<Segment> {
  const { bytes, chain } = encodeSegmentHeader(header)
  const file = await openHandle(spare, 'r+')
  try {
    await file.write(bytes, 0, bytes.length, 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  const path = segmentPath(folder, header.sequence)
  await renameFile(spare, path)
  await flushFolder(folder)
  return new Segment(path, header.sequence, {
    offset: SEGMENT_HEADER_BYTES,
    chain,
    commitNumber: header.previousCommitNumber,
  })
}

/** Makes renames and deletions durable, where the system has a way. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await openHandle(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The segment in a file, up to its header; undefined if the file holds none. */
export async function openSegment(path: string, sequence: number): Promise<Segment | undefined> {
  const file = await openHandle(path, 'r')
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    const header = decodeSegmentHeader(bytes.subarray(0, bytesRead))
    if (header?.sequence !== sequence) return undefined
    return new Segment(path, sequence, {
      offset: SEGMENT_HEADER_BYTES,
      chain: header.chain,
      commitNumber: header.previousCommitNumber,
    })
  } finally {
    await file.close()
  }
}

const READ_BYTES = 1024 * 1024

/**
 * Reads the records of a segment from `from` on, at most to `endOffset`. The visitor answers false, or a promise of it, to
 * stop. Answers the position behind the last whole commit; records of a commit that is not whole are shown all the same.
 */
export async function readRecords(
  segment: Segment,
  from: LogPosition,
  endOffset: number,
  visit: (found: FoundRecord) => boolean | Promise<boolean>,
): Promise<LogPosition> {
  const file = await openHandle(segment.path, 'r')
  try {
    let position = from
    let { offset, chain } = from
    let bytes: Buffer = Buffer.alloc(0)
    let at = 0
    for (;;) {
      const claimed = claimedRecordBytes(bytes, at)
      if (claimed === undefined || at + claimed > bytes.length) {
        if (claimed !== undefined && offset + claimed > endOffset) return position
        const filled = await readAt(
          file,
          offset,
          Math.min(endOffset, offset + Math.max(READ_BYTES, claimed ?? 0)),
        )
        // Nothing new to look at: the end, or what claims to be a record isn't one.
        if (filled.length <= bytes.length - at) return position
        bytes = filled
        at = 0
        continue
      }
      const found = decodeRecord(bytes, at, claimed, chain)
      if (found === undefined) return position
      at += claimed
      offset += claimed
      chain = found.chain
      if (found.isLastOfCommit || found.isBarrier) {
        position = { offset, chain, commitNumber: found.record.commitNumber }
        segment.remember(position)
      }
      if (found.isBarrier) continue
      const goesOn = visit(found)
      if (!(typeof goesOn === 'boolean' ? goesOn : await goesOn)) return position
    }
  } finally {
    await file.close()
  }
}

/** Bytes `[start, end)` of a file, fewer at its end, in a buffer of their own. */
async function readAt(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Math.max(0, end - start))
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** More buffers than this in one call and the system refuses. */
const BUFFERS_PER_WRITE_MAX = 512

/** An open segment that is written to. Works with callbacks below one promise per call: it is on the path of each commit. */
export class SegmentWriter {
  private constructor(
    readonly segment: Segment,
    private readonly descriptor: number,
  ) {}

  /** With `isSynchronous` each write is on disk when it is done. */
  static async open(segment: Segment, isSynchronous: boolean): Promise<SegmentWriter> {
    const flags = constants.O_RDWR | (isSynchronous ? constants.O_DSYNC : 0)
    return new SegmentWriter(segment, await openFile(segment.path, flags))
  }

  /** Writes buffers one behind the other from `offset` on. */
  write(parts: readonly Buffer[], offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const goOn = (rest: readonly Buffer[], at: number): void => {
        if (rest.length === 0) {
          resolve()
          return
        }
        const written = (error: NodeJS.ErrnoException | null, count: number): void => {
          if (error === null) goOn(behind(rest, count), at + count)
          else reject(error)
        }
        const only = rest[0]
        if (rest.length === 1 && only !== undefined) write(this.descriptor, only, 0, only.length, at, written)
        else writev(this.descriptor, rest.slice(0, BUFFERS_PER_WRITE_MAX), at, written)
      }
      goOn(parts, offset)
    })
  }

  flush(): Promise<void> {
    return flushFile(this.descriptor)
  }

  close(): Promise<void> {
    return closeFile(this.descriptor)
  }
}

/** What is left of buffers when their first `count` bytes are taken. */
function behind(parts: readonly Buffer[], count: number): readonly Buffer[] {
  let index = 0
  for (; index < parts.length; index++) {
    const { length } = parts[index] as Buffer
    if (count < length) break
    count -= length
  }
  const rest = parts.slice(index)
  if (count > 0) rest[0] = (rest[0] as Buffer).subarray(count)
  return rest
}
