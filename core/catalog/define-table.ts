/**
 * CREATE TABLE: syntax to definition (MySQL manual 15.1.20), and the rules that a whole table must hold to, which ALTER TABLE
 * checks again.
 */
import { charsetOfCollation } from '../common/collations.js'
import { sqlError } from '../common/sql-error.js'
import { isText } from '../common/sql-type.js'
import type {
  CheckDefinition,
  ColumnDefault,
  ColumnDefinition,
  ForeignKeyDefinition,
  Placement,
  TableDefinition,
} from '../plan/schema.js'
import type {
  CheckDefinition as CheckSyntax,
  ColumnDefinition as ColumnSyntax,
  ForeignKeyDefinition as ForeignKeySyntax,
  IndexDefinition as IndexSyntax,
  TableOptions,
} from '../plan/syntax/definition.js'
import { chosenCollation } from './column-type.js'
import type { TableDefinitionContext } from './definition-context.js'
import { CheckNames, checkAgainstActions, defineCheck } from './define-check.js'
import { defineColumn, rowBytesOf } from './define-column.js'
import { ForeignKeyNames, defineForeignKey } from './define-foreign-key.js'
import { defineIndexes } from './define-index.js'
import { checkColumnReferences } from './expression-columns.js'
import { functionalParts } from './functional-parts.js'
import { specificationsOf } from './index-specification.js'
import { checkColumnName, checkTableName, nameKey } from './names.js'
import type { NewTableElement, ReadyColumn } from './new-table-element.js'
import { keptOptions, refuseOptions, tableComment } from './table-options.js'

const COLUMNS_MAX = 4096
const ROW_BYTES_MAX = 65535

/** What is known of a new table besides its elements. */
export interface NewTableTraits {
  readonly id: number
  readonly database: string
  readonly name: string
  readonly temporary: boolean
  /** Collation of the database, for tables that name none. */
  readonly databaseCollation: string
  readonly placements: readonly Placement[]
  readonly engineAsWritten: string | undefined
}

/** The table of a CREATE TABLE without LIKE. */
export function defineTable(
  elements: readonly NewTableElement[],
  options: TableOptions,
  traits: NewTableTraits,
  context: TableDefinitionContext,
): TableDefinition {
  checkTableName(traits.name)
  refuseOptions(options)
  const collation = chosenCollation(options.charset, options.collation, traits.databaseCollation)
  const named = defineColumns(elements, collation.name, context)
  const functional = functionalParts(specificationsOf(elements), named, [], context)
  const columns = [...named, ...functional.hidden]
  const indexes = defineIndexes(functional.specifications, columns, [], traits, context)
  const table: TableDefinition = {
    kind: 'table',
    id: traits.id,
    version: 1,
    database: traits.database,
    name: traits.name,
    columns,
    indexes,
    foreignKeys: defineForeignKeys(elements, { ...traits, columns }, context),
    checks: [],
    placements: traits.placements,
    charset: collation.charset.name,
    collation: collation.name,
    comment: tableComment(options, traits.name) ?? '',
    temporary: traits.temporary,
    engineAsWritten: traits.engineAsWritten,
    options: keptOptions(options, {}),
    createdAtMicros: context.nowMicros,
  }
  const checks = defineChecks(elements, table, context)
  checkTable({ ...table, checks: checks.definitions })
  checkColumnReferences(generatedSyntax(elements), columns)
  checkAgainstActions(checks.conditions, table.foreignKeys, columns)
  return Object.freeze({ ...table, checks: checks.definitions })
}

// ---- Parts ----------------------------------------------------------------------------------------------------

function columnsOf(elements: readonly NewTableElement[]): readonly (ColumnSyntax | ReadyColumn)[] {
  return elements.filter((element) => element.kind === 'column' || element.kind === 'readyColumn')
}

/** Expressions of generated columns and defaults, by the name of their column. */
function generatedSyntax(elements: readonly NewTableElement[]): ReadonlyMap<string, ColumnSyntax> {
  return new Map(
    columnsOf(elements).flatMap((column) =>
      column.kind === 'column' ? [[nameKey(column.name), column] as const] : [],
    ),
  )
}

function defineColumns(
  elements: readonly NewTableElement[],
  tableCollation: string,
  context: TableDefinitionContext,
): readonly ColumnDefinition[] {
  const syntax = columnsOf(elements)
  if (syntax.length === 0) throw sqlError('ER_TABLE_MUST_HAVE_COLUMNS')
  if (syntax.length > COLUMNS_MAX) throw sqlError('ER_TOO_MANY_FIELDS')
  const primary = primaryColumns(elements)
  const seen = new Set<string>()
  return syntax.map((column) => {
    const key = nameKey(column.name)
    if (seen.has(key)) throw sqlError('ER_DUP_FIELDNAME', column.name)
    seen.add(key)
    const isInPrimaryKey = primary.has(key)
    if (column.kind === 'readyColumn') return takeColumn(column, isInPrimaryKey, context)
    return defineColumn(column, { tableCollation, isInPrimaryKey, id: undefined }, context)
  })
}

