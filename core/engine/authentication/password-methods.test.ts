/**
 * Goal: both password methods admit exactly who knows the password, in the message order that clients expect.
 * Method: a client written from the protocol's description talks to the methods directly.
 */
import type { AuthenticationMethod } from '../../spi/authentication.js'
import { CachingSha2Password } from './caching-sha2-password.js'
import { MysqlNativePassword } from './mysql-native-password.js'
import { encryptedPassword, nativeProof, sha2Proof } from '../testing/client-proof.js'

const NONCE = Buffer.from('abcdefghijklmnopqrst')
const SUCCESS = { kind: 'success' }
const FAILURE = { kind: 'failure' }
const FULL = { kind: 'send', data: Uint8Array.of(4), expectAnswer: true }
const FAST = { kind: 'send', data: Uint8Array.of(3), expectAnswer: false }

function begin(method: AuthenticationMethod, storedHash: string, isSecure = false) {
  return method.begin({ user: 'u', storedHash, isSecure, nonce: NONCE })
}

describe('mysql_native_password', () => {
  const method = new MysqlNativePassword()

  it("stores MySQL's hash", () => {
    // PASSWORD('mypass') of the MySQL manual.
    expect(method.hash('mypass')).toBe('*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4')
    expect(method.hash('')).toBe('')
    expect(method.isValidHash('*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4')).toBe(true)
    expect(method.isValidHash('*6C89')).toBe(false)
  })

  it.each([
    ['secret', 'secret', SUCCESS],
    ['secret', 'Secret', FAILURE],
    ['', 'secret', FAILURE],
  ])('account %j, client %j', async (stored, given, expected) => {
    expect(await begin(method, method.hash(stored)).receive(nativeProof(given, NONCE))).toEqual(expected)
  })

  it('lets nobody in without a password but to accounts without one', async () => {
    expect(await begin(method, '').receive(Buffer.alloc(0))).toEqual(SUCCESS)
    expect(await begin(method, method.hash('x')).receive(Buffer.alloc(0))).toEqual(FAILURE)
    expect(await begin(method, method.hash('x')).receive(Buffer.alloc(19))).toEqual(FAILURE)
  })
})

describe('caching_sha2_password', () => {
  it('makes salted hashes of the stored form and reads them', async () => {
    const method = new CachingSha2Password()
    const [first, second] = [await method.hash('p'), await method.hash('p')]
    expect(first).toMatch(/^\$A\$005\$.{63}$/)
    expect(first).not.toBe(second)
    expect(method.isValidHash(first)).toBe(true)
    expect(method.isValidHash(first.slice(1))).toBe(false)
    expect(await method.hash('')).toBe('')
  })

  it('asks for the password once, then knows it by the proof', async () => {
    const method = new CachingSha2Password()
    const stored = await method.hash('sécret')
    const proof = sha2Proof('sécret', NONCE)
    const first = begin(method, stored, true)
    expect(await first.receive(proof)).toEqual(FULL)
    expect(await first.receive(Buffer.from('sécret\0'))).toEqual(SUCCESS)

    const second = begin(method, stored)
    expect(await second.receive(proof)).toEqual(FAST)
    expect(await second.receive(Buffer.alloc(0))).toEqual(SUCCESS)

    const wrong = begin(method, stored, true)
    expect(await wrong.receive(sha2Proof('other', NONCE))).toEqual(FULL)
    expect(await wrong.receive(Buffer.from('other\0'))).toEqual(FAILURE)
    expect(await wrong.receive(Buffer.from('sécret\0'))).toEqual(FAILURE)
  })

  it('takes the password encrypted where the line is not secure', async () => {
    const method = new CachingSha2Password()
    const stored = await method.hash('secret')
    const exchange = begin(method, stored)
    expect(await exchange.receive(sha2Proof('secret', NONCE))).toEqual(FULL)
    const key = await exchange.receive(Uint8Array.of(2))
    if (key.kind !== 'send') throw new Error('no key')
    expect(await exchange.receive(encryptedPassword('secret', NONCE, key.data))).toEqual(SUCCESS)
  })

  it('takes no clear password where the line is not secure', async () => {
    const method = new CachingSha2Password()
    const stored = await method.hash('secret')
    const exchange = begin(method, stored)
    await exchange.receive(sha2Proof('secret', NONCE))
    expect(await exchange.receive(Buffer.from('secret\0'))).toEqual(FAILURE)
  })

  it('fails on proofs and passwords of impossible sizes', async () => {
    const method = new CachingSha2Password()
    const stored = await method.hash('secret')
    expect(await begin(method, stored).receive(Buffer.alloc(0))).toEqual(FAILURE)
    expect(await begin(method, '').receive(sha2Proof('x', NONCE))).toEqual(FAILURE)
    expect(await begin(method, '').receive(Buffer.alloc(0))).toEqual(SUCCESS)
    const exchange = begin(method, stored, true)
    expect(await exchange.receive(Buffer.alloc(33, 1))).toEqual(FULL)
    expect(await exchange.receive(Buffer.alloc(60_000))).toEqual(FAILURE)
  })
})
