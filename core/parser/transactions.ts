import type {
  IsolationLevel,
  SetTransaction,
  StartTransaction,
  TransactionStatement,
  XaStatement,
  XaTransactionId,
} from '../plan/syntax/administration.js'
import type { Cursor } from './cursor.js'
import { parseTextLiteral } from './literals.js'
import { parseInteger } from './names.js'

/** Transactions (manual, 15.3). */

/** BEGIN [WORK]. */
export function parseBegin(cursor: Cursor): StartTransaction {
  const { start } = cursor
  cursor.expect('BEGIN')
  cursor.accept('WORK')
  const end = cursor.previousEnd
  return { kind: 'startTransaction', consistentSnapshot: false, accessMode: undefined, start, end }
}

/** Behind START: at TRANSACTION. */
export function parseStartTransaction(cursor: Cursor, start: number): StartTransaction {
  cursor.expect('TRANSACTION')
  let consistentSnapshot = false
  let accessMode: StartTransaction['accessMode']
  if (cursor.is('WITH') || cursor.is('READ')) {
    do {
      if (cursor.accept('WITH')) {
        cursor.expectAll('CONSISTENT', 'SNAPSHOT')
        consistentSnapshot = true
      } else {
        const mode = parseAccessMode(cursor)
        if (accessMode !== undefined && accessMode !== mode) cursor.fail()
        accessMode = mode
      }
    } while (cursor.accept(','))
  }
  return { kind: 'startTransaction', consistentSnapshot, accessMode, start, end: cursor.previousEnd }
}

/** READ ONLY or READ WRITE. */
function parseAccessMode(cursor: Cursor): 'readOnly' | 'readWrite' {
  cursor.expect('READ')
  return cursor.expectOneOf('ONLY', 'WRITE') === 'ONLY' ? 'readOnly' : 'readWrite'
}

/** ISOLATION LEVEL and the access mode, in any order, each at most once. */
export function parseTransactionCharacteristics(
  cursor: Cursor,
): Pick<SetTransaction, 'isolation' | 'accessMode'> {
  let isolation: IsolationLevel | undefined
  let accessMode: SetTransaction['accessMode']
  do {
    if (cursor.is('ISOLATION') && isolation === undefined) isolation = parseIsolation(cursor)
    else if (accessMode === undefined) accessMode = parseAccessMode(cursor)
    else cursor.fail()
  } while (cursor.accept(','))
  return { isolation, accessMode }
}

function parseIsolation(cursor: Cursor): IsolationLevel {
  cursor.expectAll('ISOLATION', 'LEVEL')
  switch (cursor.expectOneOf('READ', 'REPEATABLE', 'SERIALIZABLE')) {
    case 'READ':
      return cursor.expectOneOf('COMMITTED', 'UNCOMMITTED') === 'COMMITTED'
        ? 'READ-COMMITTED'
        : 'READ-UNCOMMITTED'
    case 'REPEATABLE':
      cursor.expect('READ')
      return 'REPEATABLE-READ'
    case 'SERIALIZABLE':
      return 'SERIALIZABLE'
  }
}

export function parseCommit(cursor: Cursor): TransactionStatement {
  const { start } = cursor
  cursor.expect('COMMIT')
  cursor.accept('WORK')
  return { kind: 'commit', ...parseCompletion(cursor), start, end: cursor.previousEnd }
}

/** ROLLBACK, also TO [SAVEPOINT] name. */
export function parseRollback(cursor: Cursor): TransactionStatement {
  const { start } = cursor
  cursor.expect('ROLLBACK')
  cursor.accept('WORK')
  if (!cursor.accept('TO'))
    return { kind: 'rollback', ...parseCompletion(cursor), start, end: cursor.previousEnd }
  if (cursor.is('SAVEPOINT') && cursor.isIdentifierAt(1)) cursor.advance()
  return { kind: 'savepoint', action: 'rollback', name: cursor.identifier(), start, end: cursor.previousEnd }
}

/** `[AND [NO] CHAIN] [[NO] RELEASE]`. */
function parseCompletion(cursor: Cursor): { chain: boolean | undefined; release: boolean | undefined } {
  let chain: boolean | undefined
  let release: boolean | undefined
  if (cursor.accept('AND')) {
    chain = !cursor.accept('NO')
    cursor.expect('CHAIN')
  }
  if (cursor.acceptBoth('NO', 'RELEASE')) release = false
  else if (cursor.is('RELEASE')) {
    // Chaining and releasing exclude each other.
    if (chain === true) cursor.fail()
    cursor.advance()
    release = true
  }
  return { chain, release }
}

export function parseSavepoint(cursor: Cursor): TransactionStatement {
  const { start } = cursor
  const action = cursor.accept('RELEASE') ? 'release' : 'set'
  cursor.expect('SAVEPOINT')
  return { kind: 'savepoint', action, name: cursor.identifier(), start, end: cursor.previousEnd }
}

// ---- XA -------------------------------------------------------------------------------------------------------

/** XA (manual, 15.3.8). */
export function parseXa(cursor: Cursor): XaStatement {
  const { start } = cursor
  cursor.expect('XA')
  const verb = cursor.expectOneOf('START', 'BEGIN', 'END', 'PREPARE', 'COMMIT', 'ROLLBACK', 'RECOVER')
  const transaction = verb === 'RECOVER' ? undefined : parseTransactionId(cursor)
  const option = parseXaOption(cursor, verb)
  return { kind: 'xa', action: XA_ACTIONS[verb], transaction, option, start, end: cursor.previousEnd }
}

const XA_ACTIONS = {
  START: 'start',
  BEGIN: 'start',
  END: 'end',
  PREPARE: 'prepare',
  COMMIT: 'commit',
  ROLLBACK: 'rollback',
  RECOVER: 'recover',
} as const

function parseXaOption(cursor: Cursor, verb: keyof typeof XA_ACTIONS): XaStatement['option'] {
  switch (verb) {
    case 'START':
    case 'BEGIN':
      if (cursor.accept('JOIN')) return 'join'
      return cursor.accept('RESUME') ? 'resume' : undefined
    case 'END':
      if (!cursor.accept('SUSPEND')) return undefined
      return cursor.acceptBoth('FOR', 'MIGRATE') ? 'suspendForMigrate' : 'suspend'
    case 'COMMIT':
      return cursor.acceptBoth('ONE', 'PHASE') ? 'onePhase' : undefined
    case 'RECOVER':
      return cursor.acceptBoth('CONVERT', 'XID') ? 'convertXid' : undefined
    default:
      return undefined
  }
}

/** `global[, branch[, format]]`. */
function parseTransactionId(cursor: Cursor): XaTransactionId {
  const { start } = cursor
  const globalId = parseTextLiteral(cursor).bytes
  const hasBranch = cursor.accept(',')
  const branch = hasBranch ? parseTextLiteral(cursor).bytes : ''
  const format = hasBranch && cursor.accept(',') ? parseInteger(cursor) : 1
  return { globalId, branch, format, start, end: cursor.previousEnd }
}
