/**
 * The columns that CREATE TABLE … SELECT takes from its query (MySQL manual 15.1.20.4): a plain column keeps its type, NULL,
 * DEFAULT and comment, anything else gets the type of its values.
 */
import { Binder } from '../../binder/binder.js'
import type { BoundColumn } from '../../binder/binding.js'
import { sameName } from '../../catalog/names.js'
import type { NewTableElement, ReadyColumn } from '../../catalog/new-table-element.js'
import { sqlError } from '../../common/sql-error.js'
import { charsetOfCollation } from '../../common/collations.js'
import { INT_TYPE, binaryType, isBinary, isText, type SqlType } from '../../common/sql-type.js'
import type { Value } from '../../common/value.js'
import type { ColumnDefault } from '../../plan/schema.js'
import type { QueryExpression, TableElement } from '../../plan/syntax/index.js'
import type { DefinitionContext } from './definition-context.js'

export interface SelectedColumns {
  /** In the order of the query's result. */
  readonly columns: readonly ReadyColumn[]
}

export async function selectedColumns(
  query: QueryExpression,
  context: DefinitionContext,
): Promise<SelectedColumns> {
  const { columns } = new Binder(await context.queryEnvironment(query)).select(query)
  columns.forEach((column, i) => {
    if (columns.findIndex((other) => sameName(other.name, column.name)) < i) {
      throw sqlError('ER_DUP_FIELDNAME', column.name)
    }
  })
  return { columns: columns.map(columnOf) }
}

/**
 * The elements of the statement with the query's columns behind them. A column that the statement defines itself keeps its
 * definition and takes the place of the query's column of that name.
 */
export function withSelected(
  elements: readonly TableElement[],
  selected: SelectedColumns | undefined,
): readonly NewTableElement[] {
  if (selected === undefined) return elements
  const isSelected = (element: TableElement): boolean =>
    element.kind === 'column' && selected.columns.some((column) => sameName(column.name, element.name))
  const own = elements.filter((element) => !isSelected(element))
  const behind = selected.columns.map(
    (column) =>
      elements.find((element) => element.kind === 'column' && sameName(element.name, column.name)) ?? column,
  )
  return [...own, ...behind]
}

function columnOf(column: BoundColumn): ReadyColumn {
  const definition = column.origin?.definition
  const isPlain = definition !== undefined && definition.generated === undefined
  const type = isPlain ? definition.type : storedType(column.type)
  const { nullable } = column
  return {
    kind: 'readyColumn',
    name: column.name,
    type,
    nullable,
    // AUTO_INCREMENT isn't taken over; what is left of it is a number that can't be NULL.
    default:
      isPlain && !definition.autoIncrement
        ? inheritedDefault(definition.default, nullable)
        : computedDefault(type, nullable),
    comment: definition?.comment ?? '',
  }
}

function inheritedDefault(original: ColumnDefault, nullable: boolean): ColumnDefault {
  return original.kind === 'none' && nullable ? NULL_DEFAULT : original
}

const NULL_DEFAULT: ColumnDefault = Object.freeze({ kind: 'value', value: null })

/** Results that can't be NULL have a column with the zero of its type as default. */
function computedDefault(type: SqlType, nullable: boolean): ColumnDefault {
  if (nullable) return NULL_DEFAULT
  const value = zeroOf(type)
  return value === undefined ? { kind: 'none' } : { kind: 'value', value }
}

function zeroOf(type: SqlType): Value | undefined {
  if (type.name === 'json' || /text$|blob$/.test(type.name) || type.name === 'enum') return undefined
  if (isText(type)) return ''
  if (isBinary(type)) return type.name === 'binary' ? new Uint8Array(type.length) : new Uint8Array(0)
  return 0
}

/** Fewer digits than a full INT has: results of arithmetic on small integers are INT columns. */
const INT_LENGTH_MAX = 11

/** The type of a column for results of the type. */
function storedType(type: SqlType): SqlType {
  if (type.name === 'null') return { ...binaryType(0), name: 'binary' }
  if (type.name === 'varchar' || type.name === 'varbinary') return storedString(type)
  if (type.name !== 'bigint' && type.name !== 'int') return type
  if (type.length >= INT_LENGTH_MAX) return { ...type, length: type.name === 'bigint' ? 20 : 11 }
  return type.unsigned ? { ...INT_TYPE, unsigned: true, length: 10 } : INT_TYPE
}

/** Results that may be longer become TEXT or BLOB columns. */
const STRING_LENGTH_MAX = 512

function storedString(type: SqlType): SqlType {
  if (type.length === 0) return { ...type, name: isText(type) ? 'char' : 'binary' }
  if (type.length <= STRING_LENGTH_MAX) return type
  const byteCount = type.length * (isText(type) ? charsetOfCollation(type.collation).bytesPerCharMax : 1)
  const isSmall = byteCount <= 65535
  if (isText(type))
    return {
      ...type,
      ...(isSmall ? { name: 'text', length: 65535 } : { name: 'mediumtext', length: 16777215 }),
    }
  return {
    ...type,
    ...(isSmall ? { name: 'blob', length: 65535 } : { name: 'mediumblob', length: 16777215 }),
  }
}
