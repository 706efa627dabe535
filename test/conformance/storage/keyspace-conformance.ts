/**
 * What every keyspace driver must do (see `core/spi/storage.ts`). A driver's own tests call
 * `runKeyspaceConformance`; each test works on a storage of its own in a folder of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WriteSetBuilder, type KeyspaceStorage, type WriteSet } from '@switchyard/core/spi'
import { runDurabilityConformance } from './durability-conformance.js'
import {
  changesOfCommit,
  entriesOf,
  EVERYTHING,
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
} from './keyspace-model.js'

export interface KeyspaceHarness {
  /** Makes a storage, not started, whose files (if any) are in `folder`, which exists. */
  create(folder: string): KeyspaceStorage
  /**
   * For durable drivers: a module (file URL) that exports `create` as above, to be loaded by a child process that is
   * killed. It may be TypeScript.
   */
  readonly module?: string
}

/** Hands each test a started storage and cleans up behind it. */
function storages(harness: KeyspaceHarness): { open(): Promise<KeyspaceStorage> } {
  let folder = ''
  const opened: KeyspaceStorage[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchyard-conformance-'))
  })
  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    async open() {
      const storage = harness.create(folder)
      await storage.start()
      opened.push(storage)
      return storage
    },
  }
}

export function runKeyspaceConformance(name: string, harness: KeyspaceHarness): void {
  describe(`keyspace storage ${name}`, () => {
    const { open } = storages(harness)
    describeReading(open)
    describeChanging(open)
    describeSnapshots(open)
    describeBulk(open)
    describeStages(open)
  })
  if (harness.module !== undefined) runDurabilityConformance(name, harness.create, harness.module)
}

type Open = () => Promise<KeyspaceStorage>

/** Keys that a comparison of anything but unsigned bytes, shorter first, puts into another order. */
const AWKWARD_KEYS = [
  '',
  '\0',
  '\0\0',
  '\0\x01',
  '\x01',
  'a',
  'aa',
  'b',
  '\x7f',
  '\x80',
  '\xfe',
  '\xff',
  '\xff\0',
  '\xff\xff',
]

