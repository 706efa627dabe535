import type {
  AlterAction,
  AlterAlgorithm,
  AlterLock,
  AlterTable,
  ColumnDefaultClause,
  ColumnPosition,
} from '../plan/syntax/definition.js'
import { sqlError } from '../common/sql-error.js'
import { parseAlterPartitions, parseValidation } from './alter-partitions.js'
import {
  parseColumnBehindName,
  parseColumnDefinition,
  parseDefault,
  parseEnforced,
} from './column-definition.js'
import { parseTableConstraint } from './create-table.js'
import type { Cursor } from './cursor.js'
import {
  acceptCharacterSet,
  parseCharsetName,
  parseCollationName,
  parseList,
  parseQualifiedName,
} from './names.js'
import { parsePartitioning } from './partitioning.js'
import { parsePartitionSelection } from './table-references.js'
import { parseSpacedTableOptions } from './table-options.js'

/** ALTER TABLE (manual, 15.1.9). */

/** What stands among the actions but is none. */
interface AlterModifiers {
  algorithm: AlterAlgorithm | undefined
  lock: AlterLock | undefined
  validation: boolean | undefined
}

/** Behind ALTER TABLE. */
export function parseAlterTable(cursor: Cursor, start: number): AlterTable {
  const name = parseQualifiedName(cursor)
  const modifiers: AlterModifiers = { algorithm: undefined, lock: undefined, validation: undefined }
  const actions: AlterAction[] = []
  if (!isAtEnd(cursor)) {
    do parseAlterItem(cursor, actions, modifiers)
    while (cursor.accept(','))
    const repartitioning = parseRepartitioning(cursor)
    if (repartitioning !== undefined) actions.push(repartitioning)
  }
  return { kind: 'alterTable', name, actions, ...modifiers, start, end: cursor.previousEnd }
}

function isAtEnd(cursor: Cursor): boolean {
  return cursor.is('end') || cursor.is(';')
}

/** One item of the comma list: an action, several added columns, or a modifier. */
function parseAlterItem(cursor: Cursor, actions: AlterAction[], modifiers: AlterModifiers): void {
  if (parseAlterModifier(cursor, modifiers)) return
  const partitions = parseRepartitioning(cursor) ?? parseAlterPartitions(cursor)
  if (partitions !== undefined) actions.push(partitions)
  else if (cursor.is('ADD')) actions.push(...parseAdd(cursor))
  else actions.push(parseAction(cursor))
}

/** PARTITION BY or REMOVE PARTITIONING, alone or behind the other actions. */
function parseRepartitioning(cursor: Cursor): AlterAction | undefined {
  if (cursor.acceptBoth('REMOVE', 'PARTITIONING')) return { kind: 'removePartitioning' }
  const partitioning = parsePartitioning(cursor)
  return partitioning === undefined ? undefined : { kind: 'setPartitioning', partitioning }
}

const ALGORITHMS = { DEFAULT: 'default', INSTANT: 'instant', INPLACE: 'inplace', COPY: 'copy' } as const
const LOCKS = { DEFAULT: 'default', NONE: 'none', SHARED: 'shared', EXCLUSIVE: 'exclusive' } as const

/** ALGORITHM, LOCK and WITH[OUT] VALIDATION. */
function parseAlterModifier(cursor: Cursor, modifiers: AlterModifiers): boolean {
  if (cursor.is('ALGORITHM') || cursor.is('LOCK')) {
    parseAlgorithmOrLock(cursor, modifiers)
    return true
  }
  const validation = parseValidation(cursor)
  if (validation === undefined) return false
  modifiers.validation = validation
  return true
}

/** `ALGORITHM [=] x` or `LOCK [=] x`. */
export function parseAlgorithmOrLock(
  cursor: Cursor,
  modifiers: Pick<AlterModifiers, 'algorithm' | 'lock'>,
): void {
  const isAlgorithm = cursor.expectOneOf('ALGORITHM', 'LOCK') === 'ALGORITHM'
  cursor.accept('=')
  const word = cursor.accept('DEFAULT') ? 'DEFAULT' : cursor.identifier().toUpperCase()
  const names: Readonly<Record<string, AlterAlgorithm | AlterLock>> = isAlgorithm ? ALGORITHMS : LOCKS
  const value = names[word]
  if (value === undefined) throw unknownChoice(isAlgorithm, word)
  if (isAlgorithm) modifiers.algorithm = value as AlterAlgorithm
  else modifiers.lock = value as AlterLock
}

