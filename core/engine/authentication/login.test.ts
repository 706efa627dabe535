/**
 * Goal: a login chooses the account that MySQL would choose, in its method, and tells outsiders nothing.
 * Method: flows over a fixed list of accounts, fed by a client written from the protocol's description.
 */
import type { LoginStep } from '../../spi/authentication.js'
import { DEFAULT_POLICY, type CertificateRule } from '../../catalog/account.js'
import type { ClientInfo, TlsConnection } from '../../spi/session.js'
import type { AccountRecord } from './account.js'
import { CachingSha2Password } from './caching-sha2-password.js'
import { AccountLimits } from './account-limits.js'
import { LoginThrottle } from './login-throttle.js'
import { createAuthenticationFlow, findAccount, type LoginPolicy } from './login.js'
import { MysqlNativePassword } from './mysql-native-password.js'
import { nativeProof, sha2Proof } from '../testing/client-proof.js'

const NONCE = Buffer.from('abcdefghijklmnopqrst')
const native = new MysqlNativePassword()
const sha2 = new CachingSha2Password()

function account(user: string, host: string, more: Partial<AccountRecord> = {}): AccountRecord {
  return {
    user,
    host,
    method: native.name,
    storedHash: native.hash('secret'),
    locked: false,
    passwordExpired: false,
    policy: DEFAULT_POLICY,
    ...more,
  }
}

function client(host: string, more: Partial<ClientInfo> = {}): ClientInfo {
  return {
    host,
    port: 1,
    isLoopback: false,
    isSecure: false,
    attributes: {},
    collationId: 255,
    isInteractive: false,
    ...more,
  }
}

function policy(accounts: readonly AccountRecord[], more: Partial<LoginPolicy> = {}): LoginPolicy {
  return {
    accounts: { accountsNamed: (user) => accounts.filter((candidate) => candidate.user === user) },
    methods: [native, sha2],
    defaultMethod: native.name,
    throttle: new LoginThrottle(),
    limits: new AccountLimits(),
    requiresSecureTransport: () => false,
    ...more,
  }
}

async function login(
  rules: LoginPolicy,
  user: string,
  from: ClientInfo,
  password = 'secret',
): Promise<LoginStep> {
  const flow = createAuthenticationFlow(rules, { user, database: undefined, client: from, nonce: NONCE })
  return flow.receive(native.name, password === '' ? Buffer.alloc(0) : nativeProof(password, NONCE))
}

describe('findAccount', () => {
  it.each([
    ['bob', '198.51.100.9', 'bob@198.51.100.%'],
    ['bob', '203.0.113.1', 'bob@%'],
    ['eve', '203.0.113.1', undefined],
    // The manual's classic: the anonymous account of a more specific host goes before the named one.
    ['bob', 'localhost', '@localhost'],
  ])('%s from %s', async (user, host, expected) => {
    const { accounts } = policy([
      account('bob', '%'),
      account('bob', '198.51.100.%'),
      account('', 'localhost'),
    ])
    const found = await findAccount(accounts, user, client(host))
    expect(found && `${found.user}@${found.host}`).toBe(expected)
  })

  it('prefers the named account at the same host', async () => {
    const { accounts } = policy([account('', '%'), account('bob', '%')])
    expect((await findAccount(accounts, 'bob', client('203.0.113.1')))?.user).toBe('bob')
  })

  it('knows a client on the loopback address as localhost', async () => {
    const { accounts } = policy([account('bob', 'localhost')])
    expect(await findAccount(accounts, 'bob', client('127.0.0.1', { isLoopback: true }))).toBeDefined()
    expect(await findAccount(accounts, 'bob', client('203.0.113.1'))).toBeUndefined()
  })
})

