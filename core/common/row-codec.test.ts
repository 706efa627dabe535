/**
 * Goal: a stored row gives back every value, column by column, also rows of older schemas. Method: random rows
 * of every type through encoder and decoder, into vectors and as values.
 */
import { Batch } from './batch.js'
import { ByteBuffer } from './bytes.js'
import { compileRowDecoder, compileRowEncoder, type RowSchema } from './row-codec.js'
import { RowPlaces } from './row-writer.js'
import {
  BIGINT_TYPE,
  binaryType,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  INT_TYPE,
  JSON_TYPE,
  textType,
  timeType,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
} from './sql-type.js'
import type { Value } from './value.js'

const enumType: SqlType = { ...INT_TYPE, name: 'enum', members: ['a', 'b'] }
const setType: SqlType = { ...INT_TYPE, name: 'set', members: Array.from({ length: 64 }, (_, i) => `m${i}`) }

const CASES: readonly (readonly [SqlType, readonly Value[]])[] = [
  [INT_TYPE, [0, -1, 2147483647, -2147483648]],
  [{ ...INT_TYPE, name: 'tinyint' }, [-128, 127, 0]],
  [{ ...INT_TYPE, name: 'smallint', unsigned: true }, [65535, 0]],
  [{ ...INT_TYPE, name: 'mediumint' }, [-8388608, 8388607]],
  [BIGINT_TYPE, [9223372036854775807n, -9223372036854775808n, -1, 4294967296, -9007199254740991]],
  [UNSIGNED_BIGINT_TYPE, [18446744073709551615n, 0, 9007199254740991, 9007199254740992n]],
  [decimalType(5, 2), [99999, -99999]],
  [decimalType(14, 2), [99999999999999, -99999999999999]],
  [decimalType(65, 30), [10n ** 65n - 1n, 1n - 10n ** 65n, -5, 0]],
  [enumType, [0, 2]],
  [setType, [18446744073709551615n, 1, 0]],
  [datetimeType(0), [359000000000, 0]],
  [datetimeType(6), [359000000000999999n, 1]],
  [timeType(6), [-3020399999999, 3020399999999]],
  [DOUBLE_TYPE, [-1.5, 5e-324, Number.MAX_VALUE, 0]],
  [FLOAT_TYPE, [Math.fround(3.14), -1]],
  [textType(100, 'utf8mb4_bin'), ['', 'grüße 😀', 'x'.repeat(500)]],
  [JSON_TYPE, ['{"a": 1}']],
  [binaryType(100), [Uint8Array.of(), Uint8Array.of(0, 255, 7)]],
]

const schemaOf = (types: readonly SqlType[], version = 7): RowSchema => ({
  version,
  columns: types.map((type, id) => ({ id, type, nullable: true })),
})

const plain = (value: Value): Value => (value instanceof Uint8Array ? Uint8Array.from(value) : value)

function encodeRow(
  schema: RowSchema,
  row: readonly Value[],
  before = 0,
): { bytes: Buffer; start: number; end: number } {
  const target = new ByteBuffer(8)
  target.append(Buffer.alloc(before, 1), 0, before)
  compileRowEncoder(schema).encode(row, target)
  return { bytes: target.bytes, start: before, end: target.length }
}

test('every value of every type comes back, at any offset', () => {
  const schema = schemaOf(CASES.map(([type]) => type))
  const decoder = compileRowDecoder(schema, [...schema.columns.keys()])
  const batch = Batch.ofTypes(schema.columns.map((column) => column.type))
  for (let round = 0; round < 200; round++) {
    const row = CASES.map(([, values], i) =>
      (round + i) % 7 === 0 ? null : (values[(round * 31 + i) % values.length] as Value),
    )
    const { bytes, start, end } = encodeRow(schema, row, round % 5)
    batch.clear()
    decoder.decode(bytes, start, end, batch.columns)
    expect(batch.row(0).map(plain)).toEqual(row)
    expect(decoder.values(bytes, start, end).map(plain)).toEqual(row)
    // A driver may hand out plain Uint8Arrays.
    expect(decoder.values(new Uint8Array(bytes), start, end).map(plain)).toEqual(row)
  }
})

