/**
 * Goal: what a builder was given comes back from the reader, in order, through growth and rollback. Method: round
 * trips, marks, and damaged bytes.
 */
import {
  ENTRY_HEADER_BYTES,
  PUT,
  REMOVE,
  WriteSetBuilder,
  WriteSetReader,
  type WriteSet,
} from './write-set.js'

function list(set: WriteSet): string[] {
  const reader = new WriteSetReader(set)
  const found: string[] = []
  while (reader.next()) {
    const key = reader.bytes.toString('latin1', reader.keyStart, reader.keyEnd)
    const value = reader.bytes.toString('latin1', reader.valueStart, reader.valueEnd)
    found.push(reader.operation === PUT ? `${reader.keyspace} ${key}=${value}` : `${reader.keyspace} -${key}`)
  }
  expect(found.length).toBe(set.entryCount)
  return found
}

function put(builder: WriteSetBuilder, keyspace: number, key: string, value: string): number {
  const bytes = Buffer.from(`<${key}${value}>`)
  return builder.put(keyspace, bytes, 1, 1 + key.length, bytes, 1 + key.length, 1 + key.length + value.length)
}

describe('write sets', () => {
  test('give back what was put in, while the buffer grows', () => {
    const builder = new WriteSetBuilder(16)
    const expected: string[] = []
    for (let i = 0; i < 300; i++) {
      const key = 'k'.repeat(i % 70)
      const value = 'v'.repeat((i * 7) % 200)
      put(builder, 2 ** 32 - 1 - i, key, value)
      expected.push(`${2 ** 32 - 1 - i} ${key}=${value}`)
    }
    builder.remove(5, Buffer.from('xgone'), 1, 5)
    expect(list(builder)).toEqual([...expected, '5 -gone'])
  })

  test('lay out entries as the storage interface says', () => {
    const builder = new WriteSetBuilder()
    put(builder, 0x01020304, 'ab', 'c')
    builder.remove(9, Buffer.from('z'), 0, 1)
    expect(builder.bytes.toString('hex', 0, builder.byteLength)).toBe(
      '01' +
        '04030201' +
        '02000000' +
        '01000000' +
        '616263' +
        '02' +
        '09000000' +
        '01000000' +
        '00000000' +
        '7a',
    )
    expect(builder.byteLength).toBe(2 * ENTRY_HEADER_BYTES + 4)
    expect(REMOVE).toBe(2)
  })

  test('go back to a mark', () => {
    const builder = new WriteSetBuilder()
    put(builder, 1, 'a', '1')
    const mark = builder.mark()
    put(builder, 1, 'b', '2')
    builder.truncate(mark)
    put(builder, 1, 'c', '3')
    expect(list(builder)).toEqual(['1 a=1', '1 c=3'])
    expect(() => builder.truncate({ byteLength: 10_000, entryCount: 1 })).toThrow('invariant')
  })

  test('are found again by their offsets', () => {
    const builder = new WriteSetBuilder()
    const offsets = ['a', 'b', 'c'].map((key) => put(builder, 1, key, key))
    const reader = new WriteSetReader(builder)
    reader.seek(offsets[1]!)
    expect(reader.bytes.toString('latin1', reader.keyStart, reader.valueEnd)).toBe('bb')
    expect(reader.entryStart).toBe(offsets[1])
    expect(reader.next()).toBe(true)
    expect(reader.entryStart).toBe(offsets[2])
    expect(reader.next()).toBe(false)
  })

  test('that were taken never change', () => {
    const builder = new WriteSetBuilder()
    put(builder, 1, 'a', '1')
    const taken = builder.take()
    put(builder, 2, 'b', '2')
    expect(list(taken)).toEqual(['1 a=1'])
    expect(list(builder)).toEqual(['2 b=2'])
  })

  test('are refused when they are damaged', () => {
    const builder = new WriteSetBuilder()
    put(builder, 1, 'key', 'value')
    const { bytes, byteLength } = builder
    expect(() => list({ bytes, byteLength: byteLength - 1, entryCount: 1 })).toThrow('invariant')
    expect(() => list({ bytes, byteLength: 5, entryCount: 1 })).toThrow('invariant')
    const flipped = Buffer.from(bytes)
    flipped[0] = 7
    expect(() => list({ bytes: flipped, byteLength, entryCount: 1 })).toThrow('invariant')
  })
})
