/** The client's side of both password methods, for tests: written from the protocol's description, not from the server's code. */
import { createHash, publicEncrypt, constants } from 'node:crypto'

function digest(algorithm: string, ...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash(algorithm)
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i % b.length] as number)))
}

export function nativeProof(password: string, nonce: Buffer): Buffer {
  const stage1 = digest('sha1', Buffer.from(password))
  return xor(stage1, digest('sha1', nonce, digest('sha1', stage1)))
}

export function sha2Proof(password: string, nonce: Buffer): Buffer {
  const stage1 = digest('sha256', Buffer.from(password))
  return xor(stage1, digest('sha256', digest('sha256', stage1), nonce))
}

export function encryptedPassword(password: string, nonce: Buffer, publicPem: Uint8Array): Buffer {
  const key = { key: Buffer.from(publicPem), padding: constants.RSA_PKCS1_OAEP_PADDING }
  return publicEncrypt(key, xor(Buffer.from(`${password}\0`), nonce))
}
