/**
 * SET (MySQL manual 15.7.6): user variables, system variables, NAMES, CHARACTER SET, TRANSACTION.
 */
import type { Binder } from '../binder/binder.js'
import { SINGLE_ROW } from '../common/batch.js'
import { sqlError } from '../common/sql-error.js'
import { textType, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { compileExpression, NO_COLUMNS } from '../functions/compile-expression.js'
import type {
  Expression as Syntax,
  SetAssignment,
  SetStatement,
  SetTransaction,
} from '../plan/syntax/index.js'
import type { IsolationLevel } from '../spi/transaction.js'
import { hasSubquery } from '../plan/rewrite.js'
import { containsQuery } from './statement-traits.js'
import type { RunningStatement } from './running-statement.js'
import type { SessionState } from './session-state.js'
import { canonicalName, type GlobalVariables } from './variables/store.js'

export interface SetServices {
  readonly state: SessionState
  readonly globals: GlobalVariables
  readonly running: RunningStatement
  /** A binder for one expression; sub-queries are evaluated by the caller beforehand. */
  newBinder(): Binder
  /** Evaluates an expression that needs a plan (it has a sub-query). */
  evaluate(syntax: Syntax): Promise<{ readonly type: SqlType; readonly value: Value }>
  checkSetGlobal(name: string): void
}

export async function runSet(statement: SetStatement, services: SetServices): Promise<void> {
  for (const assignment of statement.assignments) await assign(assignment, services)
}

async function assign(assignment: SetAssignment, services: SetServices): Promise<void> {
  const { state } = services
  switch (assignment.kind) {
    case 'setUserVariable': {
      const { type, value } = await evaluate(assignment.value, services)
      state.setUserVariable(assignment.name, { type, value })
      return
    }
    case 'setNames':
      state.setNames(assignment.charset, assignment.collation)
      return
    case 'setCharset':
      state.setCharacterSet(assignment.charset)
      return
    case 'setVariable':
      await setVariable(assignment, services)
  }
}

async function setVariable(
  assignment: Extract<SetAssignment, { kind: 'setVariable' }>,
  services: SetServices,
): Promise<void> {
  const { state, globals } = services
  const name =
    assignment.component === undefined ? assignment.name : `${assignment.component}.${assignment.name}`
  if (assignment.scope === 'persist' || assignment.scope === 'persistOnly') {
    throw sqlError('ER_NOT_SUPPORTED_YET', 'SET PERSIST')
  }
  const isDefault = assignment.value.kind === 'defaultKeyword'
  const { type, value } = isDefault
    ? { type: TEXT, value: undefined }
    : (bareWord(assignment.value) ?? (await evaluate(assignment.value, services)))
  if (assignment.scope === 'global') {
    services.checkSetGlobal(name)
    globals.set(name, value, type)
    return
  }
  // SET @@transaction_isolation without scope is for the next transaction only; with SESSION, and by name alone, for the session.
  state.setVariable(canonicalName(name), value, type)
}

const TEXT: SqlType = textType(1024, 'utf8mb4_0900_ai_ci')

/** `SET sql_mode = ANSI`, `SET autocommit = ON`: a bare word is a string. */
function bareWord(syntax: Syntax): { readonly type: SqlType; readonly value: Value } | undefined {
  if (syntax.kind !== 'column' || syntax.table !== undefined) return undefined
  return { type: TEXT, value: syntax.name }
}

async function evaluate(syntax: Syntax, services: SetServices): Promise<{ type: SqlType; value: Value }> {
  if (containsQuery(syntax)) return services.evaluate(syntax)
  const expression = services.newBinder().standalone(syntax, 'field list')
  if (hasSubquery(expression)) return services.evaluate(syntax)
  const value = compileExpression(expression, NO_COLUMNS)(SINGLE_ROW, 0, services.running)
  return { type: expression.type, value }
}

export function runSetTransaction(
  statement: SetTransaction,
  state: SessionState,
  globals: GlobalVariables,
  inTransaction: boolean,
): void {
  const { scope, isolation, accessMode } = statement
  if (scope === undefined) {
    if (inTransaction) throw sqlError('ER_CANT_CHANGE_TX_CHARACTERISTICS')
    if (isolation !== undefined) state.nextIsolation = isolation.replace('-', ' ') as IsolationLevel
    if (accessMode !== undefined) state.nextReadOnly = accessMode === 'readOnly'
    return
  }
  const set = (name: string, value: Value) =>
    scope === 'global' ? globals.set(name, value, TEXT) : state.setVariable(name, value, TEXT)
  if (isolation !== undefined) set('transaction_isolation', isolation)
  if (accessMode !== undefined) set('transaction_read_only', accessMode === 'readOnly' ? 1 : 0)
}
