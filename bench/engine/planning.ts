/**
 * What it takes to understand statements: the parser on a point select, a fingerprint, and an INSERT of a thousand rows; and the
 * optimizer on joins of many tables, in a chain, as a star and all with all. Prints times.
 *
 *     npm run bench -- bench/engine/planning.ts
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { fingerprint, parserOptionsOf, parseSingle } from '../../core/parser/index.js'
import { TestEngine } from '../../test/support/engine.js'

const TABLES = [10, 20, 40, 61]

/** Milliseconds of the best of some runs. */
async function best(runs: number, action: () => unknown): Promise<number> {
  let least = Infinity
  for (let i = 0; i < runs; i++) {
    const start = performance.now()
    await action()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

const options = parserOptionsOf('', { multiStatements: false })
const point = 'SELECT c, pad FROM sbtest1 WHERE id = 4711 AND k < 12'
const row = "(4711, 12, 'some text of some length', '2024-05-06 07:08:09', 12.75)"
const insert = `INSERT INTO t (a, b, c, d, e) VALUES ${Array.from({ length: 1000 }, () => row).join(', ')}`
for (const [name, repeat, action] of [
  ['parse a point select', 10_000, () => parseSingle(point, options)],
  ['fingerprint of it', 10_000, () => fingerprint(point, options)],
  ['parse an insert of 1000 rows', 10, () => parseSingle(insert, options)],
] as const) {
  const ms = await best(20, () => {
    for (let i = 0; i < repeat; i++) action()
  })
  console.log(`${name}: ${((ms * 1000) / repeat).toFixed(2)} µs`)
}

const engine = await TestEngine.start([new MemoryStorage('memory')])
const session = await engine.session()
await session.run('CREATE DATABASE plans')
await session.run('USE plans')
for (let i = 0; i < 61; i++) {
  await session.run(`CREATE TABLE t${i} (id INT PRIMARY KEY, a INT, b INT, KEY (a))`)
  await session.run(`INSERT INTO t${i} VALUES (1, 1, 1), (2, 1, 2), (3, 2, 3)`)
}

const SHAPES: readonly [name: string, condition: (i: number) => string][] = [
  ['chain', (i) => `t${i - 1}.id = t${i}.a`],
  ['star', (i) => `t0.b = t${i}.id`],
  ['clique', (i) => Array.from({ length: i }, (_, other) => `t${other}.a = t${i}.a`).join(' AND ')],
]
for (const [name, condition] of SHAPES) {
  for (const count of TABLES) {
    const numbers = Array.from({ length: count }, (_, i) => i)
    const sql = `EXPLAIN FORMAT=TREE SELECT COUNT(*) FROM ${numbers.map((i) => `t${i}`).join(', ')} WHERE ${numbers
      .slice(1)
      .map(condition)
      .join(' AND ')}`
    const ms = await best(3, () => session.run(sql))
    console.log(`${name} of ${count} tables: planned in ${ms.toFixed(1)} ms`)
  }
}
await engine.stop()
