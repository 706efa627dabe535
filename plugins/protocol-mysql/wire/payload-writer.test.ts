/** Goal: what is written is what is taken, wherever the buffer happens to grow. Method: each kind of write behind fillings of every length. */
import { PayloadWriter } from './payload-writer.js'

const WRITES: readonly (readonly [string, (writer: PayloadWriter) => PayloadWriter, readonly number[]])[] = [
  ['uint8', (writer) => writer.uint8(0x11), [0x11]],
  ['uint16', (writer) => writer.uint16(0x2211), [0x11, 0x22]],
  ['uint24', (writer) => writer.uint24(0x332211), [0x11, 0x22, 0x33]],
  ['uint32', (writer) => writer.uint32(0xff332211), [0x11, 0x22, 0x33, 0xff]],
  ['lengthEncoded', (writer) => writer.lengthEncoded(0xfb), [0xfc, 0xfb, 0]],
  ['lengthEncodedBytes', (writer) => writer.lengthEncodedBytes(Buffer.of(7, 8)), [2, 7, 8]],
  ['zeroTerminated', (writer) => writer.zeroTerminated('a'), [0x61, 0]],
  ['zeros', (writer) => writer.zeros(3), [0, 0, 0]],
]

test.each(WRITES)('%s', (_name, write, expected) => {
  for (let length = 250; length < 540; length++) {
    const filling = Buffer.alloc(length, 0xee)
    const written = write(new PayloadWriter().raw(filling)).take()
    expect(written.subarray(0, length).equals(filling)).toBe(true)
    expect([length, ...written.subarray(length)]).toEqual([length, ...expected])
  }
})
