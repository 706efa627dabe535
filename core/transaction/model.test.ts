/**
 * Goal: whatever happens in whatever order, transactions behave as their model. Method: (1) random operations, statements
 * that fail, savepoints and rollbacks of one session against a plain map; (2) many sessions at once that move money between
 * accounts, at every isolation level that locks what it reads: none is made or lost, and the indexes agree with the
 * rows at the end.
 */
import type { Value } from '../common/value.js'
import type { IsolationLevel } from '../spi/transaction.js'
import type { CoreTransaction } from './transaction.js'
import type { CoreTransactionManager } from './transaction-manager.js'
import {
  accountsTable,
  beginTest,
  defineTable,
  deleteRow,
  insertRows,
  lockRow,
  rowsOf,
  startManager,
  testStatement,
  TEXT,
  updateRow,
} from './testing/test-tables.js'
import { INT_TYPE } from '../common/sql-type.js'

let manager: CoreTransactionManager
beforeEach(async () => {
  manager = await startManager()
})
afterEach(() => manager.stop())

function randomSource(start: number): (below: number) => number {
  let seed = start
  return (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return (seed >>> 8) % below
  }
}

type Row = readonly [number, number, string | null]
type Model = Map<number, Row>

/** Whether a row's unique name is free of others. */
const isFree = (model: Model, row: Row, except?: number): boolean =>
  row[2] === null || ![...model.values()].some((other) => other[0] !== except && other[2] === row[2])

function sorted(model: Model, by: 0 | 1): readonly Row[] {
  return [...model.values()].sort((a, b) => a[by] - b[by] || a[0] - b[0])
}

