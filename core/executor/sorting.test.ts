/**
 * Goal: rows are ordered as their types' comparators say, and sorting keeps equal rows in place. Method: random vectors of each kind
 * (numbers, wide integers, texts of several collations, NULLs) against a plain sort of their values.
 */
import { comparatorOf } from '../common/comparison.js'
import { BIGINT_TYPE, binaryType, DOUBLE_TYPE, textType, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { createVector } from '../common/vector.js'
import type { Execution } from './execution.js'
import { sortDistinctRows, sortRows } from './sorting.js'

const execution = { pause: () => undefined } as unknown as Execution

let seed = 20_261_122
function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
  return seed % below
}

const TEXTS = [
  '',
  'a',
  'A',
  'b',
  'ab',
  'aB',
  'á',
  'a ',
  'a\t',
  'a!',
  'ß',
  'ss',
  'é',
  'e\u0301',
  '\u0000',
  '\u0001a',
  '😀',
  '\ufffd',
  'Z',
  '_',
]

const COLUMNS: readonly [name: string, type: SqlType, value: () => Value][] = [
  ['integers', BIGINT_TYPE, () => random(20) - 10],
  ['wide integers', BIGINT_TYPE, () => BigInt(random(5)) * 2n ** 61n],
  ['doubles', DOUBLE_TYPE, () => [0, -0, 1.5, -1e300, 1e-300][random(5)] as number],
  ['binary strings', binaryType(10), () => Uint8Array.of(random(3), random(256))],
  ...[
    'utf8mb4_0900_ai_ci',
    'utf8mb4_0900_as_cs',
    'utf8mb4_unicode_ci',
    'utf8mb4_general_ci',
    'utf8mb4_bin',
    'utf8mb4_0900_bin',
    'latin1_swedish_ci',
  ].map((collation): [string, SqlType, () => Value] => [
    collation,
    textType(20, collation),
    () => (TEXTS[random(TEXTS.length)] as string) + (TEXTS[random(TEXTS.length)] as string),
  ]),
]

test.each(COLUMNS)('%s', async (_name, type, value) => {
  for (const withNulls of [false, true]) {
    for (const descending of [false, true]) {
      for (const count of [0, 1, 2, 11, 12, 13, 25, 200, 5000]) {
        const values = Array.from({ length: count }, () => (withNulls && random(4) === 0 ? null : value()))
        const vector = createVector(type)
        for (const each of values) vector.push(each)
        const compare = comparatorOf(type)
        const sign = descending ? -1 : 1
        const order = (a: number, b: number): number => {
          const [left, right] = [values[a] as Value, values[b] as Value]
          if (left === null || right === null) {
            return left === right ? 0 : left === null ? -sign : sign
          }
          return compare(left, right) * sign
        }
        const expected = [...values.keys()].sort((a, b) => order(a, b) || a - b)
        const keys = [{ type, descending }]
        expect([...(await sortRows([vector], keys, count, execution))]).toEqual(expected)
        const distinct = expected.filter((row, i) => i === 0 || order(expected[i - 1] as number, row) !== 0)
        expect([...(await sortDistinctRows([vector], keys, count, execution))]).toEqual(distinct)
      }
    }
  }
})

test('several keys', async () => {
  const first = createVector(BIGINT_TYPE)
  const second = createVector(BIGINT_TYPE)
  for (const [a, b] of [
    [2, 1],
    [1, 5],
    [1, 7],
    [2, 0],
  ] as const) {
    first.push(a)
    second.push(b)
  }
  const keys = [
    { type: BIGINT_TYPE, descending: false },
    { type: BIGINT_TYPE, descending: true },
  ]
  expect([...(await sortRows([first, second], keys, 4, execution))]).toEqual([2, 1, 0, 3])
})
