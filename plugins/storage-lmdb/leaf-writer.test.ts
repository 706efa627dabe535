/**
 * Goal: whatever is applied, leaves hold exactly what a sorted map would, tile their keyspaces, are neither too long nor, when
 * appended to, half empty, and let large entries be when others change. Method: random changes to leaves in memory beside a model; all invariants after each.
 */
import { WriteSetBuilder } from '@switchyard/core/spi'
import { randomNumbers } from '../../test/conformance/storage/keyspace-model.js'
import { ENTRY_BYTES, frameBytes, KEY_BYTES_MAX, Leaf, LEAF_BYTES_MAX, type Run } from './leaf.js'
import { LeafWriter, type LeafPages } from './leaf-writer.js'
import { SortedChanges } from './sorted-changes.js'

type Model = Map<string, string>

/** Leaves by keyspace and lower bound. */
class Pages implements LeafPages {
  readonly leaves = new Map<number, Map<string, Buffer>>()
  bytesRead = 0
  bytesWritten = 0

  floor = (keyspace: number, key: Run): Buffer | undefined => {
    const wanted = text(key)
    return this.last(keyspace, (lower) => lower <= wanted)
  }
  before = (keyspace: number, key: Run): Buffer | undefined => {
    const wanted = text(key)
    return this.last(keyspace, (lower) => lower < wanted)
  }
  get = (keyspace: number, lower: Run): Buffer | undefined => this.read(this.of(keyspace).get(text(lower)))
  put = (keyspace: number, lower: Run, leaf: Buffer): void => {
    this.bytesWritten += leaf.length
    this.of(keyspace).set(text(lower), Buffer.from(leaf))
  }
  remove = (keyspace: number, lower: Run): void => {
    expect(this.of(keyspace).delete(text(lower))).toBe(true)
  }

  private last(keyspace: number, isWanted: (lower: string) => boolean): Buffer | undefined {
    let last: string | undefined
    for (const lower of this.of(keyspace).keys()) {
      if (isWanted(lower) && (last === undefined || lower > last)) last = lower
    }
    return last === undefined ? undefined : this.read(this.of(keyspace).get(last))
  }

  private read(leaf: Buffer | undefined): Buffer | undefined {
    this.bytesRead += leaf?.length ?? 0
    return leaf
  }

  of(keyspace: number): Map<string, Buffer> {
    let leaves = this.leaves.get(keyspace)
    if (leaves === undefined) this.leaves.set(keyspace, (leaves = new Map()))
    return leaves
  }
}

function text({ bytes, start, end }: Run): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1')
}

class Scene {
  readonly pages = new Pages()
  readonly models = new Map<number, Model>()
  readonly sizes = new Map<number, { entries: number; bytes: number }>()

  modelOf(keyspace: number): Model {
    let model = this.models.get(keyspace)
    if (model === undefined) this.models.set(keyspace, (model = new Map()))
    return model
  }

  /** Answers the leaves that were noted as touched. */
  apply(changes: readonly (readonly [keyspace: number, key: string, value: string | undefined])[]): Buffer {
    const builder = new WriteSetBuilder()
    for (const [keyspace, key, value] of changes) {
      const keyBytes = Buffer.from(key, 'latin1')
      if (value === undefined) {
        builder.remove(keyspace, keyBytes, 0, keyBytes.length)
        this.modelOf(keyspace).delete(key)
      } else {
        builder.put(keyspace, keyBytes, 0, keyBytes.length, Buffer.from(value, 'latin1'), 0, value.length)
        this.modelOf(keyspace).set(key, value)
      }
    }
    const sorted = new SortedChanges(Math.max(1, changes.length))
    for (let at = 0; at < builder.byteLength;) at = sorted.add(builder.bytes, at)
    sorted.sort()
    const writer = new LeafWriter(this.pages, (keyspace) => {
      let size = this.sizes.get(keyspace)
      if (size === undefined) this.sizes.set(keyspace, (size = { entries: 0, bytes: 0 }))
      return size
    })
    writer.apply(sorted)
    return Buffer.from(writer.touched.take())
  }

