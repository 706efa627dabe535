import type { ColumnDataType, ColumnDataTypeName } from '../plan/syntax/data-type.js'
import { parseCharsetAttribute } from './cast-type.js'
import type { Cursor } from './cursor.js'
import { hexBytes, radixDigits } from './literal-text.js'
import { parseCollationName, parseInteger, parseList } from './names.js'
import type { TokenKind } from './token.js'

/** Column types (manual, chapter 13). */

/** What may stand behind a type's name: `size` is (M), `scale` (M,D); numbers take UNSIGNED and ZEROFILL. */
interface TypeForm {
  readonly name: ColumnDataTypeName
  readonly arguments?: 'size' | 'scale' | 'members'
  /** The size must be given. */
  readonly sized?: boolean
  readonly numeric?: boolean
  readonly text?: boolean
}

const FORMS: Partial<Record<TokenKind, TypeForm>> = {
  TINYINT: { name: 'tinyint', arguments: 'size', numeric: true },
  SMALLINT: { name: 'smallint', arguments: 'size', numeric: true },
  MEDIUMINT: { name: 'mediumint', arguments: 'size', numeric: true },
  INT: { name: 'int', arguments: 'size', numeric: true },
  BIGINT: { name: 'bigint', arguments: 'size', numeric: true },
  DECIMAL: { name: 'decimal', arguments: 'scale', numeric: true },
  NUMERIC: { name: 'decimal', arguments: 'scale', numeric: true },
  FIXED: { name: 'decimal', arguments: 'scale', numeric: true },
  FLOAT: { name: 'float', arguments: 'scale', numeric: true },
  DOUBLE: { name: 'double', arguments: 'scale', numeric: true },
  REAL: { name: 'double', arguments: 'scale', numeric: true },
  BIT: { name: 'bit', arguments: 'size' },
  YEAR: { name: 'year', arguments: 'size', numeric: true },
  DATE: { name: 'date' },
  TIME: { name: 'time', arguments: 'size' },
  DATETIME: { name: 'datetime', arguments: 'size' },
  TIMESTAMP: { name: 'timestamp', arguments: 'size' },
  CHAR: { name: 'char', arguments: 'size', text: true },
  VARCHAR: { name: 'varchar', arguments: 'size', sized: true, text: true },
  TINYTEXT: { name: 'tinytext', text: true },
  TEXT: { name: 'text', arguments: 'size', text: true },
  MEDIUMTEXT: { name: 'mediumtext', text: true },
  LONGTEXT: { name: 'longtext', text: true },
  BINARY: { name: 'binary', arguments: 'size' },
  VARBINARY: { name: 'varbinary', arguments: 'size', sized: true },
  TINYBLOB: { name: 'tinyblob' },
  BLOB: { name: 'blob', arguments: 'size' },
  MEDIUMBLOB: { name: 'mediumblob' },
  LONGBLOB: { name: 'longblob' },
  ENUM: { name: 'enum', arguments: 'members', text: true },
  SET: { name: 'set', arguments: 'members', text: true },
  JSON: { name: 'json' },
  GEOMETRY: { name: 'geometry' },
  POINT: { name: 'point' },
  LINESTRING: { name: 'linestring' },
  POLYGON: { name: 'polygon' },
  MULTIPOINT: { name: 'multipoint' },
  MULTILINESTRING: { name: 'multilinestring' },
  MULTIPOLYGON: { name: 'multipolygon' },
  GEOMETRYCOLLECTION: { name: 'geometrycollection' },
}

const NATIONAL_CHAR: TypeForm = { name: 'char', arguments: 'size' }
const NATIONAL_VARCHAR: TypeForm = { name: 'varchar', arguments: 'size', sized: true }

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A type without column attributes; COLLATE behind text types belongs to it. */
export function parseDataType(cursor: Cursor): ColumnDataType {
  const { start } = cursor
  const type: Mutable<ColumnDataType> = {
    name: 'int',
    length: undefined,
    scale: undefined,
    unsigned: false,
    zerofill: false,
    charset: undefined,
    collation: undefined,
    binaryCollation: false,
    members: undefined,
    start,
    end: start,
  }
  const form = parseTypeName(cursor, type)
  type.name = form.name
  parseTypeArguments(cursor, form, type)
  if (form.numeric === true) parseNumericAttributes(cursor, type)
  if (type.charset === 'utf8mb3') type.binaryCollation = cursor.accept('BINARY')
  else if (form.text === true) Object.assign(type, parseCharsetAttribute(cursor))
  if (cursor.is('COLLATE') && takesCollation(type.name)) {
    cursor.advance()
    type.collation = parseCollationName(cursor)
  }
  type.end = cursor.previousEnd
  return type
}

