/**
 * A durable storage whose crashes a test decides: what was applied since the last checkpoint may be there afterwards or not,
 * as the contract of `KeyspaceStorage` allows.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import type { MaybePromise } from '../../common/value.js'
import type { WriteSet } from '../../common/write-set.js'
import type { KeyspaceSnapshot, KeyspaceStorage } from '../../spi/storage.js'

interface Applied {
  readonly writeSets: readonly WriteSet[]
  readonly commitNumber: number
}

export class CrashingStorage implements KeyspaceStorage {
  readonly comment = 'for tests'
  readonly capabilities = {
    shape: 'keyspace',
    durable: true,
    transactions: 'full',
    fragments: false,
    writable: true,
    keyBytesMax: 2000,
  } as const
  /** Makes the next so many calls of `apply` fail. */
  failuresToCome = 0
  checkpointedCommitNumber = 0
  private readonly inner: MemoryStorage
  private readonly history: Applied[] = []

  constructor(
    readonly name: string,
    history: readonly Applied[] = [],
  ) {
    this.inner = new MemoryStorage(name)
    for (const { writeSets, commitNumber } of history) this.record(writeSets, commitNumber)
    this.checkpointedCommitNumber = this.appliedCommitNumber
  }

  get appliedCommitNumber(): number {
    return this.inner.appliedCommitNumber
  }

  /** What a restart finds: everything up to the checkpoint, and `extra` (0 to 1) of what came behind it. */
  afterCrash(extra: number): CrashingStorage {
    const sure = this.history.findIndex((applied) => applied.commitNumber > this.checkpointedCommitNumber)
    const sureCount = sure < 0 ? this.history.length : sure
    const kept = sureCount + Math.floor((this.history.length - sureCount) * extra)
    return new CrashingStorage(this.name, this.history.slice(0, kept))
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  async apply(writeSets: readonly WriteSet[], commitNumber: number): Promise<void> {
    await Promise.resolve()
    if (this.failuresToCome > 0) {
      this.failuresToCome--
      throw new Error('no room')
    }
    const copies = writeSets.map(({ bytes, byteLength, entryCount }) => ({
      bytes: Buffer.from(bytes.subarray(0, byteLength)),
      byteLength,
      entryCount,
    }))
    this.record(copies, commitNumber)
  }

  checkpoint(): Promise<number> {
    this.checkpointedCommitNumber = this.appliedCommitNumber
    return Promise.resolve(this.checkpointedCommitNumber)
  }

  snapshot(): KeyspaceSnapshot {
    return this.inner.snapshot()
  }

  load(keyspace: number, entries: WriteSet): MaybePromise<void> {
    return this.inner.load(keyspace, entries)
  }

  dropKeyspace(keyspace: number): Promise<void> {
    return this.inner.dropKeyspace(keyspace)
  }

  size(keyspace: number): { readonly entries: number; readonly bytes: number } | undefined {
    return this.inner.size(keyspace)
  }

  private record(writeSets: readonly WriteSet[], commitNumber: number): void {
    this.history.push({ writeSets, commitNumber })
    void this.inner.apply(writeSets, commitNumber)
  }
}
