/** Accounts as CREATE USER and CREATE ROLE make them: nothing is granted to them yet. */
import { DEFAULT_POLICY, type Account } from '../../catalog/account.js'
import type { UserAndHost } from './account-names.js'
import type { DefinitionContext } from './definition-context.js'
import type { Secret } from './passwords.js'

export function newAccount(name: UserAndHost, secret: Secret, context: DefinitionContext): Account {
  return {
    ...name,
    method: secret.method,
    storedHash: secret.storedHash,
    locked: false,
    passwordExpired: false,
    policy: DEFAULT_POLICY,
    grants: [],
    dynamicGrants: [],
    roles: [],
    defaultRoles: [],
    passwordChangedAtMicros: context.statement.evaluation.statementTimeMicros,
  }
}
