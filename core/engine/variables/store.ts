/**
 * Values of system variables: global ones, and each session's own, which start as copies of the global ones.
 */
import { sqlError } from '../../common/sql-error.js'
import type { SqlType } from '../../common/sql-type.js'
import type { Value } from '../../common/value.js'
import { acceptValue, type AcceptedValue, type VariableDefinition } from './definition.js'
import { SYSTEM_VARIABLES, requireVariable } from './registry.js'

/** Other names for the same variable. */
const ALIASES: Readonly<Record<string, string>> = {
  tx_isolation: 'transaction_isolation',
  tx_read_only: 'transaction_read_only',
  storage_engine: 'default_storage_engine',
  identity: 'last_insert_id',
}

export function canonicalName(name: string): string {
  const lower = name.toLowerCase()
  return ALIASES[lower] ?? lower
}

export class GlobalVariables {
  private readonly values = new Map<string, Value>()
  /** Grows with every change, so that sessions can tell stale copies. */
  version = 0

  /** `initial` overrules defaults: port, data folder, limits. */
  constructor(initial: Readonly<Record<string, Value>>) {
    for (const variable of SYSTEM_VARIABLES.values()) this.values.set(variable.name, variable.default)
    for (const [name, value] of Object.entries(initial)) this.values.set(requireVariable(name).name, value)
  }

  get(name: string): Value {
    return this.values.get(canonicalName(name)) ?? null
  }

  /** Checks what SET GLOBAL would assign; undefined is DEFAULT. */
  accept(name: string, value: Value | undefined, type: SqlType): AcceptedValue {
    const variable = requireVariable(canonicalName(name))
    checkWritable(variable)
    if (variable.scopes === 'session') throw sqlError('ER_LOCAL_VARIABLE', variable.name)
    return acceptValue(variable, value, type, variable.default)
  }

  keep({ variable, value }: AcceptedValue): void {
    this.values.set(variable.name, value)
    this.version++
  }
}

export class SessionVariables {
  private readonly values = new Map<string, Value>()

  constructor(private readonly globals: GlobalVariables) {
    this.reset()
  }

  /** As in a new connection. */
  reset(): void {
    this.values.clear()
    for (const variable of SYSTEM_VARIABLES.values()) {
      if (variable.scopes !== 'global') this.values.set(variable.name, this.globals.get(variable.name))
    }
  }

  get(name: string): Value {
    const key = canonicalName(name)
    return this.values.has(key) ? (this.values.get(key) ?? null) : this.globals.get(key)
  }

  /** Checks what SET SESSION would assign; undefined is DEFAULT, the global value. */
  accept(name: string, value: Value | undefined, type: SqlType): AcceptedValue {
    const variable = requireVariable(canonicalName(name))
    checkWritable(variable)
    if (variable.scopes === 'global') throw sqlError('ER_GLOBAL_VARIABLE', variable.name)
    if (variable.isGivenToSessions) {
      throw sqlError('ER_VARIABLE_IS_READONLY', 'SESSION', variable.name, 'SET GLOBAL')
    }
    return acceptValue(variable, value, type, this.globals.get(variable.name))
  }

  /** Sets without the checks of SET: what the session itself keeps up to date. */
  assign(name: string, value: Value): void {
    this.values.set(canonicalName(name), value)
  }
}

function checkWritable(variable: VariableDefinition): void {
  if (variable.readOnly) throw sqlError('ER_INCORRECT_GLOBAL_LOCAL_VAR', variable.name, 'read only')
}
