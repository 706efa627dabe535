/**
 * For the crash test of data definition: an endless series of statements, and what there is after any number of them.
 */

export const ROW_COUNT = 4000

/** Statements of one round; each round ends where it began. */
const ROUND = [
  'ALTER TABLE t ADD COLUMN x INT DEFAULT 7 FIRST',
  'ALTER TABLE t ADD INDEX k (b), ADD UNIQUE u (s)',
  'CREATE TABLE c (PRIMARY KEY (id)) SELECT id, s FROM t',
  'RENAME TABLE t TO r, c TO t, r TO c',
  'TRUNCATE TABLE e',
  'INSERT INTO e SELECT s FROM t',
  'ALTER TABLE c MODIFY b BIGINT',
  'RENAME TABLE c TO r, t TO c, r TO t',
  'DROP TABLE c',
  'ALTER TABLE t DROP INDEX k, DROP INDEX u, MODIFY b INT',
  'ALTER TABLE t DROP COLUMN x',
  'CREATE DATABASE other',
  'CREATE TABLE other.o (a INT PRIMARY KEY) SELECT id AS a FROM t',
  'DROP DATABASE other',
] as const

export const PREPARATION: readonly string[] = [
  'CREATE DATABASE d',
  'USE d',
  'CREATE TABLE t (id INT PRIMARY KEY, b INT, s VARCHAR(40))',
  'CREATE TABLE e (s VARCHAR(40), KEY (s))',
  'SET cte_max_recursion_depth = 100000',
  `INSERT INTO t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${String(ROW_COUNT)})
    SELECT i, i % 10, CONCAT('text number ', i) FROM n`,
]

export function stepAt(index: number): string {
  return ROUND[index % ROUND.length] ?? ''
}

/** One line for each table with its columns, indexes and rows, after so many statements. */
export function stateAfter(steps: number): readonly string[] {
  const done = steps % ROUND.length
  const isDone = (statement: number): boolean => done > statement
  const hasX = isDone(0) && !isDone(10)
  const hasIndexes = isDone(1) && !isDone(9)
  const big = isDone(6) && !isDone(9) ? 'bigint' : 'int'
  const full =
    `${hasX ? 'x int,' : ''}id int,b ${big},s varchar ` +
    `PRIMARY${hasIndexes ? ',u,k' : ''} ${String(ROW_COUNT)}`
  const copy = `id int,s varchar PRIMARY ${String(ROW_COUNT)}`
  const isSwapped = isDone(3) && !isDone(7)
  // The first round finds e empty; later ones find what the round before put there.
  const eRows = isDone(4) && !isDone(5) ? 0 : isDone(5) || steps >= ROUND.length ? ROW_COUNT : 0
  return [
    ...(isDone(2) && !isDone(8) ? [`d.c ${isSwapped ? full : copy}`] : []),
    `d.e s varchar s ${String(eRows)}`,
    `d.t ${isSwapped ? copy : full}`,
    ...(isDone(12) ? [`other.o a int PRIMARY ${String(ROW_COUNT)}`] : []),
    ...(isDone(11) ? ['other'] : []),
  ]
}
