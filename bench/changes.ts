/**
 * Statements that change very many rows, against both servers in one run: `npm run bench -- bench/changes.ts [--rows 1000000] [--runs 3]
 * [--storage lmdb]`. Prints the best time of each on each server and the ratio (MariaDB's time over ours).
 */
import { argument, fillStatement, report, secondsOf, SETUP } from './facts.js'
import { runClient, startMariaDb, startSwitchyard, type Rival } from './rivals.js'

const rows = Number(argument('rows', '1000000'))
const runs = Number(argument('runs', '3'))

const STATEMENTS: readonly [name: string, sql: string][] = [
  ['insert … select', fillStatement(rows)],
  ['update a number', 'UPDATE facts SET k = k + 1'],
  ['update a text of a third', "UPDATE facts SET name = CONCAT(name, '!') WHERE id % 3 = 0"],
  ['add an index', 'ALTER TABLE facts ADD INDEX (k)'],
  ['update an indexed column', 'UPDATE facts SET k = k - 1'],
  ['delete a range by index', 'DELETE FROM facts WHERE k < 100'],
  ['delete half', 'DELETE FROM facts WHERE id % 2 = 0'],
]

const rivals = [await startSwitchyard(argument('storage', 'lmdb')), await startMariaDb()] as const
try {
  for (const rival of rivals) runClient(rival, SETUP)
  const [setUp] = /CREATE TABLE facts.*/.exec(SETUP) ?? ['']
  const measured = STATEMENTS.map(([name]) => ({ name, ours: Infinity, theirs: Infinity }))
  for (let run = 0; run < runs; run++) {
    for (const rival of rivals) runClient(rival, `USE bench; DROP TABLE facts; ${setUp}`)
    for (const [i, [, sql]] of STATEMENTS.entries()) {
      const best = measured[i]
      if (best === undefined) continue
      const least = (before: number, rival: Rival): number => Math.min(before, secondsOf(rival, sql))
      best.ours = least(best.ours, rivals[0])
      best.theirs = least(best.theirs, rivals[1])
    }
  }
  for (const { name, ours, theirs } of measured) report(name, ours, theirs)
} finally {
  for (const rival of rivals) await rival.stop()
}
