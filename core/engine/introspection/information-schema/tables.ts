/**
 * information_schema.TABLES, TABLES_EXTENSIONS and VIEWS (MySQL manual 28.3.38, 28.3.39, 28.3.48), and PARTITIONS (28.3.21): no table
 * is partitioned, so each has its one row.
 */
import { charsetOfCollation } from '../../../common/collations.js'
import { JSON_TYPE } from '../../../common/sql-type.js'
import { tableNames } from '../../name-resolution.js'
import { computedTable } from '../computed-table.js'
import {
  bigint,
  choice,
  int,
  localTime,
  longText,
  objectName,
  ofFigures,
  required,
  text,
  timestamp,
  typed,
  unsignedBigint,
  unsignedInt,
} from '../listing-columns.js'
import { nothing, type ListingColumn } from '../listing.js'
import { walkRelationFacts, type RelationFacts } from '../relation-facts.js'
import { walkTables, walkViews, type RelationRow, type TableRow, type ViewRow } from '../relations.js'

const ROW_FORMATS = ['Fixed', 'Dynamic', 'Compressed', 'Redundant', 'Compact', 'Paged']
const TABLE_TYPES = { table: 'BASE TABLE', view: 'VIEW', computed: 'SYSTEM VIEW' } as const

export function tableType({ kind }: RelationRow): string {
  return TABLE_TYPES[kind]
}

