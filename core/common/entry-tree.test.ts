/**
 * Goal: the tree is an ordered map, and its snapshots never change. Method: random changes beside a sorted array as the
 * model; every snapshot taken on the way is compared in full, forwards, backwards and by key, at the end.
 */
import { EntryTree, TreeEntry, type EntryTreeSnapshot } from './entry-tree.js'

interface Model {
  readonly keyspace: number
  readonly key: Buffer
  readonly value: Buffer
}

function compare(left: Model, right: Model): number {
  return left.keyspace - right.keyspace || Buffer.compare(left.key, right.key)
}

/** A linear congruential generator, so that a failure comes again. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function entryOf({ keyspace, key, value }: Model): TreeEntry {
  const bytes = Buffer.concat([Buffer.from('..'), key, value])
  return new TreeEntry(keyspace, bytes, 2, 2 + key.length, 2 + key.length, bytes.length)
}

function modelOf(entry: TreeEntry): Model {
  const bytes = Buffer.from(entry.bytes)
  return {
    keyspace: entry.keyspace,
    key: bytes.subarray(entry.keyStart, entry.keyEnd),
    value: bytes.subarray(entry.valueStart, entry.valueEnd),
  }
}

function forwards(tree: EntryTreeSnapshot): Model[] {
  const found: Model[] = []
  const cursor = tree.cursor()
  cursor.seek(0, Buffer.alloc(0), 0, 0)
  while (cursor.entry !== undefined) {
    found.push(modelOf(cursor.entry))
    cursor.next()
  }
  return found
}

function backwards(tree: EntryTreeSnapshot): Model[] {
  const found: Model[] = []
  const cursor = tree.cursor()
  cursor.seekBefore(2 ** 32, Buffer.alloc(0), 0, 0)
  while (cursor.entry !== undefined) {
    found.push(modelOf(cursor.entry))
    cursor.previous()
  }
  return found.reverse()
}

function text(models: readonly Model[]): string {
  return models
    .map(({ keyspace, key, value }) => `${keyspace}:${key.toString('hex')}=${value.toString()}`)
    .join('\n')
}

const PREFIXES = [[], [0, 0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9], [255, 255]]

describe('EntryTree', () => {
  test.each([1, 2, 3, 4, 5])('agrees with a sorted array, and so do its snapshots (seed %i)', (seed) => {
    const random = randomNumbers(seed)
    const tree = new EntryTree()
    const model = new Map<string, Model>()
    const snapshots: { tree: EntryTreeSnapshot; expected: Model[] }[] = []
    for (let step = 0; step < 6000; step++) {
      const keyspace = random(3)
      const suffix = Array.from({ length: random(4) }, () => random(seed === 1 ? 4 : 40))
      // Also keys that differ only behind the bytes that nodes keep as numbers, or around their end.
      const key = Buffer.from([...PREFIXES[random(PREFIXES.length)]!, ...suffix])
      const name = `${keyspace}/${key.toString('hex')}`
      // Phases of growth and of shrinking, so that merges up to the root happen too.
      if (random(10) < (Math.floor(step / 1500) % 2 === 0 ? 8 : 1)) {
        const item = { keyspace, key, value: Buffer.from(String(step)) }
        const replaced = tree.put(entryOf(item))
        expect(replaced && modelOf(replaced).value.toString()).toBe(model.get(name)?.value.toString())
        model.set(name, item)
      } else {
        const removed = tree.remove(keyspace, key, 0, key.length)
        expect(removed && modelOf(removed).value.toString()).toBe(model.get(name)?.value.toString())
        model.delete(name)
      }
      expect(tree.size).toBe(model.size)
      if (step % 500 === 0) {
        snapshots.push({ tree: tree.snapshot(), expected: [...model.values()].sort(compare) })
      }
    }
    for (const name of [...model.keys()]) {
      const { keyspace, key } = model.get(name)!
      tree.remove(keyspace, key, 0, key.length)
    }
    expect(forwards(tree)).toEqual([])
    expect(backwards(tree)).toEqual([])
    for (const { tree: snapshot, expected } of snapshots) {
      expect(text(forwards(snapshot))).toBe(text(expected))
      expect(text(backwards(snapshot))).toBe(text(expected))
      for (const { keyspace, key, value } of expected) {
        const found = snapshot.find(keyspace, key, 0, key.length)
        expect(found && modelOf(found).value.toString()).toBe(value.toString())
      }
    }
  })

  test('seeks stand before, at and behind a key that is or is not there', () => {
    const tree = new EntryTree()
    for (let i = 0; i < 500; i++) {
      const key = Buffer.from([i >> 8, i & 255, 1])
      tree.put(new TreeEntry(7, key, 0, 3, 3, 3))
    }
    const cursor = tree.cursor()
    for (let i = 0; i < 500; i++) {
      const present = Buffer.from([0, i >> 8, i & 255, 1, 0])
      cursor.seek(7, present, 1, 4)
      expect(cursor.entry?.bytes).toEqual(present.subarray(1, 4))
      cursor.seekBefore(7, present, 1, 4)
      expect(cursor.entry?.bytes[1]).toBe(i === 0 ? undefined : (i - 1) & 255)
      cursor.seek(7, present, 1, 5)
      expect(cursor.entry?.bytes[1]).toBe(i === 499 ? undefined : (i + 1) & 255)
      cursor.seekBefore(7, present, 1, 5)
      expect(cursor.entry?.bytes[1]).toBe(i & 255)
      expect(tree.find(7, present, 1, 5)).toBeUndefined()
      expect(tree.find(6, present, 1, 4)).toBeUndefined()
    }
  })

  test('a tombstone is an entry without a value', () => {
    const removal = TreeEntry.removal(1, Buffer.from('xkey'), 1, 4)
    expect(removal.isRemoval).toBe(true)
    expect(removal.byteSize).toBe(3)
    expect(entryOf({ keyspace: 1, key: Buffer.from('k'), value: Buffer.alloc(0) }).isRemoval).toBe(false)
  })
})