// ---- ADD, CHANGE, MODIFY --------------------------------------------------------------------------------------

/** `ADD [COLUMN] definition [position]`, `ADD [COLUMN] (definition, …)` or `ADD constraint`. */
function parseAdd(cursor: Cursor): AlterAction[] {
  cursor.expect('ADD')
  const constraint = parseTableConstraint(cursor)
  if (constraint !== undefined) return [addConstraint(constraint)]
  cursor.accept('COLUMN')
  if (!cursor.accept('(')) {
    const column = parseColumnDefinition(cursor)
    return [{ kind: 'addColumn', column, position: parsePosition(cursor) }]
  }
  const added = parseList(cursor, (c): AlterAction => {
    const element = parseTableConstraint(c)
    return element === undefined
      ? { kind: 'addColumn', column: parseColumnDefinition(c), position: undefined }
      : addConstraint(element)
  })
  cursor.expect(')')
  return added
}

function addConstraint(element: NonNullable<ReturnType<typeof parseTableConstraint>>): AlterAction {
  switch (element.kind) {
    case 'index':
      return { kind: 'addIndex', index: element }
    case 'foreignKey':
      return { kind: 'addForeignKey', foreignKey: element }
    case 'check':
      return { kind: 'addCheck', check: element }
  }
}

function parsePosition(cursor: Cursor): ColumnPosition | undefined {
  if (cursor.accept('FIRST')) return { kind: 'first' }
  return cursor.accept('AFTER') ? { kind: 'after', column: cursor.identifier() } : undefined
}

function parseChange(cursor: Cursor): AlterAction {
  const isModify = cursor.expectOneOf('CHANGE', 'MODIFY') === 'MODIFY'
  cursor.accept('COLUMN')
  const { start } = cursor
  const name = cursor.identifier()
  const column = isModify ? parseColumnBehindName(cursor, name, start) : parseColumnDefinition(cursor)
  return { kind: 'changeColumn', name, column, position: parsePosition(cursor) }
}

// ---- The other actions ----------------------------------------------------------------------------------------

function parseAction(cursor: Cursor): AlterAction {
  switch (cursor.kind) {
    case 'CHANGE':
    case 'MODIFY':
      return parseChange(cursor)
    case 'DROP':
      return parseDrop(cursor)
    case 'ALTER':
      return parseAlter(cursor)
    case 'RENAME':
      return parseRename(cursor)
    case 'CONVERT':
      return parseConvert(cursor)
    case 'ORDER':
      return parseOrderBy(cursor)
    case 'DISABLE':
    case 'ENABLE': {
      const kind = cursor.is('DISABLE') ? 'disableKeys' : 'enableKeys'
      cursor.advance()
      cursor.expect('KEYS')
      return { kind }
    }
    case 'FORCE':
      cursor.advance()
      return { kind: 'force' }
    case 'SECONDARY_LOAD':
    case 'SECONDARY_UNLOAD': {
      const kind = cursor.is('SECONDARY_LOAD') ? 'secondaryLoad' : 'secondaryUnload'
      cursor.advance()
      return { kind, partitions: parsePartitionSelection(cursor) }
    }
    case 'DISCARD':
    case 'IMPORT': {
      const kind = cursor.is('DISCARD') ? 'discardTablespace' : 'importTablespace'
      cursor.advance()
      cursor.expect('TABLESPACE')
      return { kind }
    }
    default:
      return { kind: 'setOptions', options: parseSpacedTableOptions(cursor) ?? cursor.fail() }
  }
}

