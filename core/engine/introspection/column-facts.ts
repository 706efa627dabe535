/**
 * Columns of tables, views and computed tables in one form, and what SHOW COLUMNS, SHOW FULL COLUMNS and
 * information_schema.COLUMNS tell about them (MySQL manual 15.7.7.6, 28.3.8).
 */
import { hasPrivilege } from '../../catalog/privileges.js'
import { bitText } from '../../catalog/show-create.js'
import { textOf } from '../../common/conversion.js'
import { isBinary, type SqlType } from '../../common/sql-type.js'
import { isPromise, type ExactValue, type MaybePromise } from '../../common/value.js'
import type { ColumnDefinition, TableDefinition } from '../../plan/schema.js'
import type { ListingRequest } from './listing.js'
import type { RelationRow } from './relations.js'
import { viewColumns } from './view-columns.js'

export type ColumnKey = '' | 'PRI' | 'UNI' | 'MUL'

export interface ColumnFacts {
  readonly relation: RelationRow
  /** From 1. */
  readonly position: number
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
  /** COLUMN_DEFAULT; null for none and for DEFAULT NULL. */
  readonly defaultText: string | null
  readonly key: ColumnKey
  readonly extra: string
  readonly comment: string
  readonly generationExpression: string
}

/** The columns of a relation in their order; those of a view that doesn't work are none, with a warning. */
export function columnsOf(
  relation: RelationRow,
  request: ListingRequest,
): MaybePromise<readonly ColumnFacts[]> {
  switch (relation.kind) {
    case 'table':
      return tableColumns(relation, relation.definition)
    case 'computed':
      return relation.definition.columns.map(({ name, type, nullable }, i) => ({
        ...PLAIN,
        relation,
        position: i + 1,
        name,
        type,
        nullable,
        defaultText: nullable || isBinary(type) ? null : '',
      }))
    case 'view': {
      const found = viewColumns(relation.definition, request)
      return isPromise(found)
        ? found.then((columns) => viewFacts(relation, columns))
        : viewFacts(relation, found)
    }
  }
}

const PLAIN = { key: '', extra: '', comment: '', generationExpression: '' } as const

function tableColumns(relation: RelationRow, table: TableDefinition): readonly ColumnFacts[] {
  const keys = columnKeys(table)
  // Hidden columns stand behind the others, or where they were when others were added.
  const shown = table.columns.filter((column) => column.hidden !== true)
  return shown.map((column, i) => ({
    relation,
    position: i + 1,
    name: column.name,
    type: column.type,
    nullable: column.nullable,
    defaultText: defaultText(column),
    key: keys[table.columns.indexOf(column)] ?? '',
    extra: extraText(column),
    comment: column.comment,
    generationExpression: column.generated?.sql ?? '',
  }))
}

function viewFacts(
  relation: RelationRow,
  columns: Awaited<ReturnType<typeof viewColumns>>,
): readonly ColumnFacts[] {
  return columns.map(({ name, type, nullable, definition }, i) => ({
    ...PLAIN,
    relation,
    position: i + 1,
    name,
    type,
    nullable,
    // What is left of AUTO_INCREMENT is a number that can't be NULL.
    defaultText: definition === undefined ? null : definition.autoIncrement ? '0' : defaultText(definition),
  }))
}

/** COLUMN_DEFAULT: literals as they print, without quotes; expressions as SQL. */
export function defaultText({ default: value, type }: ColumnDefinition): string | null {
  switch (value.kind) {
    case 'none':
      return null
    case 'now':
      return currentTimestamp(type)
    case 'expression':
      return value.sql
    case 'value':
      if (value.value === null) return null
      if (type.name === 'bit') return bitText(value.value as ExactValue, type)
      if (isBinary(type)) return hexText(value.value as Uint8Array)
      return textOf(type)(value.value)
  }
}

function hexText(bytes: Uint8Array): string {
  return bytes.length === 0 ? '' : `0x${Buffer.from(bytes).toString('hex').toUpperCase()}`
}

function currentTimestamp(type: SqlType): string {
  return type.scale === 0 ? 'CURRENT_TIMESTAMP' : `CURRENT_TIMESTAMP(${type.scale})`
}

function extraText(column: ColumnDefinition): string {
  const words: string[] = []
  if (column.autoIncrement) words.push('auto_increment')
  if (column.generated !== undefined)
    words.push(`${column.generated.stored ? 'STORED' : 'VIRTUAL'} GENERATED`)
  if (column.default.kind === 'now' || column.default.kind === 'expression') words.push('DEFAULT_GENERATED')
  if (column.onUpdateNow) words.push(`on update ${currentTimestamp(column.type)}`)
  if (column.invisible) words.push('INVISIBLE')
  return words.join(' ')
}

/** COLUMN_KEY of each column; without a primary key the first unique index without NULLs shows as one. */
function columnKeys(table: TableDefinition): readonly ColumnKey[] {
  const keys: ColumnKey[] = table.columns.map(() => '')
  const primary =
    table.indexes.find((index) => index.primary) ??
    table.indexes.find(
      (index) =>
        index.unique &&
        index.parts.every(
          (part) => part.prefixLength === undefined && table.columns[part.column]?.nullable === false,
        ),
    )
  for (const index of table.indexes) {
    const [first] = index.parts
    if (first === undefined || index === primary) continue
    const isUnique = index.unique && index.parts.length === 1
    if (isUnique) keys[first.column] = 'UNI'
    else if (keys[first.column] === '') keys[first.column] = 'MUL'
  }
  for (const part of primary?.parts ?? []) keys[part.column] = 'PRI'
  return keys
}

const COLUMN_PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'] as const

/** PRIVILEGES: what the account may do with the column. */
export function privilegeText(column: ColumnFacts, { account }: ListingRequest): string {
  const { database, name } = column.relation.definition
  return COLUMN_PRIVILEGES.filter((privilege) => hasPrivilege(account, privilege, database, name))
    .map((privilege) => privilege.toLowerCase())
    .join(',')
}
