/** Loads in bulk, stages, checkpoints and drops beside commits, part of `runKeyspaceConformance`. */
import { WriteSetBuilder, type WriteSet } from '@switchyard/core/spi'
import {
  changesOfCommit,
  entriesOf,
  expectHistoryState,
  latest,
  numberKey,
  puts,
  randomNumbers,
  rangeOf,
  scan,
  scanRuns,
  valueOf,
  withSnapshot,
  writeSetOf,
  type Change,
  type OpenStorage,
} from './keyspace-model.js'

function numbered(keyspace: number, from: number, to: number, step = 1): WriteSet {
  const changes: Change[] = []
  for (let i = from; i < to; i += step) changes.push({ keyspace, key: numberKey(i), value: `v${i}` })
  return writeSetOf(changes)
}

/** What drivers with `newStage` have to do; the others have nothing to show. */
export function describeStages(open: OpenStorage): void {
  test('stages are adopted by a commit, into empty keyspaces and among what is there', async () => {
    const storage = await open()
    if (storage.newStage === undefined) return
    const newStage = (): number => storage.newStage?.() ?? 0
    const [fresh, between, behind, unused] = [newStage(), newStage(), newStage(), newStage()] as const
    expect(new Set([fresh, between, behind, unused]).size).toBe(4)
    await storage.apply([numbered(5, 0, 6000, 2), numbered(6, 0, 3000)], 1)
    const before = storage.snapshot()
    await storage.load(fresh, numbered(fresh, 2000, 4000))
    await storage.load(fresh, numbered(fresh, 0, 2000))
    await storage.load(between, numbered(between, 1, 6000, 2))
    await storage.load(behind, numbered(behind, 3000, 5000))
    await storage.load(unused, numbered(unused, 0, 100))
    expect(await latest(storage, 4)).toEqual([])
    const adoptions = new WriteSetBuilder()
    adoptions.adopt(4, fresh)
    adoptions.adopt(5, between)
    adoptions.adopt(6, behind)
    // What follows goes on top.
    const changes = writeSetOf([
      { keyspace: 4, key: numberKey(17), value: undefined },
      { keyspace: 4, key: numberKey(4000), value: 'v4000' },
    ])
    const expected = async (): Promise<void> => {
      const four = await latest(storage, 4)
      expect(four.length).toBe(4000)
      expect(four[17]?.slice(4)).toBe('=v18')
      expect((await latest(storage, 5)).map((entry) => entry.slice(4))).toEqual(
        Array.from({ length: 6000 }, (_, i) => `=v${i}`),
      )
      expect((await latest(storage, 6)).length).toBe(5000)
      expect([4, 5, 6].map((keyspace) => storage.size(keyspace)?.entries)).toEqual([4000, 6000, 5000])
    }
    await storage.apply([adoptions, changes], 2)
    await expected()
    await storage.apply([adoptions, changes], 2)
    await expected()
    expect((await scan(before, 4)).visited).toBe(0)
    expect((await scan(before, 5)).visited).toBe(3000)
    before.release()
    await storage.dropKeyspace(unused)
    // An adopted keyspace is one as any other.
    await storage.apply([puts(4, { z: '1' })], 3)
    await storage.checkpoint()
    expect((await latest(storage, 4)).at(-1)).toBe('z=1')
    await storage.dropKeyspace(4)
    expect(await latest(storage, 4)).toEqual([])
    await storage.apply([puts(4, { again: '1' })], 4)
    await storage.checkpoint()
    expect(await latest(storage, 4)).toEqual(['again=1'])
  })
}

