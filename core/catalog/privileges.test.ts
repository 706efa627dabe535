/**
 * Goal: an account may do what was granted to it on any level above the object, and nothing else; refusals have MySQL's numbers and
 * words. Method: accounts with grants of each level, asked about everything around.
 */
import { DEFAULT_POLICY, type Account, type Grant } from './account.js'
import {
  canGrant,
  canSeeDatabase,
  canSeeTable,
  hasDynamicPrivilege,
  hasPrivilege,
  requireDynamicPrivilege,
  requirePrivilege,
} from './privileges.js'

function account(...grants: readonly Partial<Grant>[]): Account {
  return {
    user: 'u',
    host: '%',
    method: 'm',
    storedHash: '',
    locked: false,
    passwordExpired: false,
    policy: DEFAULT_POLICY,
    grants: grants.map((grant) => ({
      level: 'global',
      database: '',
      table: '',
      privileges: [],
      grantOption: false,
      ...grant,
    })),
    roles: [],
    defaultRoles: [],
    dynamicGrants: [{ name: 'BACKUP_ADMIN', grantOption: false }],
    passwordChangedAtMicros: 0,
  }
}

const GLOBAL = account({ privileges: ['SELECT'] })
const DATABASE = account({ level: 'database', database: 'd', privileges: ['SELECT'] })
const TABLE = account({ level: 'table', database: 'd', table: 't', privileges: ['SELECT'] })

test.each([
  [GLOBAL, undefined, undefined, true],
  [GLOBAL, 'd', 't', true],
  [DATABASE, undefined, undefined, false],
  [DATABASE, 'd', undefined, true],
  [DATABASE, 'd', 't', true],
  [DATABASE, 'D', 't', false],
  [TABLE, 'd', undefined, false],
  [TABLE, 'd', 't', true],
  [TABLE, 'd', 'T', false],
  [TABLE, 'e', 't', false],
])('levels %#', (who, database, table, expected) => {
  expect(hasPrivilege(who, 'SELECT', database, table)).toBe(expected)
  expect(hasPrivilege(who, 'INSERT', database, table)).toBe(false)
})

test.each([
  ['a%', 'abc', true],
  ['a%', 'bac', false],
  ['a_c', 'abc', true],
  ['a_c', 'abbc', false],
  ['a\\_c', 'abc', false],
  ['a\\_c', 'a_c', true],
  ['a.c', 'abc', false],
  ['%', 'line\nbreak', true],
])('database pattern %s and %s', (pattern, database, expected) => {
  const who = account({ level: 'database', database: pattern, privileges: ['SELECT'] })
  expect(hasPrivilege(who, 'SELECT', database, 't')).toBe(expected)
})

test('refusals', () => {
  const nobody = account()
  expect(() => {
    requirePrivilege(nobody, 'SELECT', 'd', 't')
  }).toThrow("SELECT command denied to user 'u'@'%' for table 't'")
  expect(() => {
    requirePrivilege(nobody, 'CREATE', 'd')
  }).toThrow("Access denied for user 'u'@'%' to database 'd'")
  expect(() => {
    requirePrivilege(nobody, 'CREATE USER')
  }).toThrow('you need (at least one of) the CREATE USER privilege(s)')
  expect(() => {
    requireDynamicPrivilege(nobody, 'CLONE_ADMIN')
  }).toThrow('you need (at least one of) the SUPER or CLONE_ADMIN privilege(s)')
})

test('computed tables may be read by all', () => {
  expect(hasPrivilege(account(), 'SELECT', 'INFORMATION_SCHEMA', 'TABLES')).toBe(true)
  expect(hasPrivilege(account(), 'INSERT', 'information_schema', 'TABLES')).toBe(false)
})

test('what can be seen', () => {
  expect([GLOBAL, DATABASE, TABLE, account()].map((who) => canSeeDatabase(who, 'd'))).toEqual([
    true,
    true,
    true,
    false,
  ])
  expect([GLOBAL, DATABASE, TABLE, account()].map((who) => canSeeTable(who, 'd', 'x'))).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect(canSeeDatabase(account({ privileges: ['SHOW DATABASES'] }), 'x')).toBe(true)
})

test('dynamic privileges, which SUPER implies', () => {
  expect(hasDynamicPrivilege(account(), 'BACKUP_ADMIN')).toBe(true)
  expect(hasDynamicPrivilege(account(), 'CLONE_ADMIN')).toBe(false)
  expect(hasDynamicPrivilege(account({ privileges: ['SUPER'] }), 'CLONE_ADMIN')).toBe(true)
})

test('only own privileges are handed on, with GRANT OPTION on the same object', () => {
  const who = account(
    { level: 'database', database: 'd', privileges: ['SELECT'], grantOption: true },
    { level: 'table', database: 'e', table: 't', privileges: ['SELECT'] },
  )
  expect(canGrant(who, 'SELECT', 'd', 't')).toBe(true)
  expect(canGrant(who, 'INSERT', 'd', 't')).toBe(false)
  expect(canGrant(who, 'SELECT', 'e', 't')).toBe(false)
  expect(canGrant(who, 'SELECT', undefined, undefined)).toBe(false)
  expect(canGrant(who, '', 'd', undefined)).toBe(true)
})
