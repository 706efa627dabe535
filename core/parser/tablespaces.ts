import type {
  AlterInstance,
  AlterResourceGroup,
  AlterTablespace,
  CreateResourceGroup,
  CreateSpatialReferenceSystem,
  CreateTablespace,
  DropResourceGroup,
  DropSpatialReferenceSystem,
  DropTablespace,
  ImportTable,
  NamedOption,
} from '../plan/syntax/definition.js'
import type { NumberLiteral } from '../plan/syntax/expression.js'
import type { Cursor } from './cursor.js'
import { parseLiteral, parseStringLiteral } from './literals.js'
import { acceptIfExists, acceptIfNotExists, parseDigits, parseList } from './names.js'
import { parseSize } from './table-options.js'
import type { TokenKind } from './token.js'

/**
 * Objects that exist for MySQL's own storage: tablespaces, log file groups, spatial reference systems, resource
 * groups. They are read so that the server can name what it doesn't support.
 */

type TablespaceKind = Pick<CreateTablespace, 'undo' | 'logfileGroup'>

/** Behind CREATE [UNDO] TABLESPACE or CREATE LOGFILE GROUP. */
export function parseCreateTablespace(cursor: Cursor, kind: TablespaceKind, start: number): CreateTablespace {
  const name = cursor.identifier()
  const options = parseOptions(cursor)
  return { kind: 'createTablespace', name, ...kind, options, start, end: cursor.previousEnd }
}

export function parseAlterTablespace(cursor: Cursor, kind: TablespaceKind, start: number): AlterTablespace {
  const name = cursor.identifier()
  const options = parseOptions(cursor)
  return { kind: 'alterTablespace', name, ...kind, options, start, end: cursor.previousEnd }
}

export function parseDropTablespace(cursor: Cursor, kind: TablespaceKind, start: number): DropTablespace {
  const name = cursor.identifier()
  const options = parseOptions(cursor)
  return { kind: 'dropTablespace', name, ...kind, options, start, end: cursor.previousEnd }
}

/** Options of the form `WORD … [=] value`, each a run of keywords and then perhaps a value. */
function parseOptions(cursor: Cursor): NamedOption[] {
  const options: NamedOption[] = []
  while (!isAtEnd(cursor)) {
    const words: string[] = []
    while (OPTION_WORDS.has(cursor.kind)) {
      words.push(cursor.tokenText().toLowerCase())
      cursor.advance()
    }
    if (words.length === 0) cursor.fail()
    options.push({ name: words.join(' '), value: parseOptionValue(cursor) })
    cursor.accept(',')
  }
  return options
}

function parseOptionValue(cursor: Cursor): string | undefined {
  const isMarked = cursor.accept('=')
  if (cursor.is('string')) return cursor.string()
  if (cursor.is('integer')) return parseDigits(cursor)
  if (cursor.is('identifier') && /^\d+[KMG]$/i.test(cursor.tokenText())) return String(parseSize(cursor))
  if (!isMarked && !cursor.is('identifier') && !cursor.is('quotedIdentifier')) return undefined
  return cursor.identifier()
}

const OPTION_WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'ACTIVE',
  'ADD',
  'AUTOEXTEND_SIZE',
  'COMMENT',
  'DATAFILE',
  'DISABLE',
  'DROP',
  'ENABLE',
  'ENCRYPTION',
  'ENGINE',
  'ENGINE_ATTRIBUTE',
  'EXTENT_SIZE',
  'FILE_BLOCK_SIZE',
  'FORCE',
  'GROUP',
  'INACTIVE',
  'INITIAL_SIZE',
  'LOGFILE',
  'MAX_SIZE',
  'NODEGROUP',
  'NO_WAIT',
  'REDO_BUFFER_SIZE',
  'RENAME',
  'SET',
  'STORAGE',
  'THREAD_PRIORITY',
  'TO',
  'UNDOFILE',
  'UNDO_BUFFER_SIZE',
  'USE',
  'VCPU',
  'WAIT',
])

function isAtEnd(cursor: Cursor): boolean {
  return cursor.is('end') || cursor.is(';')
}

// ---- ALTER INSTANCE, IMPORT TABLE -----------------------------------------------------------------------------

/** Behind ALTER INSTANCE. */
export function parseAlterInstance(cursor: Cursor, start: number): AlterInstance {
  const words: string[] = []
  if (!INSTANCE_VERBS.has(cursor.kind)) cursor.fail()
  while (!isAtEnd(cursor)) {
    if (!cursor.isIdentifier() && !INSTANCE_WORDS.has(cursor.kind)) cursor.fail()
    words.push(cursor.tokenText().toLowerCase())
    cursor.advance()
  }
  if (words.length < 2) cursor.fail()
  return { kind: 'alterInstance', action: words.join(' '), start, end: cursor.previousEnd }
}

