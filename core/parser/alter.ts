import type { Statement } from '../plan/syntax/statement.js'
import { parseAlterUser } from './alter-user.js'
import { parseAlterTable } from './alter-table.js'
import type { Cursor } from './cursor.js'
import { parseAlterDatabase } from './databases.js'
import { parseAlterEvent } from './events.js'
import { parseAlterRoutine } from './programs.js'
import { parseAlterServer } from './servers.js'
import { parseAlterInstance, parseAlterResourceGroup, parseAlterTablespace } from './tablespaces.js'
import { parseCreateView, parseDefinerClauses } from './views.js'

/** ALTER: which kind of object follows. */
export function parseAlter(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('ALTER')
  switch (cursor.kind) {
    case 'TABLE':
      cursor.advance()
      return parseAlterTable(cursor, start)
    case 'DATABASE':
      cursor.advance()
      return parseAlterDatabase(cursor, start)
    case 'USER':
      cursor.advance()
      return parseAlterUser(cursor, start)
    case 'SERVER':
      cursor.advance()
      return parseAlterServer(cursor, start)
    case 'PROCEDURE':
    case 'FUNCTION':
      return parseAlterRoutine(cursor, start)
    case 'INSTANCE':
      cursor.advance()
      return parseAlterInstance(cursor, start)
    case 'UNDO':
    case 'TABLESPACE': {
      const undo = cursor.accept('UNDO')
      cursor.expect('TABLESPACE')
      return parseAlterTablespace(cursor, { undo, logfileGroup: false }, start)
    }
    case 'LOGFILE':
      cursor.expectAll('LOGFILE', 'GROUP')
      return parseAlterTablespace(cursor, { undo: false, logfileGroup: true }, start)
    case 'RESOURCE':
      cursor.expectAll('RESOURCE', 'GROUP')
      return parseAlterResourceGroup(cursor, start)
    default: {
      const clauses = parseDefinerClauses(cursor)
      if (clauses.orReplace) cursor.fail()
      if (cursor.accept('VIEW')) return parseCreateView(cursor, clauses, true, start)
      if (clauses.algorithm !== undefined || clauses.security !== undefined) cursor.fail()
      return parseAlterEvent(cursor, clauses.definer, start)
    }
  }
}
