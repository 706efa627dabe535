/**
 * Goal: readers see the state of their snapshot, whether leaves come from the cache or from LMDB, while flushes change them,
 * and whatever becomes of a flush. Method: a storage with a cache and an overlay so small that leaves come and go all the time,
 * beside a model of every state.
 */
import { sqlError, type KeyspaceSnapshot } from '@switchyard/core/spi'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'lmdb'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  latest,
  puts,
  randomNumbers,
  rangeOf,
  scan,
  scanRuns,
  valueOf,
  writeSetOf,
  type Change,
} from '../../test/conformance/storage/keyspace-model.js'
import type { Environment } from './environment.js'
import type { Writer } from './writer.js'
import { LmdbStorage } from './lmdb-storage.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-leaves-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function create(overlayBytes: number, cacheBytes: number): LmdbStorage {
  return new LmdbStorage('lmdb', { folder, mapBytes: 2 ** 34, overlayBytes, cacheBytes })
}

type State = ReadonlyMap<string, string>

const KEYSPACE = 5

/** Reads a snapshot in several ways, and expects a state. */
async function expectState(
  snapshot: KeyspaceSnapshot,
  state: State,
  random: (below: number) => number,
): Promise<void> {
  const keys = [...state.keys()].sort()
  const from = random(keys.length + 1)
  const to = Math.min(keys.length, from + random(300))
  const wanted = keys.slice(from, to)
  const range = rangeOf(from === 0 ? undefined : (keys[from] ?? '\xff'), keys[to])
  const expected = wanted.map((key) => `${key}=${state.get(key) ?? ''}`)
  const forth = await scan(snapshot, KEYSPACE, { range })
  expect(forth.entries.join() === expected.join()).toBe(true)
  const back = await scan(snapshot, KEYSPACE, { range, reverse: true })
  expect(back.entries.join() === [...expected].reverse().join()).toBe(true)
  const [limit, stopAt] = [1 + random(400), 1 + random(400)]
  const runs = await scanRuns(snapshot, KEYSPACE, { range, limit, stopAt })
  expect(runs.join() === expected.slice(0, Math.min(limit, stopAt)).join()).toBe(true)
  for (let count = 0; count < 8; count++) {
    const key = keyOf(random(4000))
    expect((await valueOf(snapshot, KEYSPACE, key))?.toString('latin1')).toBe(state.get(key))
  }
}

function keyOf(number: number): string {
  return `key ${String(number).padStart(5, '0')}`
}

test.each([1, 2])('open snapshots keep their states over flushes and restarts (seed %i)', async (seed) => {
  const random = randomNumbers(seed)
  let state = new Map<string, string>()
  for (let session = 0; session < 3; session++) {
    const storage = create(random(2) === 0 ? 4096 : 65_536, session === 1 ? 0 : 2 ** 25)
    await storage.start()
    const kept: { snapshot: KeyspaceSnapshot; state: State }[] = []
    let pending: Promise<unknown> = Promise.resolve()
    for (let round = 0; round < 24; round++) {
      const changes: Change[] = []
      const isShrinking = round % 12 > 8
      state = new Map(state)
      const start = random(4000)
      for (let count = random(round % 10 === 0 ? 1500 : 40); count > 0; count--) {
        const key = random(3) === 0 ? keyOf((start + count) % 4000) : keyOf(random(4000))
        const isRemoval = random(10) < (isShrinking ? 8 : 2)
        // Some are too large to be gathered, or take a leaf of their own.
        const value = `${round} `.repeat(random(random(20) > 0 ? 40 : random(20) > 0 ? 4000 : 40_000))
        changes.push({ keyspace: KEYSPACE, key, value: isRemoval ? undefined : value })
        if (isRemoval) state.delete(key)
        else state.set(key, value)
      }
      await storage.apply([writeSetOf(changes)], storage.appliedCommitNumber + 1)
      // Not awaited: reads go on while leaves are written and noted.
      if (random(6) === 0) pending = Promise.all([pending, storage.checkpoint()])
      if (random(9) === 0)
        pending = Promise.all([pending, storage.load(90, puts(90, { [`k${round}`]: 'v' }))])
      if (random(4) === 0) kept.push({ snapshot: storage.snapshot(), state })
      const current = storage.snapshot()
      await expectState(current, state, random)
      current.release()
      const old = kept[random(kept.length)]
      if (old !== undefined) await expectState(old.snapshot, old.state, random)
      if (kept.length > 5) kept.splice(random(5), 1)[0]?.snapshot.release()
      if (random(3) === 0) await new Promise(setImmediate)
    }
    await pending
    for (const { snapshot, state: its } of kept) {
      await expectState(snapshot, its, random)
      snapshot.release()
    }
    await storage.stop()
  }
})

