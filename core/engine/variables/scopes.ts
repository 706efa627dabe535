/**
 * Whether a variable exists in the scope in which it is read.
 */
import { sqlError } from '../../common/sql-error.js'
import type { VariableDefinition } from './definition.js'

/** `@@global.x` needs a global variable, `@@session.x` one of sessions; `@@x` takes either. Throws ER_INCORRECT_GLOBAL_LOCAL_VAR. */
export function checkReadable(variable: VariableDefinition, scope: 'session' | 'global' | undefined): void {
  if (scope === 'global' && variable.scopes === 'session') {
    throw sqlError('ER_INCORRECT_GLOBAL_LOCAL_VAR', variable.name, 'SESSION')
  }
  if (scope === 'session' && variable.scopes === 'global') {
    throw sqlError('ER_INCORRECT_GLOBAL_LOCAL_VAR', variable.name, 'GLOBAL')
  }
}