  /** Checks everything; answers how full the leaves of a keyspace are on average. */
  check(keyspace: number): number {
    const model = this.modelOf(keyspace)
    const found: [string, string][] = []
    let bound: string | undefined = ''
    let bytes = 0
    let previous = 'none'
    const leaves = [...this.pages.of(keyspace)].sort(([left], [right]) => (left < right ? -1 : 1))
    for (const [lower, memory] of leaves) {
      const leaf = leafOf(memory)
      expect(text({ bytes: memory, start: leaf.lowerStart, end: leaf.upperStart })).toBe(lower)
      expect(lower).toBe(bound)
      bound = leaf.isLast ? undefined : text({ bytes: memory, start: leaf.upperStart, end: leaf.upperEnd })
      expect(leaf.byteSize).toBe(memory.length)
      expect(leaf.isLarge).toBe(memory.length > LEAF_BYTES_MAX)
      bytes += memory.length
      const kind = kindOf(leaf)
      if (kind === 'large') this.checkLarge(leaf, lower, bound)
      const isEmpty = kind === 'empty' && previous !== 'none' && previous !== 'large'
      if (isEmpty || (previous === 'empty' && kind !== 'large')) throw new Error('empty leaf at no large one')
      previous = kind
      for (let at = 0; at < leaf.count; at++) {
        const key = text({ bytes: memory, start: leaf.keyStart(at), end: leaf.keyEnd(at) })
        if (key < lower || (bound !== undefined && key >= bound)) throw new Error('key outside its leaf')
        found.push([key, text({ bytes: memory, start: leaf.valueStart(at), end: leaf.valueEnd(at) })])
      }
    }
    expect(bound).toBe(model.size === 0 ? '' : undefined)
    const expected = [...model].sort(([left], [right]) => (left < right ? -1 : 1))
    expect(found.length).toBe(expected.length)
    // Compared as one: a thousand comparisons of jest's take seconds.
    expect(JSON.stringify(found) === JSON.stringify(expected)).toBe(true)
    const size = this.sizes.get(keyspace) ?? { entries: 0, bytes: 0 }
    expect(size.entries).toBe(expected.length)
    expect(size.bytes).toBe(expected.reduce((sum, [key, value]) => sum + key.length + value.length, 0))
    return leaves.length === 0 ? 0 : bytes / (leaves.length * LEAF_BYTES_MAX)
  }

  /** A large entry's leaf speaks for no other key. */
  private checkLarge(leaf: Leaf, lower: string, upper: string | undefined): void {
    const key = text({ bytes: leaf.bytes, start: leaf.keyStart(0), end: leaf.keyEnd(0) })
    expect(lower === key).toBe(true)
    if (key.length < KEY_BYTES_MAX) expect(upper === `${key}\0`).toBe(true)
  }
}

/** Whether a leaf has no entry, one that alone fills it, or others. */
function kindOf(leaf: Leaf): 'empty' | 'large' | 'others' {
  if (leaf.count === 0) return 'empty'
  const weight = ENTRY_BYTES + leaf.byteSize - leaf.keyStart(0)
  return leaf.isLarge && weight + frameBytes(0, 0) > LEAF_BYTES_MAX ? 'large' : 'others'
}

function leafOf(memory: Buffer): Leaf {
  const own = Buffer.from(new ArrayBuffer(memory.length + (memory.length % 2)))
  own.set(memory)
  const leaf = new Leaf()
  leaf.point(own, new Uint16Array(own.buffer), 0)
  return leaf
}

