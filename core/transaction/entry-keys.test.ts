/**
 * Goal: the set answers for exactly the keys that were added, however many there are and however alike they look.
 * Method: random keys of few bytes and long ones that differ at their ends, against a set of texts.
 */
import { WriteSetBuilder } from '../common/write-set.js'
import { EntryKeys } from './entry-keys.js'

function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const makers: readonly [string, (next: (below: number) => number) => Buffer][] = [
  ['numbers', (next) => Buffer.from([0x80, next(256), next(256), next(256)])],
  ['few bytes of any length', (next) => Buffer.from(Array.from({ length: next(4) }, () => next(3)))],
  ['texts with one beginning', (next) => Buffer.from(`customer-${'0'.repeat(40)}-${next(100_000)}`)],
]

test.each(makers)('%s', (_name, make) => {
  const next = random(7)
  const entries = new WriteSetBuilder()
  const expected = new Set<string>()
  const keys = new EntryKeys()
  const value = Buffer.from('value')
  for (let i = 0; i < 20_000; i++) {
    const key = make(next)
    const at = entries.put(5, key, 0, key.length, value, 0, value.length)
    expected.add(key.toString('hex'))
    keys.add(entries.bytes, at)
  }
  for (let i = 0; i < 20_000; i++) {
    const key = make(next)
    expect(keys.has(entries.bytes, key)).toBe(expected.has(key.toString('hex')))
  }
  for (const key of expected) expect(keys.has(entries.bytes, Buffer.from(key, 'hex'))).toBe(true)
})

test('an empty set has nothing, not even the empty key', () => {
  expect(new EntryKeys().has(Buffer.alloc(0), Buffer.alloc(0))).toBe(false)
})
