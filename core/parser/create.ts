import type { CreateIndex, IndexKind } from '../plan/syntax/definition.js'
import type { Statement } from '../plan/syntax/statement.js'
import { parseCreateRole, parseCreateUser } from './accounts.js'
import { parseAlgorithmOrLock } from './alter-table.js'
import { parseCreateTable } from './create-table.js'
import type { Cursor } from './cursor.js'
import { parseCreateDatabase } from './databases.js'
import { parseCreateEvent } from './events.js'
import { parseIndexOptions, parseIndexParts, parseIndexType } from './index-definition.js'
import { parseQualifiedName } from './names.js'
import { parseCreateRoutine, parseCreateTrigger } from './programs.js'
import { parseCreateServer } from './servers.js'
import {
  parseCreateResourceGroup,
  parseCreateSpatialReference,
  parseCreateTablespace,
} from './tablespaces.js'
import { parseCreateView, parseDefinerClauses, type DefinerClauses } from './views.js'

/** CREATE: which kind of object follows. */
export function parseCreate(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('CREATE')
  switch (cursor.kind) {
    case 'TABLE':
      cursor.advance()
      return parseCreateTable(cursor, false, start)
    case 'TEMPORARY':
      cursor.advance()
      cursor.expect('TABLE')
      return parseCreateTable(cursor, true, start)
    case 'DATABASE':
      cursor.advance()
      return parseCreateDatabase(cursor, start)
    case 'INDEX':
    case 'UNIQUE':
    case 'FULLTEXT':
      return parseCreateIndex(cursor, start)
    case 'SPATIAL':
      return cursor.peek(1) === 'REFERENCE'
        ? parseReferenceSystem(cursor, false, start)
        : parseCreateIndex(cursor, start)
    case 'USER':
      cursor.advance()
      return parseCreateUser(cursor, start)
    case 'ROLE':
      cursor.advance()
      return parseCreateRole(cursor, start)
    case 'SERVER':
      cursor.advance()
      return parseCreateServer(cursor, start)
    case 'UNDO':
    case 'TABLESPACE': {
      const undo = cursor.accept('UNDO')
      cursor.expect('TABLESPACE')
      return parseCreateTablespace(cursor, { undo, logfileGroup: false }, start)
    }
    case 'LOGFILE':
      cursor.expectAll('LOGFILE', 'GROUP')
      return parseCreateTablespace(cursor, { undo: false, logfileGroup: true }, start)
    case 'RESOURCE':
      cursor.expectAll('RESOURCE', 'GROUP')
      return parseCreateResourceGroup(cursor, start)
    default:
      return parseDefinedObject(cursor, start)
  }
}

/** Views and stored programs, which may have a definer and more in front of their kind. */
function parseDefinedObject(cursor: Cursor, start: number): Statement {
  const clauses = parseDefinerClauses(cursor)
  if (cursor.accept('VIEW')) return parseCreateView(cursor, clauses, false, start)
  if (cursor.is('SPATIAL') && clauses.orReplace) return parseReferenceSystem(cursor, true, start)
  if (!isPlain(clauses)) cursor.fail()
  switch (cursor.kind) {
    case 'PROCEDURE':
    case 'FUNCTION':
    case 'AGGREGATE':
      return parseCreateRoutine(cursor, clauses.definer, start)
    case 'TRIGGER':
      return parseCreateTrigger(cursor, clauses.definer, start)
    case 'EVENT':
      return parseCreateEvent(cursor, clauses.definer, start)
    default:
      return cursor.fail()
  }
}

/** Whether nothing but a definer was given. */
function isPlain(clauses: DefinerClauses): boolean {
  return !clauses.orReplace && clauses.algorithm === undefined && clauses.security === undefined
}

function parseReferenceSystem(cursor: Cursor, orReplace: boolean, start: number): Statement {
  cursor.expectAll('SPATIAL', 'REFERENCE', 'SYSTEM')
  return parseCreateSpatialReference(cursor, orReplace, start)
}

const INDEX_KINDS = { UNIQUE: 'unique', FULLTEXT: 'fulltext', SPATIAL: 'spatial' } as const

/** CREATE [kind] INDEX name [USING type] ON table (parts) options. */
function parseCreateIndex(cursor: Cursor, start: number): CreateIndex {
  const keyword = cursor.acceptOneOf('UNIQUE', 'FULLTEXT', 'SPATIAL')
  const indexKind: IndexKind = keyword === undefined ? 'index' : INDEX_KINDS[keyword]
  cursor.expect('INDEX')
  const indexStart = cursor.start
  const name = cursor.identifier()
  const using = parseIndexType(cursor)
  cursor.expect('ON')
  const table = parseQualifiedName(cursor)
  const parts = parseIndexParts(cursor)
  const options = parseIndexOptions(cursor, using)
  const end = cursor.previousEnd
  const modifiers = parseIndexModifiers(cursor)
  return {
    kind: 'createIndex',
    table,
    index: { kind: 'index', indexKind, name, parts, options, start: indexStart, end },
    ...modifiers,
    start,
    end: cursor.previousEnd,
  }
}

/** ALGORITHM and LOCK behind CREATE INDEX and DROP INDEX. */
export function parseIndexModifiers(cursor: Cursor): Pick<CreateIndex, 'algorithm' | 'lock'> {
  const modifiers: { -readonly [Key in 'algorithm' | 'lock']: CreateIndex[Key] } = {
    algorithm: undefined,
    lock: undefined,
  }
  while (cursor.is('ALGORITHM') || cursor.is('LOCK')) parseAlgorithmOrLock(cursor, modifiers)
  return modifiers
}
