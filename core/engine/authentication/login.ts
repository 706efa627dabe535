/**
 * A whole login: finds the account of a user who connects from a host (MySQL manual 8.2.6 "Access Control, Stage 1"),
 * switches to the account's method if the client started with another, and lets nobody learn which accounts exist:
 * unknown users go through the same exchange against a hash that no password has.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isSqlError, sqlError, type SqlError } from '../../common/sql-error.js'
import type { MaybePromise } from '../../common/value.js'
import type {
  AuthenticationExchange,
  AuthenticationFlow,
  AuthenticationMethod,
  LoginStep,
} from '../../spi/authentication.js'
import type { ClientInfo, LoginRequest } from '../../spi/session.js'
import type { AccountLookup, AccountRecord } from './account.js'
import type { AccountLimits } from './account-limits.js'
import { isEmptyMessage } from './exchange-bytes.js'
import { compareHosts, hostMatches } from './host-pattern.js'
import type { LoginThrottle } from './login-throttle.js'
import { meetsTlsRule } from './tls-rule.js'

/** What all logins of a server share. */
export interface LoginPolicy {
  readonly accounts: AccountLookup
  readonly methods: readonly AuthenticationMethod[]
  /** For greetings and unknown users; one of `methods`. */
  readonly defaultMethod: string
  readonly throttle: LoginThrottle
  readonly limits: AccountLimits
  readonly onDenied?: (request: LoginRequest, error: SqlError) => void
  /** require_secure_transport. */
  readonly requiresSecureTransport: () => boolean
}

/** The flow of one login; `request.nonce` is what the protocol sent in its greeting. */
export function createAuthenticationFlow(policy: LoginPolicy, request: LoginRequest): AuthenticationFlow {
  return new Login(policy, request)
}

/** Who a client is in account names: its address, and localhost too if it comes from this machine. */
function clientNames(client: ClientInfo): readonly string[] {
  return client.isLoopback && client.host !== 'localhost' ? ['localhost', client.host] : [client.host]
}

/**
 * The account that MySQL would choose: of all that match, the one with the most specific host, and among equal hosts the
 * named one before the anonymous one.
 */
export async function findAccount(
  accounts: AccountLookup,
  user: string,
  client: ClientInfo,
): Promise<AccountRecord | undefined> {
  const named = await accounts.accountsNamed(user)
  const anonymous = user === '' ? [] : await accounts.accountsNamed('')
  const names = clientNames(client)
  return [...named, ...anonymous]
    .filter((account) => hostMatches(account.host, names))
    .sort((a, b) => compareHosts(a.host, b.host) || Number(a.user === '') - Number(b.user === ''))[0]
}

/** One hash a method that no password has, made when the first unknown user comes. */
const decoys = new WeakMap<AuthenticationMethod, MaybePromise<string>>()

function decoyHash(method: AuthenticationMethod): MaybePromise<string> {
  let hash = decoys.get(method)
  if (hash === undefined) {
    hash = method.hash(randomBytes(24).toString('hex'))
    decoys.set(method, hash)
  }
  return hash
}

class Login implements AuthenticationFlow {
  private account: AccountRecord | undefined
  private method: AuthenticationMethod | undefined
  private exchange: AuthenticationExchange | undefined
  private usingPassword = false

  constructor(
    private readonly policy: LoginPolicy,
    private readonly request: LoginRequest,
  ) {}

  async receive(method: string | undefined, message: Uint8Array): Promise<LoginStep> {
    try {
      if (this.method === undefined) return await this.start(method ?? this.policy.defaultMethod, message)
      return await this.proceed(message)
    } catch (error) {
      if (isSqlError(error)) return this.denied(error)
      return this.denied(sqlError('ER_UNKNOWN_ERROR', 'The login could not be checked'))
    }
  }

  private async start(offered: string, message: Uint8Array): Promise<LoginStep> {
    if (this.policy.requiresSecureTransport() && !this.request.client.isSecure)
      throw sqlError('ER_SECURE_TRANSPORT_REQUIRED')
    const waitMs = this.policy.throttle.delayMs(this.request.client.host)
    if (waitMs > 0) await delay(waitMs)
    this.account = await findAccount(this.policy.accounts, this.request.user, this.request.client)
    this.method = this.requireMethod(this.account?.method ?? this.policy.defaultMethod)
    if (offered === this.method.name) return this.proceed(message)
    return { kind: 'switch', method: this.method.name, data: zeroTerminated(this.request.nonce) }
  }

  private requireMethod(name: string): AuthenticationMethod {
    const method = this.policy.methods.find((candidate) => candidate.name === name)
    if (method === undefined) throw sqlError('ER_PLUGIN_IS_NOT_LOADED', name)
    return method
  }

  private async proceed(message: Uint8Array): Promise<LoginStep> {
    if (this.exchange === undefined) {
      this.usingPassword = !isEmptyMessage(message)
      this.exchange = await this.beginExchange()
    }
    const step = await this.exchange.receive(message)
    if (step.kind === 'send') return step
    return step.kind === 'success' ? this.admit() : this.deny(this.wrongPassword())
  }

  private async beginExchange(): Promise<AuthenticationExchange> {
    const { user, client, nonce } = this.request
    const method = this.method ?? this.requireMethod(this.policy.defaultMethod)
    const storedHash = this.account?.storedHash ?? (await decoyHash(method))
    return method.begin({ user, storedHash, isSecure: client.isSecure, nonce })
  }

  /** The proof was right; what else an account asks for is checked now, as MySQL does. */
  private admit(): LoginStep {
    const { account } = this
    const { client } = this.request
    if (account === undefined || !mayBeWithoutPassword(account, client)) return this.deny()
    const blocked = this.policy.limits.succeeded(account)
    if (blocked !== undefined) return this.deny(blocked)
    if (!meetsTlsRule(account.policy.certificate, client.tls)) return this.deny()
    if (account.locked) {
      return this.deny(
        sqlError('ER_ACCOUNT_HAS_BEEN_LOCKED', this.request.user, clientNames(client)[0] ?? ''),
      )
    }
    if (account.passwordExpired) return this.deny(sqlError('ER_MUST_CHANGE_PASSWORD_LOGIN'))
    this.policy.throttle.succeeded(client.host)
    return { kind: 'welcome', account: `${account.user}@${account.host}` }
  }

  private deny(error: SqlError = this.accessDenied()): LoginStep {
    this.policy.throttle.failed(this.request.client.host)
    return this.denied(error)
  }

  private denied(error: SqlError): LoginStep {
    this.policy.onDenied?.(this.request, error)
    return { kind: 'denied', error }
  }

  private wrongPassword(): SqlError {
    const blocked = this.account === undefined ? undefined : this.policy.limits.failed(this.account)
    return blocked ?? this.accessDenied()
  }

  private accessDenied(): SqlError {
    const host = clientNames(this.request.client)[0] ?? ''
    return sqlError('ER_ACCESS_DENIED_ERROR', this.request.user, host, this.usingPassword ? 'YES' : 'NO')
  }
}

/** A fresh server has a root account without a password: it is of use on this machine only. */
function mayBeWithoutPassword(account: AccountRecord, client: ClientInfo): boolean {
  return account.user !== 'root' || account.storedHash !== '' || client.isLoopback
}

function zeroTerminated(nonce: Uint8Array): Uint8Array {
  const data = new Uint8Array(nonce.length + 1)
  data.set(nonce)
  return data
}
