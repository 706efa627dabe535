import type { AccountName } from '../plan/syntax/account.js'
import type {
  AlterRoutine,
  CreateFunction,
  CreateLoadableFunction,
  CreateProcedure,
  CreateTrigger,
  RoutineCharacteristics,
  RoutineParameter,
} from '../plan/syntax/program.js'
import type { Statement } from '../plan/syntax/statement.js'
import type { Cursor } from './cursor.js'
import { parseDataType } from './data-type.js'
import { acceptIfExists, acceptIfNotExists, parseList, parseQualifiedName } from './names.js'
import { parseSecurity } from './views.js'

/** Procedures, functions and triggers (manual, 15.1.17, 15.1.22); `compound.ts` reads their bodies. */

/** A body with its source text. */
export function parseBody(cursor: Cursor): { readonly body: Statement; readonly bodyText: string } {
  const { start } = cursor
  const body = cursor.grammar.programStatement(cursor)
  return { body, bodyText: cursor.sourceText(start, cursor.previousEnd) }
}

/** Behind CREATE [DEFINER]: at PROCEDURE, FUNCTION or AGGREGATE. */
export function parseCreateRoutine(
  cursor: Cursor,
  definer: AccountName | undefined,
  start: number,
): Statement {
  if (cursor.accept('PROCEDURE')) return parseCreateProcedure(cursor, definer, start)
  const aggregate = cursor.accept('AGGREGATE')
  cursor.expect('FUNCTION')
  const ifNotExists = acceptIfNotExists(cursor)
  const name = parseQualifiedName(cursor)
  if (aggregate || cursor.is('RETURNS')) {
    if (definer !== undefined || name.database !== undefined) cursor.fail()
    return parseLoadable(cursor, aggregate, ifNotExists, name.name, start)
  }
  return parseCreateFunction(cursor, { definer, ifNotExists, name }, start)
}

function parseCreateProcedure(
  cursor: Cursor,
  definer: AccountName | undefined,
  start: number,
): CreateProcedure {
  const ifNotExists = acceptIfNotExists(cursor)
  const name = parseQualifiedName(cursor)
  const parameters = parseParameters(cursor, true)
  const characteristics = parseCharacteristics(cursor)
  const body = parseBody(cursor)
  return {
    kind: 'createProcedure',
    definer,
    ifNotExists,
    name,
    parameters,
    characteristics,
    ...body,
    start,
    end: cursor.previousEnd,
  }
}

function parseCreateFunction(
  cursor: Cursor,
  head: Pick<CreateFunction, 'definer' | 'ifNotExists' | 'name'>,
  start: number,
): CreateFunction {
  const parameters = parseParameters(cursor, false)
  cursor.expect('RETURNS')
  const returns = parseDataType(cursor)
  const characteristics = parseCharacteristics(cursor)
  const body = parseBody(cursor)
  return {
    kind: 'createFunction',
    ...head,
    parameters,
    returns,
    characteristics,
    ...body,
    start,
    end: cursor.previousEnd,
  }
}

const LOADABLE_TYPES = { STRING: 'string', INT: 'integer', REAL: 'real', DECIMAL: 'decimal' } as const

/** At RETURNS of CREATE FUNCTION … SONAME. */
function parseLoadable(
  cursor: Cursor,
  aggregate: boolean,
  ifNotExists: boolean,
  name: string,
  start: number,
): CreateLoadableFunction {
  cursor.expect('RETURNS')
  const returns = LOADABLE_TYPES[cursor.expectOneOf('STRING', 'INT', 'REAL', 'DECIMAL')]
  cursor.expect('SONAME')
  const library = cursor.string()
  const end = cursor.previousEnd
  return { kind: 'createLoadableFunction', aggregate, ifNotExists, name, returns, library, start, end }
}

const MODES = { IN: 'in', OUT: 'out', INOUT: 'inout' } as const