test.each([1, 2, 3, 4])('one session against a map (seed %i)', async (start) => {
  const table = accountsTable()
  const random = randomSource(start * 7919)
  let committed: Model = new Map()

  async function change(transaction: CoreTransaction, model: Model): Promise<void> {
    const id = random(30)
    const row: Row = [id, random(10), random(3) === 0 ? null : `n${random(40)}`]
    const action = random(10)
    if (action < 4) {
      const isAllowed = !model.has(id) && isFree(model, row)
      const inserted = await transaction.table(table).insert(row, 'report')
      expect(inserted.kind).toBe(isAllowed ? 'inserted' : 'duplicate')
      if (isAllowed) model.set(id, row)
    } else if (action < 7) {
      const found = await lockRow(transaction, table, id)
      expect(found?.row).toEqual(model.get(id))
      if (found === undefined) return
      const target: Row = [random(4) === 0 ? random(30) : id, row[1], row[2]]
      const isAllowed = (target[0] === id || !model.has(target[0])) && isFree(model, target, id)
      const updated = await transaction.table(table).update(found.key, target, 'report')
      expect(updated.kind).toBe(isAllowed ? 'inserted' : 'duplicate')
      if (!isAllowed) return
      model.delete(id)
      model.set(target[0], target)
    } else {
      expect(await deleteRow(transaction, table, id)).toBe(model.delete(id))
    }
  }

  async function compare(transaction: CoreTransaction, model: Model): Promise<void> {
    expect(await rowsOf(transaction, table)).toEqual(sorted(model, 0))
    expect(await rowsOf(transaction, table, { index: table.indexes[1] })).toEqual(sorted(model, 1))
    const reversed = await rowsOf(transaction, table, {
      index: table.indexes[1],
      reverse: true,
      columns: [1],
    })
    expect(reversed.flat()).toEqual(
      sorted(model, 1)
        .map((row) => row[1])
        .reverse(),
    )
    const names = [...model.values()].map((row) => row[2]).filter((name) => name !== null)
    const found = await rowsOf(transaction, table, { index: table.indexes[2], columns: [2] })
    expect(found.flat().filter((name) => name !== null)).toEqual(names.sort())
  }

  for (let round = 0; round < 60; round++) {
    const transaction = beginTest(
      manager,
      (['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const)[random(3)],
    )
    let model: Model = new Map(committed)
    const savepoints: { name: string; model: Model }[] = []
    for (let statement = random(8); statement >= 0; statement--) {
      transaction.beginStatement(testStatement())
      const before = new Map(model)
      for (let i = random(4); i >= 0; i--) await change(transaction, model)
      const keeps = random(5) > 0
      transaction.endStatement(keeps)
      if (!keeps) model = before
      if (random(4) === 0) {
        const name = `s${random(3)}`
        transaction.savepoint(name)
        const at = savepoints.findIndex((savepoint) => savepoint.name === name)
        if (at >= 0) savepoints.splice(at, 1)
        savepoints.push({ name, model: new Map(model) })
      } else if (savepoints.length > 0 && random(4) === 0) {
        const at = random(savepoints.length)
        const back = savepoints[at] as (typeof savepoints)[number]
        transaction.rollbackToSavepoint(back.name)
        savepoints.length = at + 1
        model = new Map(back.model)
      }
      transaction.beginStatement(testStatement())
      if (random(3) === 0) await compare(transaction, model)
    }
    if (random(4) === 0) transaction.rollback()
    else {
      await transaction.commit()
      committed = model
    }
    const reader = beginTest(manager)
    await compare(reader, committed)
    expect(reader.table(table).statistics().rows).toBe(committed.size)
    reader.rollback()
  }
  expect(await manager.verifyTable(table, testStatement())).toEqual([])
  expect(manager.activeTransactions()).toEqual([])
})

const RETRYABLE = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT'])

test.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const)(
  'many sessions move money: none is made or lost (%s)',
  async (level: IsolationLevel) => {
    const table = defineTable({
      name: 'money',
      columns: { id: INT_TYPE, amount: INT_TYPE, note: TEXT },
      primary: [0],
      indexes: [
        { name: 'amount', columns: [1] },
        { name: 'note', columns: [2], unique: true },
      ],
    })
    const setup = beginTest(manager)
    await insertRows(
      setup,
      table,
      Array.from({ length: 12 }, (_, i) => [i, 100, `start${i}`]),
    )
    await setup.commit()
    let [moved, deadlocks] = [0, 0]
    const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    const total = (rows: readonly (readonly Value[])[]): number =>
      rows.reduce((sum, row) => sum + Number(row[0]), 0)

    async function move(session: number, random: (below: number) => number, step: number): Promise<void> {
      const transaction = beginTest(manager, level)
      try {
        const [from, to] = [random(12), random(12)]
        const amount = random(20)
        await pause()
        await updateRow(transaction, table, from, (row) => [
          from,
          Number(row[1]) - amount,
          `${session}-${step}-a`,
        ])
        await pause()
        await updateRow(transaction, table, to, (row) => [
          to,
          Number(row[1]) + amount,
          `${session}-${step}-b`,
        ])
        if (random(5) === 0) transaction.rollback()
        else {
          await transaction.commit()
          moved++
        }
      } catch (error) {
        if (!RETRYABLE.has((error as { code: string }).code)) throw error
        transaction.rollback()
        deadlocks++
      }
    }
    async function audit(): Promise<void> {
      const reader = beginTest(manager, level === 'SERIALIZABLE' ? 'REPEATABLE READ' : level)
      expect(total(await rowsOf(reader, table, { columns: [1] }))).toBe(1200)
      expect(total(await rowsOf(reader, table, { columns: [1], index: table.indexes[1] }))).toBe(1200)
      reader.rollback()
    }
    const sessions = Array.from({ length: 8 }, async (_, session) => {
      const random = randomSource(session * 31 + 5)
      for (let step = 0; step < 40; step++) {
        await move(session, random, step)
        if (step % 5 === 0) await audit()
      }
    })
    await Promise.all(sessions)
    await audit()
    expect(moved).toBeGreaterThan(100)
    expect(deadlocks).toBeGreaterThan(0)
    expect(await manager.verifyTable(table, testStatement())).toEqual([])
    expect(manager.activeTransactions()).toEqual([])
  },
)
