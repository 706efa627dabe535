/**
 * Goal: a compressed stream holds what went into it, however it is cut. Method: one end wraps, the other unwraps, at every
 * size of chunks.
 */
import { CompressedStream } from './compression.js'

describe('CompressedStream', () => {
  const contents = ['short', 'long '.repeat(1000), '', 'x'.repeat(49), 'y'.repeat(50)].map((text) =>
    Buffer.from(text),
  )
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff))

  it.each([1, 2, 3, 7, 8, 100, 5000, 1_000_000])('unwraps chunks of %d bytes', (chunkBytes) => {
    const sender = new CompressedStream()
    const stream = Buffer.concat([...contents, noise].map((content) => sender.wrap(content)))
    const receiver = new CompressedStream()
    const unwrapped: Buffer[] = []
    for (let at = 0; at < stream.length; at += chunkBytes) {
      unwrapped.push(receiver.unwrap(stream.subarray(at, at + chunkBytes)))
    }
    expect(Buffer.concat(unwrapped).equals(Buffer.concat([...contents, noise]))).toBe(true)
  })

  it('makes long content smaller and leaves short content alone', () => {
    const sender = new CompressedStream()
    expect(sender.wrap(Buffer.from('short')).toString('latin1')).toBe('\x05\0\0\0\0\0\0short')
    const long = sender.wrap(contents[1] ?? Buffer.alloc(0))
    expect(long.length).toBeLessThan(200)
    expect(long[3]).toBe(1)
    expect(long.readUIntLE(4, 3)).toBe(5000)
  })

  it('cuts what is longer than a packet', () => {
    const sender = new CompressedStream()
    const big = Buffer.alloc(0xffffff + 1000, 'abc')
    expect(new CompressedStream().unwrap(sender.wrap(big)).equals(big)).toBe(true)
  })

  it('answers with the number behind that of the client', () => {
    const server = new CompressedStream()
    const request = new CompressedStream().wrap(Buffer.from('first'))
    request[3] = 6
    server.unwrap(request)
    expect(server.wrap(Buffer.from('answer'))[3]).toBe(7)
  })
})
