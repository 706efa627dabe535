/**
 * Goal: the reader finds the same payloads however the stream is cut, and refuses what is out of order or too large.
 * Method: streams of packets cut at every place and at random ones.
 */
import { packet } from '../../../test/support/wire-client.js'
import { PacketReader } from './packet-reader.js'

const MAX = 64 * 1024 * 1024

/** All payloads that can be read after each chunk, commands starting at sequence 0. */
function readAll(reader: PacketReader, chunks: readonly Buffer[]): string[] {
  const payloads: string[] = []
  for (const chunk of chunks) {
    reader.push(chunk)
    for (let next = reader.next(0); next !== undefined; next = reader.next(0))
      payloads.push(next.toString('latin1'))
  }
  return payloads
}

describe('PacketReader', () => {
  const texts = ['first', '', 'the third one', 'x'.repeat(300)]
  const stream = Buffer.concat(texts.map((text) => packet(Buffer.from(text), 0)))

  it('finds the payloads of a stream that is cut anywhere', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const chunks = [stream.subarray(0, cut), stream.subarray(cut)]
      expect(readAll(new PacketReader(MAX), chunks)).toEqual(texts)
    }
  })

  it('finds the payloads of a stream that comes byte by byte', () => {
    const chunks = Array.from(stream, (byte) => Buffer.of(byte))
    expect(readAll(new PacketReader(MAX), chunks)).toEqual(texts)
  })

  it('keeps payloads that were handed out while more arrives', () => {
    const reader = new PacketReader(MAX)
    reader.push(stream.subarray(0, 3))
    reader.push(stream.subarray(3, 12))
    const first = reader.next(0)
    reader.push(stream.subarray(12))
    reader.next(0)
    reader.next(0)
    expect(first?.toString()).toBe('first')
  })

  it('joins packets of 16 MiB to one payload', () => {
    const whole = Buffer.alloc(0xffffff * 2 + 5, 7)
    const parts = [
      whole.subarray(0, 0xffffff),
      whole.subarray(0xffffff, 0xffffff * 2),
      whole.subarray(0xffffff * 2),
    ]
    const bytes = Buffer.concat([...parts.map((part, i) => packet(part, i)), packet(Buffer.from('next'), 0)])
    const reader = new PacketReader(MAX)
    const sizes: number[] = []
    for (let at = 0; at < bytes.length; at += 1_000_003) {
      reader.push(bytes.subarray(at, at + 1_000_003))
      for (let next = reader.next(0); next !== undefined; next = reader.next(0)) sizes.push(next.length)
    }
    expect(sizes).toEqual([whole.length, 4])
    expect(reader.isInside).toBe(false)
  })

  it('ends a payload of exactly 16 MiB - 1 at the empty packet behind it', () => {
    const reader = new PacketReader(MAX)
    reader.push(packet(Buffer.alloc(0xffffff), 0))
    expect(reader.next(0)).toBeUndefined()
    expect(reader.isInside).toBe(true)
    reader.push(packet(Buffer.alloc(0), 1))
    expect(reader.next(0)?.length).toBe(0xffffff)
    expect(reader.sequence).toBe(1)
  })

  it('refuses a packet out of order', () => {
    const reader = new PacketReader(MAX)
    reader.push(packet(Buffer.from('x'), 3))
    expect(() => reader.next(0)).toThrow(expect.objectContaining({ number: 1156 }))
    const joined = new PacketReader(MAX)
    joined.push(packet(Buffer.alloc(0xffffff), 0))
    joined.next(0)
    joined.push(packet(Buffer.alloc(1), 2))
    expect(() => joined.next(0)).toThrow(expect.objectContaining({ number: 1156 }))
  })

  it('refuses too large a payload by its header, alone or joined', () => {
    const reader = new PacketReader(1000)
    reader.push(packet(Buffer.alloc(1001), 0).subarray(0, 4))
    expect(() => reader.next(0)).toThrow(expect.objectContaining({ number: 1153 }))
    const joined = new PacketReader(0xffffff + 10)
    joined.push(packet(Buffer.alloc(0xffffff), 0))
    expect(joined.next(0)).toBeUndefined()
    joined.push(packet(Buffer.alloc(11), 1).subarray(0, 4))
    expect(() => joined.next(0)).toThrow(expect.objectContaining({ number: 1153 }))
  })

  it('holds little more memory than was sent', () => {
    const reader = new PacketReader(MAX)
    const header = Buffer.from([0xff, 0xff, 0x0f, 0])
    const before = process.memoryUsage().arrayBuffers
    reader.push(header)
    for (let i = 0; i < 1000; i++) reader.push(Buffer.of(1))
    expect(reader.next(0)).toBeUndefined()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(512 * 1024)
  })
})
