import type { CastType, CastTypeName } from '../plan/syntax/expression.js'
import type { Cursor } from './cursor.js'
import { acceptCharacterSet, parseCharsetName, parseInteger } from './names.js'
import type { TokenKind } from './token.js'

/** Types of CAST, CONVERT, JSON_VALUE … RETURNING (manual, 14.10). */

const NAMES: Partial<Record<TokenKind, CastTypeName>> = {
  BINARY: 'binary',
  CHAR: 'char',
  NCHAR: 'char',
  SIGNED: 'signed',
  UNSIGNED: 'unsigned',
  DATE: 'date',
  TIME: 'time',
  DATETIME: 'datetime',
  YEAR: 'year',
  DECIMAL: 'decimal',
  FLOAT: 'float',
  DOUBLE: 'double',
  REAL: 'double',
  JSON: 'json',
  POINT: 'point',
  LINESTRING: 'linestring',
  POLYGON: 'polygon',
  MULTIPOINT: 'multipoint',
  MULTILINESTRING: 'multilinestring',
  MULTIPOLYGON: 'multipolygon',
  GEOMETRYCOLLECTION: 'geometrycollection',
}

export function parseCastType(cursor: Cursor): CastType {
  const { start, kind } = cursor
  const isNational = cursor.acceptBoth('NATIONAL', 'CHAR')
  const name = isNational ? 'char' : (NAMES[kind] ?? cursor.fail())
  if (!isNational) cursor.advance()
  const resolved = kind === 'REAL' && cursor.options.realAsFloat ? 'float' : name
  const { length, scale } = parseSize(cursor, resolved)
  const { charset, binaryCollation } = parseCharacterSetClause(
    cursor,
    resolved,
    isNational || kind === 'NCHAR',
  )
  return { name: resolved, length, scale, charset, binaryCollation, start, end: cursor.previousEnd }
}

function parseSize(cursor: Cursor, name: CastTypeName): Size {
  if (name === 'signed' || name === 'unsigned') cursor.accept('INT')
  if (name === 'double') cursor.accept('PRECISION')
  if (!HAS_LENGTH.has(name) || !cursor.accept('(')) return { length: undefined, scale: undefined }
  const length = parseInteger(cursor)
  const scale = name === 'decimal' && cursor.accept(',') ? parseInteger(cursor) : undefined
  cursor.expect(')')
  return { length, scale }
}

interface Size {
  readonly length: number | undefined
  readonly scale: number | undefined
}

const HAS_LENGTH: ReadonlySet<CastTypeName> = new Set([
  'binary',
  'char',
  'time',
  'datetime',
  'decimal',
  'float',
])

function parseCharacterSetClause(
  cursor: Cursor,
  name: CastTypeName,
  national: boolean,
): Pick<CastType, 'charset' | 'binaryCollation'> {
  if (national) return { charset: 'utf8mb3', binaryCollation: false }
  if (name !== 'char') return { charset: undefined, binaryCollation: false }
  return parseCharsetAttribute(cursor)
}

/** CHARACTER SET x [BINARY], BINARY [CHARACTER SET x], ASCII, UNICODE and BYTE behind a character type. */
export function parseCharsetAttribute(cursor: Cursor): Pick<CastType, 'charset' | 'binaryCollation'> {
  let binaryCollation = cursor.accept('BINARY')
  let charset: string | undefined
  if (acceptCharacterSet(cursor)) charset = parseCharsetName(cursor)
  else if (cursor.accept('ASCII')) charset = 'latin1'
  else if (cursor.accept('UNICODE')) charset = 'ucs2'
  else if (cursor.accept('BYTE')) charset = 'binary'
  if (charset !== undefined && !binaryCollation && cursor.is('BINARY')) {
    cursor.advance()
    binaryCollation = true
  }
  return { charset, binaryCollation }
}
