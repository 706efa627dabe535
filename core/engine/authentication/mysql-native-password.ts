/**
 * `mysql_native_password` (MySQL manual 8.4.1.1): what is stored is SHA1(SHA1(password)), and the client proves in one
 * message that it knows SHA1(password). Kept for old clients and accounts; new accounts get caching_sha2_password.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type {
  AuthenticationExchange,
  AuthenticationLogin,
  AuthenticationMethod,
  AuthenticationStep,
} from '../../spi/authentication.js'
import { isEmptyMessage, xorWith } from './exchange-bytes.js'

const DIGEST_BYTES = 20

function sha1(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export class MysqlNativePassword implements AuthenticationMethod {
  readonly name = 'mysql_native_password'

  hash(password: string): string {
    if (password === '') return ''
    return `*${sha1(sha1(Buffer.from(password, 'utf8')))
      .toString('hex')
      .toUpperCase()}`
  }

  isValidHash(stored: string): boolean {
    return stored === '' || /^\*[0-9A-Fa-f]{40}$/.test(stored)
  }

  begin(login: AuthenticationLogin): AuthenticationExchange {
    return { receive: (message) => (this.isProof(login, message) ? SUCCESS : FAILURE) }
  }

  private isProof(login: AuthenticationLogin, message: Uint8Array): boolean {
    if (isEmptyMessage(message) || login.storedHash === '') {
      return isEmptyMessage(message) && login.storedHash === ''
    }
    if (message.length !== DIGEST_BYTES || !this.isValidHash(login.storedHash)) return false
    const stored = Buffer.from(login.storedHash.slice(1), 'hex')
    const claimed = xorWith(message, sha1(login.nonce, stored))
    return timingSafeEqual(sha1(claimed), stored)
  }
}

const SUCCESS: AuthenticationStep = { kind: 'success' }
const FAILURE: AuthenticationStep = { kind: 'failure' }
