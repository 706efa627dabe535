/**
 * Account statements (MySQL manual 15.7.1). Proxies and further authentication factors are not supported.
 */
import { sqlError } from '../../common/sql-error.js'
import type { AccountStatement } from '../../plan/syntax/index.js'
import { alterUser, createUser, dropUser, renameUser, setPassword } from './accounts.js'
import type { DefinitionContext, DefinitionResult } from './definition-context.js'
import { grantPrivileges, revokeAll, revokePrivileges } from './grants.js'
import { createRole, dropRole, grantRoles, revokeRoles, setDefaultRole } from './roles.js'

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
    case 'createRole':
      return createRole(statement, context)
    case 'dropRole':
      return dropRole(statement, context)
    case 'grantRoles':
      return grantRoles(statement, context)
    case 'revokeRoles':
      return revokeRoles(statement, context)
    case 'setDefaultRole':
      return setDefaultRole(statement, context)
    case 'setRole':
      throw new Error('invariant: the session itself runs SET ROLE')
    case 'grantProxy':
    case 'revokeProxy':
      return unsupported('PROXY privilege')
  }
}

function unsupported(construct: string): Promise<never> {
  return Promise.reject(sqlError('ER_NOT_SUPPORTED_YET', construct))
}
