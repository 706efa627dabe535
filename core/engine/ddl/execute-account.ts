/**
 * Account statements (MySQL manual 15.7.1). Roles, proxies and further authentication factors are not supported.
 */
import { sqlError } from '../../common/sql-error.js'
import type { AccountStatement, DefinitionStatement } from '../../plan/syntax/index.js'
import { alterUser, createUser, dropUser, renameUser, setPassword } from './accounts.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { grantPrivileges, revokeAll, revokePrivileges } from './grants.js'

const KINDS: ReadonlySet<string> = new Set<AccountStatement['kind']>([
  'createUser',
  'alterUser',
  'dropUser',
  'renameUser',
  'createRole',
  'dropRole',
  'grantPrivileges',
  'grantRoles',
  'grantProxy',
  'revokePrivileges',
  'revokeRoles',
  'revokeProxy',
  'revokeAll',
  'setPassword',
  'setRole',
  'setDefaultRole',
])

export function isAccountStatement(
  statement: DefinitionStatement | AccountStatement,
): statement is AccountStatement {
  return KINDS.has(statement.kind)
}

export function executeAccountStatement(
  statement: AccountStatement,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  switch (statement.kind) {
    case 'createUser':
      return createUser(statement, context)
    case 'alterUser':
      return alterUser(statement, context)
    case 'dropUser':
      return dropUser(statement, context)
    case 'renameUser':
      return renameUser(statement, context)
    case 'setPassword':
      return setPassword(statement, context)
    case 'grantPrivileges':
      return grantPrivileges(statement, context)
    case 'revokePrivileges':
      return revokePrivileges(statement, context)
    case 'revokeAll':
      return revokeAll(statement, context)
    case 'setRole':
    case 'setDefaultRole':
      // Without roles there is nothing but "none" and "all of them".
      if (statement.roles.kind !== 'list') return Promise.resolve(DONE)
      return unsupported('roles')
    case 'grantProxy':
    case 'revokeProxy':
      return unsupported('PROXY privilege')
    default:
      return unsupported('roles')
  }
}

function unsupported(construct: string): Promise<never> {
  return Promise.reject(sqlError('ER_NOT_SUPPORTED_YET', construct))
}
