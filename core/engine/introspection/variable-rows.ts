/**
 * System variables as SHOW VARIABLES and performance_schema list them, sorted by name.
 */
import type { VariableDefinition } from '../variables/definition.js'
import { SYSTEM_VARIABLES } from '../variables/registry.js'
import type { ListingRequest } from './listing.js'

export interface VariableRow {
  readonly name: string
  readonly value: string | null
}

/** Read with SELECT @@name, but not listed. */
const UNLISTED: ReadonlySet<string> = new Set(['storage_engine', 'tx_isolation', 'tx_read_only'])

const LISTED = [...SYSTEM_VARIABLES.values()]
  .filter((variable) => !UNLISTED.has(variable.name))
  .sort((a, b) => (a.name < b.name ? -1 : 1))

export function variableRows(
  scope: 'global' | 'session',
  { session, services }: ListingRequest,
): readonly VariableRow[] {
  return LISTED.filter((variable) => scope === 'session' || variable.scopes !== 'session').map(
    (variable: VariableDefinition) => {
      const { name } = variable
      const value =
        scope === 'session' ? session.state.systemVariable(name, 'session') : services.core.globals.get(name)
      return { name, value: variable.show(value) }
    },
  )
}