function parseDrop(cursor: Cursor): AlterAction {
  cursor.expect('DROP')
  switch (cursor.kind) {
    case 'PRIMARY':
      cursor.expectAll('PRIMARY', 'KEY')
      return { kind: 'dropPrimaryKey' }
    case 'INDEX':
    case 'KEY':
      cursor.advance()
      return { kind: 'dropIndex', name: cursor.identifier() }
    case 'FOREIGN':
      cursor.expectAll('FOREIGN', 'KEY')
      return { kind: 'dropForeignKey', name: cursor.identifier() }
    case 'CHECK':
      cursor.advance()
      return { kind: 'dropCheck', name: cursor.identifier() }
    case 'CONSTRAINT':
      cursor.advance()
      return { kind: 'dropConstraint', name: cursor.identifier() }
    default: {
      cursor.accept('COLUMN')
      const name = cursor.identifier()
      cursor.acceptOneOf('RESTRICT', 'CASCADE')
      return { kind: 'dropColumn', name }
    }
  }
}

function parseAlter(cursor: Cursor): AlterAction {
  cursor.expect('ALTER')
  switch (cursor.kind) {
    case 'INDEX': {
      cursor.advance()
      const index = cursor.identifier()
      return { kind: 'setIndexVisibility', index, visible: parseVisibility(cursor) }
    }
    case 'CHECK':
    case 'CONSTRAINT': {
      const constraintKind = cursor.is('CHECK') ? 'check' : 'constraint'
      cursor.advance()
      const name = cursor.identifier()
      return { kind: 'setEnforced', constraintKind, name, enforced: parseEnforced(cursor) ?? cursor.fail() }
    }
    default: {
      cursor.accept('COLUMN')
      return parseAlterColumn(cursor, cursor.identifier())
    }
  }
}

function parseAlterColumn(cursor: Cursor, column: string): AlterAction {
  if (cursor.accept('DROP')) {
    cursor.expect('DEFAULT')
    return { kind: 'setDefault', column, default: undefined }
  }
  cursor.expect('SET')
  if (!cursor.is('DEFAULT')) return { kind: 'setColumnVisibility', column, visible: parseVisibility(cursor) }
  const clause: ColumnDefaultClause = parseDefault(cursor)
  return { kind: 'setDefault', column, default: clause }
}

function parseVisibility(cursor: Cursor): boolean {
  return cursor.expectOneOf('VISIBLE', 'INVISIBLE') === 'VISIBLE'
}

function parseRename(cursor: Cursor): AlterAction {
  cursor.expect('RENAME')
  const what = cursor.acceptOneOf('COLUMN', 'INDEX', 'KEY')
  if (what === undefined) {
    if (!cursor.accept('TO') && !cursor.accept('AS')) cursor.accept('=')
    return { kind: 'renameTable', to: parseQualifiedName(cursor) }
  }
  const from = cursor.identifier()
  cursor.expect('TO')
  return { kind: what === 'COLUMN' ? 'renameColumn' : 'renameIndex', from, to: cursor.identifier() }
}

/** CONVERT TO CHARACTER SET x [COLLATE y]. */
function parseConvert(cursor: Cursor): AlterAction {
  cursor.expectAll('CONVERT', 'TO')
  if (!acceptCharacterSet(cursor)) cursor.fail()
  const charset = cursor.accept('DEFAULT') ? undefined : parseCharsetName(cursor)
  let collation: string | undefined
  if (cursor.accept('COLLATE')) {
    cursor.accept('=')
    collation = parseCollationName(cursor)
  }
  return { kind: 'convertCharset', charset, collation }
}

function parseOrderBy(cursor: Cursor): AlterAction {
  cursor.expectAll('ORDER', 'BY')
  const columns = parseList(cursor, (c) => ({
    name: c.identifier(),
    descending: c.acceptOneOf('ASC', 'DESC') === 'DESC',
  }))
  return { kind: 'orderBy', columns }
}

function unknownChoice(isAlgorithm: boolean, word: string): Error {
  return sqlError(isAlgorithm ? 'ER_UNKNOWN_ALTER_ALGORITHM' : 'ER_UNKNOWN_ALTER_LOCK', word)
}
