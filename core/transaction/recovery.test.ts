/**
 * Goal: a crash at any moment loses no acknowledged commit, keeps none by half, and no counter goes back. Method: the real
 * log in a folder, storages that forget what they had not checkpointed, managers that are simply dropped.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlError } from '../common/sql-error.js'
import type { TableDefinition } from '../plan/schema.js'
import { openCommitLog } from './file-commit-log.js'
import type { CommitLog, CommitRecord } from './commit-log.js'
import type { CoreTransactionManager } from './transaction-manager.js'
import { CrashingStorage } from './testing/crashing-storage.js'
import {
  accountsTable,
  beginTest,
  deleteRow,
  insertRows,
  isPending,
  readOne,
  rowsOf,
  startManager,
  testStatement,
  updateRow,
} from './testing/test-tables.js'

let folder: string
let log: CommitLog
const left = accountsTable('left')
const right = accountsTable('right')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-recovery-'))
  log = await openCommitLog({ folder })
})
afterEach(async () => {
  await log.close()
  await rm(folder, { recursive: true })
})

async function reopen(): Promise<CommitLog> {
  await log.close()
  log = await openCommitLog({ folder })
  return log
}

function sizeOf({ environment }: CoreTransactionManager, table: TableDefinition): number {
  return environment.sizes.of(environment.runtimeOf(table)).rows
}

let seed = 4711
const random = (): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return seed / 0x7fffffff
}

test('ten crashes: every acknowledged commit survives in both storages, whatever they had applied', async () => {
  let storages = [new CrashingStorage('left'), new CrashingStorage('right')]
  const acknowledged = new Map<number, number>()
  let lastNumber = 0
  for (let round = 0; round < 10; round++) {
    const manager = await startManager({ storages, log: await reopen() })
    const check = beginTest(manager)
    for (const table of [left, right]) {
      const rows = await rowsOf(check, table, { columns: [0, 1] })
      expect(new Map(rows as [number, number][])).toEqual(acknowledged)
      expect(await manager.verifyTable(table, testStatement())).toEqual([])
      expect(sizeOf(manager, table)).toBe(acknowledged.size)
    }
    check.rollback()
    const next = await beginTest(manager).table(left).reserveAutoIncrement(1)
    expect(next).toBeGreaterThan(lastNumber)
    const sessions = Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 15; i++) {
        const transaction = beginTest(manager)
        const id = Number(await transaction.table(left).reserveAutoIncrement(1))
        const value = Math.floor(random() * 1000)
        await insertRows(transaction, left, [[id, value, `n${id}`]])
        await insertRows(transaction, right, [[id, value, `n${id}`]])
        if (random() < 0.2) {
          transaction.rollback()
          continue
        }
        await transaction.commit()
        acknowledged.set(id, value)
        lastNumber = Math.max(lastNumber, id)
        if (random() < 0.1) await manager.checkpoint()
      }
    })
    await Promise.all(sessions)
    // The manager is dropped where it stands.
    storages = storages.map((storage) => storage.afterCrash(random()))
  }
  expect(acknowledged.size).toBeGreaterThan(300)
})

test.each([0, 0.3, 0.7, 1])(
  'row counts are right after a crash that left %d of the changes applied',
  async (extra) => {
    const storage = new CrashingStorage('left')
    const manager = await startManager({ storages: [storage], log })
    let rows = 0
    for (let i = 1; i <= 40; i++) {
      const transaction = beginTest(manager)
      await insertRows(transaction, left, [
        [i, 0, `n${i}`],
        [i + 100, 0, `m${i}`],
      ])
      // Entries of the log that take the place of others, or that nothing is left of.
      await updateRow(transaction, left, i, () => [i, 1, `n${i}`])
      if (i % 2 === 0) await deleteRow(transaction, left, i - 1)
      if (i % 5 === 0) await deleteRow(transaction, left, i + 100)
      await transaction.commit()
      rows += 2 - Number(i % 2 === 0) - Number(i % 5 === 0)
      if (i === 10) await manager.checkpoint()
    }
    const again = await startManager({ storages: [storage.afterCrash(extra)], log: await reopen() })
    expect(sizeOf(again, left)).toBe(rows)
    const deleting = beginTest(again)
    await deleteRow(deleting, left, 2)
    await deleting.commit()
    expect(sizeOf(again, left)).toBe(rows - 1)
  },
)

test('for storages that do not count, checkpoints keep row counts', async () => {
  const storage = new CrashingStorage('left')
  storage.size = () => undefined
  const manager = await startManager({ storages: [storage], log })
  const writer = beginTest(manager)
  await insertRows(writer, left, [[1, 1, 'a']])
  await writer.commit()
  await manager.checkpoint()
  const after = storage.afterCrash(0)
  after.size = () => undefined
  expect(sizeOf(await startManager({ storages: [after], log: await reopen() }), left)).toBe(1)
})

test('a clean stop leaves nothing to replay, and keeps row counts', async () => {
  const storages = [new CrashingStorage('left'), new CrashingStorage('right')]
  const manager = await startManager({ storages, log })
  const writer = beginTest(manager)
  await insertRows(writer, left, [
    [1, 1, 'a'],
    [2, 2, 'b'],
  ])
  await writer.commit()
  await manager.stop()
  expect(storages.map((storage) => storage.checkpointedCommitNumber)).toEqual([
    manager.commitNumber,
    manager.commitNumber,
  ])
  const again = await startManager({
    storages: storages.map((each) => each.afterCrash(0)),
    log: await reopen(),
  })
  expect(again.commitNumber).toBe(manager.commitNumber)
  expect(beginTest(again).table(left).statistics().rows).toBe(2)
  const writerAgain = beginTest(again)
  await deleteRow(writerAgain, left, 1)
  await writerAgain.commit()
  expect(again.commitNumber).toBe(manager.commitNumber + 1)
})

test('locks are held until others can see the commit', async () => {
  const manager = await startManager({ storages: [new CrashingStorage('left')], log })
  const [first, second] = [beginTest(manager), beginTest(manager)]
  await insertRows(first, left, [[1, 1, 'a']])
  const committing = first.commit() as Promise<void>
  expect(await readOne(beginTest(manager), left, 1)).toBeUndefined()
  const waiting = updateRow(second, left, 1, (row) => [1, Number(row[1]) + 1, 'a'])
  await committing
  expect(await waiting).toBe(true)
  await second.commit()
  expect(await readOne(beginTest(manager), left, 1)).toEqual([1, 2, 'a'])
})

test('a storage that can not apply a logged commit is tried again; meanwhile commits are refused', async () => {
  const storage = new CrashingStorage('left')
  const manager = await startManager({ storages: [storage], log })
  storage.failuresToCome = 2
  const first = beginTest(manager)
  await insertRows(first, left, [[1, 1, 'a']])
  const committing = first.commit() as Promise<void>
  const until = Date.now() + 2000
  while (storage.failuresToCome === 2 && Date.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 1))
  await new Promise((resolve) => setImmediate(resolve))
  const second = beginTest(manager)
  await insertRows(second, left, [[2, 2, 'b']])
  expect(() => second.commit()).toThrow(expect.objectContaining({ code: 'ER_STORAGE_UNAVAILABLE' }))
  expect(second.isOver).toBe(true)
  await committing
  const third = beginTest(manager)
  await insertRows(third, left, [[2, 2, 'b']])
  await third.commit()
  expect(await rowsOf(beginTest(manager), left, { columns: [0] })).toEqual([[1], [2]])
})

test('a server whose storage is stuck still stops, and the log has the commit for the next start', async () => {
  const storage = new CrashingStorage('left')
  const manager = await startManager({ storages: [storage], log })
  const writer = beginTest(manager)
  await insertRows(writer, left, [[1, 1, 'a']])
  storage.failuresToCome = Infinity
  const committing = writer.commit() as Promise<void>
  await manager.stop()
  await expect(committing).rejects.toMatchObject({ code: 'ER_STORAGE_UNAVAILABLE' })
  const again = await startManager({ storages: [storage.afterCrash(1)], log: await reopen() })
  expect(await readOne(beginTest(again), left, 1)).toEqual([1, 1, 'a'])
})

/** A log that fails or waits as told. */
class ScriptedLog implements CommitLog {
  flushedCommitNumber = 0
  readonly oldestCommitNumber = undefined
  readonly byteSize = 0
  readonly groups: { commitNumbers: number[]; resolve: () => void; reject: (error: Error) => void }[] = []
  private open: Promise<void> | undefined