test('a row beyond 64 KiB uses wide offsets, and columns behind the long one are found', () => {
  const schema = schemaOf([textType(200000, 'utf8mb4_bin'), INT_TYPE, textType(10, 'utf8mb4_bin')])
  const row = ['ü'.repeat(100_000), 5, 'end']
  const { bytes, start, end } = encodeRow(schema, row)
  expect(compileRowDecoder(schema, [2, 1, 0]).values(bytes, start, end)).toEqual(['end', 5, row[0]])
})

test.each(CASES.map(([type, values]) => [type.name, type, values] as const))(
  'rows of vectors written at once: %s',
  (_name, type, values) => {
    const schema = schemaOf([type])
    const encoder = compileRowEncoder(schema)
    // Vectors keep numbers otherwise from the first one on that isn't safe.
    const rows = [...values, null, ...values]
    const { columns } = Batch.ofTypes([type])
    const [column] = columns
    const places = new RowPlaces()
    const sizes = rows.map((value, row) => {
      column?.push(value)
      return encoder.sizeFrom(columns, row)
    })
    const bytes = Buffer.alloc(sizes.reduce((sum, size) => sum + size))
    let at = 0
    sizes.forEach((size, row) => {
      places.add(row, at)
      at += size
    })
    encoder.encodeAll(columns, places, bytes)
    const decoder = compileRowDecoder(schema, [0])
    at = 0
    const read = sizes.map((size) => decoder.values(bytes, at, (at += size))[0] as Value)
    expect(read.map(plain)).toEqual(rows.map(plain))
  },
)

test('columns can be decoded in two steps', () => {
  const schema = schemaOf([INT_TYPE, BIGINT_TYPE, textType(10, 'utf8mb4_bin')])
  const { bytes, start, end } = encodeRow(schema, [1, 2, 'three'])
  const decoder = compileRowDecoder(schema, [2, 0, 1])
  const batch = Batch.ofTypes([textType(10, 'utf8mb4_bin'), INT_TYPE, BIGINT_TYPE])
  decoder.decodeSome(bytes, start, end, [1], batch.columns)
  expect(batch.columns.map((column) => column.length)).toEqual([0, 1, 0])
  decoder.decodeSome(bytes, start, end, [0, 2], batch.columns)
  expect(batch.row(0)).toEqual(['three', 1, 2])
})

test('rows of an older schema read later columns as absent, and dropped ones not at all', () => {
  const [a, b, c] = [
    { id: 1, type: INT_TYPE, nullable: false },
    { id: 2, type: textType(10, 'utf8mb4_bin'), nullable: true },
    { id: 3, type: BIGINT_TYPE, nullable: false },
  ]
  const first: RowSchema = { version: 1, columns: [a, b] }
  const second: RowSchema = { version: 5, columns: [c, a] }
  const decoder = compileRowDecoder(second, [0, 1], [first], () => 42)
  const old = encodeRow({ ...first, version: 3 }, [10, 'x'])
  const recent = encodeRow({ ...second, version: 6 }, [20, 30])
  expect(decoder.values(old.bytes, old.start, old.end)).toEqual([42, 10])
  expect(decoder.values(recent.bytes, recent.start, recent.end)).toEqual([20, 30])
  expect(decoder.values(old.bytes, old.start, old.end)).toEqual([42, 10])
})

test('a NOT NULL column refuses NULL', () => {
  const schema: RowSchema = { version: 1, columns: [{ id: 1, type: INT_TYPE, nullable: false }] }
  expect(() => compileRowEncoder(schema).encode([null], new ByteBuffer())).toThrow('invariant')
})
