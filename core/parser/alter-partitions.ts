import type { AlterAction } from '../plan/syntax/definition.js'
import type { Cursor } from './cursor.js'
import { parseIdentifier, parseInteger, parseList, parseQualifiedName } from './names.js'
import { parsePartitionDefinitions } from './partitioning.js'

/** The actions of ALTER TABLE on partitions (manual, 15.1.9.1); undefined if the cursor is not at one. */
export function parseAlterPartitions(cursor: Cursor): AlterAction | undefined {
  if (cursor.peek(1) !== 'PARTITION') return undefined
  switch (cursor.kind) {
    case 'ADD':
      return parseAdd(cursor)
    case 'COALESCE':
      begin(cursor)
      cursor.acceptOneOf('NO_WRITE_TO_BINLOG', 'LOCAL')
      return { kind: 'coalescePartitions', count: parseInteger(cursor) }
    case 'REORGANIZE':
      return parseReorganize(cursor)
    case 'EXCHANGE':
      return parseExchange(cursor)
    case 'DISCARD':
    case 'IMPORT': {
      const operation = cursor.is('DISCARD') ? 'discardTablespace' : 'importTablespace'
      begin(cursor)
      const names = parseNames(cursor)
      cursor.expect('TABLESPACE')
      return { kind: 'managePartitions', operation, names }
    }
    default:
      return parseManage(cursor)
  }
}

/** Steps over the verb and PARTITION. */
function begin(cursor: Cursor): void {
  cursor.advance()
  cursor.advance()
}

function parseAdd(cursor: Cursor): AlterAction {
  begin(cursor)
  cursor.acceptOneOf('NO_WRITE_TO_BINLOG', 'LOCAL')
  if (cursor.accept('PARTITIONS'))
    return { kind: 'addPartitions', partitions: [], count: parseInteger(cursor) }
  const partitions = parsePartitionDefinitions(cursor)
  return { kind: 'addPartitions', partitions, count: partitions.length }
}

function parseReorganize(cursor: Cursor): AlterAction {
  begin(cursor)
  cursor.acceptOneOf('NO_WRITE_TO_BINLOG', 'LOCAL')
  if (!cursor.isIdentifier()) return { kind: 'reorganizePartitions', names: [], into: [] }
  const names = parseList(cursor, parseIdentifier)
  cursor.expect('INTO')
  return { kind: 'reorganizePartitions', names, into: parsePartitionDefinitions(cursor) }
}

function parseExchange(cursor: Cursor): AlterAction {
  begin(cursor)
  const partition = cursor.identifier()
  cursor.expectAll('WITH', 'TABLE')
  const table = parseQualifiedName(cursor)
  return { kind: 'exchangePartition', partition, table, validation: parseValidation(cursor) }
}

const OPERATIONS = {
  DROP: 'drop',
  TRUNCATE: 'truncate',
  ANALYZE: 'analyze',
  CHECK: 'check',
  OPTIMIZE: 'optimize',
  REBUILD: 'rebuild',
  REPAIR: 'repair',
} as const

function parseManage(cursor: Cursor): AlterAction | undefined {
  const keyword = cursor.kind as keyof typeof OPERATIONS
  if (!(keyword in OPERATIONS)) return undefined
  const operation = OPERATIONS[keyword]
  begin(cursor)
  cursor.acceptOneOf('NO_WRITE_TO_BINLOG', 'LOCAL')
  const names = operation === 'drop' ? parseList(cursor, parseIdentifier) : parseNames(cursor)
  parseCheckOptions(cursor, operation)
  return { kind: 'managePartitions', operation, names }
}

/** Names, or undefined for ALL. */
function parseNames(cursor: Cursor): string[] | undefined {
  return cursor.accept('ALL') ? undefined : parseList(cursor, parseIdentifier)
}

/** Options of CHECK and REPAIR, which change nothing here. */
function parseCheckOptions(cursor: Cursor, operation: string): void {
  if (operation === 'check') {
    while (cursor.acceptOneOf('QUICK', 'FAST', 'MEDIUM', 'EXTENDED', 'CHANGED') !== undefined);
    cursor.acceptBoth('FOR', 'UPGRADE')
  } else if (operation === 'repair') {
    while (cursor.acceptOneOf('QUICK', 'EXTENDED', 'USE_FRM') !== undefined);
  }
}

/** `[WITH | WITHOUT VALIDATION]`. */
export function parseValidation(cursor: Cursor): boolean | undefined {
  if (cursor.acceptBoth('WITH', 'VALIDATION')) return true
  return cursor.acceptBoth('WITHOUT', 'VALIDATION') ? false : undefined
}
