import type { DropIndex, DropTable, RenameTable, TruncateTable } from '../plan/syntax/definition.js'
import type { Statement } from '../plan/syntax/statement.js'
import { parseDropRole, parseDropUser, parseRenameUser } from './accounts.js'
import { parseIndexModifiers } from './create.js'
import type { Cursor } from './cursor.js'
import { parseDropDatabase } from './databases.js'
import { acceptIfExists, parseList, parseQualifiedName, parseQualifiedNames } from './names.js'
import { parseDropProgram } from './programs.js'
import { parseDropServer } from './servers.js'
import { parseDropResourceGroup, parseDropSpatialReference, parseDropTablespace } from './tablespaces.js'
import { parseDropView } from './views.js'

/** DROP, RENAME and TRUNCATE. */

export function parseDrop(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('DROP')
  switch (cursor.kind) {
    case 'TEMPORARY':
    case 'TABLE':
    case 'TABLES':
      return parseDropTable(cursor, start)
    case 'DATABASE':
      cursor.advance()
      return parseDropDatabase(cursor, start)
    case 'INDEX':
      return parseDropIndex(cursor, start)
    case 'VIEW':
      cursor.advance()
      return parseDropView(cursor, start)
    case 'USER':
      cursor.advance()
      return parseDropUser(cursor, start)
    case 'ROLE':
      cursor.advance()
      return parseDropRole(cursor, start)
    case 'SERVER':
      cursor.advance()
      return parseDropServer(cursor, start)
    case 'PROCEDURE':
    case 'FUNCTION':
    case 'TRIGGER':
    case 'EVENT':
      return parseDropProgram(cursor, start)
    case 'PREPARE':
      cursor.advance()
      return { kind: 'deallocate', name: cursor.identifier(), start, end: cursor.previousEnd }
    default:
      return parseDropOther(cursor, start)
  }
}

function parseDropOther(cursor: Cursor, start: number): Statement {
  switch (cursor.kind) {
    case 'UNDO':
    case 'TABLESPACE': {
      const undo = cursor.accept('UNDO')
      cursor.expect('TABLESPACE')
      return parseDropTablespace(cursor, { undo, logfileGroup: false }, start)
    }
    case 'LOGFILE':
      cursor.expectAll('LOGFILE', 'GROUP')
      return parseDropTablespace(cursor, { undo: false, logfileGroup: true }, start)
    case 'RESOURCE':
      cursor.expectAll('RESOURCE', 'GROUP')
      return parseDropResourceGroup(cursor, start)
    case 'SPATIAL':
      cursor.expectAll('SPATIAL', 'REFERENCE', 'SYSTEM')
      return parseDropSpatialReference(cursor, start)
    default:
      return cursor.fail()
  }
}

/** At TEMPORARY or TABLE. TABLES is another word for TABLE. */
function parseDropTable(cursor: Cursor, start: number): DropTable {
  const temporary = cursor.accept('TEMPORARY')
  cursor.expectOneOf('TABLE', 'TABLES')
  const ifExists = acceptIfExists(cursor)
  const tables = parseQualifiedNames(cursor)
  cursor.acceptOneOf('RESTRICT', 'CASCADE')
  return { kind: 'dropTable', tables, temporary, ifExists, start, end: cursor.previousEnd }
}

function parseDropIndex(cursor: Cursor, start: number): DropIndex {
  cursor.expect('INDEX')
  const name = cursor.accept('PRIMARY') ? 'PRIMARY' : cursor.identifier()
  cursor.expect('ON')
  const table = parseQualifiedName(cursor)
  const modifiers = parseIndexModifiers(cursor)
  return { kind: 'dropIndex', table, name, ...modifiers, start, end: cursor.previousEnd }
}

export function parseRename(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('RENAME')
  if (cursor.accept('USER')) return parseRenameUser(cursor, start)
  cursor.expectOneOf('TABLE', 'TABLES')
  const renames: RenameTable['renames'] = parseList(cursor, (c) => {
    const from = parseQualifiedName(c)
    c.expect('TO')
    return { from, to: parseQualifiedName(c) }
  })
  return { kind: 'renameTable', renames, start, end: cursor.previousEnd }
}

export function parseTruncate(cursor: Cursor): TruncateTable {
  const { start } = cursor
  cursor.expect('TRUNCATE')
  cursor.accept('TABLE')
  return { kind: 'truncateTable', table: parseQualifiedName(cursor), start, end: cursor.previousEnd }
}
