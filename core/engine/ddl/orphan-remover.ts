/**
 * Removes from storages, in the background, what no definition names any more. Its note is taken back only when the removal
 * is durable: recovery may replay commits from before the removal, and would bring the thing back.
 */
import type { LocalCatalog } from '../../catalog/local-catalog.js'
import { sameOrphan, type Orphan } from '../../catalog/orphan.js'
import { isPromise } from '../../common/value.js'
import { isKeyspaceStorage, isTableStorage, type Storage } from '../../spi/storage.js'

const GATHERING_MS = 50

export interface OrphanRemoverOptions {
  readonly catalog: LocalCatalog
  readonly storages: readonly Storage[]
  /** Resolves when everything that storages have applied so far is on disk. */
  readonly makeDurable: () => Promise<void>
  /** Told of failures; what couldn't be removed is tried again at the next start. */
  readonly onProblem: (problem: Error) => void
}

export class OrphanRemover {
  private waiting: Orphan[] = []
  private working: Promise<void> | undefined

  constructor(private readonly options: OrphanRemoverOptions) {}

  /** Takes over what an earlier run of the server left behind. */
  start(): void {
    this.remove(this.options.catalog.orphans)
  }

  /** Nobody reads them any more. Those of durable storages are noted in the catalog. */
  remove(orphans: readonly Orphan[]): void {
    if (orphans.length === 0) return
    this.waiting.push(...orphans)
    this.working ??= this.work()
  }

  /** Resolves when nothing is left to do: the end of the server, tests. */
  async drained(): Promise<void> {
    while (this.working !== undefined) await this.working
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      // Those of a script that drops table after table are taken together: each round makes storages flush.
      await new Promise((resolve) => setTimeout(resolve, GATHERING_MS))
      const batch = this.waiting
      this.waiting = []
      await this.removeAll(batch)
    }
    this.working = undefined
  }

  private async removeAll(orphans: readonly Orphan[]): Promise<void> {
    const removed: Orphan[] = []
    for (const orphan of orphans) {
      try {
        await this.removeOne(orphan)
        removed.push(orphan)
      } catch (cause) {
        this.report(`could not remove ${orphan.kind} ${String(orphan.id)} of ${orphan.storage}`, cause)
      }
    }
    const { catalog } = this.options
    const noted = removed.filter((orphan) => catalog.orphans.some((each) => sameOrphan(each, orphan)))
    if (noted.length === 0) return
    try {
      await this.options.makeDurable()
      const committed = catalog.commit({ settledOrphans: noted })
      if (isPromise(committed)) await committed
    } catch (cause) {
      this.report('could not note what was removed', cause)
    }
  }

  /** Of a storage that isn't configured any more nothing can be removed, now. */
  private async removeOne(orphan: Orphan): Promise<void> {
    const storage = this.options.storages.find((candidate) => candidate.name === orphan.storage)
    if (storage === undefined) throw new Error('the storage is not configured')
    if (orphan.kind === 'keyspace' && isKeyspaceStorage(storage)) await storage.dropKeyspace(orphan.id)
    else if (orphan.kind === 'table' && isTableStorage(storage)) await storage.dropTable(orphan.id)
  }

  private report(message: string, cause: unknown): void {
    this.options.onProblem(new Error(message, { cause }))
  }
}
