/**
 * The commit log in files: groups of commits, each written and flushed at once, off the event loop.
 *
 * While one group is being written the next one gathers, so the number of flushes follows the disk and not the number of
 * clients. A group that can't be written is failed as a whole, with those behind it (they may build on it), and its
 * place is wiped before anything else is written there.
 */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { randomInt } from 'node:crypto'
import { SqlError, sqlError } from '../common/sql-error.js'
import { encodeBarrier, GroupEncoder, type EncodedGroup, type FoundRecord } from './commit-log-format.js'
import {
  activateSegment,
  flushFolder,
  openSegment,
  readRecords,
  segmentPath,
  SegmentWriter,
  sequenceOf,
  writeZeros,
  type LogPosition,
  type Segment,
} from './commit-log-segment.js'
import type { CommitLog, CommitLogOptions, CommitRecord, CommitVisitor } from './commit-log.js'

const SEGMENT_BYTES_DEFAULT = 16 * 1024 * 1024
const FLUSH_INTERVAL_MS_DEFAULT = 1000

/** Commits that are written together. */
class Group {
  readonly commits: (readonly CommitRecord[])[] = []
  readonly done: Promise<void>
  resolve: () => void = () => undefined
  reject: (reason: SqlError) => void = () => undefined

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // Whoever awaits the group hears of a failure; it is no fault of the process if nobody does.
    this.done.catch(() => undefined)
  }

  get lastCommitNumber(): number {
    return this.commits.at(-1)?.[0]?.commitNumber ?? 0
  }
}

/** Opens the log in a folder, or starts a new one. Rejects with ER_ERROR_ON_READ or ER_ERROR_ON_WRITE. */
export async function openCommitLog(options: CommitLogOptions): Promise<CommitLog> {
  const folder = options.folder
  try {
    await mkdir(folder, { recursive: true })
    const segments = await findSegments(folder)
    const last = segments.at(-1)
    if (last !== undefined) last.end = await readRecords(last, last.start, Infinity, () => true)
    const log = new FileCommitLog(options, segments)
    await log.start()
    return log
  } catch (error) {
    throw logError(folder, error)
  }
}

/** The segments of a folder, oldest first. What a crash left half made is removed. */
async function findSegments(folder: string): Promise<Segment[]> {
  const names = await readdir(folder)
  const sequences = names.map(sequenceOf).filter((sequence) => sequence !== undefined)
  const segments: Segment[] = []
  for (const sequence of sequences.sort((left, right) => left - right)) {
    const path = segmentPath(folder, sequence)
    const segment = await openSegment(path, sequence)
    const previous = segments.at(-1)
    if (segment === undefined || (previous !== undefined && previous.sequence + 1 !== sequence)) {
      throw sqlError(
        'ER_ERROR_ON_READ',
        path,
        'log',
        'not a segment of this commit log, or one before it is missing',
      )
    }
    if (previous !== undefined) {
      const { size } = await stat(previous.path)
      previous.end = { offset: size, chain: 0, commitNumber: segment.start.commitNumber }
    }
    segments.push(segment)
  }
  for (const name of names) if (name.startsWith('spare')) await rm(join(folder, name), { force: true })
  return segments
}

class FileCommitLog implements CommitLog {
  flushedCommitNumber = 0

  private readonly folder: string
  private readonly segmentBytes: number
  private readonly isSynchronous: boolean
  private readonly flushIntervalMs: number
  private readonly encoder = new GroupEncoder()
  private writer: SegmentWriter | undefined
  private pending: Group | undefined
  private isWriting = false
  private isClosed = false
  /** Settles when nothing is being written any more. */
  private idle: Promise<void> = Promise.resolve()
  /** Whether the place behind the last record may hold parts of a group that failed. */
  private isTorn = false
  /** Whether the next group has to go to a new segment, because making one failed half way. */
  private mustAdvance = false
  private spare: Promise<string> | undefined
  /** Oldest sequence that each replay under way still reads. */
  private readonly replays = new Set<{ sequence: number }>()
  private flushTimer: NodeJS.Timeout | undefined

  constructor(
    options: CommitLogOptions,
    private readonly segments: Segment[],
  ) {
    this.folder = options.folder
    this.segmentBytes = options.segmentBytes ?? SEGMENT_BYTES_DEFAULT
    this.isSynchronous = options.durability !== 'interval'
    this.flushIntervalMs = options.flushIntervalMs ?? FLUSH_INTERVAL_MS_DEFAULT
  }

