/**
 * What every keyspace driver must do (see `core/spi/storage.ts`). A driver's own tests call
 * `runKeyspaceConformance`; each test works on a storage of its own in a folder of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyspaceStorage } from '@switchyard/core/spi'
import { runDurabilityConformance } from './durability-conformance.js'
import { describeChanging, describeSnapshots } from './keyspace-changes.js'
import { describeBulk, describeStages } from './keyspace-loading.js'
import { describeReading } from './keyspace-reading.js'
import type { OpenStorage } from './keyspace-model.js'

export interface KeyspaceHarness {
  /** Makes a storage, not started, whose files (if any) are in `folder`, which exists. */
  create(folder: string): KeyspaceStorage
  /**
   * For durable drivers: a module (file URL) that exports `create` as above, to be loaded by a child process that is
   * killed. It may be TypeScript.
   */
  readonly module?: string
}

/** Hands each test a started storage and cleans up behind it. */
function storages(harness: KeyspaceHarness): { readonly open: OpenStorage } {
  let folder = ''
  const opened: KeyspaceStorage[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchyard-conformance-'))
  })
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    async open() {
      const storage = harness.create(folder)
      await storage.start()
      opened.push(storage)
      return storage
    },
  }
}

export function runKeyspaceConformance(name: string, harness: KeyspaceHarness): void {
  describe(`keyspace storage ${name}`, () => {
    const { open } = storages(harness)
    describeReading(open)
    describeChanging(open)
    describeSnapshots(open)
    describeBulk(open)
    describeStages(open)
  })
  if (harness.module !== undefined) runDurabilityConformance(name, harness.create, harness.module)
}
