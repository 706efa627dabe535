/**
 * Whether a variable exists in the scope in which it is read.
 */
import { sqlError } from '../../common/sql-error.js'
import type { VariableDefinition } from './definition.js'

/** `@@global.x` needs a global variable; a global one may be read without scope. Throws ER_INCORRECT_GLOBAL_LOCAL_VAR. */
export function checkReadable(variable: VariableDefinition, scope: 'session' | 'global'): void {
  if (scope === 'global' && variable.scopes === 'session') {
    throw sqlError('ER_INCORRECT_GLOBAL_LOCAL_VAR', variable.name, 'SESSION')
  }
}
