/**
 * SET (MySQL manual 15.7.6): user variables, system variables, NAMES, CHARACTER SET, TRANSACTION.
 */
import type { Binder } from '../binder/binder.js'
import { SINGLE_ROW } from '../common/batch.js'
import { sqlError } from '../common/sql-error.js'
import { SqlMode } from '../common/sql-mode.js'
import { textType, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { compileExpression, NO_COLUMNS } from '../functions/compile-expression.js'
import { unroundedOf } from '../functions/unrounded.js'
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
import type { AcceptedValue } from './variables/definition.js'
import type { GlobalVariables } from './variables/store.js'

export interface SetServices {
  readonly state: SessionState
  readonly globals: GlobalVariables
  readonly running: RunningStatement
  readonly inTransaction: boolean
  /** A binder for one expression; sub-queries are evaluated by the caller beforehand. */
  newBinder(): Binder
  /** Evaluates an expression that needs a plan (it has a sub-query). */
  evaluate(syntax: Syntax): Promise<{ readonly type: SqlType; readonly value: Value }>
  checkSetGlobal(name: string): void
}

/** All assignments are checked, from values as they were before the statement, and then made. */
export async function runSet(statement: SetStatement, services: SetServices): Promise<void> {
  const assignments: (() => void)[] = []
  for (const assignment of statement.assignments) assignments.push(await checked(assignment, services))
  for (const assign of assignments) assign()
}

async function checked(assignment: SetAssignment, services: SetServices): Promise<() => void> {
  const { state } = services
  switch (assignment.kind) {
    case 'setUserVariable': {
      const value = await evaluate(assignment.value, services)
      if (assignment.name === '') throw sqlError('ER_ILLEGAL_USER_VAR', '')
      return () => state.setUserVariable(assignment.name, value)
    }
    case 'setNames':
      return state.namesSetter(assignment.charset, assignment.collation)
    case 'setCharset':
      return state.characterSetSetter(assignment.charset)
    case 'setVariable':
      return checkedVariable(assignment, services)
  }
}

async function checkedVariable(
  assignment: Extract<SetAssignment, { kind: 'setVariable' }>,
  services: SetServices,
): Promise<() => void> {
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
    const accepted = globals.accept(name, value, type)
    tellAdjustment(accepted, value, services)
    return () => globals.keep(accepted)
  }
  const accepted = state.variables.accept(name, value, type)
  tellAdjustment(accepted, value, services)
  if (assignment.isForNext === true && accepted.variable.name in NEXT_TRANSACTION) {
    if (services.inTransaction) throw sqlError('ER_CANT_CHANGE_TX_CHARACTERISTICS')
    return () => NEXT_TRANSACTION[accepted.variable.name]?.(state, accepted.value)
  }
  return () => state.keepVariable(accepted)
}

/**
 * Characteristics that `SET @@name = …` sets for the next transaction alone; with SESSION, and by name alone, it is for
 * the session (MySQL manual 15.3.7 "SET TRANSACTION Statement").
 */
const NEXT_TRANSACTION: Readonly<Record<string, (state: SessionState, value: Value) => void>> = {
  transaction_isolation: (state, value) => {
    state.nextIsolation = isolationOf(String(value))
  },
  transaction_read_only: (state, value) => {
    state.nextReadOnly = value === 1
  },
}

function isolationOf(text: string): IsolationLevel {
  return text.replace('-', ' ') as IsolationLevel
}

/** A number beyond a variable's limits is moved there with a warning, or refused under STRICT_ALL_TABLES. */
function tellAdjustment(
  { variable: { name }, isAdjusted }: AcceptedValue,
  value: Value | undefined,
  { state, running }: SetServices,
): void {
  if (!isAdjusted) return
  if ((state.sqlMode & SqlMode.STRICT_ALL_TABLES) !== 0) {
    throw sqlError('ER_WRONG_VALUE_FOR_VAR', name, String(value))
  }
  running.warn('Warning', 'ER_TRUNCATED_WRONG_VALUE', name, String(value))
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
  // A variable keeps the digits of a quotient that its type would round away.
  const { type } = expression
  const form = unroundedOf(compileExpression(expression, NO_COLUMNS), type.scale)
  const value = form.evaluate(SINGLE_ROW, 0, services.running)
  const length = type.length - type.scale + form.scale
  return { type: form.scale === type.scale ? type : { ...type, length, scale: form.scale }, value }
}

export function runSetTransaction(
  statement: SetTransaction,
  state: SessionState,
  globals: GlobalVariables,
  inTransaction: boolean,
  checkSetGlobal: (name: string) => void,
): void {
  const { scope, isolation, accessMode } = statement
  if (scope === undefined) {
    if (inTransaction) throw sqlError('ER_CANT_CHANGE_TX_CHARACTERISTICS')
    if (isolation !== undefined) state.nextIsolation = isolationOf(isolation)
    if (accessMode !== undefined) state.nextReadOnly = accessMode === 'readOnly'
    return
  }
  const set = (name: string, value: Value): void => {
    if (scope !== 'global') {
      state.keepVariable(state.variables.accept(name, value, TEXT))
      return
    }
    checkSetGlobal(name)
    globals.keep(globals.accept(name, value, TEXT))
  }
  if (isolation !== undefined) set('transaction_isolation', isolation)
  if (accessMode !== undefined) set('transaction_read_only', accessMode === 'readOnly' ? 1 : 0)
}