  append(records: readonly CommitRecord[]): Promise<void> {
    const number = records[0]?.commitNumber ?? 0
    this.open ??= new Promise((resolve, reject) => {
      this.groups.push({ commitNumbers: [], resolve, reject })
    })
    this.groups[this.groups.length - 1]?.commitNumbers.push(number)
    return this.open
  }

  /** What is appended from now on belongs to the next group. */
  closeGroup(): void {
    this.open = undefined
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

describe('groups', () => {
  const scripted = async (): Promise<[CoreTransactionManager, ScriptedLog]> => {
    const log = new ScriptedLog()
    return [await startManager({ storages: [new CrashingStorage('left')], log }), log]
  }
  /** The promise is wrapped, lest `async` waits for it. */
  const started = async (manager: CoreTransactionManager, id: number): Promise<{ done: Promise<void> }> => {
    const transaction = beginTest(manager)
    await insertRows(transaction, left, [[id, id, `n${id}`]])
    return { done: transaction.commit() as Promise<void> }
  }

  test('several are in flight, and commits become visible in order', async () => {
    const [manager, log] = await scripted()
    const first = await started(manager, 1)
    const second = await started(manager, 2)
    log.closeGroup()
    const third = await started(manager, 3)
    expect(log.groups.map((group) => group.commitNumbers)).toEqual([[1, 2], [3]])
    log.groups[1]?.resolve()
    expect(await isPending(third.done)).toBe(true)
    expect(manager.commitNumber).toBe(0)
    log.groups[0]?.resolve()
    await Promise.all([first.done, second.done, third.done])
    expect(manager.commitNumber).toBe(3)
    expect(await rowsOf(beginTest(manager), left, { columns: [0] })).toEqual([[1], [2], [3]])
  })

  test('a group that can not be written never happened', async () => {
    const [manager, log] = await scripted()
    const lost = await started(manager, 1)
    log.closeGroup()
    log.groups[0]?.reject(sqlError('ER_DISK_FULL', 'log'))
    await expect(lost.done).rejects.toMatchObject({ code: 'ER_DISK_FULL' })
    expect(await rowsOf(beginTest(manager), left)).toEqual([])
    expect(beginTest(manager).table(left).statistics().rows).toBe(0)
    const next = await started(manager, 1)
    log.groups[1]?.resolve()
    await next.done
    expect(await rowsOf(beginTest(manager), left)).toEqual([[1, 1, 'n1']])
  })
})

test('the log of a storage that is not configured any more stops the start', async () => {
  const manager = await startManager({
    storages: [new CrashingStorage('left'), new CrashingStorage('right')],
    log,
  })
  const writer = beginTest(manager)
  await insertRows(writer, right, [[1, 1, 'a']])
  await writer.commit()
  await expect(
    startManager({ storages: [new CrashingStorage('left')], log: await reopen() }),
  ).rejects.toMatchObject({
    code: 'ER_STORAGE_UNAVAILABLE',
  })
})
