/**
 * Recovery: brings every durable storage to the end of the commit log. A storage comes back in the state of some commit, and
 * says of which; what the log has behind that is applied again, in order. Applying is idempotent, and a record goes only to
 * the storage that it names, so storages may have stopped at different commits.
 */
import { sqlError } from '../common/sql-error.js'
import { isPromise } from '../common/value.js'
import type { WriteSet } from '../common/write-set.js'
import type { KeyspaceStorage } from '../spi/storage.js'
import type { CommitLog, CommitRecord } from './commit-log.js'
import { RecoveredSizes } from './recovered-sizes.js'

/** Records are applied together until they have so many bytes: fewer, larger steps of the storage. */
const BATCH_BYTES = 4 * 2 ** 20

export interface Recovery {
  /** Number of the last commit. */
  readonly commitNumber: number
  /** By name of the storage; those that had nothing to replay are absent. */
  readonly sizes: ReadonlyMap<string, RecoveredSizes>
}

export async function recover(storages: readonly KeyspaceStorage[], log: CommitLog): Promise<Recovery> {
  const durable = storages.filter((storage) => storage.capabilities.durable)
  const applied = durable.map((storage) => storage.appliedCommitNumber)
  const start = durable.length === 0 ? log.flushedCommitNumber : Math.min(...applied)
  const replays = new Map(durable.map((storage) => [storage.name, new StorageReplay(storage)]))
  await log.replay(start, (record) => {
    const replay = replays.get(record.storage)
    if (replay === undefined) {
      throw sqlError(
        'ER_STORAGE_UNAVAILABLE',
        record.storage,
        'the commit log has changes for it, but it is not configured',
      )
    }
    return replay.add(record)
  })
  for (const replay of replays.values()) await replay.flush()
  return {
    commitNumber: Math.max(log.flushedCommitNumber, 0, ...storages.map((each) => each.appliedCommitNumber)),
    sizes: new Map([...replays].map(([name, replay]) => [name, replay.sizes])),
  }
}

class StorageReplay {
  private writeSets: WriteSet[] = []
  private byteSize = 0
  private commitNumber = 0
  readonly sizes: RecoveredSizes

  constructor(private readonly storage: KeyspaceStorage) {
    this.sizes = new RecoveredSizes(storage)
  }

  async add(record: CommitRecord): Promise<void> {
    if (record.commitNumber <= this.storage.appliedCommitNumber) return
    this.writeSets.push(...record.writeSets)
    for (const writeSet of record.writeSets) this.byteSize += writeSet.byteLength
    this.commitNumber = record.commitNumber
    if (this.byteSize >= BATCH_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.writeSets.length === 0) return
    const { writeSets, commitNumber } = this
    this.writeSets = []
    this.byteSize = 0
    await this.sizes.add(writeSets)
    const applied = this.storage.apply(writeSets, commitNumber)
    if (isPromise(applied)) await applied
    this.sizes.applied()
  }
}
