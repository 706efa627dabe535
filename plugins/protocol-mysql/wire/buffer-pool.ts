/** The output buffers that all connections share: one is in use only while a response is being made. */
export const OUTPUT_BUFFER_BYTES = 64 * 1024
const KEPT_MAX = 64

const free: Buffer[] = []

export function acquireBuffer(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(OUTPUT_BUFFER_BYTES)
}

/** Gives a buffer back that nobody reads any more. Of another size it is dropped. */
export function releaseBuffer(buffer: Buffer): void {
  if (buffer.length === OUTPUT_BUFFER_BYTES && free.length < KEPT_MAX) free.push(buffer)
}
