/**
 * Goal: an overlay is an ordered map with marks, whatever its size. Method: random puts, removes (ordered at once or later), marks and rollbacks
 * against a plain JavaScript map, compared by point reads and by walks of random ranges in both directions.
 */
import { WriteSetReader, PUT } from '../common/write-set.js'
import { Overlay, type OverlayMark } from './overlay.js'
import { OverlayState } from './overlay-cursor.js'

let seed = 99
const randomInt = (below: number): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return seed % below
}

type Model = Map<string, string | undefined>

function put(overlay: Overlay, keyspace: number, key: string, value: string): void {
  const [k, v] = [Buffer.from(key), Buffer.from(value)]
  if (randomInt(3) > 0) overlay.put(keyspace, k, 0, k.length, v, 0, v.length)
  else overlay.put(keyspace, k, 0, k.length, v, 0, v.length, false)
}

function remove(overlay: Overlay, keyspace: number, key: string): void {
  const k = Buffer.from(key)
  if (randomInt(3) > 0) overlay.remove(keyspace, k, 0, k.length)
  else overlay.remove(keyspace, k, 0, k.length, false)
}

function get(overlay: Overlay, keyspace: number, key: string): string | undefined {
  const k = Buffer.from(key)
  const state = overlay.get(keyspace, k, 0, k.length)
  if (state === OverlayState.unknown) return 'unknown'
  return state === OverlayState.removed
    ? undefined
    : overlay.bytes.utf8Slice(overlay.valueStart, overlay.valueEnd)
}

function walk(
  overlay: Overlay,
  keyspace: number,
  lower: string | undefined,
  upper: string | undefined,
  reverse: boolean,
): [string, string | undefined][] {
  const bound = (text: string | undefined): Buffer | undefined =>
    text === undefined ? undefined : Buffer.from(text)
  const cursor = overlay.cursor(keyspace, bound(lower), bound(upper), reverse)
  const found: [string, string | undefined][] = []
  while (cursor?.isDone === false) {
    const key = cursor.bytes.utf8Slice(cursor.keyStart, cursor.keyEnd)
    found.push([
      key,
      cursor.isRemoved ? undefined : cursor.bytes.utf8Slice(cursor.valueStart, cursor.valueEnd),
    ])
    cursor.advance()
  }
  return found
}

function expected(
  model: Model,
  lower: string | undefined,
  upper: string | undefined,
  reverse: boolean,
): [string, string | undefined][] {
  const entries = [...model]
    .filter(([key]) => (lower === undefined || key >= lower) && (upper === undefined || key < upper))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return reverse ? entries.reverse() : entries
}

test.each([
  [40, 8],
  [5000, 300],
])('random writes, marks and rollbacks over %i keys', (keyCount, valueLength) => {
  const overlay = new Overlay(1 << 30)
  const models: [Model, Model] = [new Map(), new Map()]
  const marks: { mark: OverlayMark; models: [Model, Model] }[] = []
  for (let step = 0; step < 40_000; step++) {
    const keyspace = randomInt(2) as 0 | 1
    const key = `k${randomInt(keyCount)}`
    const action = randomInt(1000)
    if (action < 700) {
      const value = `${step}`.repeat(1 + randomInt(valueLength))
      put(overlay, keyspace, key, value)
      models[keyspace].set(key, value)
    } else if (action < 970) {
      remove(overlay, keyspace, key)
      models[keyspace].set(key, undefined)
    } else if (action < 985) {
      marks.push({ mark: overlay.mark(), models: [new Map(models[0]), new Map(models[1])] })
    } else if (marks.length > 0) {
      const back = marks.splice(randomInt(marks.length))[0] as (typeof marks)[number]
      overlay.rollbackTo(back.mark)
      models[0] = back.models[0]
      models[1] = back.models[1]
    }
    // Entries that are ordered later pile up until somebody looks.
    if (keyCount > 100 && randomInt(16) > 0) continue
    const probe = `k${randomInt(keyCount)}`
    expect(get(overlay, keyspace, probe)).toBe(
      models[keyspace].has(probe) ? models[keyspace].get(probe) : 'unknown',
    )
    if (randomInt(100) === 0) {
      const bound = (): string | undefined => (randomInt(4) === 0 ? undefined : `k${randomInt(keyCount)}`)
      const [lower, upper, reverse] = [bound(), bound(), randomInt(2) === 0]
      expect(walk(overlay, keyspace, lower, upper, reverse)).toEqual(
        expected(models[keyspace], lower, upper, reverse),
      )
    }
  }
  const replayed: [Model, Model] = [new Map(), new Map()]
  for (const set of overlay.writeSets()) {
    const reader = new WriteSetReader(set)
    while (reader.next()) {
      const key = reader.bytes.utf8Slice(reader.keyStart, reader.keyEnd)
      const value =
        reader.operation === PUT ? reader.bytes.utf8Slice(reader.valueStart, reader.valueEnd) : undefined
      replayed[reader.keyspace as 0 | 1].set(key, value)
    }
  }
  expect(replayed).toEqual(models)
})

