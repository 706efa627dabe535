/**
 * Goal: an overlay answers each snapshot with the version of its time, by key and in both orders, and keeps no version that
 * nobody needs. Method: random commits beside a model that keeps every state.
 */
import { WriteSetBuilder } from '@switchyard/core/spi'
import { randomNumbers } from '../../test/conformance/storage/keyspace-model.js'
import { CHUNK_BYTES, ChunkPool } from './chunk-pool.js'
import { NONE, Overlay } from './overlay.js'

type State = ReadonlyMap<string, string | undefined>

function apply(
  overlay: Overlay,
  commitNumber: number,
  changes: ReadonlyMap<string, string | undefined>,
  oldestNeeded = 0,
): void {
  const builder = new WriteSetBuilder()
  for (const [name, value] of changes) {
    const key = Buffer.from(name)
    if (value === undefined) builder.remove(3, key, 0, key.length)
    else builder.put(3, key, 0, key.length, Buffer.from(value), 0, Buffer.byteLength(value))
  }
  const reader = overlay.keep(builder)
  while (reader.next()) overlay.note(reader, commitNumber, oldestNeeded)
}

function valueAt(overlay: Overlay, name: string, commitNumber: number): string | undefined {
  const key = Buffer.from(`.${name}`)
  const record = overlay.find(3, key, 1, key.length)
  if (record === NONE) return 'unknown'
  const version = overlay.versionAt(record, commitNumber)
  if (version === NONE) return 'unknown'
  if (overlay.isRemoval(version)) return undefined
  let found = ''
  overlay.show(record, version, (bytes, keyStart, keyEnd, value, start, end) => {
    expect(Buffer.from(bytes.subarray(keyStart, keyEnd)).toString()).toBe(name)
    found = Buffer.from(value.subarray(start, end)).toString()
    return true
  })
  return found
}

function walk(overlay: Overlay, reverse: boolean): string[] {
  const names: string[] = []
  const cursor = overlay.cursor()
  const note = () => {
    const record = cursor.record
    const version = overlay.versionAt(record, Number.MAX_SAFE_INTEGER)
    const key: string[] = []
    if (overlay.isRemoval(version)) names.push('removed')
    else {
      overlay.show(record, version, (bytes, start, end) => {
        key.push(Buffer.from(bytes.subarray(start, end)).toString())
        return true
      })
      names.push(...key)
    }
  }
  const nothing = Buffer.alloc(0)
  if (reverse) cursor.seekBefore(4, nothing, 0, 0)
  else cursor.seek(0, nothing, 0, 0)
  while (cursor.record !== NONE) {
    note()
    if (reverse) cursor.previous()
    else cursor.next()
  }
  return names
}

test.each([1, 2, 3])('answers each commit with its own state (seed %i)', (seed) => {
  const random = randomNumbers(seed)
  const overlay = new Overlay(1000, new ChunkPool(0))
  const states: State[] = [new Map()]
  for (let number = 1; number <= 300; number++) {
    const changes = new Map<string, string | undefined>()
    for (let count = random(12); count > 0; count--) {
      changes.set(`key${random(900)}`, random(4) === 0 ? undefined : `${number}`)
    }
    apply(overlay, 1000 + number, changes)
    states.push(new Map([...states[number - 1]!, ...changes]))
  }
  for (const number of [0, 1, 2, 50, 149, 299, 300]) {
    const state = states[number]!
    for (let row = 0; row < 900; row++) {
      const name = `key${row}`
      expect(valueAt(overlay, name, 1000 + number)).toBe(state.has(name) ? state.get(name) : 'unknown')
    }
  }
  const last = states[300]!
  const ordered = [...last.keys()].sort().map((name) => (last.get(name) === undefined ? 'removed' : name))
  expect(overlay.size).toBe(ordered.length)
  expect(walk(overlay, false)).toEqual(ordered)
  expect(walk(overlay, true)).toEqual([...ordered].reverse())
})

test('keeps the versions that open snapshots see, and forgets those before them', () => {
  const overlay = new Overlay(0, new ChunkPool(0))
  for (let number = 1; number <= 10; number++) {
    apply(overlay, number, new Map([['k', `${number}`]]), Math.min(4, number - 1))
  }
  expect([4, 5, 9, 10].map((number) => valueAt(overlay, 'k', number))).toEqual(['4', '5', '9', '10'])
  expect(valueAt(overlay, 'k', 3)).toBe('unknown')
  apply(overlay, 11, new Map([['k', '11']]), 10)
  expect(valueAt(overlay, 'k', 10)).toBe('10')
  expect(valueAt(overlay, 'k', 9)).toBe('unknown')
})

test('takes commit numbers as they come, also far beyond the number it began at', () => {
  const overlay = new Overlay(0, new ChunkPool(0))
  apply(overlay, 2 ** 50, new Map([['k', 'a']]))
  apply(overlay, 2 ** 50 + 5, new Map([['k', 'b']]))
  expect(valueAt(overlay, 'k', 2 ** 50 - 1)).toBe('unknown')
  expect(valueAt(overlay, 'k', 2 ** 50 + 4)).toBe('a')
  expect(valueAt(overlay, 'k', 2 ** 50 + 5)).toBe('b')
})

test('counts what a keyspace may gain', () => {
  const overlay = new Overlay(0, new ChunkPool(0))
  apply(
    overlay,
    1,
    new Map([
      ['a', '12'],
      ['b', '3'],
    ]),
  )
  apply(
    overlay,
    2,
    new Map([
      ['a', '45'],
      ['c', undefined],
    ]),
  )
  expect(overlay.gains.get(3)).toEqual({ entries: 1, bytes: 4 })
  expect(overlay.byteSize).toBeGreaterThan(4 * 13)
})

test('gives its memory back when nobody looks through it any more', () => {
  const pool = new ChunkPool(10 * CHUNK_BYTES)
  const overlay = new Overlay(0, pool)
  apply(overlay, 1, new Map([['a', 'x'.repeat(700_000)]]))
  apply(overlay, 2, new Map([['a', 'y'.repeat(700_000)]]))
  const used = overlay.chunks.map(({ memory }) => memory)
  expect(used.length).toBe(2)
  overlay.retain()
  overlay.release()
  expect(used).not.toContain(pool.take().memory)
  overlay.release()
  expect(used).toContain(pool.take().memory)
  expect(used).toContain(pool.take().memory)
  expect(used).not.toContain(pool.take().memory)
})
