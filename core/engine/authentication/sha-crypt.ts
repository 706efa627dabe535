/**
 * SHA-256 crypt, the slow hash behind `caching_sha2_password` (the algorithm of crypt(3)'s `$5$`, published by Ulrich
 * Drepper; MySQL uses a salt of 20 bytes). Thousands of rounds take some ten milliseconds, so they are done in
 * slices between which the event loop turns.
 */
import { createHash } from 'node:crypto'

const DIGEST_BYTES = 32
/** About a millisecond's worth. */
const ROUNDS_PER_SLICE = 400
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** `source` repeated and cut to `length` bytes. */
function repeated(source: Uint8Array, length: number): Buffer {
  const result = Buffer.alloc(length)
  for (let i = 0; i < length; i++) result[i] = source[i % source.length] as number
  return result
}

/** The 43 characters that crypt(3) shows for this password, salt and number of rounds. */
export async function shaCrypt(password: Uint8Array, salt: Uint8Array, rounds: number): Promise<string> {
  let digest = initialDigest(password, salt)
  const passwordBytes = repeated(sha256(repeated(password, password.length ** 2)), password.length)
  const saltTimes = 16 + (digest[0] as number)
  const saltBytes = repeated(sha256(repeated(salt, salt.length * saltTimes)), salt.length)
  for (let round = 0; round < rounds; round++) {
    if (round % ROUNDS_PER_SLICE === ROUNDS_PER_SLICE - 1) await nextTurn()
    const hash = createHash('sha256')
    hash.update(round % 2 === 1 ? passwordBytes : digest)
    if (round % 3 !== 0) hash.update(saltBytes)
    if (round % 7 !== 0) hash.update(passwordBytes)
    hash.update(round % 2 === 1 ? digest : passwordBytes)
    digest = hash.digest()
  }
  return encode(digest)
}

function initialDigest(password: Uint8Array, salt: Uint8Array): Buffer {
  const alternate = sha256(password, salt, password)
  const hash = createHash('sha256').update(password).update(salt)
  hash.update(repeated(alternate, password.length))
  for (let bits = password.length; bits > 0; bits >>= 1) {
    hash.update((bits & 1) === 1 ? alternate : password)
  }
  return hash.digest()
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Three bytes at a time, ten apart and rotating, as four characters of six bits, the lowest first. */
function encode(digest: Uint8Array): string {
  let text = ''
  for (let group = 0; group < 10; group++) {
    const [high, middle, low] = [0, 10, 20].map((offset) => (group * 21 + offset) % 30)
    text += sixBits(digest, high, middle, low, 4)
  }
  return text + sixBits(digest, undefined, DIGEST_BYTES - 1, DIGEST_BYTES - 2, 3)
}

function sixBits(
  digest: Uint8Array,
  high: number | undefined,
  middle: number | undefined,
  low: number | undefined,
  characters: number,
): string {
  const byteAt = (index: number | undefined): number => (index === undefined ? 0 : (digest[index] ?? 0))
  let bits = (byteAt(high) << 16) | (byteAt(middle) << 8) | byteAt(low)
  let text = ''
  for (let i = 0; i < characters; i++, bits >>= 6) text += ALPHABET.charAt(bits & 63)
  return text
}
