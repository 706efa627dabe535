/** Goal: limits of accounts hold, and end when they shall. Method: a clock of the test's own. */
import { DEFAULT_POLICY, type AccountPolicy } from '../../catalog/account.js'
import { AccountLimits, type LimitedAccount } from './account-limits.js'

const DAY = 86_400_000
let now = 0
let limits: AccountLimits

beforeEach(() => {
  now = 1e12
  limits = new AccountLimits(() => now)
})

function account(policy: Partial<AccountPolicy>): LimitedAccount {
  return { user: 'u', host: '%', policy: { ...DEFAULT_POLICY, ...policy } }
}

test('wrong passwords in a row block the account for some days', () => {
  const bob = account({ failedLoginAttempts: 3, passwordLockDays: 2 })
  expect([limits.failed(bob), limits.failed(bob)]).toEqual([undefined, undefined])
  expect(limits.succeeded(bob)).toBeUndefined()
  expect([limits.failed(bob), limits.failed(bob)]).toEqual([undefined, undefined])
  expect(limits.failed(bob)).toMatchObject({
    number: 3955,
    message:
      "Access denied for user 'u'@'%'. Account is blocked for 2 day(s) (2 day(s) remaining) due to 3 consecutive failed logins.",
  })
  now += DAY + 1
  expect(limits.succeeded(bob)?.message).toContain('2 day(s) (1 day(s) remaining)')
  now += DAY
  expect(limits.succeeded(bob)).toBeUndefined()
  expect(limits.failed(bob)).toBeUndefined()
})

test('for ever, until the account is changed', () => {
  const policy = { failedLoginAttempts: 1, passwordLockDays: -1 }
  const bob = account(policy)
  expect(limits.failed(bob)?.message).toContain('blocked for unlimited day(s) (unlimited day(s) remaining)')
  now += 1000 * DAY
  expect(limits.succeeded(bob)).toMatchObject({ number: 3955 })
  expect(limits.succeeded(account(policy))).toBeUndefined()
})

test.each([{ failedLoginAttempts: 1 }, { passwordLockDays: 1 }, {}])('%j alone blocks nobody', (policy) => {
  const bob = account(policy)
  for (let i = 0; i < 5; i++) expect(limits.failed(bob)).toBeUndefined()
})

test('sessions at one time', () => {
  const bob = account({ maxUserConnections: 2 })
  limits.opening(bob, 1)
  expect(() => limits.opening(bob, 2)).toThrow(
    expect.objectContaining({
      number: 1226,
      message: "User 'u' has exceeded the 'max_user_connections' resource (current value: 2)",
    }),
  )
})

test('sessions in an hour', () => {
  const bob = account({ maxConnectionsPerHour: 2 })
  limits.opening(bob, 0)
  now += 3_599_999
  limits.opening(bob, 0)
  expect(() => limits.opening(bob, 0)).toThrow(expect.objectContaining({ number: 1226 }))
  now += 1
  limits.opening(bob, 0)
})
