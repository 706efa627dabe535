/**
 * Goal: what is written arrives as correct packets whatever its size, in few buffers. Method: packets of many sizes are
 * written, and what was handed over is read back.
 */
import { PacketOutput } from './packet-output.js'
import { PacketReader } from './packet-reader.js'

function collect(): { output: PacketOutput; chunks: Buffer[] } {
  const chunks: Buffer[] = []
  const output = new PacketOutput((buffer, length) => chunks.push(Buffer.from(buffer.subarray(0, length))))
  return { output, chunks }
}

function readBack(chunks: readonly Buffer[]): Buffer[] {
  const reader = new PacketReader(Infinity)
  const payloads: Buffer[] = []
  reader.push(Buffer.concat(chunks))
  let sequence = 0
  for (let next = reader.next(sequence); next !== undefined; next = reader.next(sequence)) {
    payloads.push(next)
    sequence = (reader.sequence + 1) & 0xff
  }
  expect(reader.available).toBe(0)
  return payloads
}

describe('PacketOutput', () => {
  it.each([0, 1, 250, 65_531, 65_532, 65_533, 70_000, 0xfffffe, 0xffffff, 0x1000000, 0x1ffffff])(
    'writes a payload of %d bytes',
    (size) => {
      const { output, chunks } = collect()
      const payload = Buffer.alloc(size, 'abcdefg')
      output.packet(Buffer.from('before'))
      output.packet(payload)
      output.packet(Buffer.from('after'))
      output.flush()
      const payloads = readBack(chunks)
      expect(payloads.map((each) => each.length)).toEqual([6, size, 5])
      expect(payloads[1]?.equals(payload)).toBe(true)
    },
  )

  it('keeps small packets together in one buffer', () => {
    const { output, chunks } = collect()
    for (let i = 0; i < 300; i++) output.packet(Buffer.from(`packet ${i}`))
    expect(chunks).toHaveLength(0)
    output.flush()
    expect(chunks).toHaveLength(1)
    expect(readBack(chunks)).toHaveLength(300)
  })

  it('numbers packets that were made beforehand as they come', () => {
    const made = collect()
    made.output.sequence = 1
    for (let i = 0; i < 260; i++) made.output.packet(Buffer.from(`definition ${i}`))
    made.output.flush()
    const { output, chunks } = collect()
    output.packet(Buffer.from('zero'))
    output.packets(Buffer.concat(made.chunks), 260)
    output.packets(Buffer.concat(made.chunks), 260)
    output.packet(Buffer.from('last'))
    output.flush()
    expect(readBack(chunks)).toHaveLength(522)
  })
})
