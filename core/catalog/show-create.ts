/**
 * SHOW CREATE TABLE, VIEW and DATABASE in the form that MySQL 8 prints (manual 15.7.7). Run again, the texts make the same
 * definitions.
 */
import { isUtf8 } from 'node:buffer'
import { charsetOfCollation, requireCollation } from '../common/collations.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { isBinary, isText, type SqlType } from '../common/sql-type.js'
import { bitBytes, textOf } from '../common/value-text.js'
import type { ExactValue } from '../common/value.js'
import {
  primaryPlacementOf,
  type CheckDefinition,
  type ColumnDefinition,
  type DatabaseDefinition,
  type ForeignKeyDefinition,
  type IndexDefinition,
  type TableDefinition,
  type ViewDefinition,
} from '../plan/schema.js'
import { showsNullDefault } from './define-column.js'
import { quoted } from './names.js'
import { KEPT_OPTIONS, QUOTED_OPTIONS } from './table-options.js'
import { typeText } from './type-text.js'

/**
 * `nextAutoIncrement` is the counter of the table, which is shown once it is above 1. Defaults of TIMESTAMP columns are shown in
 * the time zone of `evaluation`, UTC without.
 */
export function createTableText(
  table: TableDefinition,
  nextAutoIncrement: ExactValue,
  evaluation?: EvaluationContext,
): string {
  const lines = [
    ...table.columns
      .filter((column) => column.hidden !== true)
      .map((column) => columnText(column, table, evaluation)),
    ...table.indexes.map((index) => indexText(index, table)),
    ...byName(table.foreignKeys).map((foreignKey) => foreignKeyText(foreignKey, table)),
    ...byName(table.checks).map(checkText),
  ]
  const temporary = table.temporary ? 'TEMPORARY ' : ''
  const body = lines.map((line) => `  ${line}`).join(',\n')
  return `CREATE ${temporary}TABLE ${quoted(table.name)} (\n${body}\n) ${optionsText(table, nextAutoIncrement)}`
}

// ---- Columns --------------------------------------------------------------------------------------------------

function columnText(
  column: ColumnDefinition,
  table: TableDefinition,
  evaluation: EvaluationContext | undefined,
): string {
  const { type, generated, nullable } = column
  const parts = [quoted(column.name), typeText(type), ...collationTexts(type, table)]
  if (generated !== undefined) {
    parts.push(`GENERATED ALWAYS AS (${generated.sql}) ${generated.stored ? 'STORED' : 'VIRTUAL'}`)
  }
  if (!nullable) parts.push('NOT NULL')
  // TIMESTAMP once was NOT NULL by default, so NULL is still said.
  else if (type.name === 'timestamp') parts.push('NULL')
  const missing = defaultText(column, evaluation)
  if (missing !== undefined) parts.push(`DEFAULT ${missing}`)
  if (column.onUpdateNow) parts.push(`ON UPDATE ${nowText(type)}`)
  if (column.autoIncrement) parts.push('AUTO_INCREMENT')
  if (column.invisible) parts.push('/*!80023 INVISIBLE */')
  if (column.comment !== '') parts.push(`COMMENT ${literal(column.comment)}`)
  return parts.join(' ')
}

/** What differs from the table's collation, and a collation that isn't its character set's default. */
function collationTexts(type: SqlType, table: TableDefinition): readonly string[] {
  if (!isText(type) && type.name !== 'enum' && type.name !== 'set') return []
  const collation = requireCollation(type.collation)
  const texts: string[] = []
  const differs = collation.name !== table.collation
  if (differs) texts.push(`CHARACTER SET ${collation.charset.name}`)
  if (differs || !collation.isDefault) texts.push(`COLLATE ${collation.name}`)
  return texts
}

/** What stands behind DEFAULT; undefined for none. */
function defaultText(
  column: ColumnDefinition,
  evaluation: EvaluationContext | undefined,
): string | undefined {
  const { type } = column
  switch (column.default.kind) {
    case 'none':
      return undefined
    case 'now':
      return nowText(type)
    case 'expression':
      return `(${column.default.sql})`
    case 'value': {
      const { value } = column.default
      if (value === null) return showsNullDefault(type) && column.generated === undefined ? 'NULL' : undefined
      if (type.name === 'bit') return bitText(value as ExactValue, type)
      return isBinary(type) ? binaryText(value as Uint8Array, type) : literal(textOf(type)(value, evaluation))
    }
  }
}

/** BINARY values are filled up with zero bytes, which nobody wrote. Bytes that are no text are shown as a number. */
function binaryText(value: Uint8Array, type: SqlType): string {
  const bytes = Buffer.from(value)
  let end = bytes.length
  if (type.name === 'binary') while (end > 0 && bytes[end - 1] === 0) end--
  const written = bytes.subarray(0, end)
  return isUtf8(written) ? literal(written.toString('utf8')) : `0x${written.toString('hex').toUpperCase()}`
}

