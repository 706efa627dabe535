/** What becomes of write sets, and what open snapshots see of them, part of `runKeyspaceConformance`. */
import {
  changesOfCommit,
  entriesOf,
  EVERYTHING,
  expectHistoryState,
  latest,
  numberKey,
  puts,
  randomNumbers,
  scan,
  valueOf,
  withSnapshot,
  writeSetOf,
  type Change,
  type OpenStorage,
} from './keyspace-model.js'

export function describeChanging(open: OpenStorage): void {
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

export function describeSnapshots(open: OpenStorage): void {
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