test.each([1, 2, 3])('holds what a sorted map holds (seed %i)', (seed) => {
  const random = randomNumbers(seed)
  const scene = new Scene()
  const keyOf = (): string => {
    const number = String(random(3000)).padStart(5, '0')
    const kind = random(40)
    if (kind === 0) return 'k'.repeat(KEY_BYTES_MAX - 5) + number
    return kind < 10 ? `long key with much in common ${number}` : number
  }
  const valueOf = (): string => {
    const kind = random(60)
    const size = kind === 0 ? 5000 + random(70_000) : kind < 6 ? random(3000) : random(100)
    return String.fromCharCode(33 + random(90)).repeat(size)
  }
  for (let round = 0; round < 40; round++) {
    const isShrinking = round % 20 > 12
    const changes = Array.from({ length: random(round % 7 === 0 ? 1000 : 60) }, () => {
      const isRemoval = random(10) < (isShrinking ? 9 : 2)
      return [random(2) + 7, keyOf(), isRemoval ? undefined : valueOf()] as const
    })
    scene.apply(changes)
    if (round % 20 === 19) {
      const all = [...scene.modelOf(7).keys()]
      scene.apply(all.map((key) => [7, key, undefined] as const))
      expect(scene.pages.of(7).size).toBe(0)
    }
    if (round % 5 === 0 || isShrinking) for (const keyspace of [7, 8]) scene.check(keyspace)
  }
})

test.each([1, 2])('large entries among few and close keys (seed %i)', (seed) => {
  const random = randomNumbers(seed)
  const scene = new Scene()
  // Also successors of one another, and the longest keys, which have none.
  const keyOf = (): string => {
    const kind = random(20)
    if (kind === 0) return 'k'.repeat(KEY_BYTES_MAX - 1) + String(random(10))
    return String(random(kind < 10 ? 30 : 300)) + '\0'.repeat(random(3))
  }
  const sizes = [0, 20, 2000, 5000, 8000, 8150, 8190, 9000, 70_000]
  for (let round = 0; round < 90; round++) {
    const isShrinking = round % 30 > 20
    const changes = Array.from({ length: random(isShrinking ? 60 : 8) }, () => {
      const isRemoval = random(10) < (isShrinking ? 9 : 3)
      return [1, keyOf(), isRemoval ? undefined : 'v'.repeat(sizes[random(sizes.length)]!)] as const
    })
    scene.apply(changes)
    scene.check(1)
    if (round % 30 !== 29) continue
    const keys = [...scene.modelOf(1).keys()].sort(() => random(3) - 1)
    while (keys.length > 0) {
      scene.apply(keys.splice(0, 3).map((key) => [1, key, undefined] as const))
      scene.check(1)
    }
    expect(scene.pages.of(1).size).toBe(0)
  }
})

test('what is put and removed around a large entry neither reads nor writes it', () => {
  const scene = new Scene()
  const { pages } = scene
  const keyOf = (number: number) => String(number).padStart(6, '0')
  const large = 'v'.repeat(20_000_000)
  scene.apply([1000, 2000, 3000].map((number) => [1, keyOf(number), number === 2000 ? large : 'v'] as const))
  pages.bytesRead = 0
  pages.bytesWritten = 0
  for (let round = 0; round < 100; round++) {
    scene.apply([1100, 1999, 2001, 2500].map((number) => [1, `${keyOf(number)} ${round}`, 'v'.repeat(300)]))
  }
  for (let round = 0; round < 50; round++) {
    scene.apply([1999, 2001].map((number) => [1, `${keyOf(number)} ${round}`, undefined]))
  }
  expect(pages.bytesWritten).toBeLessThan(large.length)
  expect(pages.bytesRead).toBeLessThan(large.length)
  scene.check(1)
})

test('a queue of large entries leaves nothing behind', () => {
  const scene = new Scene()
  const keyOf = (number: number) => String(number).padStart(8, '0')
  for (let round = 0; round < 100; round++) {
    scene.apply([[1, keyOf(round), 'job'.repeat(5000)]])
    if (round >= 3) scene.apply([[1, keyOf(round - 3), undefined]])
    scene.check(1)
  }
  expect(scene.pages.of(1).size).toBeLessThan(8)
})