const NO_DEFAULT: ColumnDefault = Object.freeze({ kind: 'none' })

function takeColumn(
  column: ReadyColumn,
  isInPrimaryKey: boolean,
  context: TableDefinitionContext,
): ColumnDefinition {
  checkColumnName(column.name)
  const nullable = column.nullable && !isInPrimaryKey
  const isNullDefault = column.default.kind === 'value' && column.default.value === null
  return Object.freeze({
    id: context.allocateId(),
    name: column.name,
    type: column.type,
    nullable,
    default: isNullDefault && !nullable ? NO_DEFAULT : column.default,
    autoIncrement: false,
    onUpdateNow: false,
    generated: undefined,
    comment: column.comment,
    invisible: false,
  })
}

/** Folded names of the columns in the primary key. */
export function primaryColumns(elements: readonly NewTableElement[]): ReadonlySet<string> {
  const names = elements.flatMap((element) => {
    if (element.kind === 'column' && element.key === 'primary') return [element.name]
    if (element.kind !== 'index' || element.indexKind !== 'primary') return []
    return primaryParts(element)
  })
  return new Set(names.map(nameKey))
}

function primaryParts(index: IndexSyntax): readonly string[] {
  return index.parts.flatMap((part) => (part.column === undefined ? [] : [part.column]))
}

function defineForeignKeys(
  elements: readonly NewTableElement[],
  child: {
    readonly database: string
    readonly name: string
    readonly temporary: boolean
    readonly columns: readonly ColumnDefinition[]
  },
  context: TableDefinitionContext,
): readonly ForeignKeyDefinition[] {
  const syntax = elements.filter((element): element is ForeignKeySyntax => element.kind === 'foreignKey')
  if (syntax.length > 0 && child.temporary) throw sqlError('ER_CANNOT_ADD_FOREIGN')
  const names = new ForeignKeyNames(child.name, [])
  return syntax.map((foreignKey) =>
    defineForeignKey(foreignKey, child, foreignKey.name ?? names.next(), context),
  )
}

interface DefinedChecks {
  readonly definitions: readonly CheckDefinition[]
  readonly conditions: readonly {
    readonly name: string
    readonly expression: CheckSyntax['expression']
  }[]
}

function defineChecks(
  elements: readonly NewTableElement[],
  table: TableDefinition,
  context: TableDefinitionContext,
): DefinedChecks {
  const names = new CheckNames(table.name, [])
  const definitions: CheckDefinition[] = []
  const conditions: DefinedChecks['conditions'][number][] = []
  const add = (check: CheckSyntax, ownColumn: string | undefined): void => {
    const name = check.name ?? names.next()
    definitions.push(defineCheck(check, name, ownColumn, table.columns, context))
    conditions.push({ name, expression: check.expression })
  }
  for (const element of elements) {
    if (element.kind === 'check') add(element, undefined)
    else if (element.kind === 'column') for (const check of element.checks) add(check, element.name)
  }
  return { definitions, conditions }
}

// ---- Rules of the whole table ---------------------------------------------------------------------------------

/**
 * Throws ER_TABLE_MUST_HAVE_COLUMNS, ER_TOO_MANY_FIELDS, ER_WRONG_AUTO_KEY, ER_TOO_BIG_ROWSIZE,
 * ER_INVISIBLE_COLUMN_ALL.
 */
export function checkTable(table: TableDefinition): void {
  const { columns } = table
  if (columns.length === 0) throw sqlError('ER_TABLE_MUST_HAVE_COLUMNS')
  if (columns.length > COLUMNS_MAX) throw sqlError('ER_TOO_MANY_FIELDS')
  if (columns.every((column) => column.invisible)) throw sqlError('ER_INVISIBLE_COLUMN_ALL')
  checkAutoKey(table)
  if (rowBytes(columns) > ROW_BYTES_MAX) throw sqlError('ER_TOO_BIG_ROWSIZE', ROW_BYTES_MAX)
}

/** One AUTO_INCREMENT column at most, and first in some index. */
function checkAutoKey(table: TableDefinition): void {
  const positions = [...table.columns.keys()].filter((i) => table.columns[i]?.autoIncrement === true)
  const [position] = positions
  if (position === undefined) return
  const isKey = table.indexes.some((index) => index.parts[0]?.column === position)
  if (positions.length > 1 || !isKey) throw sqlError('ER_WRONG_AUTO_KEY')
}

function rowBytes(columns: readonly ColumnDefinition[]): number {
  let nullable = 0
  let bytes = 0
  for (const { type, nullable: canBeNull } of columns) {
    if (canBeNull) nullable++
    bytes += rowBytesOf(type, isText(type) ? charsetOfCollation(type.collation).bytesPerCharMax : 1)
  }
  return bytes + Math.ceil(nullable / 8)
}
