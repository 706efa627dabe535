/**
 * Goal: a plan is found by whoever may use it, and no outdated one. Method: the cache with plans that only tell what they are tied
 * to; then sessions that prepare the same texts, counting what is planned.
 */

import { sqlText } from '../spi/session.js'
import { TestEngine } from '../../test/support/engine.js'
import { PlanCache, type PlanCheck } from './plan-cache.js'
import type { PreparedPlan } from './query-types.js'
import { EngineSession } from './session.js'

const ALL_CURRENT: PlanCheck = { isCurrent: () => true }

function planTiedTo(...pinned: PreparedPlan['pinned']): PreparedPlan {
  return { pinned } as unknown as PreparedPlan
}

test('a key has a plan for each of the values that plans are tied to', () => {
  const cache = new PlanCache()
  const [one, two] = [planTiedTo({ slot: 0, value: 1 }), planTiedTo({ slot: 0, value: 2 })]
  cache.add('key', one)
  cache.add('key', two)
  expect(cache.find('key', [1, 'any'], ALL_CURRENT)).toBe(one)
  expect(cache.find('key', [2, 'any'], ALL_CURRENT)).toBe(two)
  expect(cache.find('key', [3, 'any'], ALL_CURRENT)).toBeUndefined()
  expect(cache.find('other', [1, 'any'], ALL_CURRENT)).toBeUndefined()
})

test('an outdated plan is replaced by the one made in its place', () => {
  const cache = new PlanCache()
  const [old, fresh] = [planTiedTo({ slot: 0, value: 1 }), planTiedTo({ slot: 0, value: 1 })]
  const check: PlanCheck = { isCurrent: (plan) => plan !== old }
  cache.add('key', old)
  expect(cache.find('key', [1], check)).toBeUndefined()
  cache.add('key', fresh)
  expect(cache.find('key', [1], check)).toBe(fresh)
  expect(cache.find('key', [1], ALL_CURRENT)).toBe(fresh)
})

describe('prepared statements', () => {
  let engine: TestEngine
  beforeEach(async () => {
    engine = await TestEngine.start()
    const root = await engine.session()
    await root.run('CREATE DATABASE d')
    await root.run('CREATE TABLE d.t (a INT)')
    await root.run('INSERT INTO d.t VALUES (1), (2)')
  })
  afterEach(() => engine.stop())

  /** A session that prepares, and how often it has planned something. */
  async function preparing(account?: string) {
    const { session } = await engine.session('d', account)
    if (!(session instanceof EngineSession))
      throw new Error('invariant: the engine makes sessions of its own')
    const { plans } = session
    const make = plans.make.bind(plans)
    const counts = { planned: 0 }
    plans.make = (...request) => {
      counts.planned++
      return make(...request)
    }
    const prepare = (sql: string) => session.prepare(sqlText(sql))
    return { counts, prepare }
  }

  test('what one session has prepared is planned for all', async () => {
    const [first, second] = [await preparing(), await preparing()]
    const { columns } = await first.prepare('SELECT a FROM t WHERE a = ?')
    expect(first.counts.planned).toBe(1)
    expect((await second.prepare('SELECT a FROM t WHERE a = ?')).columns).toEqual(columns)
    expect(second.counts.planned).toBe(0)
    await second.prepare('SELECT a FROM t WHERE a > ?')
    expect(second.counts.planned).toBe(1)
  })

  test('a changed table is planned anew, once', async () => {
    const { counts, prepare } = await preparing()
    await prepare('SELECT * FROM t')
    await (await engine.session('d')).run('ALTER TABLE t ADD b TEXT')
    expect((await prepare('SELECT * FROM t')).columns.map(({ name }) => name)).toEqual(['a', 'b'])
    expect((await prepare('SELECT * FROM t')).columns).toHaveLength(2)
    expect(counts.planned).toBe(2)
  })

  test('who may not read a table learns nothing of it', async () => {
    await (await preparing()).prepare('SELECT a FROM t WHERE a = ?')
    await (await engine.session()).run('CREATE USER stranger@localhost')
    const { session } = await engine.session(undefined, 'stranger@localhost')
    for (const sql of ['SELECT a FROM d.t WHERE a = ?', 'SELECT a FROM d.t', 'DELETE FROM d.t WHERE a = ?']) {
      await expect(session.prepare(sqlText(sql))).rejects.toMatchObject({ number: 1142 })
    }
  })
})