test('scans within scans are unharmed by leaves that push each other out', async () => {
  const storage = create(2 ** 20, 0)
  await storage.start()
  const rows = 40_000
  const changes = Array.from({ length: rows }, (_, row) => ({
    keyspace: KEYSPACE,
    key: keyOf(row),
    value: 'x'.repeat(100) + String(row),
  }))
  await storage.apply([writeSetOf(changes)], 1)
  const snapshot = storage.snapshot()
  const random = randomNumbers(4)
  const expected = (row: number) => `${keyOf(row)}=${'x'.repeat(100)}${row}`
  let seen = 0
  const shown = (
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    from: number,
    to: number,
  ) =>
    `${Buffer.from(key.subarray(keyStart, keyEnd)).toString()}=${Buffer.from(value.subarray(from, to)).toString()}`
  void snapshot.scan(KEYSPACE, rangeOf(keyOf(1000), keyOf(1150)), false, 1e9, (...outer) => {
    expect(shown(...outer)).toBe(expected(1000 + seen))
    seen++
    // Goes far and wide: the outer leaf would lose its place, were it not held.
    for (let count = 0; count < 3; count++) {
      let row = random(rows - 200)
      void snapshot.scan(KEYSPACE, rangeOf(keyOf(row), undefined), false, 150, (...inner) => {
        if (shown(...inner) !== expected(row)) throw new Error(`wrong entry at ${row}`)
        row++
        return true
      })
      void snapshot.get(KEYSPACE, Buffer.from(keyOf(row)), (...inner) => {
        if (shown(...inner) !== expected(row)) throw new Error(`wrong entry at ${row}`)
        return true
      })
    }
    return true
  })
  expect(seen).toBe(150)
  snapshot.release()
  await storage.stop()
})

test('a writer that ends before it has answered leaves nothing stale behind', async () => {
  const storage = create(2 ** 20, 2 ** 24)
  await storage.start()
  const rows = Array.from({ length: 3000 }, (_, row) => ({
    keyspace: KEYSPACE,
    key: keyOf(row),
    value: 'old',
  }))
  await storage.apply([writeSetOf(rows)], 1)
  await storage.checkpoint()
  expect((await latest(storage, KEYSPACE)).length).toBe(3000)
  const added = Array.from({ length: 3000 }, (_, row) => ({
    keyspace: KEYSPACE,
    key: `${keyOf(row)} more`,
    value: 'new',
  }))
  await storage.apply([writeSetOf(added)], 2)
  // What it was told is stored, but nobody hears which leaves that has changed.
  const { writer } = storage as unknown as { writer: Pick<Writer, 'store'> }
  const store = writer.store.bind(writer)
  writer.store = async (...request) => {
    writer.store = store
    await store(...request)
    throw sqlError('ER_STORAGE_UNAVAILABLE', 'lmdb', 'the writer thread has ended')
  }
  await expect(storage.checkpoint()).rejects.toThrow('has ended')
  expect((await latest(storage, KEYSPACE)).length).toBe(6000)
  await storage.checkpoint()
  const names = (await latest(storage, KEYSPACE)).map((entry) => entry.split('=')[0])
  const expected = rows.flatMap(({ key }) => [key, `${key} more`])
  expect(names.join() === expected.join()).toBe(true)
  await storage.stop()
})