  async start(): Promise<void> {
    const last = this.segments.at(-1)
    if (last === undefined) {
      this.writer = await this.openNext(1, 0)
      return
    }
    this.flushedCommitNumber = last.end.commitNumber
    this.writer = await SegmentWriter.open(last, this.isSynchronous)
    // Records of a commit that isn't whole must not be followed by others, nor come back.
    await this.writeBarrier(this.writer)
  }

  get oldestCommitNumber(): number | undefined {
    const first = this.segments[0]
    if (first === undefined || first.start.commitNumber >= this.flushedCommitNumber) return undefined
    return first.start.commitNumber + 1
  }

  get byteSize(): number {
    return this.segments.reduce((sum, segment) => sum + segment.end.offset, 0)
  }

  append(records: readonly CommitRecord[]): Promise<void> {
    if (this.isClosed) throw new Error('invariant: a closed commit log takes no commits')
    if (records.length === 0) return Promise.resolve()
    if (this.pending === undefined) {
      this.pending = new Group()
      // Whatever else this turn of the event loop commits joins the group.
      if (!this.isWriting) setImmediate(() => this.writePending())
    }
    this.pending.commits.push(records)
    return this.pending.done
  }

  private writePending(): void {
    const group = this.pending
    if (group === undefined || this.isWriting) return
    this.pending = undefined
    this.isWriting = true
    this.idle = this.writeGroup(group).then(
      () => {
        this.flushedCommitNumber = group.lastCommitNumber
        this.isWriting = false
        group.resolve()
        this.writePending()
      },
      async (error: unknown) => {
        // Nobody hears of the failure before the group is out of the log; if that fails too, the next group tries again.
        if (this.isTorn) await this.writeBarrier(this.openWriter()).catch(() => undefined)
        this.isWriting = false
        const reason = logError(this.folder, error)
        group.reject(reason)
        this.pending?.reject(reason)
        this.pending = undefined
      },
    )
  }

  private async writeGroup(group: Group): Promise<void> {
    let writer = this.openWriter()
    if (this.isTorn) await this.writeBarrier(writer)
    let encoded = await this.encoder.encode(group.commits, writer.segment.end.chain)
    const { end, start } = writer.segment
    const isFull = end.offset + encoded.byteLength > this.segmentBytes && end.offset > start.offset
    if (isFull || this.mustAdvance) {
      writer = await this.goToNextSegment()
      encoded = await this.encoder.encode(group.commits, writer.segment.end.chain)
    }
    await this.writeEncoded(writer, encoded, group.lastCommitNumber)
    if (writer.segment.end.offset > this.segmentBytes / 2) this.prepareSpare().catch(() => undefined)
    if (!this.isSynchronous) this.flushLater()
  }

  private async writeEncoded(
    writer: SegmentWriter,
    encoded: EncodedGroup,
    commitNumber: number,
  ): Promise<void> {
    const { segment } = writer
    const { offset } = segment.end
    this.isTorn = true
    await writer.write(encoded.parts, offset)
    this.isTorn = false
    segment.extendTo({ offset: offset + encoded.byteLength, chain: encoded.chain, commitNumber })
  }

  private openWriter(): SegmentWriter {
    if (this.writer === undefined) throw new Error('invariant: a started commit log has an open segment')
    return this.writer
  }

  /** Makes sure, durably, that nothing that lies behind the last commit is ever read again. */
  private async writeBarrier(writer: SegmentWriter): Promise<void> {
    const { commitNumber, chain } = writer.segment.end
    await this.writeEncoded(writer, encodeBarrier(commitNumber, chain), commitNumber)
    await writer.flush()
  }

  private async goToNextSegment(): Promise<SegmentWriter> {
    const writer = this.openWriter()
    // In the relaxed mode too: a power cut must not leave a hole before the next segment.
    await writer.flush()
    const next = await this.openNext(writer.segment.sequence + 1, writer.segment.end.commitNumber)
    this.writer = next
    await writer.close()
    return next
  }

  private async openNext(sequence: number, previousCommitNumber: number): Promise<SegmentWriter> {
    const spare = await this.prepareSpare()
    this.spare = undefined
    // If this fails half way, the next segment's file may exist, and what came into the one before would be lost behind it.
    this.mustAdvance = true
    const salt = randomInt(2 ** 32)
    const segment = await activateSegment(this.folder, spare, { sequence, previousCommitNumber, salt })
    const writer = await SegmentWriter.open(segment, this.isSynchronous)
    this.segments.push(segment)
    this.mustAdvance = false
    return writer
  }