/** `b'101'`. */
export function bitText(value: ExactValue, type: SqlType): string {
  const bits = [...bitBytes(value, type.length)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return `b'${bits.replace(/^0+(?=.)/, '')}'`
}

function nowText(type: SqlType): string {
  return type.scale === 0 ? 'CURRENT_TIMESTAMP' : `CURRENT_TIMESTAMP(${String(type.scale)})`
}

// ---- Indexes and constraints ----------------------------------------------------------------------------------

/** The expression of a functional key part, in the parentheses that tell it from a column. */
function functionalText({ generated }: ColumnDefinition): string {
  return `(${generated?.sql ?? ''})`
}

function indexText(index: IndexDefinition, table: TableDefinition): string {
  const parts = index.parts.map((part) => {
    const column = table.columns[part.column]
    const isHidden = column?.hidden === true
    const name = isHidden ? functionalText(column) : quoted(column?.name ?? '')
    const prefix = part.prefixLength === undefined ? '' : `(${String(part.prefixLength)})`
    return `${name}${prefix}${part.descending ? ' DESC' : ''}`
  })
  const kind = index.primary ? 'PRIMARY KEY' : `${index.unique ? 'UNIQUE KEY' : 'KEY'} ${quoted(index.name)}`
  const options = [
    index.algorithm === undefined ? '' : ` USING ${index.algorithm}`,
    index.comment === '' ? '' : ` COMMENT ${literal(index.comment)}`,
    index.visible ? '' : ' /*!80000 INVISIBLE */',
  ]
  return `${kind} (${parts.join(',')})${options.join('')}`
}

/** MySQL shows foreign keys in the order of their names, whatever order they were made in. */
function byName<T extends { readonly name: string }>(constraints: readonly T[]): readonly T[] {
  return constraints.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function foreignKeyText(foreignKey: ForeignKeyDefinition, table: TableDefinition): string {
  const columns = foreignKey.columns.map((position) => quoted(table.columns[position]?.name ?? ''))
  const database =
    foreignKey.referencedDatabase === table.database ? '' : `${quoted(foreignKey.referencedDatabase)}.`
  return (
    `CONSTRAINT ${quoted(foreignKey.name)} FOREIGN KEY (${columns.join(', ')}) ` +
    `REFERENCES ${database}${quoted(foreignKey.referencedTable)} (${foreignKey.referencedColumns.map(quoted).join(', ')})` +
    actionText('DELETE', foreignKey.onDelete) +
    actionText('UPDATE', foreignKey.onUpdate)
  )
}

/** NO ACTION is what is meant where nothing is said. */
function actionText(event: string, action: ForeignKeyDefinition['onDelete']): string {
  return action === 'NO ACTION' ? '' : ` ON ${event} ${action}`
}

function checkText(check: CheckDefinition): string {
  const enforced = check.enforced ? '' : ' /*!80016 NOT ENFORCED */'
  return `CONSTRAINT ${quoted(check.name)} CHECK (${check.sql})${enforced}`
}

// ---- Options --------------------------------------------------------------------------------------------------

function optionsText(table: TableDefinition, nextAutoIncrement: ExactValue): string {
  const collation = requireCollation(table.collation)
  const parts = [`ENGINE=${engineName(table)}`]
  const isCounting = table.columns.some((column) => column.autoIncrement)
  if (isCounting && nextAutoIncrement > 1) parts.push(`AUTO_INCREMENT=${String(nextAutoIncrement)}`)
  parts.push(`DEFAULT CHARSET=${collation.charset.name}`)
  if (!collation.isDefault || collation.charset.name === 'utf8mb4') parts.push(`COLLATE=${collation.name}`)
  for (const name of Object.values(KEPT_OPTIONS)) {
    const value = table.options[name]
    if (value !== undefined) parts.push(`${name}=${QUOTED_OPTIONS.has(name) ? literal(value) : value}`)
  }
  if (table.comment !== '') parts.push(`COMMENT=${literal(table.comment)}`)
  return parts.join(' ')
}

/** MySQL's name if the user wrote one, else that of the storage. */
export function engineName(table: TableDefinition): string {
  return table.engineAsWritten ?? primaryPlacementOf(table).storage
}

// ---- Views and databases --------------------------------------------------------------------------------------

export function createViewText(view: ViewDefinition): string {
  const at = view.definer.lastIndexOf('@')
  const definer = `${quoted(view.definer.slice(0, at))}@${quoted(view.definer.slice(at + 1))}`
  const columns = view.columnNames === undefined ? '' : ` (${view.columnNames.map(quoted).join(',')})`
  const check = view.checkOption === 'NONE' ? '' : ` WITH ${view.checkOption} CHECK OPTION`
  return (
    `CREATE ALGORITHM=${view.algorithm} DEFINER=${definer} SQL SECURITY ${view.sqlSecurity} ` +
    `VIEW ${quoted(view.name)}${columns} AS ${view.sql}${check}`
  )
}

export function createDatabaseText(database: DatabaseDefinition, ifNotExists: boolean): string {
  const collation = requireCollation(database.collation)
  const shownCollation =
    collation.isDefault && collation.charset.name !== 'utf8mb4' ? '' : ` COLLATE ${collation.name}`
  return (
    `CREATE DATABASE ${ifNotExists ? '/*!32312 IF NOT EXISTS*/ ' : ''}${quoted(database.name)} ` +
    `/*!40100 DEFAULT CHARACTER SET ${charsetOfCollation(database.collation).name}${shownCollation} */ ` +
    `/*!80016 DEFAULT ENCRYPTION='N' */`
  )
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n').replaceAll('\0', '\\0').replaceAll('\r', '\\r')}'`
}
