/**
 * Goal: values of every stored type go into a block and come out of it as they were, in their widest and narrowest forms. Method: a
 * round trip through both halves of the codec; that the engine reads such blocks alike is shown by `chdb-storage.test.ts`.
 */
import {
  Batch,
  binaryType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  INT_TYPE,
  BIGINT_TYPE,
  textType,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'
import { BlockReader } from './block-reader.js'
import { encodeBlock } from './block-writer.js'
import { storedType } from './stored-type.js'

const NINES = (digits: number): bigint => 10n ** BigInt(digits) - 1n
const COLUMNS: readonly (readonly [SqlType, readonly Value[]])[] = [
  [INT_TYPE, [0, -1, 2 ** 31 - 1, -(2 ** 31), null]],
  [{ ...INT_TYPE, name: 'tinyint' }, [-128, 127, 0, null, -1]],
  [{ ...INT_TYPE, name: 'smallint', unsigned: true }, [65_535, 0, null, 1, 256]],
  [
    BIGINT_TYPE,
    [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n), -4_294_967_297],
  ],
  [UNSIGNED_BIGINT_TYPE, [2n ** 64n - 1n, 0, 2 ** 32, null, 2n ** 63n]],
  [decimalType(9, 2), [999_999_999, -999_999_999, 0, -1, null]],
  [decimalType(18, 0), [NINES(18), -NINES(18), 1, -1, 4_294_967_296]],
  [decimalType(38, 10), [NINES(38), -NINES(38), -1, 5, null]],
  [decimalType(65, 30), [NINES(65), -NINES(65), -1, 2 ** 52, null]],
  [DOUBLE_TYPE, [0.1, -1e308, 5e-324, 0, null]],
  [FLOAT_TYPE, [Math.fround(0.1), -1, 0, null, 2 ** 100]],
  [textType(100, 'utf8mb4_bin'), ['', 'a\n\n', '😀', null, 'x'.repeat(20_000)]],
  [
    binaryType(100),
    [Uint8Array.of(), Uint8Array.of(0, 10, 10, 255), null, Uint8Array.of(0), new Uint8Array(300)],
  ],
]

test('values come back as they went', () => {
  for (const [type, values] of COLUMNS) {
    const batch = Batch.ofTypes([type])
    for (const value of values) batch.pushRow([value])
    const isNullable = values.includes(null)
    const vector = batch.columns[0]!
    const block = encodeBlock(
      [{ name: 'c1', type: storedType(type), isNullable, values: { kind: 'vector', vector } }],
      values.length,
    )
    const result = Batch.ofTypes([type])
    const reader = new BlockReader(block)
    expect(reader.next(result.columns)).toBe(values.length)
    expect(reader.isAtEnd).toBe(true)
    expect([storedType(type), values.map((_, row) => result.columns[0]!.get(row))]).toEqual([
      storedType(type),
      values,
    ])
  }
})

test('several blocks lie behind one another, with constants and bytes beside vectors', () => {
  const values = [Uint8Array.of(1), null, Uint8Array.of()]
  const block = encodeBlock(
    [
      { name: 'k', type: 'String', isNullable: true, values: { kind: 'bytes', values } },
      { name: 'v', type: 'UInt64', isNullable: false, values: { kind: 'same', value: 2 ** 40 } },
    ],
    3,
  )
  const result = Batch.ofTypes([binaryType(10), UNSIGNED_BIGINT_TYPE])
  const reader = new BlockReader(Buffer.concat([block, block]))
  let rows = 0
  while (!reader.isAtEnd) rows += reader.next(result.columns)
  result.rowCount = rows
  const expected = values.map((value) => [value, 2 ** 40])
  expect(Array.from({ length: rows }, (_, row) => result.row(row))).toEqual([...expected, ...expected])
})