  /** The file that becomes the next segment, made ahead. After a failure the next call tries again. */
  private prepareSpare(): Promise<string> {
    if (this.spare === undefined) {
      const path = join(this.folder, 'spare')
      const made = writeZeros(path, this.segmentBytes).then(() => path)
      this.spare = made
      made.catch(async () => {
        // Half a file would only take the room that is missing.
        await rm(path, { force: true }).catch(() => undefined)
        if (this.spare === made) this.spare = undefined
      })
    }
    return this.spare
  }

  private flushLater(): void {
    this.flushTimer ??= setTimeout(() => {
      this.flushTimer = undefined
      this.openWriter()
        .flush()
        .catch(() => this.flushLater())
    }, this.flushIntervalMs).unref()
  }

  async replay(afterCommitNumber: number, visit: CommitVisitor): Promise<void> {
    const lastCommitNumber = this.flushedCommitNumber
    if (afterCommitNumber >= lastCommitNumber) return
    const first = this.segments[0]
    if (first === undefined || first.start.commitNumber > afterCommitNumber) {
      throw sqlError(
        'ER_ERROR_ON_READ',
        this.folder,
        'log',
        `commits behind ${afterCommitNumber} are no longer in the log`,
      )
    }
    const marker = { sequence: first.sequence }
    this.replays.add(marker)
    try {
      let reached = afterCommitNumber
      for (const segment of [...this.segments]) {
        marker.sequence = segment.sequence
        if (segment.end.commitNumber <= afterCommitNumber) continue
        const position = await this.replaySegment(segment, afterCommitNumber, lastCommitNumber, visit)
        reached = position.commitNumber
        if (reached >= lastCommitNumber) return
        if (reached < segment.end.commitNumber) break
      }
      throw sqlError('ER_ERROR_ON_READ', this.folder, 'log', `damaged behind commit ${reached}`)
    } catch (error) {
      throw logError(this.folder, error)
    } finally {
      this.replays.delete(marker)
    }
  }

  /** Visits the commits of one segment that are within (after, last]. Answers how far it got. */
  private replaySegment(
    segment: Segment,
    afterCommitNumber: number,
    lastCommitNumber: number,
    visit: CommitVisitor,
  ): Promise<LogPosition> {
    let commit: CommitRecord[] = []
    const from = segment.positionBefore(afterCommitNumber)
    return readRecords(segment, from, segment.end.offset, async ({ record, isLastOfCommit }: FoundRecord) => {
      if (record.commitNumber > lastCommitNumber) return false
      if (record.commitNumber > afterCommitNumber) commit.push(record)
      if (isLastOfCommit) {
        for (const whole of commit) {
          const visited = visit(whole)
          if (visited instanceof Promise) await visited
        }
        commit = []
      }
      return record.commitNumber < lastCommitNumber || !isLastOfCommit
    })
  }

  async truncateBefore(commitNumber: number): Promise<void> {
    const needed = Math.min(...[...this.replays].map(({ sequence }) => sequence), Infinity)
    let isChanged = false
    try {
      for (;;) {
        const [oldest, next] = this.segments
        if (oldest === undefined || next === undefined || oldest.sequence >= needed) break
        if (oldest.end.commitNumber >= commitNumber) break
        this.segments.shift()
        await this.discard(oldest)
        isChanged = true
      }
      if (isChanged) await flushFolder(this.folder)
    } catch (error) {
      throw logError(this.folder, error)
    }
  }

  /** Keeps the file of a segment for the next one, whose checksums won't fit what is in it; or deletes it. */
  private async discard(segment: Segment): Promise<void> {
    const { size } = await stat(segment.path)
    if (this.spare !== undefined || size !== this.segmentBytes) {
      await rm(segment.path)
      return
    }
    const path = join(this.folder, 'spare')
    this.spare = rename(segment.path, path).then(() => path)
    await this.spare
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    // The group that is being written starts the pending one, which replaces `idle`.
    this.writePending()
    for (let last; last !== this.idle;) {
      last = this.idle
      await last
    }
    clearTimeout(this.flushTimer)
    await this.spare?.catch(() => undefined)
    const writer = this.openWriter()
    try {
      await writer.flush()
    } finally {
      await writer.close()
    }
  }
}

/** The catalogued error for something that went wrong with the files. */
function logError(folder: string, error: unknown): SqlError {
  if (error instanceof SqlError) return error
  const { code = 'unknown', message, errno, path = folder } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new SqlError('ER_DISK_FULL', sqlError('ER_DISK_FULL', path).message, { cause: error })
  }
  const catalogued = sqlError('ER_ERROR_ON_WRITE', path, Math.abs(errno ?? 0), `${code}: ${message}`)
  return new SqlError('ER_ERROR_ON_WRITE', catalogued.message, { cause: error })
}
