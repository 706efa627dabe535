/** What look-ups and scans of a keyspace driver answer, part of `runKeyspaceConformance`. */
import {
  entriesOf,
  EVERYTHING,
  numberKey,
  puts,
  rangeOf,
  scan,
  valueOf,
  withSnapshot,
  writeSetOf,
  type Change,
  type OpenStorage,
} from './keyspace-model.js'

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

export function describeReading(open: OpenStorage): void {
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
