import type { LockTables, TableIndexes, TableMaintenance } from '../plan/syntax/administration.js'
import type { Statement } from '../plan/syntax/statement.js'
import type { Cursor } from './cursor.js'
import { parseIdentifier, parseInteger, parseList, parseQualifiedName, parseQualifiedNames } from './names.js'
import { parseTableAlias } from './table-references.js'

/** Table maintenance, key caches and table locks (manual, 15.7.3, 15.7.8.2, 15.7.8.5 and 15.3.6). */

const OPERATIONS = {
  ANALYZE: 'analyze',
  CHECK: 'check',
  CHECKSUM: 'checksum',
  OPTIMIZE: 'optimize',
  REPAIR: 'repair',
} as const

/** ANALYZE, CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE. */
export function parseMaintenance(cursor: Cursor): TableMaintenance {
  const { start } = cursor
  const keyword = cursor.expectOneOf('ANALYZE', 'CHECK', 'CHECKSUM', 'OPTIMIZE', 'REPAIR')
  const operation = OPERATIONS[keyword]
  const mayBeLocal = keyword !== 'CHECK' && keyword !== 'CHECKSUM'
  const local = mayBeLocal && cursor.acceptOneOf('NO_WRITE_TO_BINLOG', 'LOCAL') !== undefined
  cursor.expectOneOf('TABLE', 'TABLES')
  const tables = parseQualifiedNames(cursor)
  const options = parseOptions(cursor, operation)
  const histogram = operation === 'analyze' ? parseHistogram(cursor) : undefined
  return {
    kind: 'tableMaintenance',
    operation,
    local,
    tables,
    options,
    histogram,
    start,
    end: cursor.previousEnd,
  }
}

function parseOptions(cursor: Cursor, operation: TableMaintenance['operation']): string[] {
  const options: string[] = []
  for (;;) {
    if (operation === 'check' && cursor.acceptBoth('FOR', 'UPGRADE')) {
      options.push('for upgrade')
      continue
    }
    const keyword = cursor.acceptOneOf(...OPTION_WORDS[operation])
    if (keyword === undefined) return options
    options.push(keyword.toLowerCase())
    if (operation === 'checksum') return options
  }
}

const OPTION_WORDS = {
  analyze: [],
  check: ['QUICK', 'FAST', 'MEDIUM', 'EXTENDED', 'CHANGED'],
  checksum: ['QUICK', 'EXTENDED'],
  optimize: [],
  repair: ['QUICK', 'EXTENDED', 'USE_FRM'],
} as const

/** `[UPDATE HISTOGRAM ON columns [WITH n BUCKETS | USING DATA 'json'] | DROP HISTOGRAM ON columns]`. */
function parseHistogram(cursor: Cursor): TableMaintenance['histogram'] {
  const keyword = cursor.acceptOneOf('UPDATE', 'DROP')
  if (keyword === undefined) return undefined
  cursor.expectAll('HISTOGRAM', 'ON')
  const columns = parseList(cursor, parseIdentifier)
  let buckets: number | undefined
  let data: string | undefined
  if (keyword === 'UPDATE' && cursor.accept('WITH')) {
    buckets = parseInteger(cursor)
    cursor.expect('BUCKETS')
  } else if (keyword === 'UPDATE' && cursor.accept('USING')) {
    cursor.expect('DATA')
    data = cursor.string()
  }
  return { action: keyword === 'UPDATE' ? 'update' : 'drop', columns, buckets, data }
}

// ---- Key caches -----------------------------------------------------------------------------------------------

/** CACHE INDEX tables IN cache. */
export function parseCacheIndex(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expectAll('CACHE', 'INDEX')
  const tables = parseList(cursor, parseTableIndexes)
  cursor.expect('IN')
  const cache = cursor.accept('DEFAULT') ? 'default' : cursor.identifier()
  return { kind: 'cacheIndex', tables, cache, start, end: cursor.previousEnd }
}

/** Behind LOAD: INDEX INTO CACHE tables. */
export function parseLoadIndex(cursor: Cursor, start: number): Statement {
  cursor.expectAll('INDEX', 'INTO', 'CACHE')
  const tables = parseList(cursor, parseTableIndexes)
  return { kind: 'loadIndex', tables, start, end: cursor.previousEnd }
}

function parseTableIndexes(cursor: Cursor): TableIndexes {
  const { start } = cursor
  const table = parseQualifiedName(cursor)
  let partitions: string[] | undefined = []
  if (cursor.accept('PARTITION')) {
    cursor.expect('(')
    partitions = cursor.accept('ALL') ? undefined : parseList(cursor, parseIdentifier)
    cursor.expect(')')
  }
  let indexes: string[] = []
  if (cursor.acceptOneOf('INDEX', 'KEY') !== undefined) {
    cursor.expect('(')
    indexes = cursor.is(')')
      ? []
      : parseList(cursor, (c) => (c.accept('PRIMARY') ? 'PRIMARY' : c.identifier()))
    cursor.expect(')')
  }
  const ignoreLeaves = cursor.acceptBoth('IGNORE', 'LEAVES')
  return { table, partitions, indexes, ignoreLeaves, start, end: cursor.previousEnd }
}

// ---- Locks ----------------------------------------------------------------------------------------------------

/** LOCK TABLES and LOCK INSTANCE FOR BACKUP. */
export function parseLock(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('LOCK')
  if (cursor.accept('INSTANCE')) {
    cursor.expectAll('FOR', 'BACKUP')
    return { kind: 'lockInstance', lock: true, start, end: cursor.previousEnd }
  }
  cursor.expectOneOf('TABLE', 'TABLES')
  const tables = parseList(cursor, parseTableLock)
  return { kind: 'lockTables', tables, start, end: cursor.previousEnd }
}

function parseTableLock(cursor: Cursor): LockTables['tables'][number] {
  const table = parseQualifiedName(cursor)
  const alias = parseTableAlias(cursor)
  if (cursor.accept('READ')) return { table, alias, mode: cursor.accept('LOCAL') ? 'readLocal' : 'read' }
  const isLow = cursor.accept('LOW_PRIORITY')
  cursor.expect('WRITE')
  return { table, alias, mode: isLow ? 'lowPriorityWrite' : 'write' }
}

/** UNLOCK TABLES and UNLOCK INSTANCE. */
export function parseUnlock(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('UNLOCK')
  if (cursor.accept('INSTANCE')) return { kind: 'lockInstance', lock: false, start, end: cursor.previousEnd }
  cursor.expectOneOf('TABLE', 'TABLES')
  return { kind: 'unlockTables', start, end: cursor.previousEnd }
}
