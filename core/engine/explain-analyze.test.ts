/**
 * Goal: EXPLAIN ANALYZE runs the query and says of each operator how often it ran, how many rows it gave, and that it took time.
 * Method: queries over known rows; times are only looked at for their order.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
  const root = await engine.session()
  await root.run('CREATE DATABASE d')
  session = await engine.session('d')
  await session.run('CREATE TABLE t (id INT PRIMARY KEY, k INT, KEY (k))')
  await session.run('INSERT INTO t VALUES (1, 10), (2, 20), (3, 20), (4, NULL), (5, 50)')
})
afterAll(() => engine.stop())

interface Line {
  readonly operator: string
  readonly figures: string
}

/** The lines of the tree; figures are what was measured, without times. */
async function analyzed(sql: string): Promise<readonly Line[]> {
  const [[text] = []] = await session.rows(sql)
  return (text ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, operator = '', figures = ''] = /^\s*-> (.*?)(?:  \(cost=.*?\) \((.*)\))?$/.exec(line) ?? []
      const times = /^actual time=([\d.]+)\.\.([\d.]+) /.exec(figures)
      if (times !== null) expect(Number(times[1])).toBeLessThanOrEqual(Number(times[2]))
      return { operator, figures: figures.replace(/^actual time=\S+ /, '') }
    })
}

test('counts rows and loops of each operator', async () => {
  const lines = await analyzed(
    'EXPLAIN ANALYZE SELECT k, COUNT(*) FROM t WHERE k > 5 GROUP BY k HAVING COUNT(*) < 2 ORDER BY k DESC',
  )
  expect(lines.map(({ figures }) => figures)).toEqual([
    'rows=2 loops=1',
    'rows=2 loops=1',
    'rows=3 loops=1',
    'rows=4 loops=1',
  ])
  expect(lines[0]?.operator).toMatch(/^Sort: /)
  expect(lines[3]?.operator).toMatch(/^Table scan on t, filter: .*> 5/)
})

test('averages over the loops of dependent sub-queries, which run once for equal values', async () => {
  const lines = await analyzed(
    'EXPLAIN ANALYZE SELECT (SELECT SUM(i.id) FROM t i WHERE i.k = o.k) FROM t o WHERE o.k IS NOT NULL',
  )
  const inner = lines.find(({ operator }) => operator.includes('lookup on i'))
  expect(inner?.figures).toBe('rows=1.33 loops=3')
})

test('says what never ran', async () => {
  const lines = await analyzed(
    'EXPLAIN ANALYZE SELECT IF(o.k < 0, (SELECT SUM(i.id) FROM t i WHERE i.k = o.k), 0) FROM t o',
  )
  expect(lines.filter(({ figures }) => figures === 'never executed').length).toBeGreaterThan(0)
})

test('shared results are counted where they are made', async () => {
  const lines = await analyzed(
    'EXPLAIN ANALYZE WITH RECURSIVE r AS (SELECT 1 n UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT COUNT(*) FROM r a JOIN r b ON a.n = b.n',
  )
  const made = lines.find(({ operator }) => operator.startsWith('Repeat until convergence'))
  expect(made?.figures).toBe('rows=10 loops=1')
})

test('sends none of the rows, and runs them all', async () => {
  await session.run('SET @seen = 0')
  const answer = await session.run('EXPLAIN ANALYZE SELECT @seen := @seen + 1 FROM t')
  expect(answer.columns.map(({ name }) => name)).toEqual(['EXPLAIN'])
  expect(answer.rows).toHaveLength(1)
  expect(await session.rows('SELECT @seen')).toEqual([['5']])
})

test.each([
  ['EXPLAIN ANALYZE FORMAT=JSON SELECT 1', 'EXPLAIN ANALYZE with JSON format'],
  ['EXPLAIN ANALYZE FORMAT=TRADITIONAL SELECT 1', 'EXPLAIN ANALYZE with TRADITIONAL format'],
  ['EXPLAIN ANALYZE DELETE FROM t', 'EXPLAIN ANALYZE DELETE'],
  ['EXPLAIN INTO @plan SELECT 1', 'EXPLAIN INTO'],
])('%s is refused', async (sql, what) => {
  await expect(session.run(sql)).rejects.toMatchObject({
    number: 1235,
    message: `This version of MySQL doesn't yet support '${what}'`,
  })
  expect(await session.rows('SELECT COUNT(*) FROM t')).toEqual([['5']])
})

test('the errors of the query are its own', async () => {
  await expect(session.run('EXPLAIN ANALYZE SELECT (SELECT id FROM t)')).rejects.toMatchObject({
    number: 1242,
  })
  await expect(session.run('EXPLAIN ANALYZE SELECT * FROM nosuch')).rejects.toMatchObject({ number: 1146 })
})
