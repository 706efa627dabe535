/**
 * Seals what must be kept and not be read: passwords of remote servers. AES-256-GCM under a key from the configuration, or else from a
 * file in the data folder that only its owner can read; a server without a data folder has a key for as long as it runs
 * (docs/decisions/015-sealed-passwords.md).
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** What the key is derived with when it is given as a text; part of the format. */
const SALT = 'switchyard sealed passwords'
const VERSION = 'v1:'
const KEY_FILE = 'secret.key'
const OWNER_ONLY = 0o600

export interface SecretBoxOptions {
  /** '' for none. */
  readonly secretKey: string
  /** Folder of the key file; undefined if nothing is kept. */
  readonly folder: string | undefined
}

export class SecretBox {
  private key: Buffer | undefined

  constructor(private readonly options: SecretBoxOptions) {}

  seal(secret: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.requireKey(true), nonce)
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    return VERSION + Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
  }

  /** Undefined if it was sealed under another key, or is damaged. */
  open(sealed: string): string | undefined {
    const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64')
    if (!sealed.startsWith(VERSION) || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
    try {
      const decipher = createDecipheriv(CIPHER, this.requireKey(false), bytes.subarray(0, NONCE_BYTES))
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES))
      return Buffer.concat([text, decipher.final()]).toString('utf8')
    } catch {
      return undefined
    }
  }

  private requireKey(isForSealing: boolean): Buffer {
    this.key ??= this.findKey(isForSealing)
    return this.key
  }

  private findKey(isForSealing: boolean): Buffer {
    const { secretKey, folder } = this.options
    if (secretKey !== '') return scryptSync(secretKey, SALT, KEY_BYTES)
    if (folder === undefined) return randomBytes(KEY_BYTES)
    const file = join(folder, KEY_FILE)
    if (existsSync(file)) return Buffer.from(readFileSync(file, 'latin1').trim(), 'hex')
    if (!isForSealing) throw new Error(`there is no key file ${file}`)
    return newKeyFile(file)
  }
}

/** On disk before anything is sealed under it. */
function newKeyFile(file: string): Buffer {
  const key = randomBytes(KEY_BYTES)
  const descriptor = openSync(file, 'wx', OWNER_ONLY)
  try {
    writeSync(descriptor, `${key.toString('hex')}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  return key
}
