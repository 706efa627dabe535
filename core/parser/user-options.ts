import type { CertificateRequirement, UserOptions } from '../plan/syntax/account.js'
import type { Cursor } from './cursor.js'
import { parseInteger } from './names.js'

/** Options of CREATE USER and ALTER USER behind the accounts (manual, 15.7.1.3). */

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type Target = Mutable<UserOptions>

export function parseUserOptions(cursor: Cursor): UserOptions {
  const options: Target = {}
  if (cursor.accept('REQUIRE')) options.require = parseRequirement(cursor)
  if (cursor.accept('WITH')) {
    if (!parseResourceLimit(cursor, options)) cursor.fail()
    while (parseResourceLimit(cursor, options));
  }
  while (parsePasswordOption(cursor, options));
  const isComment = cursor.acceptOneOf('COMMENT', 'ATTRIBUTE')
  if (isComment === 'COMMENT') options.comment = cursor.string()
  else if (isComment === 'ATTRIBUTE') options.attribute = cursor.string()
  return options
}

function parseRequirement(cursor: Cursor): NonNullable<UserOptions['require']> {
  const simple = cursor.acceptOneOf('NONE', 'SSL', 'X509')
  if (simple !== undefined) return REQUIREMENTS[simple]
  const certificate: Mutable<CertificateRequirement> = {}
  do {
    const field = CERTIFICATE_FIELDS[cursor.expectOneOf('SUBJECT', 'ISSUER', 'CIPHER')]
    certificate[field] = cursor.string()
    cursor.accept('AND')
  } while (cursor.is('SUBJECT') || cursor.is('ISSUER') || cursor.is('CIPHER'))
  return certificate
}

const REQUIREMENTS = { NONE: 'none', SSL: 'ssl', X509: 'x509' } as const
const CERTIFICATE_FIELDS = { SUBJECT: 'subject', ISSUER: 'issuer', CIPHER: 'cipher' } as const

const LIMITS = {
  MAX_QUERIES_PER_HOUR: 'maxQueriesPerHour',
  MAX_UPDATES_PER_HOUR: 'maxUpdatesPerHour',
  MAX_CONNECTIONS_PER_HOUR: 'maxConnectionsPerHour',
  MAX_USER_CONNECTIONS: 'maxUserConnections',
} as const

function parseResourceLimit(cursor: Cursor, options: Target): boolean {
  if (!(cursor.kind in LIMITS)) return false
  const key = LIMITS[cursor.kind as keyof typeof LIMITS]
  cursor.advance()
  options[key] = parseInteger(cursor)
  return true
}

/** ACCOUNT, PASSWORD …, FAILED_LOGIN_ATTEMPTS and PASSWORD_LOCK_TIME. */
function parsePasswordOption(cursor: Cursor, options: Target): boolean {
  switch (cursor.kind) {
    case 'ACCOUNT':
      cursor.advance()
      // UNLOCK and LOCK are both reserved words.
      options.locked = cursor.expectOneOf('LOCK', 'UNLOCK') === 'LOCK'
      return true
    case 'FAILED_LOGIN_ATTEMPTS':
      cursor.advance()
      options.failedLoginAttempts = parseInteger(cursor)
      return true
    case 'PASSWORD_LOCK_TIME':
      cursor.advance()
      options.passwordLockDays = cursor.accept('UNBOUNDED') ? 'unbounded' : parseInteger(cursor)
      return true
    case 'PASSWORD':
      cursor.advance()
      parsePasswordPolicy(cursor, options)
      return true
    default:
      return false
  }
}

/** What follows PASSWORD: EXPIRE, HISTORY, REUSE INTERVAL or REQUIRE CURRENT. */
function parsePasswordPolicy(cursor: Cursor, options: Target): void {
  switch (cursor.expectOneOf('EXPIRE', 'HISTORY', 'REUSE', 'REQUIRE')) {
    case 'EXPIRE':
      options.passwordExpire = parseExpire(cursor)
      return
    case 'HISTORY':
      options.passwordHistory = cursor.accept('DEFAULT') ? 'default' : parseInteger(cursor)
      return
    case 'REUSE':
      cursor.expect('INTERVAL')
      if (cursor.accept('DEFAULT')) options.passwordReuseDays = 'default'
      else {
        options.passwordReuseDays = parseInteger(cursor)
        cursor.expect('DAY')
      }
      return
    case 'REQUIRE': {
      cursor.expect('CURRENT')
      const keyword = cursor.acceptOneOf('DEFAULT', 'OPTIONAL')
      options.passwordRequireCurrent =
        keyword === undefined ? 'required' : keyword === 'DEFAULT' ? 'default' : 'optional'
    }
  }
}

function parseExpire(cursor: Cursor): NonNullable<UserOptions['passwordExpire']> {
  if (cursor.accept('NEVER')) return 'never'
  if (cursor.accept('DEFAULT')) return 'default'
  if (!cursor.accept('INTERVAL')) return 'now'
  const days = parseInteger(cursor)
  cursor.expect('DAY')
  return { days }
}
