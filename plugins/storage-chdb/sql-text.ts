/**
 * The SQL that ClickHouse gets. Tables and columns are known there by their permanent ids, so that no name of a user's is ever part of
 * it; every value is encoded from its bytes.
 */
import {
  formatDecimal,
  isText,
  type ColumnCondition,
  type ColumnDefinition,
  type ScanRequest,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'
import { bytesSql } from './bytes-sql.js'
import { codecOf, nullable, storedType } from './stored-type.js'
import { equalitySql, hasControlCharacter, keyOfText, orderSql, textFormOf } from './text-form.js'
import type { StoredTable } from './stored-table.js'

/** The database of the sessions that these names are used in. */
export const DATABASE = 'switchyard'
/** Version of a row among those of the same key; 0 in a table whose rows were only ever inserted. */
export const VERSION_COLUMN = 'v'
/** 1 for the tombstone of a deleted key. */
export const DELETED_COLUMN = 'd'

export function tableName(tableId: number): string {
  return `t${tableId}`
}

export function columnName(column: ColumnDefinition): string {
  return `c${column.id}`
}

/** Where rows wait that become part of the table together. */
export function stageName(tableId: number): string {
  return `${STAGE_PREFIX}${tableId}`
}

export const STAGE_PREFIX = 's'

const KIND = 'ReplacingMergeTree'

/** What stages have beside the settings of tables. */
export const STAGE_SETTINGS = {
  // Nothing is merged before all of it is.
  max_bytes_to_merge_at_max_space_in_pool: 1,
  max_bytes_to_merge_at_min_space_in_pool: 1,
} as const

/** What of a table isn't in its definition. */
export interface TableForm {
  readonly name: string
  /** Ids of the columns whose texts lie in dictionaries (`dictionary-columns.ts`). */
  readonly dictionaries: ReadonlySet<number>
  /** A stage has the settings STAGE_SETTINGS, too. */
  readonly isStage?: boolean
  /** Each of its members has the table, replicated. */
  readonly cluster?: string | undefined
}

/** A column with its type and codec, as CREATE and ALTER TABLE have it. */
export function columnDefinitionSql(column: ColumnDefinition, isDictionary: boolean): string {
  const type = nullable(storedType(column.type), column.nullable)
  return `${columnName(column)} ${isDictionary ? `LowCardinality(${type})` : type} CODEC(${codecOf(column)})`
}

/** Of the table itself, or of one of the same form. */
export function createTableSql(
  { columns: all, keyColumns, textColumns, primaryKey }: StoredTable,
  { name, dictionaries, isStage = false, cluster }: TableForm,
): string {
  const columns = all.map((column) => {
    return columnDefinitionSql(column, dictionaries.has(column.id))
  })
  for (const { column, form } of keyColumns) {
    columns.push(`${form.name} ${nullable('String', column.nullable)} CODEC(ZSTD)`)
  }
  for (const { name: exceptions } of textColumns) columns.push(`${exceptions} String CODEC(ZSTD)`)
  columns.push(`${VERSION_COLUMN} UInt64 CODEC(ZSTD)`, `${DELETED_COLUMN} UInt8 CODEC(ZSTD)`)
  // A table that takes another one's place has a path of its own.
  const replicated = `Replicated${KIND}('/clickhouse/tables/{uuid}/{shard}', '{replica}', `
  const kind = `${cluster === undefined ? `${KIND}(` : replicated}${VERSION_COLUMN}, ${DELETED_COLUMN})`
  const engine = `${kind} ORDER BY (${primaryKey.names.join(', ')})`
  // What was acknowledged must be on disk, and stay there: by default nothing is flushed, and parts go at once when they are merged.
  const settings = ['fsync_after_insert = 1', 'fsync_part_directory = 1', 'min_rows_to_fsync_after_merge = 1']
  if (isStage)
    settings.push(...Object.entries(STAGE_SETTINGS).map(([setting, value]) => `${setting} = ${value}`))
  const where = cluster === undefined ? '' : ` ON CLUSTER ${cluster}`
  return `CREATE TABLE IF NOT EXISTS ${name}${where} (${columns.join(', ')}) ENGINE = ${engine} SETTINGS ${settings.join(', ')}`
}

/** The column's values as they are read. Native blocks would have a dictionary and numbers, if it has one there. */
export function readSql(column: ColumnDefinition): string {
  const name = columnName(column)
  return isText(column.type) ? `CAST(${name} AS ${nullable('String', column.nullable)})` : name
}

export function scanSql(stored: StoredTable, request: ScanRequest, answer: PushedScan): string {
  const { table, columns: all } = stored
  const columns = request.columns.map((each) => readSql(columnAt(all, each)))
  const parts = [
    // Rows without columns are only counted.
    `SELECT ${columns.length === 0 ? '1' : columns.join(', ')} FROM ${tableName(table.id)}`,
  ]
  if (answer.final) parts.push('FINAL')
  const pushed = answer.conditions.map((each) => conditionSql(stored, each, answer.exceptions))
  const conditions = [...pushed, ...answer.filters]
  if (conditions.length > 0) {
    parts.push(`WHERE ${conditions.join(' AND ')}`)
  }
  if (answer.order.length > 0) {
    const keys = answer.order.map(({ column, descending }) => {
      const key = orderedSql(columnTextSql(stored, column, answer.exceptions), columnAt(all, column).type)
      return descending ? `${key} DESC NULLS LAST` : `${key} ASC NULLS FIRST`
    })
    parts.push(`ORDER BY ${keys.join(', ')}`)
  }
  if (answer.limit !== undefined) parts.push(`LIMIT ${answer.limit}`)
  return parts.join(' ')
}

/** What of a scan ClickHouse does. */
export interface PushedScan {
  /** Whether rows may have several versions. */
  readonly final: boolean
  /** Ids of the columns that have texts that aren't compared by themselves. */
  readonly exceptions: ReadonlySet<number>
  readonly conditions: readonly ColumnCondition[]
  /** Further conditions, as texts over the table's columns. */
  readonly filters: readonly string[]
  readonly order: ScanRequest['order']
  readonly limit: number | undefined
}

/** How a column, or what was made of one, is read there. */
export interface ColumnText {
  readonly text: string
  /** For text: what is equal where texts are equal by `collation`. */
  readonly key?: string
  readonly collation?: string
  /** For text: whether some of them may be exceptions of their form. */
  readonly hasExceptions?: boolean
  /** For text in a table's column: how it lies in a dictionary. */
  readonly dictionary?: DictionaryText
  /** For numbers: whether all are above 0. */
  readonly isPositive?: boolean
}

/** A column of few different texts, which is cheap to group by. */
interface DictionaryText {
  readonly isNullable: boolean
  /** The column of its exceptions, if it has any. */
  readonly exceptions: string | undefined
}

export function columnTextSql(
  stored: StoredTable,
  position: number,
  exceptions: ReadonlySet<number>,
  dictionaries: ReadonlySet<number> = NO_DICTIONARIES,
): ColumnText {
  const column = columnAt(stored.columns, position)
  const text = columnName(column)
  const kept = stored.textColumns.find((each) => each.position === position)
  if (kept === undefined) return { text }
  const hasExceptions = exceptions.has(column.id)
  const exceptional = hasExceptions ? kept.name : undefined
  const key = equalitySql(kept.form, text, exceptional)
  const read = { text, key, collation: column.type.collation, hasExceptions }
  if (!dictionaries.has(column.id)) return read
  return { ...read, dictionary: { isNullable: column.nullable, exceptions: exceptional } }
}

const NO_DICTIONARIES: ReadonlySet<number> = new Set()

/** What orders as the values do. */
export function orderedSql({ text, key = text, hasExceptions = false }: ColumnText, type: SqlType): string {
  const form = isText(type) ? textFormOf(type.collation) : undefined
  return form === undefined ? text : orderSql(form, text, key, type.length, hasExceptions)
}

function conditionSql(
  stored: StoredTable,
  { column, operator, values }: ColumnCondition,
  exceptions: ReadonlySet<number>,
): string {
  const { type } = columnAt(stored.columns, column)
  const read = columnTextSql(stored, column, exceptions)
  if (operator === 'is null') return `${read.text} IS NULL`
  if (operator === 'is not null') return `${read.text} IS NOT NULL`
  const isOrder = operator.startsWith('<') || operator.startsWith('>')
  const isByOrder = isOrder && operator !== '<>' && operator !== '<=>'
  const hasExceptions = read.hasExceptions === true || values.some(hasControlCharacter)
  const name = isByOrder ? orderedSql({ ...read, hasExceptions }, type) : (read.key ?? read.text)
  const encode = (value: Value): string => {
    const key = keySql(value, type)
    return isByOrder ? orderedSql({ text: literalSql(value, type), key, hasExceptions }, type) : key
  }
  const present = values.filter((value) => value !== null)
  const [first = null] = values
  if (operator === 'in') {
    return present.length === 0 ? '0' : `${name} IN (${present.map(encode).join(', ')})`
  }
  if (first === null) return operator === '<=>' ? `${read.text} IS NULL` : '0'
  return `${name} ${operator === '<=>' ? '=' : operator} ${encode(first)}`
}

/** The equality key of a value that isn't NULL. */
export function keySql(value: Value, type: SqlType): string {
  const form = isText(type) ? textFormOf(type.collation) : undefined
  return form === undefined ? literalSql(value, type) : bytesSql(keyOfText(form, value as string))
}

/** A value that isn't NULL, of a column's type. */
export function literalSql(value: Value, type: SqlType): string {
  const stored = storedType(type)
  if (stored === 'String') {
    const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array)
    return bytesSql(bytes)
  }
  if (stored === 'Float64' || stored === 'Float32') {
    // By its bits: what reads numbers from text there may miss the last one.
    const bytes = Buffer.alloc(stored === 'Float64' ? 8 : 4)
    if (stored === 'Float64') bytes.writeDoubleLE(value as number)
    else bytes.writeFloatLE(value as number)
    return `reinterpretAs${stored}(${bytesSql(bytes)})`
  }
  const text = type.name === 'decimal' ? formatDecimal(value as number | bigint, type.scale) : String(value)
  return `CAST('${text}' AS ${stored})`
}

type Columns = readonly ColumnDefinition[]

export function columnAt(columns: Columns, position: number): ColumnDefinition {
  const column = columns[position]
  if (column === undefined) throw new Error(`invariant: there is no column ${position}`)
  return column
}