test('a transaction reads what it has itself written, also large values', async () => {
  const storage = create(2 ** 20, 2 ** 24)
  await storage.start()
  // More entries than are sorted together, so that the second half meets the first.
  const changes: Change[] = []
  for (const round of [1, 2]) {
    changes.push({ keyspace: KEYSPACE, key: 'large', value: String(round).repeat(3_000_000) })
    for (let row = 0; row < 140_000; row++) {
      changes.push({ keyspace: KEYSPACE, key: keyOf(row), value: `${round}` })
    }
  }
  await storage.apply([writeSetOf(changes)], 1)
  const snapshot = storage.snapshot()
  expect((await valueOf(snapshot, KEYSPACE, 'large'))?.equals(Buffer.alloc(3_000_000, '2'))).toBe(true)
  expect((await scan(snapshot, KEYSPACE)).visited).toBe(140_001)
  expect((await valueOf(snapshot, KEYSPACE, keyOf(77)))?.toString()).toBe('2')
  snapshot.release()
  expect(storage.size(KEYSPACE).entries).toBe(140_001)
  await storage.stop()
})

test('rows behind a row of 20 MB are looked up and put without reading it', async () => {
  const storage = create(65_536, 2 ** 24)
  await storage.start()
  await storage.apply([puts(KEYSPACE, { [keyOf(0)]: 'first', [keyOf(1)]: Buffer.alloc(20_000_000, 'v') })], 1)
  await storage.checkpoint()
  const { environment } = storage as unknown as { environment: Environment }
  // LMDB answers in memory that is as long as the longest leaf that this process has ever read.
  const { store } = environment as unknown as { store: { readonly lastSize: number } }
  let longest = 0
  for (const name of ['fetch', 'fetchFloor'] as const) {
    const read = environment[name].bind(environment) as (...of: unknown[]) => Buffer | undefined
    environment[name] = (...of: unknown[]) => {
      const bytes = read(...of)
      if (bytes !== undefined) longest = Math.max(longest, store.lastSize)
      return bytes
    }
  }
  for (let row = 2; row < 1000; row++) {
    const snapshot = storage.snapshot()
    expect(await valueOf(snapshot, KEYSPACE, `${keyOf(0)} and`)).toBeUndefined()
    expect(await valueOf(snapshot, KEYSPACE, keyOf(row))).toBeUndefined()
    snapshot.release()
    await storage.apply([puts(KEYSPACE, { [keyOf(row)]: 'v'.repeat(100) })], row)
    if (row % 100 === 0) await storage.checkpoint()
  }
  expect(longest).toBeGreaterThan(0)
  expect(longest).toBeLessThan(20_000_000)
  const snapshot = storage.snapshot()
  expect((await valueOf(snapshot, KEYSPACE, keyOf(1)))?.length).toBe(20_000_000)
  expect(longest).toBeGreaterThan(20_000_000)
  expect((await scan(snapshot, KEYSPACE)).visited).toBe(1000)
  snapshot.release()
  await storage.stop()
})

test('a file of another format is refused with one line', async () => {
  const file = open({
    path: join(folder, 'data.mdb'),
    pageSize: 8192,
    encoding: 'binary',
    keyEncoding: 'binary',
  })
  await file.put(Buffer.from([0]), Buffer.alloc(8))
  await file.close()
  const storage = create(2 ** 20, 2 ** 20)
  await expect(storage.start()).rejects.toMatchObject({
    code: 'ER_STORAGE_UNAVAILABLE',
    message: expect.stringMatching(
      /format version 1 and this server reads version 3; start with a new folder[^\n]*$/,
    ),
  })
})
