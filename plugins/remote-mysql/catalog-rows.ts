/**
 * Table definitions out of a remote's information_schema (MySQL manual 28.3): the queries, and what their rows mean.
 */
import {
  Batch,
  exact,
  isText,
  type ColumnDefault,
  type ColumnDefinition,
  type IndexDefinition,
  type IndexPart,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'
import { cellReader } from './cell-reader.js'
import { remoteColumnType } from './column-type.js'
import type { Cells } from './connection.js'
import type { Dialect } from './dialect.js'
import { textLiteral } from './sql-text.js'

export function namesSql(database: string): string {
  return `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${textLiteral(database)}`
}

export interface CatalogQueries {
  readonly table: string
  readonly columns: string
  readonly indexes: string
}

/** All about one table. */
export function tableSql(database: string, table: string): CatalogQueries {
  const where = `WHERE TABLE_SCHEMA = ${textLiteral(database)} AND TABLE_NAME = ${textLiteral(table)}`
  return {
    table: `SELECT TABLE_NAME, TABLE_ROWS, DATA_LENGTH, TABLE_COLLATION, TABLE_COMMENT FROM information_schema.TABLES ${where}`,
    columns:
      'SELECT COLUMN_NAME, COLUMN_TYPE, COLLATION_NAME, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, GENERATION_EXPRESSION, ' +
      `COLUMN_COMMENT FROM information_schema.COLUMNS ${where} ORDER BY ORDINAL_POSITION`,
    indexes:
      'SELECT INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, COLLATION, INDEX_TYPE, INDEX_COMMENT ' +
      `FROM information_schema.STATISTICS ${where} ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
  }
}

export interface ReadColumns {
  readonly columns: readonly ColumnDefinition[]
  readonly foreignColumns: ReadonlySet<number>
}

export function readColumns(rows: readonly Cells[], dialect: Dialect): ReadColumns {
  const columns: ColumnDefinition[] = []
  const foreignColumns = new Set<number>()
  for (const [ordinal, cells] of rows.entries()) {
    const [name = '', columnType = '', collation, nullable, , extra = '', generated = '', comment = ''] =
      cells.map(textOf)
    const found = remoteColumnType(columnType, collation)
    const { type } = found
    const isNullable = nullable === 'YES'
    const attributes = extra.toLowerCase()
    const isGenerated = /\b(virtual|stored|persistent)\b/.test(attributes)
    if (!found.isOwn) foreignColumns.add(columns.length)
    columns.push({
      id: ordinal + 1,
      name,
      type,
      nullable: isNullable,
      default: isGenerated
        ? { kind: 'none' }
        : columnDefault(textOf(cells[4] ?? null), type, isNullable, attributes, dialect),
      autoIncrement: attributes.includes('auto_increment'),
      onUpdateNow: attributes.includes('on update current_timestamp'),
      generated: isGenerated
        ? { sql: generated.replaceAll("\\'", "'"), stored: !/\bvirtual\b/.test(attributes) }
        : undefined,
      comment,
      invisible: attributes.includes('invisible'),
    })
  }
  return { columns, foreignColumns }
}

function textOf(cell: Buffer | null): string | undefined {
  return cell?.toString()
}

const NOW = /^(current_timestamp|now|localtime|localtimestamp)(\(\d*\))?$/i
const SQL_TEXT = /^'((?:[^'\\]|''|\\.)*)'$/s
const BITS = /^b'([01]+)'$/
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i

function columnDefault(
  text: string | undefined,
  type: SqlType,
  nullable: boolean,
  extra: string,
  dialect: Dialect,
): ColumnDefault {
  if (text === undefined || (dialect.hasDefaultsAsSql && text === 'NULL')) {
    return nullable ? { kind: 'value', value: null } : { kind: 'none' }
  }
  if (NOW.test(text)) return { kind: 'now' }
  if (!dialect.hasDefaultsAsSql) {
    if (extra.includes('default_generated')) return { kind: 'expression', sql: text.replaceAll("\\'", "'") }
    return valueOrExpression(text, type, textLiteral(text))
  }
  const quoted = SQL_TEXT.exec(text)?.[1]
  if (quoted !== undefined) return valueOrExpression(unescaped(quoted), type, text)
  if (NUMBER.test(text) || BITS.test(text)) return valueOrExpression(text, type, text)
  return { kind: 'expression', sql: text }
}

function unescaped(text: string): string {
  return text.replace(/''|\\(.)/gs, (all, character: string | undefined) => character ?? all[0] ?? '')
}

/** Values are read as the remote would send them, but for b'101' and its like, which are written so. */
function valueOrExpression(text: string, type: SqlType, sql: string): ColumnDefault {
  if (type.name === 'bit') {
    const bits = BITS.exec(text)?.[1]
    if (bits === undefined && !/^\d+$/.test(text)) return { kind: 'expression', sql: textLiteral(text) }
    return { kind: 'value', value: exact(BigInt(bits === undefined ? text : `0b${bits}`)) }
  }
  if (type.name === 'json') return { kind: 'expression', sql }
  return { kind: 'value', value: valueOf(text, type) }
}

function valueOf(text: string, type: SqlType): Value {
  if (isText(type)) return text
  const batch = Batch.ofTypes([type])
  const [vector] = batch.columns
  if (vector === undefined) return null
  const bytes = Buffer.from(text)
  cellReader(type)(bytes, 0, bytes.length, vector)
  return vector.get(0)
}

/** The primary key first, then by name; indexes that aren't ordered, or are of expressions, are left out. */
export function readIndexes(
  rows: readonly Cells[],
  columns: readonly ColumnDefinition[],
): readonly IndexDefinition[] {
  const byName = new Map<string, (readonly (string | undefined)[])[]>()
  for (const cells of rows) {
    const texts = cells.map(textOf)
    const name = texts[0] ?? ''
    byName.set(name, [...(byName.get(name) ?? []), texts])
  }
  const indexes: IndexDefinition[] = []
  for (const [name, parts] of byName) {
    const [, nonUnique, , , , type = '', comment = ''] = parts[0] ?? []
    const read = parts.map((part) => readPart(part, columns))
    const known = read.filter((part) => part !== undefined)
    if (known.length < read.length || !['BTREE', 'HASH'].includes(type)) continue
    indexes.push({
      id: indexes.length + 1,
      name,
      primary: name === 'PRIMARY',
      unique: nonUnique === '0',
      parts: known,
      visible: true,
      comment,
      algorithm: undefined,
      collationVersions: known.map(() => 0),
    })
  }
  return indexes.sort((a, b) => Number(b.primary) - Number(a.primary))
}

function readPart(
  [, , column, length, direction]: readonly (string | undefined)[],
  columns: readonly ColumnDefinition[],
): IndexPart | undefined {
  const at = columns.findIndex(({ name }) => name === column)
  if (at < 0) return undefined
  return {
    column: at,
    prefixLength: length === undefined ? undefined : Number(length),
    descending: direction === 'D',
  }
}