const INSTANCE_VERBS: ReadonlySet<TokenKind> = new Set<TokenKind>(['ROTATE', 'RELOAD', 'ENABLE', 'DISABLE'])
const INSTANCE_WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>(['KEY', 'FOR', 'ON'])

/** IMPORT TABLE FROM 'file', … */
export function parseImportTable(cursor: Cursor): ImportTable {
  const { start } = cursor
  cursor.expectAll('IMPORT', 'TABLE', 'FROM')
  const files = parseList(cursor, (c) => c.string())
  return { kind: 'importTable', files, start, end: cursor.previousEnd }
}

// ---- Spatial reference systems --------------------------------------------------------------------------------

/** Behind CREATE [OR REPLACE] SPATIAL REFERENCE SYSTEM. */
export function parseCreateSpatialReference(
  cursor: Cursor,
  orReplace: boolean,
  start: number,
): CreateSpatialReferenceSystem {
  const ifNotExists = acceptIfNotExists(cursor)
  const srid = parseSrid(cursor)
  const attributes = []
  for (;;) {
    const keyword = cursor.acceptOneOf('NAME', 'DEFINITION', 'ORGANIZATION', 'DESCRIPTION')
    if (keyword === undefined) break
    attributes.push({ name: keyword.toLowerCase(), value: parseStringLiteral(cursor) })
    if (keyword === 'ORGANIZATION') {
      cursor.expectAll('IDENTIFIED', 'BY')
      parseSrid(cursor)
    }
  }
  const end = cursor.previousEnd
  return { kind: 'createSpatialReferenceSystem', orReplace, ifNotExists, srid, attributes, start, end }
}

/** Behind DROP SPATIAL REFERENCE SYSTEM. */
export function parseDropSpatialReference(cursor: Cursor, start: number): DropSpatialReferenceSystem {
  const ifExists = acceptIfExists(cursor)
  const srid = parseSrid(cursor)
  return { kind: 'dropSpatialReferenceSystem', ifExists, srid, start, end: cursor.previousEnd }
}

function parseSrid(cursor: Cursor): NumberLiteral {
  if (!cursor.is('integer')) cursor.fail()
  const literal = parseLiteral(cursor)
  return literal?.kind === 'number' ? literal : cursor.fail()
}

// ---- Resource groups ------------------------------------------------------------------------------------------

/** Behind CREATE RESOURCE GROUP. */
export function parseCreateResourceGroup(cursor: Cursor, start: number): CreateResourceGroup {
  const name = cursor.identifier()
  cursor.expect('TYPE')
  cursor.accept('=')
  const type = cursor.expectOneOf('SYSTEM', 'USER') === 'SYSTEM' ? 'system' : 'user'
  const options = parseGroupOptions(cursor)
  return { kind: 'createResourceGroup', name, type, options, start, end: cursor.previousEnd }
}

/** Behind ALTER RESOURCE GROUP. */
export function parseAlterResourceGroup(cursor: Cursor, start: number): AlterResourceGroup {
  const name = cursor.identifier()
  const options = parseGroupOptions(cursor)
  return { kind: 'alterResourceGroup', name, options, start, end: cursor.previousEnd }
}

/** Behind DROP RESOURCE GROUP. */
export function parseDropResourceGroup(cursor: Cursor, start: number): DropResourceGroup {
  const name = cursor.identifier()
  const force = cursor.accept('FORCE')
  return { kind: 'dropResourceGroup', name, force, start, end: cursor.previousEnd }
}

function parseGroupOptions(cursor: Cursor): NamedOption[] {
  const options: NamedOption[] = []
  for (;;) {
    const keyword = cursor.acceptOneOf('VCPU', 'THREAD_PRIORITY', 'ENABLE', 'DISABLE', 'FORCE')
    if (keyword === undefined) return options
    const name = keyword.toLowerCase()
    if (keyword === 'VCPU' || keyword === 'THREAD_PRIORITY') {
      cursor.accept('=')
      options.push({ name, value: parseNumberList(cursor) })
    } else options.push({ name, value: undefined })
  }
}

/** `0-3,5`, or a signed number, as written. */
function parseNumberList(cursor: Cursor): string {
  const { start } = cursor
  do {
    cursor.accept('-')
    if (!cursor.is('integer')) cursor.fail()
    cursor.advance()
    if (cursor.accept('-')) parseDigits(cursor)
  } while (cursor.accept(','))
  return cursor.text.slice(start, cursor.previousEnd).replace(/\s+/g, '')
}
