/**
 * information_schema.COLUMNS, COLUMNS_EXTENSIONS and COLUMN_STATISTICS (MySQL manual 28.3.8, 28.3.9, 28.3.11).
 */
import { typeText } from '../../../catalog/type-text.js'
import { JSON_TYPE } from '../../../common/sql-type.js'
import { isPromise } from '../../../common/value.js'
import { columnsOf, privilegeText, type ColumnFacts } from '../column-facts.js'
import { computedTable } from '../computed-table.js'
import {
  bigint,
  choice,
  longText,
  objectName,
  required,
  text,
  typed,
  unsignedBigint,
  unsignedInt,
} from '../listing-columns.js'
import { nothing, type ListingRequest } from '../listing.js'
import { walkRelations } from '../relations.js'
import {
  characterLength,
  characterSetOf,
  collationOf,
  datetimePrecision,
  numericPrecision,
  numericScale,
  octetLength,
} from '../type-facts.js'

function walkColumns(request: ListingRequest, emit: (column: ColumnFacts) => void): Promise<void> {
  return walkRelations(request, (relation) => {
    const found = columnsOf(relation, request)
    if (!isPromise(found)) {
      for (const column of found) emit(column)
      return undefined
    }
    return found.then((columns) => {
      for (const column of columns) emit(column)
    })
  })
}

export const COLUMNS = computedTable<ColumnFacts>('information_schema', 'COLUMNS', {
  columns: [
    required(objectName('TABLE_CATALOG', () => 'def')),
    required(objectName('TABLE_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    required(objectName('TABLE_NAME', ({ relation }) => relation.definition.name, 'relation')),
    text('COLUMN_NAME', (column) => column.name),
    required(unsignedInt('ORDINAL_POSITION', (column) => column.position)),
    longText('COLUMN_DEFAULT', (column) => column.defaultText, 'text'),
    required(text('IS_NULLABLE', (column) => (column.nullable ? 'YES' : 'NO'), 3)),
    longText('DATA_TYPE', (column) => (column.type.name === 'null' ? 'binary' : column.type.name)),
    bigint('CHARACTER_MAXIMUM_LENGTH', (column) => characterLength(column.type)),
    bigint('CHARACTER_OCTET_LENGTH', (column) => octetLength(column.type)),
    unsignedBigint('NUMERIC_PRECISION', (column) => numericPrecision(column.type)),
    unsignedBigint('NUMERIC_SCALE', (column) => numericScale(column.type)),
    unsignedInt('DATETIME_PRECISION', (column) => datetimePrecision(column.type)),
    text('CHARACTER_SET_NAME', (column) => characterSetOf(column.type)),
    text('COLLATION_NAME', (column) => collationOf(column.type)),
    required(longText('COLUMN_TYPE', columnTypeText, 'mediumtext')),
    required(choice('COLUMN_KEY', ['', 'PRI', 'UNI', 'MUL'], (column) => column.key)),
    text('EXTRA', (column) => column.extra, 256),
    text('PRIVILEGES', privilegeText, 154),
    required(longText('COLUMN_COMMENT', (column) => column.comment, 'text')),
    required(longText('GENERATION_EXPRESSION', (column) => column.generationExpression)),
    unsignedInt('SRS_ID', () => null),
  ],
  walk: walkColumns,
})

/** As SHOW COLUMNS prints types, too. */
export function columnTypeText({ type }: ColumnFacts): string {
  return type.name === 'null' ? 'binary(0)' : typeText(type)
}

export const COLUMNS_EXTENSIONS = computedTable<ColumnFacts>('information_schema', 'COLUMNS_EXTENSIONS', {
  columns: [
    required(objectName('TABLE_CATALOG', () => 'def')),
    required(objectName('TABLE_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    required(objectName('TABLE_NAME', ({ relation }) => relation.definition.name, 'relation')),
    text('COLUMN_NAME', (column) => column.name),
    typed('ENGINE_ATTRIBUTE', JSON_TYPE, () => null),
    typed('SECONDARY_ENGINE_ATTRIBUTE', JSON_TYPE, () => null),
  ],
  walk: walkColumns,
})

/** Histograms, which aren't made here. */
export const COLUMN_STATISTICS = computedTable<never>('information_schema', 'COLUMN_STATISTICS', {
  columns: [
    required(objectName('SCHEMA_NAME', () => null)),
    required(objectName('TABLE_NAME', () => null)),
    required(text('COLUMN_NAME', () => null)),
    required(typed('HISTOGRAM', JSON_TYPE, () => null)),
  ],
  walk: nothing,
})
