/**
 * The driver: one ordered map with cheap snapshots (`EntryTree`), and the rules of `KeyspaceStorage` around it:
 *
 * - Changes go into the tree; readers see only `published`, the last snapshot taken of it between two changes. So a large
 *   write set can be applied in slices that let other work run, and still appears all at once.
 * - Changes wait for one another, so that no snapshot is taken in the middle of one.
 */
import {
  EntryTree,
  PUT,
  TreeEntry,
  WriteSetReader,
  type KeyspaceSnapshot,
  type KeyspaceStorage,
  type MaybePromise,
  type WriteSet,
} from '@switchyard/core/spi'
import { MemorySnapshot } from './memory-snapshot.js'

/** Longest that changes keep the event loop to themselves. */
const SLICE_MS = 5
/** Entries between two looks at the clock. */
const SLICE_ENTRIES = 256

/** What one keyspace holds. */
export interface KeyspaceSize {
  entries: number
  bytes: number
}

const NOTHING = new Uint8Array(0)

export class MemoryStorage implements KeyspaceStorage {
  readonly comment = 'Tables in memory, gone when the server stops'
  readonly capabilities = {
    shape: 'keyspace',
    durable: false,
    transactions: 'full',
    fragments: false,
    writable: true,
    keyBytesMax: 0xffff,
  } as const
  appliedCommitNumber = 0

  private readonly tree = new EntryTree()
  private readonly sizes = new Map<number, KeyspaceSize>()
  private published = new MemorySnapshot(this.tree.snapshot(), 0, this.sizes)
  /** The change that runs now and those behind it; undefined when there is none. */
  private underWay: Promise<void> | undefined

  constructor(readonly name: string) {}

  start(): Promise<void> {
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    await this.underWay
  }

  apply(writeSets: readonly WriteSet[], commitNumber: number): MaybePromise<void> {
    return this.inTurn(() => this.change(changesOf(writeSets)), commitNumber)
  }

  load(keyspace: number, entries: WriteSet): MaybePromise<void> {
    return this.inTurn(() => this.change(changesOf([entries])), undefined)
  }

  async dropKeyspace(keyspace: number): Promise<void> {
    await this.inTurn(() => this.change(this.removalsOf(keyspace)), undefined)
  }

  checkpoint(): Promise<number> {
    return Promise.resolve(this.appliedCommitNumber)
  }

  snapshot(): KeyspaceSnapshot {
    return this.published
  }

  size(keyspace: number): Readonly<KeyspaceSize> | undefined {
    return this.sizes.get(keyspace) ?? { entries: 0, bytes: 0 }
  }

  /** Runs a change when those before it are done: at once if there are none. Then publishes what it did. */
  private inTurn(change: () => MaybePromise<void>, commitNumber: number | undefined): MaybePromise<void> {
    const done = this.underWay === undefined ? change() : this.underWay.then(change)
    if (!(done instanceof Promise)) {
      this.publish(commitNumber)
      return
    }
    const finished = done.then(() => this.publish(commitNumber))
    const endTurn = () => {
      if (this.underWay === turn) this.underWay = undefined
    }
    const turn: Promise<void> = finished.then(endTurn, endTurn)
    this.underWay = turn
    return finished
  }

  private publish(commitNumber: number | undefined): void {
    if (commitNumber !== undefined) this.appliedCommitNumber = commitNumber
    this.published = new MemorySnapshot(this.tree.snapshot(), this.appliedCommitNumber, this.sizes)
  }

  /** Makes changes one by one; answers a promise if they take longer than one slice. */
  private change(changes: Iterator<TreeEntry>): MaybePromise<void> {
    if (this.changeSlice(changes)) return
    return new Promise((resolve, reject) => {
      const goOn = () => {
        try {
          if (this.changeSlice(changes)) resolve()
          else setImmediate(goOn)
        } catch (error) {
          reject(error instanceof Error ? error : new Error('change failed', { cause: error }))
        }
      }
      setImmediate(goOn)
    })
  }

  /** Answers whether all changes are made. */
  private changeSlice(changes: Iterator<TreeEntry>): boolean {
    const endMs = performance.now() + SLICE_MS
    for (let count = 1; ; count++) {
      const next = changes.next()
      if (next.done === true) return true
      this.changeEntry(next.value)
      if (count % SLICE_ENTRIES === 0 && performance.now() > endMs) return false
    }
  }

  private changeEntry(entry: TreeEntry): void {
    const replaced = entry.isRemoval
      ? this.tree.remove(entry.keyspace, entry.bytes, entry.keyStart, entry.keyEnd)
      : this.tree.put(entry)
    const size = this.sizeOf(entry.keyspace)
    if (replaced !== undefined) {
      size.entries--
      size.bytes -= replaced.byteSize
    }
    if (!entry.isRemoval) {
      size.entries++
      size.bytes += entry.byteSize
    }
  }

  private sizeOf(keyspace: number): KeyspaceSize {
    let size = this.sizes.get(keyspace)
    if (size === undefined) this.sizes.set(keyspace, (size = { entries: 0, bytes: 0 }))
    return size
  }

  /** A removal for each entry of a keyspace. */
  private *removalsOf(keyspace: number): Generator<TreeEntry, void> {
    // The walk is over a version of its own: the tree changes under it.
    const cursor = this.tree.snapshot().cursor()
    cursor.seek(keyspace, NOTHING, 0, 0)
    while (cursor.entry?.keyspace === keyspace) {
      yield cursor.entry.keyOnly()
      cursor.next()
    }
    this.sizes.delete(keyspace)
  }
}

/** The entries of write sets, each in bytes of its own: a write set's buffer belongs to the caller. */
function* changesOf(writeSets: readonly WriteSet[]): Generator<TreeEntry, void> {
  const reader = new WriteSetReader()
  for (const writeSet of writeSets) {
    reader.reset(writeSet)
    while (reader.next()) {
      const { keyspace, keyStart, keyEnd, valueEnd } = reader
      const bytes = Uint8Array.prototype.slice.call(reader.bytes, keyStart, valueEnd)
      const keyBytes = keyEnd - keyStart
      yield reader.operation === PUT
        ? new TreeEntry(keyspace, bytes, 0, keyBytes, keyBytes, bytes.length)
        : TreeEntry.removal(keyspace, bytes, 0, keyBytes)
    }
  }
}
