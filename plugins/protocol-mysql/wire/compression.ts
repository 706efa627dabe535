/**
 * The compressed protocol (MySQL internals manual, "Compression"): behind the login both sides wrap their byte streams
 * into packets of their own, which zlib has made smaller where that pays.
 */
import { constants, deflateSync, inflateSync } from 'node:zlib'
import { sqlError } from '@switchyard/core/spi'

/** Length, sequence number, and the length before compression (0: not compressed). */
const HEADER_BYTES = 7
const PAYLOAD_MAX = 0xffffff
/** Below this the header costs more than compression saves (MIN_COMPRESS_LENGTH). */
const COMPRESSED_BYTES_MIN = 50
/** A response is compressed in the midst of the event loop's turn, so speed goes before size. */
const LEVEL = constants.Z_BEST_SPEED

export class CompressedStream {
  /** Number of the next packet that is sent: each command starts anew, as its client does. */
  private sequence = 0
  private chunks: Buffer[] = []
  private size = 0
  /** Bytes that the packet at the front needs; until its header is there, those of the header. */
  private needed = HEADER_BYTES

  /** What a chunk of the client's stream completes, decompressed; empty while its packet is incomplete. */
  unwrap(chunk: Buffer): Buffer {
    this.chunks.push(chunk)
    this.size += chunk.length
    const contents: Buffer[] = []
    // Chunks are joined when a packet is complete, so that a large one isn't copied with each of them.
    while (this.size >= this.needed) {
      const bytes = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks)
      const end = HEADER_BYTES + bytes.readUIntLE(0, 3)
      this.needed = end
      this.chunks = [bytes]
      if (bytes.length < end) break
      contents.push(this.open(bytes.subarray(0, end)))
      this.chunks = bytes.length === end ? [] : [bytes.subarray(end)]
      this.size -= end
      this.needed = HEADER_BYTES
    }
    return contents.length === 1 ? (contents[0] as Buffer) : Buffer.concat(contents)
  }

  wrap(bytes: Buffer): Buffer {
    const packets: Buffer[] = []
    for (let at = 0; at < bytes.length; at += PAYLOAD_MAX) {
      packets.push(...this.wrapPacket(bytes.subarray(at, at + PAYLOAD_MAX)))
    }
    return Buffer.concat(packets)
  }

  private open(packet: Buffer): Buffer {
    this.sequence = (packet.readUInt8(3) + 1) & 0xff
    return inflate(packet.subarray(HEADER_BYTES), packet.readUIntLE(4, 3))
  }

  private wrapPacket(content: Buffer): readonly Buffer[] {
    const deflated = content.length < COMPRESSED_BYTES_MIN ? content : deflateSync(content, { level: LEVEL })
    const isSmaller = deflated.length < content.length
    const payload = isSmaller ? deflated : content
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUIntLE(payload.length, 0, 3)
    header.writeUInt8(this.sequence, 3)
    header.writeUIntLE(isSmaller ? content.length : 0, 4, 3)
    this.sequence = (this.sequence + 1) & 0xff
    return [header, payload]
  }
}

/** Not more than the header promised, so that a few bytes can't become gigabytes. */
function inflate(payload: Buffer, length: number): Buffer {
  if (length === 0) return payload
  let content: Buffer
  try {
    content = inflateSync(payload, { maxOutputLength: length })
  } catch {
    throw sqlError('ER_NET_UNCOMPRESS_ERROR')
  }
  if (content.length !== length) throw sqlError('ER_NET_UNCOMPRESS_ERROR')
  return content
}
