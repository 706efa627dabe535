import type { TableOptions } from '../plan/syntax/definition.js'
import type { Cursor } from './cursor.js'
import {
  acceptCharacterSet,
  parseCharsetName,
  parseCollationName,
  parseDigits,
  parseInteger,
  parseQualifiedNames,
} from './names.js'
import type { TokenKind } from './token.js'

/** Options of tables (manual, 15.1.20). */

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type Target = Mutable<TableOptions>
type OptionParser = (cursor: Cursor, options: Target) => void

/** Options with spaces or commas between, as CREATE TABLE has them. */
export function parseTableOptions(cursor: Cursor): TableOptions {
  const options: Target = {}
  if (!parseTableOption(cursor, options)) return options
  for (;;) {
    const hasComma = cursor.accept(',')
    if (parseTableOption(cursor, options)) continue
    if (hasComma) cursor.fail()
    return options
  }
}

/** Options with spaces between, as an action of ALTER TABLE has them; undefined if there is none. */
export function parseSpacedTableOptions(cursor: Cursor): TableOptions | undefined {
  const options: Target = {}
  if (!parseTableOption(cursor, options)) return undefined
  while (parseTableOption(cursor, options));
  return options
}

/** Reads one option into `options`; false if there is none. */
function parseTableOption(cursor: Cursor, options: Target): boolean {
  const isDefault = cursor.is('DEFAULT')
  if (isDefault && !isCharsetOption(cursor.peek(1))) return false
  if (isDefault) cursor.advance()
  if (parseCharsetOption(cursor, options)) return true
  if (!cursor.isIdentifier() && !cursor.is('UNION') && !cursor.is('INDEX')) return false
  const parse = OPTIONS.get(cursor.kind)
  if (parse === undefined || (DIRECTORIES.has(cursor.kind) && cursor.peek(1) !== 'DIRECTORY')) return false
  cursor.advance()
  parse(cursor, options)
  return true
}

const DIRECTORIES: ReadonlySet<TokenKind> = new Set<TokenKind>(['DATA', 'INDEX'])

function isCharsetOption(kind: TokenKind): boolean {
  return kind === 'CHAR' || kind === 'CHARSET' || kind === 'COLLATE'
}

/** `CHARACTER SET [=] x` and `COLLATE [=] x`. */
function parseCharsetOption(cursor: Cursor, options: Target): boolean {
  if (cursor.accept('COLLATE')) {
    cursor.accept('=')
    options.collation = parseCollationName(cursor)
    return true
  }
  if (!acceptCharacterSet(cursor)) return false
  cursor.accept('=')
  options.charset = cursor.accept('DEFAULT') ? 'default' : parseCharsetName(cursor)
  return true
}

type KeysOf<Value> = {
  [Key in keyof TableOptions]-?: Exclude<TableOptions[Key], undefined> extends Value ? Key : never
}[keyof TableOptions]

function number(key: KeysOf<number>): OptionParser {
  return (cursor, options) => {
    cursor.accept('=')
    options[key] = parseInteger(cursor)
  }
}

/** A size in bytes, which may end in K, M or G. */
function size(key: KeysOf<number>): OptionParser {
  return (cursor, options) => {
    cursor.accept('=')
    options[key] = parseSize(cursor)
  }
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }

/** A number of bytes: `65536`, `64K`, `4M`, `1G`. */
export function parseSize(cursor: Cursor): number {
  if (!cursor.is('identifier')) return parseInteger(cursor)
  const [, digits, unit] = /^(\d+)([KMG])$/i.exec(cursor.tokenText()) ?? cursor.fail()
  cursor.advance()
  return Number(digits) * (UNITS[(unit ?? '').toUpperCase()] ?? 1)
}

function text(key: KeysOf<string>): OptionParser {
  return (cursor, options) => {
    cursor.accept('=')
    Object.assign(options, { [key]: cursor.string() })
  }
}

function name(key: 'engine' | 'tablespace'): OptionParser {
  return (cursor, options) => {
    cursor.accept('=')
    options[key] = cursor.identifierOrString()
  }
}

function flag(key: 'checksum' | 'delayKeyWrite'): OptionParser {
  return (cursor, options) => {
    cursor.accept('=')
    options[key] = parseInteger(cursor) !== 0
  }
}

