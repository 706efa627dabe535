/**
 * `caching_sha2_password` (MySQL manual 8.4.1.2), MySQL 8's default. The stored hash is slow on purpose, so the
 * server remembers SHA256(SHA256(password)) of those who logged in: from then on one message proves the password.
 * Who isn't remembered sends the password itself, in the clear over TLS or a Unix socket, else encrypted with our RSA key.
 */
import {
  constants,
  createHash,
  generateKeyPair,
  privateDecrypt,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'
import type {
  AuthenticationExchange,
  AuthenticationLogin,
  AuthenticationMethod,
  AuthenticationStep,
} from '../../spi/authentication.js'
import { isEmptyMessage, xorWith } from './exchange-bytes.js'
import { shaCrypt } from './sha-crypt.js'

const DIGEST_BYTES = 32
const SALT_BYTES = 20
const PASSWORD_BYTES_MAX = 256
const RSA_BITS = 2048
/** Rounds are stored in thousands, as three hexadecimal digits. */
const DEFAULT_KILOROUNDS = 5
const KILOROUNDS_MAX = 0x0fff
const REMEMBERED_MAX = 10_000

const REQUEST_PUBLIC_KEY = 2
const FAST_SUCCESS = Uint8Array.of(3)
const FULL_AUTHENTICATION = Uint8Array.of(4)

const SUCCESS: AuthenticationStep = { kind: 'success' }
const FAILURE: AuthenticationStep = { kind: 'failure' }

/** `$A$rrr$`, 20 bytes of salt and 43 characters of hash, one character a byte. */
const STORED_FORM = /^\$A\$([0-9A-Fa-f]{3})\$([\x01-\x7f]{20})([./0-9A-Za-z]{43})$/

interface StoredHash {
  readonly rounds: number
  readonly salt: Buffer
  readonly hash: Buffer
}

function parseStored(stored: string): StoredHash | undefined {
  const match = STORED_FORM.exec(stored)
  if (match === null) return undefined
  const [, kilorounds = '', salt = '', hash = ''] = match
  const rounds = Math.min(parseInt(kilorounds, 16), KILOROUNDS_MAX) * 1000
  if (rounds === 0) return undefined
  return { rounds, salt: Buffer.from(salt, 'latin1'), hash: Buffer.from(hash, 'latin1') }
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

interface RsaKeys {
  readonly privateKey: KeyObject
  readonly publicPem: Buffer
}

async function makeRsaKeys(): Promise<RsaKeys> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS })
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' })
  return { privateKey: pair.privateKey, publicPem: Buffer.from(pem) }
}

export class CachingSha2Password implements AuthenticationMethod {
  readonly name = 'caching_sha2_password'
  /** SHA256(SHA256(password)) by stored hash, which is unique through its salt and changes with the password. */
  private readonly remembered = new Map<string, Buffer>()
  private keys: Promise<RsaKeys> | undefined
  /** Slow hashes run one after the other, so that a storm of logins takes its share of the event loop, not all of it. */
  private lastHash: Promise<unknown> = Promise.resolve()

  async hash(password: string): Promise<string> {
    if (password === '') return ''
    // MySQL takes any seven-bit bytes; letters and digits also survive being printed.
    const salt = Buffer.from(
      randomBytes(SALT_BYTES).toString('base64').slice(0, SALT_BYTES).replace(/\+/g, '.'),
    )
    const hash = await this.slowHash(Buffer.from(password, 'utf8'), salt, DEFAULT_KILOROUNDS * 1000)
    return `$A$${DEFAULT_KILOROUNDS.toString(16).padStart(3, '0')}$${salt.toString('latin1')}${hash}`
  }

  isValidHash(stored: string): boolean {
    return stored === '' || parseStored(stored) !== undefined
  }

  begin(login: AuthenticationLogin): AuthenticationExchange {
    return new Exchange(this, login)
  }

  remember(storedHash: string, password: Uint8Array): void {
    if (this.remembered.size >= REMEMBERED_MAX) {
      const [oldest] = this.remembered.keys()
      if (oldest !== undefined) this.remembered.delete(oldest)
    }
    this.remembered.set(storedHash, sha256(sha256(password)))
  }

