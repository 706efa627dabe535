/**
 * The accounts of a new server.
 */
import { DEFAULT_POLICY, type Account } from './account.js'
import { allPrivileges, DYNAMIC_PRIVILEGES } from './privilege-names.js'

/** `root` of this machine, who may do everything. `storedHash` is what `method` made of the initial password, '' for none. */
export function rootAccount(method: string, storedHash: string, nowMicros: number): Account {
  return Object.freeze<Account>({
    user: 'root',
    host: 'localhost',
    method,
    storedHash,
    locked: false,
    passwordExpired: false,
    policy: DEFAULT_POLICY,
    grants: [
      { level: 'global', database: '', table: '', privileges: allPrivileges('global'), grantOption: true },
    ],
    dynamicGrants: DYNAMIC_PRIVILEGES.map((name) => ({ name, grantOption: true })),
    roles: [],
    defaultRoles: [],
    passwordChangedAtMicros: nowMicros,
  })
}