function describeReading(open: Open): void {
  test('keys are ordered as unsigned bytes, shorter first, in both directions', async () => {
    const storage = await open()
    const shuffled = [...AWKWARD_KEYS].sort((left, right) => right.length - left.length)
    await storage.apply([writeSetOf(shuffled.map((key) => ({ keyspace: 5, key, value: 'v' })))], 1)
    const expected = AWKWARD_KEYS.map((key) => `${key}=v`)
    await withSnapshot(storage, async (snapshot) => {
      expect(await scan(snapshot, 5)).toEqual({ entries: expected, visited: expected.length })
      expect((await scan(snapshot, 5, { reverse: true })).entries).toEqual([...expected].reverse())
    })
  })

  test('a range holds its lower bound and not its upper one, wherever the bounds lie', async () => {
    const storage = await open()
    await storage.apply([writeSetOf(AWKWARD_KEYS.map((key) => ({ keyspace: 5, key, value: key })))], 1)
    const bounds = [undefined, ...AWKWARD_KEYS, '\0\0\0', '\x02', '\x81', 'A', 'ab', 'c', '\xff\xff\xff']
    await withSnapshot(storage, async (snapshot) => {
      for (const lower of bounds) {
        for (const upper of bounds) {
          const range = rangeOf(lower, upper)
          const expected = AWKWARD_KEYS.filter(
            (key) => (lower === undefined || key >= lower) && (upper === undefined || key < upper),
          ).map((key) => `${key}=${key}`)
          expect((await scan(snapshot, 5, { range })).entries).toEqual(expected)
          expect((await scan(snapshot, 5, { range, reverse: true })).entries).toEqual([...expected].reverse())
        }
      }
    })
  })

  test('keyspaces are apart, also when they are neighbours', async () => {
    const storage = await open()
    const ids = [
      0, 1, 2, 255, 256, 257, 0xffff, 0x10000, 0x01000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
    ]
    for (const [index, id] of ids.entries()) {
      await storage.apply([puts(id, { '': `${id}`, k: 'v', '\xff\xff\xff\xff\xff': 'last' })], index + 1)
    }
    await withSnapshot(storage, async (snapshot) => {
      for (const id of ids) {
        const expected = [`=${id}`, 'k=v', '\xff\xff\xff\xff\xff=last']
        expect(await entriesOf(snapshot, id)).toEqual(expected)
        expect((await scan(snapshot, id, { reverse: true })).entries).toEqual([...expected].reverse())
      }
      expect(await entriesOf(snapshot, 3)).toEqual([])
      expect(await valueOf(snapshot, 3, 'k')).toBeUndefined()
    })
  })

  test('a scan visits at most `limit` entries, stops when told, and says how many it visited', async () => {
    const storage = await open()
    await storage.apply([puts(1, { a: '1', b: '2', c: '3', d: '4' })], 1)
    await withSnapshot(storage, async (snapshot) => {
      expect(await scan(snapshot, 1, { limit: 2 })).toEqual({ entries: ['a=1', 'b=2'], visited: 2 })
      expect(await scan(snapshot, 1, { limit: 4 })).toMatchObject({ visited: 4 })
      expect(await scan(snapshot, 1, { limit: 9 })).toMatchObject({ visited: 4 })
      expect(await scan(snapshot, 1, { limit: 0 })).toEqual({ entries: [], visited: 0 })
      expect(await scan(snapshot, 1, { stopAt: 3 })).toEqual({ entries: ['a=1', 'b=2', 'c=3'], visited: 3 })
      expect(await scan(snapshot, 1, { stopAt: 1, reverse: true })).toEqual({ entries: ['d=4'], visited: 1 })
      expect(await scan(snapshot, 1, { limit: 3, reverse: true })).toEqual({
        entries: ['d=4', 'c=3', 'b=2'],
        visited: 3,
      })
    })
  })

  test.each([false, true])(
    'slices that resume behind the last key find everything once (reverse: %s)',
    async (reverse) => {
      const storage = await open()
      const changes: Change[] = []
      for (let i = 0; i < 2500; i++) changes.push({ keyspace: 1, key: numberKey(i * 3), value: String(i) })
      await storage.apply([writeSetOf(changes)], 1)
      await withSnapshot(storage, async (snapshot) => {
        const seen: number[] = []
        let bound: Uint8Array | undefined
        for (;;) {
          const range = reverse ? rangeOf(undefined, bound) : rangeOf(bound, undefined)
          let last: Buffer | undefined
          const visited = await snapshot.scan(1, range, reverse, 1000, (key, start, end) => {
            last = Buffer.from(key.subarray(start, end))
            seen.push(last.readUInt32BE() / 3)
            return true
          })
          if (visited < 1000) break
          // The key that follows immediately has a zero byte more.
          bound = reverse ? last! : Buffer.concat([last!, Buffer.alloc(1)])
        }
        const expected = Array.from({ length: 2500 }, (_, index) => (reverse ? 2499 - index : index))
        expect(seen).toEqual(expected)
      })
    },
  )

  test('an error thrown by a visitor reaches the caller and harms nothing', async () => {
    const storage = await open()
    await storage.apply([puts(1, { a: '1', b: '2' })], 1)
    await withSnapshot(storage, async (snapshot) => {
      const fail = () => {
        throw new Error('from the visitor')
      }
      await expect((async () => snapshot.scan(1, EVERYTHING, false, 9, fail))()).rejects.toThrow(
        'from the visitor',
      )
      await expect((async () => snapshot.get(1, Buffer.from('a'), fail))()).rejects.toThrow(
        'from the visitor',
      )
      expect(await entriesOf(snapshot, 1)).toEqual(['a=1', 'b=2'])
    })
  })

  test('reads nest: a visitor may look up and scan', async () => {
    const storage = await open()
    await storage.apply([puts(1, { a: 'x', b: 'y' }), puts(2, { x: '1', y: '2' })], 1)
    await withSnapshot(storage, async (snapshot) => {
      const pairs: string[] = []
      const outer: string[] = []
      await snapshot.scan(1, EVERYTHING, false, 9, (_key, _keyStart, _keyEnd, value, start, end) => {
        const name = Buffer.from(value.subarray(start, end))
        outer.push(name.toString())
        void snapshot.get(2, name, (_k, _ks, _ke, inner, innerStart, innerEnd) => {
          pairs.push(Buffer.from(inner.subarray(innerStart, innerEnd)).toString())
          return true
        })
        void snapshot.scan(2, EVERYTHING, true, 1, (innerKey, innerStart, innerEnd) => {
          pairs.push(Buffer.from(innerKey.subarray(innerStart, innerEnd)).toString())
          return true
        })
        return true
      })
      expect(outer).toEqual(['x', 'y'])
      expect(pairs.sort()).toEqual(['1', '2', 'y', 'y'])
    })
  })

  test('an estimate, where there is one, is near for few entries and not absurd for many', async () => {
    const storage = await open()
    const changes: Change[] = []
    for (let i = 0; i < 5000; i++) changes.push({ keyspace: 1, key: numberKey(i), value: 'v' })
    await storage.apply([writeSetOf(changes)], 1)
    await storage.checkpoint()
    await withSnapshot(storage, async (snapshot) => {
      const few = snapshot.estimate(1, rangeOf(numberKey(100), numberKey(110)))
      if (few !== undefined) expect(Math.abs(few - 10)).toBeLessThanOrEqual(10)
      const many = snapshot.estimate(1, EVERYTHING)
      if (many !== undefined) {
        expect(many).toBeGreaterThan(500)
        expect(many).toBeLessThan(50_000)
      }
      const size = storage.size(1)
      if (size !== undefined) {
        expect(size.entries).toBeGreaterThan(500)
        expect(size.entries).toBeLessThan(50_000)
      }
    })
  })
}

