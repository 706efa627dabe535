import type { Statement } from '../plan/syntax/statement.js'
import { parseAlter } from './alter.js'
import { parseCall, parseDo, parseHandler } from './call-do-handler.js'
import { parseCompound } from './compound.js'
import { parseGetDiagnostics, parseSignal } from './conditions.js'
import { parseCreate } from './create.js'
import type { Cursor } from './cursor.js'
import { parseDrop, parseRename, parseTruncate } from './drop.js'
import { parseExplain, parseHelp, parseUse, parseWithStatement } from './explain.js'
import { parseGrant, parseRevoke } from './grants.js'
import { parseInsert } from './insert.js'
import { parseLoad } from './load.js'
import { parseCacheIndex, parseLoadIndex, parseLock, parseMaintenance, parseUnlock } from './maintenance.js'
import { parseDeallocate, parseExecute, parsePrepare } from './prepared.js'
import { parseQueryStatement } from './query.js'
import { parseChange, parseStartStop } from './replication.js'
import {
  parseBinlog,
  parseClone,
  parseFlush,
  parseInstall,
  parseKill,
  parsePurge,
  parseReset,
  parseServerCommand,
} from './server-commands.js'
import { parseSet } from './set.js'
import { parseShow } from './show.js'
import { parseImportTable } from './tablespaces.js'
import type { TokenKind } from './token.js'
import {
  parseBegin,
  parseCommit,
  parseRollback,
  parseSavepoint,
  parseStartTransaction,
  parseXa,
} from './transactions.js'
import { parseDelete, parseUpdate } from './update-delete.js'

/** Statements by their first word. */

export function parseStatement(cursor: Cursor): Statement {
  // The commonest ones first; a map would cost more.
  switch (cursor.kind) {
    case 'SELECT':
    case '(':
    case 'VALUES':
      return parseQueryStatement(cursor)
    case 'INSERT':
    case 'REPLACE':
      return parseInsert(cursor)
    case 'UPDATE':
      return parseUpdate(cursor, undefined)
    case 'DELETE':
      return parseDelete(cursor, undefined)
    case 'SET':
      return parseSet(cursor)
    default: {
      const parse = STATEMENTS.get(cursor.kind) ?? cursor.fail()
      return parse(cursor)
    }
  }
}

/** A statement of a stored program: a compound one or any other that MySQL allows there. */
export function parseProgramStatement(cursor: Cursor): Statement {
  cursor.enter()
  const statement = parseCompound(cursor) ?? parseStatement(cursor)
  cursor.leave()
  return statement
}

function parseStart(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('START')
  return cursor.is('TRANSACTION') ? parseStartTransaction(cursor, start) : parseStartStop(cursor, true, start)
}

function parseStop(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('STOP')
  return parseStartStop(cursor, false, start)
}

function parseLoadStatement(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('LOAD')
  return cursor.is('INDEX') ? parseLoadIndex(cursor, start) : parseLoad(cursor, start)
}

const STATEMENTS: ReadonlyMap<TokenKind, (cursor: Cursor) => Statement> = new Map<
  TokenKind,
  (cursor: Cursor) => Statement
>([
  ['ALTER', parseAlter],
  ['ANALYZE', parseMaintenance],
  ['BEGIN', parseBegin],
  ['BINLOG', parseBinlog],
  ['CACHE', parseCacheIndex],
  ['CALL', parseCall],
  ['CHANGE', parseChange],
  ['CHECK', parseMaintenance],
  ['CHECKSUM', parseMaintenance],
  ['CLONE', parseClone],
  ['COMMIT', parseCommit],
  ['CREATE', parseCreate],
  ['DEALLOCATE', parseDeallocate],
  ['DESC', parseExplain],
  ['DO', parseDo],
  ['DROP', parseDrop],
  ['EXECUTE', parseExecute],
  ['EXPLAIN', parseExplain],
  ['FLUSH', parseFlush],
  ['GET', parseGetDiagnostics],
  ['GRANT', parseGrant],
  ['HANDLER', parseHandler],
  ['HELP', parseHelp],
  ['IMPORT', parseImportTable],
  ['INSTALL', parseInstall],
  ['KILL', parseKill],
  ['LOAD', parseLoadStatement],
  ['LOCK', parseLock],
  ['OPTIMIZE', parseMaintenance],
  ['PREPARE', parsePrepare],
  ['PURGE', parsePurge],
  ['RELEASE', parseSavepoint],
  ['RENAME', parseRename],
  ['REPAIR', parseMaintenance],
  ['RESET', parseReset],
  ['RESIGNAL', parseSignal],
  ['RESTART', parseServerCommand],
  ['REVOKE', parseRevoke],
  ['ROLLBACK', parseRollback],
  ['SAVEPOINT', parseSavepoint],
  ['SHOW', parseShow],
  ['SHUTDOWN', parseServerCommand],
  ['SIGNAL', parseSignal],
  ['START', parseStart],
  ['STOP', parseStop],
  ['TABLE', parseQueryStatement],
  ['TRUNCATE', parseTruncate],
  ['UNINSTALL', parseInstall],
  ['UNLOCK', parseUnlock],
  ['USE', parseUse],
  ['WITH', parseWithStatement],
  ['XA', parseXa],
])
