/**
 * Goal: digests of entries are equal for the same entries in any order, and for no others. Method: entries that differ in one byte,
 * in where the key ends, in how often one is there, or that exchange values.
 */
import { EntryDigest } from './entry-digest.js'

type Entry = readonly [key: string, value: string]

function digestOf(entries: readonly Entry[]): EntryDigest {
  const digest = new EntryDigest()
  for (const [key, value] of entries) {
    // Entries lie somewhere within a page.
    const page = Buffer.from(`..${key}${value}..`)
    digest.add(page, 2, 2 + key.length, page, 2 + key.length, page.length - 2)
  }
  return digest
}

const ENTRIES: readonly Entry[] = Array.from({ length: 1000 }, (_, i) => [
  `key ${String(i)}`,
  `row ${String(i % 7)}`,
])

test('the order does not matter', () => {
  expect(digestOf([...ENTRIES].reverse()).equals(digestOf(ENTRIES))).toBe(true)
})

test.each<[string, (entries: Entry[]) => void]>([
  ['an entry is missing', (entries) => entries.pop()],
  ['an entry is there twice instead of another', (entries) => entries.splice(3, 1, entries[4] as Entry)],
  ['a value differs', (entries) => entries.splice(3, 1, ['key 3', 'row 4'])],
  [
    'two entries have exchanged their values',
    (entries) => entries.splice(3, 2, ['key 3', 'row 4'], ['key 4', 'row 3']),
  ],
  ['a key ends elsewhere', (entries) => entries.splice(3, 1, ['key 3r', 'ow 3'])],
])('digests differ when %s', (_title, damage) => {
  const damaged = [...ENTRIES]
  damage(damaged)
  expect(digestOf(damaged).equals(digestOf(ENTRIES))).toBe(false)
})
