/**
 * # Authentication
 *
 * A method by which clients prove who they are (`caching_sha2_password`, `mysql_native_password`, or a plugin's). One
 * instance serves all logins; each login has a flow of its own, fed message by message, because methods take one to several
 * round trips. The account store says which method an account uses and what was kept as its secret.
 *
 * Stability: beta.
 */
import type { SqlError } from '../common/sql-error.js'
import type { MaybePromise } from '../common/value.js'
import { token, type Token } from './token.js'

export interface AuthenticationMethod {
  /** Plugin name on the wire. */
  readonly name: string
  /** What is stored for a password (`mysql.user.authentication_string`). Slow by design; runs off the event loop where it can. */
  hash(password: string): MaybePromise<string>
  /** Whether a stored string is in the method's form (CREATE USER … IDENTIFIED WITH m AS '…'). */
  isValidHash(stored: string): boolean
  begin(login: AuthenticationLogin): AuthenticationExchange
}

/** Multi-injection: every method registers under this token. */
export const AuthenticationMethod: Token<AuthenticationMethod> = token('authentication-method')

export interface AuthenticationLogin {
  readonly user: string
  /** What `hash` made, empty for an account without a password. */
  readonly storedHash: string
  /** True over TLS or a Unix socket: a clear-text password may be asked for. */
  readonly isSecure: boolean
  /** 20 random bytes without zero, sent in the handshake. */
  readonly nonce: Uint8Array
}

export interface AuthenticationExchange {
  /** Takes the client's next message; the first is that of the handshake response (made for this method). */
  receive(message: Uint8Array): MaybePromise<AuthenticationStep>
}

export type AuthenticationStep =
  /**
   * Send this (as AuthMoreData) and pass on the answer; without `expectAnswer` call `receive` again at once with an
   * empty message.
   */
  | { readonly kind: 'send'; readonly data: Uint8Array; readonly expectAnswer: boolean }
  | { readonly kind: 'success' }
  | { readonly kind: 'failure' }

/** A whole login as a protocol sees it: method switch included. */
export interface AuthenticationFlow {
  /**
   * Takes the client's method name (of the handshake response) and its first message, later its further messages (method undefined).
   * Failures are ER_ACCESS_DENIED_ERROR and take the same time whether the account exists or not. Never throws or rejects with
   * anything but a SqlError.
   */
  receive(method: string | undefined, message: Uint8Array): MaybePromise<LoginStep>
}

export type LoginStep =
  | Extract<AuthenticationStep, { kind: 'send' }>
  /** Send an AuthSwitchRequest for this method with this data (nonce). */
  | { readonly kind: 'switch'; readonly method: string; readonly data: Uint8Array }
  /** `account` as CURRENT_USER() shows it: `name@host`. */
  | { readonly kind: 'welcome'; readonly account: string }
  | { readonly kind: 'denied'; readonly error: SqlError }