test('ascending and descending bulk writes stay ordered across chunks, and roll back to nothing', () => {
  for (const sign of [1, -1]) {
    const overlay = new Overlay(1 << 30)
    const start = overlay.mark()
    const value = Buffer.alloc(50)
    for (let i = 0; i < 100_000; i++) {
      const key = Buffer.alloc(4)
      key.writeUInt32BE(500_000 + sign * i)
      overlay.put(7, key, 0, 4, value, 0, 50)
    }
    expect(overlay.writeSets().length).toBeGreaterThan(3)
    let count = 0
    let last = -1
    const cursor = overlay.cursor(7, undefined, undefined, false)
    while (cursor?.isDone === false) {
      const key = cursor.bytes.readUInt32BE(cursor.keyStart)
      if (key <= last) throw new Error('out of order')
      last = key
      count++
      cursor.advance()
    }
    expect(count).toBe(100_000)
    overlay.rollbackTo(start)
    expect(overlay.hasEntries(7)).toBe(false)
    expect(overlay.byteSize).toBe(0)
    expect(overlay.writeSets()).toEqual([])
  }
})

test('whether a range has entries is told exactly, unless very many would have to be ordered', () => {
  const overlay = new Overlay(1 << 30)
  const start = overlay.mark()
  const [from, to] = [Buffer.from('b'), Buffer.from('c')]
  const tells = (): boolean => overlay.mayHavePut(1, from, to)
  expect(tells()).toBe(false)
  overlay.put(1, Buffer.from('a'), 0, 1, from, 0, 1, false)
  overlay.remove(1, from, 0, 1, false)
  expect(tells()).toBe(false)
  overlay.put(1, from, 0, 1, from, 0, 1, false)
  expect(tells()).toBe(true)
  overlay.remove(1, from, 0, 1, false)
  expect(tells()).toBe(false)
  for (let i = 0; i < 20_000; i++) overlay.put(1, Buffer.from(`d${i}`), 0, 3, from, 0, 1, false)
  expect(tells()).toBe(true)
  expect(overlay.get(1, from, 0, 1)).toBe(OverlayState.removed)
  expect(tells()).toBe(false)
  overlay.rollbackTo(start)
  expect(overlay.hasEntries(1)).toBe(false)
})

test('a transaction beyond its limit is refused', () => {
  const overlay = new Overlay(100)
  put(overlay, 1, 'a', 'x'.repeat(50))
  expect(() => {
    put(overlay, 1, 'b', 'x'.repeat(50))
  }).toThrow(expect.objectContaining({ code: 'ER_TRANS_CACHE_FULL' }))
  expect(get(overlay, 1, 'b')).toBe('unknown')
})