function parseParameters(cursor: Cursor, withModes: boolean): RoutineParameter[] {
  cursor.expect('(')
  if (cursor.accept(')')) return []
  const parameters = parseList(cursor, (c): RoutineParameter => {
    const { start } = c
    const keyword = withModes ? c.acceptOneOf('IN', 'OUT', 'INOUT') : undefined
    const name = c.identifier()
    const type = parseDataType(c)
    return { mode: keyword === undefined ? 'in' : MODES[keyword], name, type, start, end: c.previousEnd }
  })
  cursor.expect(')')
  return parameters
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

function parseCharacteristics(cursor: Cursor): RoutineCharacteristics {
  const characteristics: Mutable<RoutineCharacteristics> = {}
  while (parseCharacteristic(cursor, characteristics));
  return characteristics
}

function parseCharacteristic(cursor: Cursor, target: Mutable<RoutineCharacteristics>): boolean {
  if (cursor.accept('COMMENT')) target.comment = cursor.string()
  else if (cursor.accept('LANGUAGE')) target.language = cursor.accept('SQL') ? 'SQL' : cursor.identifier()
  else if (cursor.accept('DETERMINISTIC')) target.deterministic = true
  else if (cursor.acceptBoth('NOT', 'DETERMINISTIC')) target.deterministic = false
  else if (cursor.acceptBoth('CONTAINS', 'SQL')) target.dataAccess = 'containsSql'
  else if (cursor.acceptBoth('NO', 'SQL')) target.dataAccess = 'noSql'
  else if (cursor.acceptBoth('SQL', 'SECURITY')) target.security = parseSecurity(cursor)
  else if (cursor.is('READS') || cursor.is('MODIFIES')) {
    target.dataAccess = cursor.is('READS') ? 'readsSqlData' : 'modifiesSqlData'
    cursor.advance()
    cursor.expectAll('SQL', 'DATA')
  } else return false
  return true
}

/** Behind ALTER: at PROCEDURE or FUNCTION. */
export function parseAlterRoutine(cursor: Cursor, start: number): AlterRoutine {
  const routine = cursor.expectOneOf('PROCEDURE', 'FUNCTION') === 'PROCEDURE' ? 'procedure' : 'function'
  const name = parseQualifiedName(cursor)
  const characteristics = parseCharacteristics(cursor)
  return { kind: 'alterRoutine', routine, name, characteristics, start, end: cursor.previousEnd }
}

/** Behind DROP: at PROCEDURE, FUNCTION, TRIGGER or EVENT. */
export function parseDropProgram(cursor: Cursor, start: number): Statement {
  const what = cursor.expectOneOf('PROCEDURE', 'FUNCTION', 'TRIGGER', 'EVENT')
  const ifExists = acceptIfExists(cursor)
  const name = parseQualifiedName(cursor)
  const end = cursor.previousEnd
  if (what === 'TRIGGER') return { kind: 'dropTrigger', ifExists, name, start, end }
  if (what === 'EVENT') return { kind: 'dropEvent', ifExists, name, start, end }
  const routine = what === 'PROCEDURE' ? 'procedure' : 'function'
  return { kind: 'dropRoutine', routine, ifExists, name, start, end }
}

const EVENTS = { INSERT: 'insert', UPDATE: 'update', DELETE: 'delete' } as const

/** Behind CREATE [DEFINER]: at TRIGGER. */
export function parseCreateTrigger(
  cursor: Cursor,
  definer: AccountName | undefined,
  start: number,
): CreateTrigger {
  cursor.expect('TRIGGER')
  const ifNotExists = acceptIfNotExists(cursor)
  const name = parseQualifiedName(cursor)
  const time = cursor.expectOneOf('BEFORE', 'AFTER') === 'BEFORE' ? 'before' : 'after'
  const event = EVENTS[cursor.expectOneOf('INSERT', 'UPDATE', 'DELETE')]
  cursor.expect('ON')
  const table = parseQualifiedName(cursor)
  cursor.expectAll('FOR', 'EACH', 'ROW')
  const place = cursor.acceptOneOf('FOLLOWS', 'PRECEDES')
  const order: CreateTrigger['order'] =
    place === undefined
      ? undefined
      : { place: place === 'FOLLOWS' ? 'follows' : 'precedes', trigger: cursor.identifierOrString() }
  const body = parseBody(cursor)
  return {
    kind: 'createTrigger',
    definer,
    ifNotExists,
    name,
    time,
    event,
    table,
    order,
    ...body,
    start,
    end: cursor.previousEnd,
  }
}
