import type { CreateView, DropView } from '../plan/syntax/definition.js'
import type { AccountName } from '../plan/syntax/account.js'
import type { Cursor } from './cursor.js'
import {
  acceptIfExists,
  parseAccountName,
  parseOptionalNameList,
  parseQualifiedName,
  parseQualifiedNames,
} from './names.js'

/** Views (manual, 15.1.23, 15.1.11 and 15.1.35), and the clauses that they share with stored programs. */

/** What may stand between CREATE or ALTER and the kind of object. */
export interface DefinerClauses {
  readonly orReplace: boolean
  readonly algorithm: CreateView['algorithm']
  readonly definer: AccountName | undefined
  readonly security: CreateView['security']
}

const ALGORITHMS = { UNDEFINED: 'undefined', MERGE: 'merge', TEMPTABLE: 'temptable' } as const

/** `[OR REPLACE] [ALGORITHM = x] [DEFINER = user] [SQL SECURITY x]`. */
export function parseDefinerClauses(cursor: Cursor): DefinerClauses {
  const orReplace = cursor.acceptBoth('OR', 'REPLACE')
  let algorithm: CreateView['algorithm']
  if (cursor.accept('ALGORITHM')) {
    cursor.expect('=')
    algorithm = ALGORITHMS[cursor.expectOneOf('UNDEFINED', 'MERGE', 'TEMPTABLE')]
  }
  let definer: AccountName | undefined
  if (cursor.accept('DEFINER')) {
    cursor.expect('=')
    definer = parseAccountName(cursor)
  }
  const security = cursor.acceptBoth('SQL', 'SECURITY') ? parseSecurity(cursor) : undefined
  return { orReplace, algorithm, definer, security }
}

export function parseSecurity(cursor: Cursor): 'definer' | 'invoker' {
  return cursor.expectOneOf('DEFINER', 'INVOKER') === 'DEFINER' ? 'definer' : 'invoker'
}

/** Behind VIEW of CREATE and ALTER. */
export function parseCreateView(
  cursor: Cursor,
  clauses: DefinerClauses,
  alter: boolean,
  start: number,
): CreateView {
  const name = parseQualifiedName(cursor)
  const columns = parseOptionalNameList(cursor)
  cursor.expect('AS')
  const queryStart = cursor.start
  const query = cursor.grammar.query(cursor)
  const queryText = cursor.sourceText(queryStart, cursor.previousEnd)
  const checkOption = parseCheckOption(cursor)
  return {
    kind: 'createView',
    alter,
    ...clauses,
    name,
    columns,
    query,
    queryText,
    checkOption,
    start,
    end: cursor.previousEnd,
  }
}

/** `[WITH [CASCADED | LOCAL] CHECK OPTION]`. */
function parseCheckOption(cursor: Cursor): CreateView['checkOption'] {
  if (!cursor.accept('WITH')) return undefined
  const keyword = cursor.acceptOneOf('CASCADED', 'LOCAL')
  cursor.expectAll('CHECK', 'OPTION')
  return keyword === 'LOCAL' ? 'local' : 'cascaded'
}

/** Behind DROP VIEW. */
export function parseDropView(cursor: Cursor, start: number): DropView {
  const ifExists = acceptIfExists(cursor)
  const views = parseQualifiedNames(cursor)
  cursor.acceptOneOf('RESTRICT', 'CASCADE')
  return { kind: 'dropView', views, ifExists, start, end: cursor.previousEnd }
}
