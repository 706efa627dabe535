/** Goal: frames arrive whole however the socket cuts them. Method: one stream of frames, cut at every length. */
import { frame, FrameKind, FrameReader } from './frames.js'

test('frames arrive whole, in whatever pieces', () => {
  const sent = [
    [FrameKind.ping, 0, ''],
    [FrameKind.query, 7, 'x'.repeat(300)],
    [FrameKind.credit, 4_294_967_295, 'abcd'],
  ] as const
  const stream = Buffer.concat(sent.map(([kind, id, text]) => frame(kind, id, Buffer.from(text))))
  for (let size = 1; size <= stream.length; size++) {
    const received: unknown[] = []
    const reader = new FrameReader((kind, id, payload) => received.push([kind, id, payload.toString()]))
    for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size))
    expect(received).toEqual(sent)
  }
})
