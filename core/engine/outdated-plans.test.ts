/**
 * Goal: a statement whose driver finds at once, without a promise, that a table is another by now is planned anew a few times, and then
 * fails having done nothing. Method: a whole engine over the memory storage, whose next accesses to tables throw.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'
import { sqlError } from '../common/sql-error.js'
import { CoreTransaction } from '../transaction/transaction.js'

let engine: TestEngine
let session: TestSession
const { table } = CoreTransaction.prototype

beforeEach(async () => {
  engine = await TestEngine.start()
  session = await engine.session()
  await session.run('CREATE DATABASE d')
  await session.run('USE d')
  await session.run('CREATE TABLE t (id INT PRIMARY KEY, a INT)')
  await session.run('INSERT INTO t VALUES (1, 1), (2, 2)')
})
afterEach(async () => {
  CoreTransaction.prototype.table = table
  await engine.stop()
})

/** Answers how many accesses are still to throw. */
function outdate(times: number): () => number {
  let left = times
  CoreTransaction.prototype.table = function (definition) {
    if (left-- > 0) throw sqlError('ER_TABLE_DEF_CHANGED')
    return table.call(this, definition)
  }
  return () => left
}

const STATEMENTS: readonly [string, string][] = [
  ['UPDATE t SET a = a + 1 WHERE id = 1', '1:2 2:2'],
  ['DELETE FROM t WHERE id = 1', '2:2'],
  ['INSERT INTO t VALUES (3, 3)', '1:1 2:2 3:3'],
  ['UPDATE t SET a = a + 1', '1:2 2:3'],
  ['SELECT a FROM t WHERE id = 1', '1:1 2:2'],
]

async function rows(): Promise<string> {
  return (await session.rows('SELECT * FROM t')).map((row) => row.join(':')).join(' ')
}

test.each(STATEMENTS)('%s is planned anew', async (sql, after) => {
  const left = outdate(3)
  await session.run(sql)
  expect(left()).toBeLessThan(0)
  expect(await rows()).toBe(after)
})

test.each(STATEMENTS)('%s gives up in the end', async (sql) => {
  outdate(4)
  await expect(session.run(sql)).rejects.toMatchObject({ number: 1412 })
  expect(await rows()).toBe('1:1 2:2')
})