function ternary(key: 'packKeys' | 'statsAutoRecalc' | 'statsPersistent'): OptionParser {
  return (cursor, options) => {
    cursor.accept('=')
    options[key] = cursor.accept('DEFAULT') ? 'default' : parseBinary(cursor)
  }
}

/** 0 or 1. */
function parseBinary(cursor: Cursor): boolean {
  const value = cursor.tokenText()
  if (!cursor.is('integer') || (value !== '0' && value !== '1')) cursor.fail()
  cursor.advance()
  return value === '1'
}

function directory(key: 'dataDirectory' | 'indexDirectory'): OptionParser {
  return (cursor, options) => {
    cursor.expect('DIRECTORY')
    cursor.accept('=')
    options[key] = cursor.string()
  }
}

const INSERT_METHODS = { NO: 'no', FIRST: 'first', LAST: 'last' } as const

const ROW_FORMATS = ['DEFAULT', 'DYNAMIC', 'FIXED', 'COMPRESSED', 'REDUNDANT', 'COMPACT'] as const

const OPTIONS: ReadonlyMap<TokenKind, OptionParser> = new Map<TokenKind, OptionParser>([
  ['AUTOEXTEND_SIZE', size('autoextendSize')],
  [
    'AUTO_INCREMENT',
    (cursor, options) => {
      cursor.accept('=')
      options.autoIncrement = parseDigits(cursor)
    },
  ],
  ['AVG_ROW_LENGTH', number('averageRowLength')],
  ['CHECKSUM', flag('checksum')],
  ['COMMENT', text('comment')],
  ['COMPRESSION', text('compression')],
  ['CONNECTION', text('connection')],
  ['DATA', directory('dataDirectory')],
  ['DELAY_KEY_WRITE', flag('delayKeyWrite')],
  ['ENCRYPTION', text('encryption')],
  ['ENGINE', name('engine')],
  ['ENGINE_ATTRIBUTE', text('engineAttribute')],
  ['INDEX', directory('indexDirectory')],
  [
    'INSERT_METHOD',
    (cursor, options) => {
      cursor.accept('=')
      options.insertMethod = INSERT_METHODS[cursor.expectOneOf('NO', 'FIRST', 'LAST')]
    },
  ],
  ['KEY_BLOCK_SIZE', number('keyBlockSize')],
  ['MAX_ROWS', number('maxRows')],
  ['MIN_ROWS', number('minRows')],
  ['PACK_KEYS', ternary('packKeys')],
  ['PASSWORD', text('password')],
  [
    'ROW_FORMAT',
    (cursor, options) => {
      cursor.accept('=')
      options.rowFormat = cursor.expectOneOf(...ROW_FORMATS).toLowerCase()
    },
  ],
  [
    'SECONDARY_ENGINE',
    (cursor, options) => {
      cursor.accept('=')
      options.secondaryEngine = cursor.accept('NULL') ? null : cursor.identifierOrString()
    },
  ],
  ['SECONDARY_ENGINE_ATTRIBUTE', text('secondaryEngineAttribute')],
  [
    'START',
    (cursor, options) => {
      cursor.expect('TRANSACTION')
      options.startTransaction = true
    },
  ],
  ['STATS_AUTO_RECALC', ternary('statsAutoRecalc')],
  ['STATS_PERSISTENT', ternary('statsPersistent')],
  [
    'STATS_SAMPLE_PAGES',
    (cursor, options) => {
      cursor.accept('=')
      options.statsSamplePages = cursor.accept('DEFAULT') ? 'default' : parseInteger(cursor)
    },
  ],
  [
    'STORAGE',
    (cursor, options) => {
      options.storage = cursor.expectOneOf('DISK', 'MEMORY') === 'DISK' ? 'disk' : 'memory'
    },
  ],
  ['TABLESPACE', name('tablespace')],
  ['TABLE_CHECKSUM', flag('checksum')],
  [
    'UNION',
    (cursor, options) => {
      cursor.accept('=')
      cursor.expect('(')
      options.union = cursor.is(')') ? [] : parseQualifiedNames(cursor)
      cursor.expect(')')
    },
  ],
])