describe('a login', () => {
  const bob = account('bob', '%')

  it('welcomes who knows the password and denies who does not', async () => {
    const rules = policy([bob])
    expect(await login(rules, 'bob', client('203.0.113.1'))).toEqual({ kind: 'welcome', account: 'bob@%' })
    expect(await login(rules, 'bob', client('203.0.113.1'), 'wrong')).toMatchObject({
      kind: 'denied',
      error: {
        number: 1045,
        sqlState: '28000',
        message: "Access denied for user 'bob'@'203.0.113.1' (using password: YES)",
      },
    })
    expect(await login(rules, 'bob', client('127.0.0.1', { isLoopback: true }), '')).toMatchObject({
      error: { message: "Access denied for user 'bob'@'localhost' (using password: NO)" },
    })
  })

  it('answers for an unknown user as for a wrong password', async () => {
    const rules = policy([account('bob', '%', { method: sha2.name, storedHash: await sha2.hash('x') })], {
      defaultMethod: sha2.name,
    })
    const steps = async (user: string): Promise<unknown[]> => {
      const request = { user, database: undefined, client: client('h', { isSecure: true }), nonce: NONCE }
      const flow = createAuthenticationFlow(rules, request)
      const first = await flow.receive(sha2.name, sha2Proof('wrong', NONCE))
      return [first, await flow.receive(undefined, Buffer.from('wrong\0'))]
    }
    const known = await steps('bob')
    const unknown = await steps('nob')
    expect(unknown[0]).toEqual(known[0])
    expect(unknown[1]).toMatchObject({ kind: 'denied', error: { number: 1045 } })
    expect(known[1]).toMatchObject({ kind: 'denied', error: { number: 1045 } })
  })

  it('denies an unknown user whatever its password', async () => {
    expect(await login(policy([]), 'nobody', client('h'), '')).toMatchObject({ kind: 'denied' })
    expect(await login(policy([]), 'nobody', client('h'))).toMatchObject({ kind: 'denied' })
  })

  it("switches to the account's method with the same nonce", async () => {
    const rules = policy([bob], { defaultMethod: sha2.name })
    const request = { user: 'bob', database: undefined, client: client('h'), nonce: NONCE }
    const flow = createAuthenticationFlow(rules, request)
    expect(await flow.receive(sha2.name, sha2Proof('secret', NONCE))).toEqual({
      kind: 'switch',
      method: native.name,
      data: new Uint8Array([...NONCE, 0]),
    })
    expect(await flow.receive(undefined, nativeProof('secret', NONCE))).toMatchObject({ kind: 'welcome' })
  })

  it.each<[Partial<AccountRecord>, number]>([
    [{ locked: true }, 3118],
    [{ policy: { ...DEFAULT_POLICY, certificate: { kind: 'ssl' } } }, 1045],
    [{ passwordExpired: true }, 1862],
    [{ method: 'sha512_password' }, 1524],
  ])('refuses an account with %j', async (more, number) => {
    const step = await login(policy([account('bob', '%', more)]), 'bob', client('h'))
    expect(step).toMatchObject({ kind: 'denied', error: { number } })
  })

  const certificate = { issuer: '/CN=Authority', subject: '/O=Shop/CN=Ada' }
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', certificate: undefined }
  it.each<[CertificateRule, TlsConnection | undefined, LoginStep['kind']]>([
    [{ kind: 'ssl' }, tls, 'welcome'],
    [{ kind: 'x509' }, undefined, 'denied'],
    [{ kind: 'x509' }, tls, 'denied'],
    [{ kind: 'x509' }, { ...tls, certificate }, 'welcome'],
    [{ kind: 'specified', cipher: 'TLS_AES_256_GCM_SHA384' }, tls, 'welcome'],
    [{ kind: 'specified', cipher: 'TLS_AES_128_GCM_SHA256' }, tls, 'denied'],
    [{ kind: 'specified', ...certificate }, { ...tls, certificate }, 'welcome'],
    [{ kind: 'specified', subject: '/CN=Eve' }, { ...tls, certificate }, 'denied'],
    [{ kind: 'specified', issuer: '/CN=Authority' }, tls, 'denied'],
  ])('with REQUIRE %j and TLS %j is %s', async (rule, connection, kind) => {
    const rules = policy([account('bob', '%', { policy: { ...DEFAULT_POLICY, certificate: rule } })])
    // A Unix socket is secure, but no TLS.
    const from = client('localhost', { isSecure: true, tls: connection })
    expect((await login(rules, 'bob', from)).kind).toBe(kind)
  })

  it('tells who was denied, and why', async () => {
    const denials: unknown[] = []
    const rules = policy([bob], {
      onDenied: ({ user, client: { host } }, { number }) => denials.push([user, host, number]),
    })
    await login(rules, 'bob', client('h'), 'wrong')
    await login(rules, 'bob', client('h'))
    await login(rules, 'eve', client('203.0.113.1'))
    expect(denials).toEqual([
      ['bob', 'h', 1045],
      ['eve', '203.0.113.1', 1045],
    ])
  })

  it('blocks an account after wrong passwords in a row, also for the right one', async () => {
    const limited = { ...DEFAULT_POLICY, failedLoginAttempts: 2, passwordLockDays: 1 }
    const rules = policy([account('bob', '%', { policy: limited })])
    expect(await login(rules, 'bob', client('h'), 'wrong')).toMatchObject({ error: { number: 1045 } })
    expect(await login(rules, 'bob', client('h'), 'wrong')).toMatchObject({ error: { number: 3955 } })
    expect(await login(rules, 'bob', client('h'))).toMatchObject({ error: { number: 3955 } })
  })

  it('needs a secure transport if the server says so', async () => {
    const rules = policy([account('bob', '%')], { requiresSecureTransport: () => true })
    expect(await login(rules, 'bob', client('h'))).toMatchObject({ error: { number: 3159 } })
    expect(await login(rules, 'bob', client('h', { isSecure: true }))).toMatchObject({ kind: 'welcome' })
  })

  it('refuses a locked account only to those who know the password', async () => {
    const step = await login(policy([account('bob', '%', { locked: true })]), 'bob', client('h'), 'wrong')
    expect(step).toMatchObject({ kind: 'denied', error: { number: 1045 } })
  })

  it('lets root without a password in from this machine only', async () => {
    const rules = policy([account('root', '%', { storedHash: '' })])
    const local = client('127.0.0.1', { isLoopback: true })
    expect(await login(rules, 'root', local, '')).toMatchObject({ kind: 'welcome' })
    expect(await login(rules, 'root', client('203.0.113.1'), '')).toMatchObject({ kind: 'denied' })
  })

  it('reports a failing account store as an error of its own, without its text', async () => {
    const rules = policy([], {
      accounts: { accountsNamed: () => Promise.reject(new Error('disk on fire')) },
    })
    const step = await login(rules, 'bob', client('h'))
    expect(step).toMatchObject({ kind: 'denied', error: { number: 1105 } })
    expect(JSON.stringify(step)).not.toContain('fire')
  })
})

describe('LoginThrottle', () => {
  it('delays a host more with every failure, and forgets', () => {
    let now = 0
    const options = { freeFailures: 2, delayStepMs: 100, delayMaxMs: 250, forgetAfterMs: 1000 }
    const throttle = new LoginThrottle(options, () => now)
    const delays = [1, 2, 3, 4, 5].map(() => {
      throttle.failed('h')
      return throttle.delayMs('h')
    })
    expect(delays).toEqual([0, 0, 100, 200, 250])
    expect(throttle.delayMs('other')).toBe(0)
    now = 1001
    expect(throttle.delayMs('h')).toBe(0)
    now = 500
    throttle.succeeded('h')
    expect(throttle.delayMs('h')).toBe(0)
  })
})