export function describeBulk(open: OpenStorage): void {
  test('what was loaded is seen by later snapshots, at an unchanged commit number', async () => {
    const storage = await open()
    await storage.apply([puts(1, { a: '1' })], 5)
    // Not sorted, and in several calls.
    await storage.load(8, numbered(8, 5000, 10_000))
    await storage.load(8, numbered(8, 0, 5000))
    expect(storage.appliedCommitNumber).toBe(5)
    await withSnapshot(storage, async (snapshot) => {
      expect(snapshot.commitNumber).toBe(5)
      const { entries } = await scan(snapshot, 8)
      expect(entries.length).toBe(10_000)
      expect(entries[4999]?.slice(4)).toBe('=v4999')
    })
    await storage.apply([writeSetOf([{ keyspace: 8, key: numberKey(17), value: undefined }])], 6)
    await withSnapshot(storage, async (snapshot) => {
      expect((await scan(snapshot, 8)).visited).toBe(9_999)
      expect(await valueOf(snapshot, 8, numberKey(17))).toBeUndefined()
    })
  })

  test('loads, applies and drops may overlap', async () => {
    const storage = await open()
    await storage.load(50, numbered(50, 0, 20_000))
    const pending: Promise<unknown>[] = []
    for (let number = 1; number <= 40; number++) {
      if (number % 10 === 1)
        pending.push(Promise.resolve(storage.load(60 + number, numbered(60 + number, 0, 3000))))
      if (number === 5) pending.push(storage.dropKeyspace(50))
      if (number % 15 === 0) pending.push(storage.checkpoint())
      await storage.apply([writeSetOf(changesOfCommit(number))], number)
    }
    await Promise.all(pending)
    expect(await expectHistoryState(storage)).toBe(40)
    await withSnapshot(storage, async (snapshot) => {
      expect((await scan(snapshot, 50)).visited).toBe(0)
      for (const number of [1, 11, 21, 31]) expect((await scan(snapshot, 60 + number)).visited).toBe(3000)
    })
  })

  test('checkpoints may overlap while commits go on: none of these is ever out of sight', async () => {
    const storage = await open()
    const checkpoints: Promise<number>[] = []
    for (let number = 1; number <= 60; number++) {
      await storage.apply([writeSetOf(changesOfCommit(number))], number)
      for (let i = 0; i < 3; i++) checkpoints.push(Promise.resolve(storage.checkpoint()))
      if (number % 3 === 0) await checkpoints[checkpoints.length - 3]
      else await new Promise(setImmediate)
      expect(await expectHistoryState(storage)).toBe(number)
    }
    const applied = storage.apply([numbered(50, 0, 30_000)], 61)
    checkpoints.push(Promise.resolve(storage.checkpoint()), Promise.resolve(storage.checkpoint()))
    await applied
    await Promise.all(checkpoints)
    await withSnapshot(storage, async (snapshot) => {
      expect((await scan(snapshot, 50)).visited).toBe(30_000)
    })
  })

  test('a dropped keyspace is empty, its neighbours are not, and open snapshots still see it', async () => {
    const storage = await open()
    await storage.load(8, numbered(8, 0, 30_000))
    await storage.apply([puts(7, { a: '1' }), puts(8, { fresh: '1' }), puts(9, { b: '2' })], 1)
    const before = storage.snapshot()
    await storage.dropKeyspace(8)
    expect(await latest(storage, 8)).toEqual([])
    expect(await latest(storage, 7)).toEqual(['a=1'])
    expect(await latest(storage, 9)).toEqual(['b=2'])
    expect((await scan(before, 8)).visited).toBe(30_001)
    before.release()
    await storage.dropKeyspace(8)
    await storage.dropKeyspace(0xffffffff)
    expect(storage.size(8)?.entries ?? 0).toBe(0)
  })

  test('there may be many keyspaces', async () => {
    const storage = await open()
    for (let id = 0; id < 3000; id++) {
      await storage.apply([puts(id * 3, { id: String(id) })], id + 1)
      if (id % 1000 === 500) await storage.checkpoint()
    }
    await withSnapshot(storage, async (snapshot) => {
      for (let id = 0; id < 3000; id += 7) {
        expect(await entriesOf(snapshot, id * 3)).toEqual([`id=${id}`])
        expect(await entriesOf(snapshot, id * 3 + 1)).toEqual([])
      }
    })
  })

  test('a random history reads the same by key, by range and in both directions', async () => {
    const storage = await open()
    const random = randomNumbers(42)
    for (let number = 1; number <= 400; number++) {
      await storage.apply([writeSetOf(changesOfCommit(number))], number)
      if (random(60) === 0) await storage.checkpoint()
      if (random(40) !== 0) continue
      await withSnapshot(storage, async (snapshot) => {
        const entries = await entriesOf(snapshot, 2)
        expect((await scan(snapshot, 2, { reverse: true })).entries).toEqual([...entries].reverse())
        const from = random(400)
        const to = from + random(100)
        const [lower, upper] = [from, to].map((bound) => `k${String(bound).padStart(4, '0')}`) as [
          string,
          string,
        ]
        const within = entries.filter((entry) => entry.slice(0, 5) >= lower && entry.slice(0, 5) < upper)
        const range = rangeOf(lower, upper)
        expect((await scan(snapshot, 2, { range })).entries).toEqual(within)
        expect(await scanRuns(snapshot, 2)).toEqual(entries)
        expect(await scanRuns(snapshot, 2, { range })).toEqual(within)
        const count = random(within.length + 2) + 1
        expect(await scanRuns(snapshot, 2, { range, limit: count })).toEqual(within.slice(0, count))
        expect(await scanRuns(snapshot, 2, { range, stopAt: count })).toEqual(within.slice(0, count))
        expect((await scan(snapshot, 2, { range, reverse: true, limit: 3 })).entries).toEqual(
          [...within].reverse().slice(0, 3),
        )
        for (const entry of within) {
          expect((await valueOf(snapshot, 2, entry.slice(0, 5)))?.toString('latin1')).toBe(entry.slice(6))
        }
      })
    }
    expect(await expectHistoryState(storage)).toBe(400)
  })
}