function describeChanging(open: Open): void {
  test('a new storage is empty and at commit 0', async () => {
    const storage = await open()
    expect(storage.appliedCommitNumber).toBe(0)
    expect(storage.capabilities.shape).toBe('keyspace')
    expect(storage.capabilities.keyBytesMax).toBeGreaterThanOrEqual(3072)
    expect(await latest(storage, 1)).toEqual([])
    expect(await storage.checkpoint()).toBe(0)
  })

  test('later entries win over earlier ones, within a write set and between them', async () => {
    const storage = await open()
    const first = writeSetOf([
      { keyspace: 1, key: 'a', value: '1' },
      { keyspace: 1, key: 'a', value: undefined },
      { keyspace: 1, key: 'a', value: '2' },
      { keyspace: 1, key: 'b', value: '1' },
      { keyspace: 1, key: 'c', value: '1' },
      { keyspace: 1, key: 'c', value: undefined },
      { keyspace: 1, key: 'never', value: undefined },
    ])
    const second = writeSetOf([
      { keyspace: 1, key: 'b', value: '2' },
      { keyspace: 1, key: 'd', value: '1' },
    ])
    await storage.apply([first, second], 7)
    expect(storage.appliedCommitNumber).toBe(7)
    expect(await latest(storage, 1)).toEqual(['a=2', 'b=2', 'd=1'])
    await withSnapshot(storage, async (snapshot) => {
      expect(snapshot.commitNumber).toBe(7)
      expect(await valueOf(snapshot, 1, 'c')).toBeUndefined()
      expect((await valueOf(snapshot, 1, 'b'))?.toString()).toBe('2')
    })
  })

  test('applying the same write sets again leaves the same state', async () => {
    const storage = await open()
    const sets = [1, 2, 3].map((number) => writeSetOf(changesOfCommit(number)))
    await storage.apply(sets, 3)
    await storage.apply(sets, 3)
    expect(await expectHistoryState(storage)).toBe(3)
  })

  test('write sets stay the caller’s: changing their bytes afterwards changes nothing', async () => {
    const storage = await open()
    const set = puts(1, { key: 'value' })
    await storage.apply([set], 1)
    set.bytes.fill(0x55)
    expect(await latest(storage, 1)).toEqual(['key=value'])
  })

  test('empty keys and empty values are kept apart from missing ones', async () => {
    const storage = await open()
    await storage.apply([puts(1, { '': '', k: '' })], 1)
    await withSnapshot(storage, async (snapshot) => {
      expect((await valueOf(snapshot, 1, ''))?.length).toBe(0)
      expect((await valueOf(snapshot, 1, 'k'))?.length).toBe(0)
      expect(await valueOf(snapshot, 1, 'kk')).toBeUndefined()
      expect(await valueOf(snapshot, 2, '')).toBeUndefined()
    })
    await storage.apply([writeSetOf([{ keyspace: 1, key: '', value: undefined }])], 2)
    expect(await latest(storage, 1)).toEqual(['k='])
  })

  test('keys may be as long as the driver says', async () => {
    const storage = await open()
    const size = Math.min(storage.capabilities.keyBytesMax, 65_535)
    const longest = Buffer.alloc(size, 'x')
    const next = Buffer.alloc(size, 'x')
    next[size - 1] = 'y'.charCodeAt(0)
    for (const number of [1, 2]) {
      await storage.apply(
        [
          writeSetOf([
            { keyspace: 1, key: next, value: 'second' },
            { keyspace: 1, key: longest, value: 'first' },
          ]),
        ],
        number,
      )
      // Once from wherever fresh changes are, once from where they end up.
      await storage.checkpoint()
    }
    await withSnapshot(storage, async (snapshot) => {
      const { entries } = await scan(snapshot, 1)
      expect(entries.map((entry) => entry.slice(size))).toEqual(['=first', '=second'])
      expect((await valueOf(snapshot, 1, longest))?.toString()).toBe('first')
      expect(await valueOf(snapshot, 1, longest.subarray(1))).toBeUndefined()
    })
  })

  test('values may be large', async () => {
    const storage = await open()
    const random = randomNumbers(9)
    const large = Buffer.alloc(20 * 1024 * 1024)
    for (let at = 0; at < large.length; at += 4099) large[at] = random(256)
    await storage.apply([writeSetOf([{ keyspace: 1, key: 'large', value: large }])], 1)
    await storage.apply([puts(1, { small: 's' })], 2)
    for (let round = 0; round < 2; round++) {
      await withSnapshot(storage, async (snapshot) => {
        expect((await valueOf(snapshot, 1, 'large'))?.equals(large)).toBe(true)
        expect((await valueOf(snapshot, 1, 'small'))?.toString()).toBe('s')
        const sizes: number[] = []
        await snapshot.scan(1, EVERYTHING, false, 10, (_key, _keyStart, _keyEnd, _value, start, end) => {
          sizes.push(end - start)
          return true
        })
        expect(sizes).toEqual([large.length, 1])
      })
      await storage.checkpoint()
    }
  })
}