export const TABLES = computedTable<RelationFacts>('information_schema', 'TABLES', {
  columns: [
    required(objectName('TABLE_CATALOG', () => 'def')),
    required(objectName('TABLE_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    required(objectName('TABLE_NAME', ({ relation }) => relation.definition.name, 'relation')),
    required(choice('TABLE_TYPE', Object.values(TABLE_TYPES), ({ relation }) => tableType(relation))),
    text('ENGINE', (facts) => facts.engine),
    int('VERSION', (facts) => facts.version),
    choice('ROW_FORMAT', ROW_FORMATS, (facts) => facts.rowFormat),
    ofFigures(unsignedBigint('TABLE_ROWS', (facts) => facts.rows)),
    ofFigures(unsignedBigint('AVG_ROW_LENGTH', (facts) => facts.averageRowBytes)),
    ofFigures(unsignedBigint('DATA_LENGTH', (facts) => facts.dataBytes)),
    unsignedBigint('MAX_DATA_LENGTH', zeroOfTables),
    unsignedBigint('INDEX_LENGTH', zeroOfTables),
    unsignedBigint('DATA_FREE', zeroOfTables),
    ofFigures(unsignedBigint('AUTO_INCREMENT', (facts) => facts.nextAutoIncrement)),
    timestamp('CREATE_TIME', (facts) => facts.createdAtMicros),
    localTime('UPDATE_TIME', () => null),
    localTime('CHECK_TIME', () => null),
    text('TABLE_COLLATION', (facts) => facts.collation),
    bigint('CHECKSUM', () => null),
    text('CREATE_OPTIONS', (facts) => facts.createOptions, 256),
    longText('TABLE_COMMENT', (facts) => facts.comment, 'text'),
  ],
  walk: walkRelationFacts,
})

/** Figures of MySQL's engines that have no meaning here: none for views, 0 for tables. */
function zeroOfTables({ relation }: RelationFacts): number | null {
  return relation.kind === 'view' ? null : 0
}

export const TABLES_EXTENSIONS = computedTable<TableRow>('information_schema', 'TABLES_EXTENSIONS', {
  columns: [
    required(objectName('TABLE_CATALOG', () => 'def')),
    required(objectName('TABLE_SCHEMA', (row) => row.database.name, 'database')),
    required(objectName('TABLE_NAME', (row) => row.definition.name, 'relation')),
    typed('ENGINE_ATTRIBUTE', JSON_TYPE, (row) => row.definition.options.ENGINE_ATTRIBUTE ?? null),
    typed(
      'SECONDARY_ENGINE_ATTRIBUTE',
      JSON_TYPE,
      (row) => row.definition.options.SECONDARY_ENGINE_ATTRIBUTE ?? null,
    ),
  ],
  walk: walkTables,
})

export const VIEWS = computedTable<ViewRow>('information_schema', 'VIEWS', {
  columns: [
    required(objectName('TABLE_CATALOG', () => 'def')),
    required(objectName('TABLE_SCHEMA', (row) => row.database.name, 'database')),
    required(objectName('TABLE_NAME', (row) => row.definition.name, 'relation')),
    longText('VIEW_DEFINITION', (row) => row.definition.sql),
    choice('CHECK_OPTION', ['NONE', 'LOCAL', 'CASCADED'], (row) => row.definition.checkOption),
    // Nothing is written through a view.
    choice('IS_UPDATABLE', ['NO', 'YES'], () => 'NO'),
    text('DEFINER', (row) => row.definition.definer, 288),
    text('SECURITY_TYPE', (row) => row.definition.sqlSecurity, 7),
    required(
      text('CHARACTER_SET_CLIENT', (row) => charsetOfCollation(row.definition.connectionCollation).name),
    ),
    required(text('COLLATION_CONNECTION', (row) => row.definition.connectionCollation)),
  ],
  walk: walkViews,
})

interface ViewTable {
  readonly view: ViewRow
  readonly database: string
  readonly table: string
}

/** Tables and views that views read. Their texts name every table with its database; other names are of WITH clauses. */
export const VIEW_TABLE_USAGE = computedTable<ViewTable>('information_schema', 'VIEW_TABLE_USAGE', {
  columns: [
    required(objectName('VIEW_CATALOG', () => 'def')),
    required(objectName('VIEW_SCHEMA', ({ view }) => view.database.name, 'database')),
    required(objectName('VIEW_NAME', ({ view }) => view.definition.name, 'relation')),
    required(objectName('TABLE_CATALOG', () => 'def')),
    required(objectName('TABLE_SCHEMA', (row) => row.database)),
    required(objectName('TABLE_NAME', (row) => row.table)),
  ],
  walk: (request, emit) =>
    walkViews(request, (view) => {
      const seen = new Set<string>()
      for (const { database, name } of tableNames(request.services.core.names.parseView(view.definition))) {
        const key = `${database ?? ''}\0${name}`
        if (database === undefined || seen.has(key)) continue
        seen.add(key)
        emit({ view, database, table: name })
      }
    }),
})

const noText = (): null => null

export const PARTITIONS = computedTable<RelationFacts>('information_schema', 'PARTITIONS', {
  columns: [
    required(objectName('TABLE_CATALOG', () => 'def')),
    required(objectName('TABLE_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    required(objectName('TABLE_NAME', ({ relation }) => relation.definition.name, 'relation')),
    text('PARTITION_NAME', noText),
    text('SUBPARTITION_NAME', noText),
    unsignedInt('PARTITION_ORDINAL_POSITION', noText),
    unsignedInt('SUBPARTITION_ORDINAL_POSITION', noText),
    text('PARTITION_METHOD', noText, 13),
    text('SUBPARTITION_METHOD', noText, 13),
    text('PARTITION_EXPRESSION', noText, 2048),
    text('SUBPARTITION_EXPRESSION', noText, 2048),
    longText('PARTITION_DESCRIPTION', noText, 'text'),
    ofFigures(unsignedBigint('TABLE_ROWS', (facts) => facts.rows)),
    ofFigures(unsignedBigint('AVG_ROW_LENGTH', (facts) => facts.averageRowBytes)),
    ofFigures(unsignedBigint('DATA_LENGTH', (facts) => facts.dataBytes)),
    unsignedBigint('MAX_DATA_LENGTH', () => 0),
    unsignedBigint('INDEX_LENGTH', () => 0),
    unsignedBigint('DATA_FREE', () => 0),
    timestamp('CREATE_TIME', (facts) => facts.createdAtMicros),
    localTime('UPDATE_TIME', noText),
    localTime('CHECK_TIME', noText),
    bigint('CHECKSUM', noText),
    required(longText('PARTITION_COMMENT', () => '', 'text')),
    text('NODEGROUP', noText, 256),
    text('TABLESPACE_NAME', noText, 268),
  ],
  walk: (request, emit) =>
    walkRelationFacts(request, (facts) => {
      if (facts.relation.kind === 'table') emit(facts)
    }),
})

const spaceColumns: readonly ListingColumn<never>[] = [
  required(text('TABLESPACE_NAME', noText)),
  required(text('ENGINE', noText)),
  text('TABLESPACE_TYPE', noText),
  text('LOGFILE_GROUP_NAME', noText),
  unsignedBigint('EXTENT_SIZE', noText),
  unsignedBigint('AUTOEXTEND_SIZE', noText),
  unsignedBigint('MAXIMUM_SIZE', noText),
  unsignedBigint('NODEGROUP_ID', noText),
  text('TABLESPACE_COMMENT', noText, 2048),
]

export const TABLESPACES = computedTable('information_schema', 'TABLESPACES', {
  columns: spaceColumns,
  walk: nothing,
})
