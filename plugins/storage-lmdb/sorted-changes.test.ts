/**
 * Goal: changes come in the order of keyspaces and keys, those of one key in the order in which they were made, however many they are. Method: keys
 * by chance, of which many begin alike, are the same, or differ in length only, against a plain sort.
 */
import { WriteSetBuilder } from '@switchyard/core/spi'
import { Random } from '../../test/random-sql/random.js'
import { SortedChanges } from './sorted-changes.js'

const random = new Random(7)

function randomKey(): Buffer {
  const start = random.pick([
    '',
    'k',
    'a long beginning that many have',
    '\0\0',
    '\xff\xff\xff\xff\xff\xff\xff\xff',
  ])
  const end = Buffer.alloc(random.next(4))
  for (let i = 0; i < end.length; i++) end[i] = random.pick([0, 1, 127, 255, random.next(256)])
  return Buffer.concat([Buffer.from(start, 'latin1'), end])
}

test.each([100, 30_000])('%i changes', (count) => {
  const builder = new WriteSetBuilder()
  const made: { readonly keyspace: number; readonly key: Buffer; readonly number: number }[] = []
  const value = Buffer.alloc(8)
  for (let number = 0; number < count; number++) {
    const keyspace = random.pick([1, 2, 65_535, 65_536, 0x80000001])
    const key = randomKey()
    made.push({ keyspace, key, number })
    value.writeUInt32BE(number)
    if (random.chance(50)) builder.put(keyspace, key, 0, key.length, value, 0, 4)
    else builder.remove(keyspace, key, 0, key.length)
  }
  const changes = new SortedChanges(count)
  for (let at = 0; at < builder.byteLength;) at = changes.add(builder.bytes, at)
  changes.sort()
  const expected = [...made].sort(
    (a, b) => a.keyspace - b.keyspace || Buffer.compare(a.key, b.key) || a.number - b.number,
  )
  for (const [at, { keyspace, key, number }] of expected.entries()) {
    const { bytes, start, end } = changes.keyOf(at)
    const isSame =
      changes.keyspaceOf(at) === keyspace && Buffer.compare(key, bytes.subarray(start, end)) === 0
    const valueEnd = changes.valueEndOf(at)
    const isInOrder = valueEnd < 0 || new DataView(bytes.buffer, bytes.byteOffset).getUint32(end) === number
    if (!isSame || !isInOrder) throw new Error(`change ${number} isn't at ${at}`)
    const next = expected[at + 1]
    const isRepeated = next?.keyspace === keyspace && Buffer.compare(next.key, key) === 0
    if (changes.isRepeated(at) !== isRepeated) throw new Error(`change ${number} is repeated or not`)
  }
})