function describeSnapshots(open: Open): void {
  test('a snapshot never changes, whatever is applied, checkpointed or loaded meanwhile', async () => {
    const storage = await open()
    const kept: {
      readonly number: number
      readonly state: string[][]
      readonly read: () => Promise<string[][]>
      release(): void
    }[] = []
    for (let number = 1; number <= 60; number++) {
      await storage.apply([writeSetOf(changesOfCommit(number))], number)
      if (number % 10 === 5) await storage.checkpoint()
      if (number % 10 === 7) await storage.load(90, puts(90, { [`load${number}`]: 'v' }))
      if (number % 4 === 0) {
        const snapshot = storage.snapshot()
        expect(snapshot.commitNumber).toBe(number)
        const read = async () => [
          await entriesOf(snapshot, 1),
          await entriesOf(snapshot, 2),
          (await scan(snapshot, 3, { reverse: true })).entries,
        ]
        kept.push({ number, state: await read(), read, release: () => snapshot.release() })
      }
    }
    for (const { number, state, read } of kept) {
      expect(state[0]).toContain(`commit=${number}`)
      expect(await read()).toEqual(state)
    }
    // Released in another order than taken.
    for (const { release } of kept.sort((left, right) => (left.number % 7) - (right.number % 7))) release()
    expect(await expectHistoryState(storage)).toBe(60)
  })

  test('nothing of a large apply is seen before all of it is', async () => {
    const storage = await open()
    await storage.apply([puts(1, { a: 'old', z: 'old' })], 1)
    const changes: Change[] = [{ keyspace: 1, key: 'a', value: 'new' }]
    for (let i = 0; i < 150_000; i++)
      changes.push({ keyspace: 1, key: numberKey(i * 7), value: `value ${i}` })
    changes.push({ keyspace: 1, key: 'z', value: 'new' })
    const large = writeSetOf(changes)
    const before = storage.snapshot()
    const progress = { isDone: false }
    const applied = Promise.resolve(storage.apply([large], 2)).then(() => (progress.isDone = true))
    let observations = 0
    while (!progress.isDone) {
      await new Promise(setImmediate)
      await withSnapshot(storage, async (snapshot) => {
        const size = (await scan(snapshot, 1, { limit: 10 })).visited
        const isNew = snapshot.commitNumber === 2
        expect(size).toBe(isNew ? 10 : 2)
        expect((await valueOf(snapshot, 1, 'a'))?.toString()).toBe(isNew ? 'new' : 'old')
        expect((await valueOf(snapshot, 1, 'z'))?.toString()).toBe(isNew ? 'new' : 'old')
      })
      observations++
    }
    await applied
    expect(observations).toBeGreaterThan(0)
    expect(await entriesOf(before, 1)).toEqual(['a=old', 'z=old'])
    before.release()
    expect(storage.appliedCommitNumber).toBe(2)
    await withSnapshot(storage, async (snapshot) => {
      expect((await scan(snapshot, 1)).visited).toBe(150_002)
    })
  })

  test('a large apply lets other work run', async () => {
    const storage = await open()
    const changes: Change[] = []
    for (let i = 0; i < 200_000; i++) changes.push({ keyspace: 1, key: numberKey(i), value: 'some value' })
    const large = writeSetOf(changes)
    // Turns are counted and not timed: on a busy machine a turn may take any time.
    let turns = 0
    const count = (): void => {
      turns++
      next = setImmediate(count)
    }
    let next = setImmediate(count)
    await storage.apply([large], 1)
    clearImmediate(next)
    expect(turns).toBeGreaterThan(10)
  })

  test('a large apply waits for nobody’s snapshot, and small ones follow in order', async () => {
    const storage = await open()
    const changes = (value: string): Change[] =>
      Array.from({ length: 30_000 }, (_, index) => ({ keyspace: 1, key: numberKey(index), value }))
    const open1 = storage.snapshot()
    await storage.apply([writeSetOf(changes('one'))], 1)
    const open2 = storage.snapshot()
    await storage.apply([writeSetOf(changes('two'))], 2)
    await storage.apply([writeSetOf([{ keyspace: 1, key: numberKey(3), value: 'three' }])], 3)
    expect((await scan(open1, 1)).visited).toBe(0)
    expect((await valueOf(open2, 1, numberKey(3)))?.toString()).toBe('one')
    await withSnapshot(storage, async (snapshot) => {
      expect((await valueOf(snapshot, 1, numberKey(3)))?.toString()).toBe('three')
      expect((await valueOf(snapshot, 1, numberKey(4)))?.toString()).toBe('two')
    })
    open1.release()
    open2.release()
  })
}

function numbered(keyspace: number, from: number, to: number, step = 1): WriteSet {
  const changes: Change[] = []
  for (let i = from; i < to; i += step) changes.push({ keyspace, key: numberKey(i), value: `v${i}` })
  return writeSetOf(changes)
}

/** What drivers with `newStage` have to do; the others have nothing to show. */
function describeStages(open: Open): void {
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

function describeBulk(open: Open): void {
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