test('leaves behind a large entry are as full as others', () => {
  const scene = new Scene()
  const keyOf = (number: number) => String(number).padStart(8, '0')
  scene.apply([[1, keyOf(1e6), 'last']])
  scene.apply(
    Array.from({ length: 1000 }, (_, row) => [1, keyOf(row), 'v'.repeat(row === 5 ? 1e6 : 150)] as const),
  )
  scene.check(1)
  expect(scene.pages.of(1).size).toBeLessThan(40)
})

test('keys and values at every limit', () => {
  const scene = new Scene()
  const sizes = [
    0, 1, 31, 32, 33, 4000, 8100, 8140, 8150, 8155, 8160, 8165, 8170, 8176, 8177, 65_535, 65_536, 200_000,
  ]
  scene.apply(sizes.map((size) => [1, `k${String(size).padStart(6, '0')}`, 'v'.repeat(size)] as const))
  scene.check(1)
  const longest = Array.from({ length: 30 }, (_, index) => 'x'.repeat(KEY_BYTES_MAX - 2) + String(10 + index))
  scene.apply(longest.map((key, index) => [1, key, 'w'.repeat(sizes[index % sizes.length]!)] as const))
  scene.check(1)
  scene.apply(longest.filter((_, index) => index % 3 !== 0).map((key) => [1, key, undefined] as const))
  scene.check(1)
  scene.apply([[1, '', '']])
  scene.check(1)
})

test.each([3, 1000])('leaves are filled when keys ascend, %i at a time', (count) => {
  const scene = new Scene()
  const value = 'v'.repeat(150)
  for (let next = 0; next < 1500; next += count) {
    const keys = Array.from({ length: count }, (_, index) => String(next + index).padStart(8, '0'))
    scene.apply(keys.map((key) => [1, key, value] as const))
  }
  expect(scene.check(1)).toBeGreaterThan(0.9)
})

test('leaves stay two thirds full when keys come in any order', () => {
  const scene = new Scene()
  const random = randomNumbers(3)
  for (let round = 0; round < 60; round++) {
    const changes = Array.from(
      { length: 60 },
      () => [1, String(random(1e9)).padStart(10, '0'), 'v'.repeat(100)] as const,
    )
    scene.apply(changes)
  }
  expect(scene.check(1)).toBeGreaterThan(0.6)
})

test('a queue, with entries put behind and taken in front, leaves nothing behind', () => {
  const scene = new Scene()
  const keyOf = (number: number) => String(number).padStart(8, '0')
  for (let round = 0; round < 100; round++) {
    scene.apply(
      Array.from({ length: 50 }, (_, index) => [1, keyOf(round * 50 + index), 'job'.repeat(30)] as const),
    )
    if (round < 4) continue
    scene.apply(
      Array.from({ length: 50 }, (_, index) => [1, keyOf((round - 4) * 50 + index), undefined] as const),
    )
    if (round % 20 === 0) scene.check(1)
  }
  expect(scene.pages.of(1).size).toBeLessThan(8)
})

test('notes which leaves it has touched, and no others', () => {
  const scene = new Scene()
  const keys = Array.from({ length: 2000 }, (_, index) => String(index).padStart(6, '0'))
  expect(scene.apply(keys.map((key) => [1, key, 'v'.repeat(100)] as const)).length).toBe(0)
  const before = new Map(scene.pages.of(1))
  const touched = scene.apply([
    [1, '000500', 'changed'],
    [1, '001500', undefined],
  ])
  const noted: string[] = []
  for (let at = 0; at < touched.length;) {
    expect(touched.readUInt32LE(at)).toBe(1)
    const end = at + 6 + touched.readUInt16LE(at + 4)
    noted.push(touched.toString('latin1', at + 6, end))
    at = end
  }
  const after = scene.pages.of(1)
  const changed = [...before.keys()].filter((lower) => after.get(lower) !== before.get(lower))
  expect(changed.length).toBe(2)
  expect(noted).toEqual(changed)
})
