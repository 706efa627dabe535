/**
 * The one commit log: durability, crash recovery, and what feeds of secondary copies read. Commits enter it in the
 * order of their numbers, whatever storage they go to; drivers follow lazily (`KeyspaceStorage.apply`) and are
 * caught up from here after a crash.
 *
 * Order of a commit: append → the group is on disk → apply → acknowledge. Whoever applies before the group is on disk must
 * not let a driver's `checkpoint` pass `flushedCommitNumber`, or a crash could leave a driver ahead of the log.
 */
import type { MaybePromise } from '../common/value.js'
import type { WriteSet } from '../common/write-set.js'

/** What one commit changed in one storage. A commit that wrote to several has one record for each, in a row. */
export interface CommitRecord {
  /** Ascending, gaps allowed; equal only for the records of one commit. */
  readonly commitNumber: number
  /** Microseconds since 1970 UTC. */
  readonly timestampMicros: number
  /** Name of the storage instance; at most 255 bytes of UTF-8. */
  readonly storage: string
  readonly writeSets: readonly WriteSet[]
}

/** Sees one record; the log waits for its promise before it goes on. The write sets are the visitor's to keep. */
export type CommitVisitor = (record: CommitRecord) => MaybePromise<void>

export interface CommitLog {
  /** The last commit that is on disk; after `open` the last whole one that was found. 0 for a new log. */
  readonly flushedCommitNumber: number
  /** All commits from this number on are in the log; undefined while it holds none. Feeds that want older ones must copy anew. */
  readonly oldestCommitNumber: number | undefined
  /** Bytes on disk since the last truncation: when to checkpoint is decided by this. */
  readonly byteSize: number

  /**
   * Adds the records of one commit, all or none, to the group that is written next. The bytes of the write sets must not
   * change until the answer settles; large ones are written from where they are.
   *
   * Answers undefined if the commit needs no wait (memory only), otherwise the promise of its *group*, the same object for
   * every commit in it: resolved when all of them are on disk, in the order of groups. Rejected with ER_DISK_FULL or
   * ER_ERROR_ON_WRITE when the group could not be written: then none of its commits, nor of the groups appended
   * behind it meanwhile, is in the log or will come back after a crash, and later appends start afresh, with the same numbers
   * or higher ones. A rejected promise that nobody awaits is no unhandled rejection.
   */
  append(records: readonly CommitRecord[]): Promise<void> | undefined

  /**
   * Visits the records of all commits on disk with a number above `afterCommitNumber`, in order. Reads up to what is flushed
   * when it starts. Rejects with ER_ERROR_ON_READ if the log doesn't go back that far or is damaged before its end.
   */
  replay(afterCommitNumber: number, visit: CommitVisitor): Promise<void>

  /**
   * Frees segments that hold only commits below `commitNumber`: every durable storage has a checkpoint at least at
   * `commitNumber - 1`, and no feed needs them. Keeps more than it must, never less.
   */
  truncateBefore(commitNumber: number): Promise<void>

  /** Writes what was appended and closes the files. */
  close(): Promise<void>
}

export interface CommitLogOptions {
  /** Made if missing. */
  readonly folder: string
  /** Size of a segment file; a larger commit gets a segment of its own. Default 16 MiB. */
  readonly segmentBytes?: number
  /**
   * `commit`: a commit is acknowledged when it is on disk. `interval`: when the operating system has it; it is on disk within
   * `flushIntervalMs`. A killed process then loses nothing, a power cut may lose the last commits (never a part of one).
   */
  readonly durability?: 'commit' | 'interval'
  /** Default 1000. */
  readonly flushIntervalMs?: number
}

/** A log for servers without durable storage: remembers the last number and nothing else. */
export class MemoryCommitLog implements CommitLog {
  flushedCommitNumber = 0
  readonly oldestCommitNumber = undefined
  readonly byteSize = 0

  append(records: readonly CommitRecord[]): undefined {
    const last = records[records.length - 1]
    if (last !== undefined) this.flushedCommitNumber = last.commitNumber
    return undefined
  }

  replay(): Promise<void> {
    return Promise.resolve()
  }

  truncateBefore(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
