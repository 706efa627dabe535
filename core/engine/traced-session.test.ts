/**
 * Goal: at level trace the log says of each statement what ran and what came of it, and never a password; at other levels it says
 * nothing. Method: an engine with a log that keeps its lines.
 */
import { textType } from '../common/sql-type.js'
import type { Logger } from '../spi/logger.js'
import { sqlText } from '../spi/session.js'
import { MemoryStorage } from '@switchyard/storage-memory'
import { QUIET_LOGGER, TestEngine } from '../../test/support/engine.js'

type Fields = Readonly<Record<string, unknown>>

let statements: Fields[]
const tracing: Logger = {
  ...QUIET_LOGGER,
  trace: (fields) => {
    statements.push({ ...fields })
  },
  isLevelEnabled: () => true,
}

async function start(logger = tracing): Promise<TestEngine> {
  const engine = await TestEngine.start([new MemoryStorage('memory')], {}, [], [], logger)
  statements = []
  return engine
}

test('statements, their plans, results and times', async () => {
  const engine = await start()
  const session = await engine.session()
  await session.execute('CREATE DATABASE d; USE d; CREATE TABLE t (a INT PRIMARY KEY)', true)
  await session.run('INSERT INTO t VALUES (1), (2), (3)')
  await session.run('SELECT * FROM t WHERE a > 1')
  await session.run('SELECT * FROM t WHERE a > 2')
  await expect(session.run('SELECT b FROM t')).rejects.toMatchObject({ number: 1054 })
  await engine.stop()
  const done = { affected: 0, warnings: 0 }
  const scan = [[expect.stringMatching(/^-> .*range scan on t using PRIMARY.*storage memory/)]]
  expect(statements).toEqual([
    expect.objectContaining({ results: [{ affected: 1, warnings: 0 }, done, done] }),
    expect.objectContaining({ database: 'd', results: [{ affected: 3, warnings: 0 }] }),
    expect.objectContaining({
      sql: 'SELECT * FROM t WHERE a > 1',
      results: [{ rows: 2, warnings: 0 }],
      plans: scan,
    }),
    // From the plan cache.
    expect.objectContaining({
      sql: 'SELECT * FROM t WHERE a > 2',
      results: [{ rows: 1, warnings: 0 }],
      plans: scan,
    }),
    expect.objectContaining({
      results: [],
      error: { number: 1054, message: "Unknown column 'b' in 'field list'" },
    }),
  ])
  for (const { tookMs, account, connection } of statements) {
    expect([Number(tookMs) >= 0, account, typeof connection]).toEqual([true, 'root@localhost', 'number'])
  }
})

test('prepared statements', async () => {
  const engine = await start()
  const { session } = await engine.session()
  const { id } = await session.prepare(sqlText("SELECT 'é', ?"))
  const nothing = (): undefined => undefined
  const sink = { ok: nothing, columns: nothing, rows: nothing, end: nothing, fail: nothing }
  await session.executePrepared(id, [{ type: textType(10, 'utf8mb4_0900_ai_ci'), value: 'own' }], sink)
  await engine.stop()
  expect(statements).toEqual([
    expect.objectContaining({
      sql: "SELECT 'é', ?",
      prepared: id,
      parameters: 1,
      results: [{ rows: 1, warnings: 0 }],
    }),
  ])
  expect(JSON.stringify(statements)).not.toContain('own')
})

test('no passwords', async () => {
  const engine = await start()
  const session = await engine.session()
  await session.run("CREATE USER a IDENTIFIED BY 'hush'")
  await session.run("SET PASSWORD FOR a = 'hush'")
  await session.run("SELECT 1 AS password WHERE 'x' = 'y'")
  await engine.stop()
  expect(statements.length).toBe(3)
  expect(JSON.stringify(statements)).not.toContain('hush')
})

test('nothing at other levels', async () => {
  const engine = await start({ ...tracing, isLevelEnabled: () => false })
  const session = await engine.session()
  await session.run('SELECT 1')
  await engine.stop()
  expect(statements).toEqual([])
})