/** Steps over the words of a type's name. May set what the name alone implies. */
function parseTypeName(cursor: Cursor, type: Mutable<ColumnDataType>): TypeForm {
  const { kind } = cursor
  switch (kind) {
    case 'BOOL':
    case 'BOOLEAN':
      cursor.advance()
      type.length = 1
      return { name: 'tinyint' }
    case 'SERIAL':
      cursor.advance()
      type.unsigned = true
      return { name: 'bigint' }
    case 'LONG':
      return parseLong(cursor)
    case 'NATIONAL':
    case 'NCHAR':
    case 'NVARCHAR':
      type.charset = 'utf8mb3'
      return parseNational(cursor)
    case 'CHAR':
      cursor.advance()
      return cursor.accept('VARYING') ? { name: 'varchar', arguments: 'size', sized: true, text: true } : CHAR
    case 'REAL':
      cursor.advance()
      return { name: cursor.options.realAsFloat ? 'float' : 'double', arguments: 'scale', numeric: true }
    default: {
      const form = FORMS[kind] ?? cursor.fail()
      cursor.advance()
      if (kind === 'DOUBLE') cursor.accept('PRECISION')
      return form
    }
  }
}

const CHAR: TypeForm = { name: 'char', arguments: 'size', text: true }

/** LONG, LONG VARCHAR and LONG VARBINARY. */
function parseLong(cursor: Cursor): TypeForm {
  cursor.advance()
  if (cursor.accept('VARBINARY')) return { name: 'mediumblob' }
  if (cursor.accept('CHAR')) cursor.expect('VARYING')
  else cursor.accept('VARCHAR')
  return { name: 'mediumtext', text: true }
}

/** NATIONAL CHAR, NCHAR, NATIONAL VARCHAR, NVARCHAR, NCHAR VARCHAR, with VARYING in all their spellings. */
function parseNational(cursor: Cursor): TypeForm {
  if (cursor.accept('NVARCHAR')) return NATIONAL_VARCHAR
  if (cursor.accept('NATIONAL')) {
    if (cursor.accept('VARCHAR')) return NATIONAL_VARCHAR
    cursor.expect('CHAR')
  } else {
    cursor.expect('NCHAR')
    if (cursor.accept('VARCHAR')) return NATIONAL_VARCHAR
  }
  return cursor.accept('VARYING') ? NATIONAL_VARCHAR : NATIONAL_CHAR
}

function parseTypeArguments(cursor: Cursor, form: TypeForm, type: Mutable<ColumnDataType>): void {
  if (form.arguments === undefined) return
  if (form.arguments === 'members') {
    cursor.expect('(')
    type.members = parseList(cursor, parseMember)
    cursor.expect(')')
    return
  }
  if (form.sized === true && !cursor.is('(')) cursor.fail()
  if (!cursor.accept('(')) return
  type.length = parseInteger(cursor)
  if (form.arguments === 'scale') {
    if (cursor.accept(',')) type.scale = parseInteger(cursor)
    else if (form.name === 'double') cursor.fail()
  }
  cursor.expect(')')
}

/** A member of ENUM or SET. */
function parseMember(cursor: Cursor): string {
  if (!cursor.is('hex') && !cursor.is('bit')) return cursor.string()
  if (cursor.is('bit')) cursor.fail()
  const bytes = hexBytes(radixDigits(cursor.text, cursor.start, cursor.end))
  cursor.advance()
  return cursor.decode(bytes)
}

/** UNSIGNED, SIGNED and ZEROFILL in any order; ZEROFILL implies UNSIGNED. */
function parseNumericAttributes(cursor: Cursor, type: Mutable<ColumnDataType>): void {
  for (;;) {
    if (cursor.accept('UNSIGNED')) type.unsigned = true
    else if (cursor.accept('ZEROFILL')) {
      type.zerofill = true
      type.unsigned = true
    } else if (!cursor.accept('SIGNED')) return
  }
}

function takesCollation(name: ColumnDataTypeName): boolean {
  switch (name) {
    case 'char':
    case 'varchar':
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
    case 'enum':
    case 'set':
      return true
    default:
      return false
  }
}