  /** Whether `proof` is XOR(SHA256(password), SHA256(remembered, nonce)) of the remembered password. */
  isRemembered(storedHash: string, proof: Uint8Array, nonce: Uint8Array): boolean {
    const remembered = this.remembered.get(storedHash)
    if (remembered === undefined || proof.length !== DIGEST_BYTES) return false
    const claimed = xorWith(proof, sha256(remembered, nonce))
    return timingSafeEqual(sha256(claimed), remembered)
  }

  async verify(storedHash: string, password: Uint8Array): Promise<boolean> {
    const stored = parseStored(storedHash)
    if (stored === undefined || password.length > PASSWORD_BYTES_MAX) return false
    const hash = await this.slowHash(password, stored.salt, stored.rounds)
    return timingSafeEqual(Buffer.from(hash, 'latin1'), stored.hash)
  }

  /** Made at the first login that needs it. */
  rsaKeys(): Promise<RsaKeys> {
    this.keys ??= makeRsaKeys()
    return this.keys
  }

  private slowHash(password: Uint8Array, salt: Uint8Array, rounds: number): Promise<string> {
    const hash = this.lastHash.then(() => shaCrypt(password, salt, rounds))
    this.lastHash = hash.catch(() => undefined)
    return hash
  }
}

/** One login: proof, then (if it isn't remembered) the password, before that maybe a request for the public key. */
class Exchange implements AuthenticationExchange {
  private state: 'proof' | 'confirmed' | 'password' | 'encrypted' | 'over' = 'proof'

  constructor(
    private readonly method: CachingSha2Password,
    private readonly login: AuthenticationLogin,
  ) {}

  receive(message: Uint8Array): AuthenticationStep | Promise<AuthenticationStep> {
    switch (this.state) {
      case 'proof':
        return this.receiveProof(message)
      case 'confirmed':
        this.state = 'over'
        return SUCCESS
      case 'password':
        if (this.login.isSecure) return this.check(message)
        if (message.length === 1 && message[0] === REQUEST_PUBLIC_KEY) return this.sendPublicKey()
        // A client that was given the key beforehand.
        return this.decryptAndCheck(message)
      case 'encrypted':
        return this.decryptAndCheck(message)
      case 'over':
        return FAILURE
    }
  }

  private receiveProof(message: Uint8Array): AuthenticationStep {
    const { storedHash, nonce } = this.login
    if (storedHash === '' || isEmptyMessage(message)) {
      this.state = 'over'
      return storedHash === '' && isEmptyMessage(message) ? SUCCESS : FAILURE
    }
    if (this.method.isRemembered(storedHash, message, nonce)) {
      this.state = 'confirmed'
      return { kind: 'send', data: FAST_SUCCESS, expectAnswer: false }
    }
    this.state = 'password'
    return { kind: 'send', data: FULL_AUTHENTICATION, expectAnswer: true }
  }

  private async sendPublicKey(): Promise<AuthenticationStep> {
    this.state = 'encrypted'
    return { kind: 'send', data: (await this.method.rsaKeys()).publicPem, expectAnswer: true }
  }

  private async decryptAndCheck(message: Uint8Array): Promise<AuthenticationStep> {
    const { privateKey } = await this.method.rsaKeys()
    const masked = decrypt(privateKey, message)
    if (masked !== undefined) return this.check(xorWith(masked, this.login.nonce))
    this.state = 'over'
    return FAILURE
  }

  /** `message` is the password and a zero byte. */
  private async check(message: Uint8Array): Promise<AuthenticationStep> {
    this.state = 'over'
    if (message.at(-1) !== 0) return FAILURE
    const password = message.subarray(0, -1)
    if (!(await this.method.verify(this.login.storedHash, password))) return FAILURE
    this.method.remember(this.login.storedHash, password)
    return SUCCESS
  }
}

/** Undefined if the message wasn't encrypted with our key. */
function decrypt(key: KeyObject, message: Uint8Array): Uint8Array | undefined {
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING }, message)
  } catch {
    return undefined
  }
}
