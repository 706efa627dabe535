/** What the messages of both password methods have in common. */

/** Clients without a password send nothing, or one zero byte. */
export function isEmptyMessage(message: Uint8Array): boolean {
  return message.length === 0 || (message.length === 1 && message[0] === 0)
}

/** `bytes` XOR `mask`, the mask repeated as often as needed. */
export function xorWith(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => byte ^ (mask[i % mask.length] as number))
}
