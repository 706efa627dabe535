/**
 * Indexes and constraints in information_schema: STATISTICS, TABLE_CONSTRAINTS, KEY_COLUMN_USAGE, REFERENTIAL_CONSTRAINTS,
 * CHECK_CONSTRAINTS (MySQL manual 28.3.34, 28.3.42, 28.3.16, 28.3.25, 28.3.5).
 */
import { functionalText, shownName } from '../index-facts.js'
import { sameName } from '../../../catalog/names.js'
import type { CheckDefinition, ForeignKeyDefinition, TableDefinition } from '../../../plan/schema.js'
import { JSON_TYPE } from '../../../common/sql-type.js'
import { computedTable } from '../computed-table.js'
import { columnAt, walkIndexParts, type IndexPartFacts } from '../index-facts.js'
import {
  bigint,
  choice,
  int,
  longText,
  objectName,
  ofFigures,
  required,
  text,
  typed,
  unsignedInt,
  unused,
} from '../listing-columns.js'
import type { ListingRequest } from '../listing.js'
import { walkTables, type TableRow } from '../relations.js'

export const STATISTICS = computedTable<IndexPartFacts>('information_schema', 'STATISTICS', {
  columns: [
    required(objectName('TABLE_CATALOG', () => 'def')),
    required(objectName('TABLE_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    required(objectName('TABLE_NAME', ({ relation }) => relation.definition.name, 'relation')),
    required(int('NON_UNIQUE', ({ index }) => (index.unique ? 0 : 1))),
    required(objectName('INDEX_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    text('INDEX_NAME', ({ index }) => index.name),
    required(unsignedInt('SEQ_IN_INDEX', (facts) => facts.position)),
    text('COLUMN_NAME', shownName),
    text('COLLATION', ({ part }) => (part.descending ? 'D' : 'A'), 1),
    ofFigures(bigint('CARDINALITY', (facts) => facts.cardinality)),
    bigint('SUB_PART', ({ part }) => part.prefixLength ?? null),
    unused('PACKED'),
    required(text('NULLABLE', ({ column }) => (column.nullable ? 'YES' : ''), 3)),
    required(text('INDEX_TYPE', ({ index }) => index.algorithm ?? 'BTREE', 11)),
    required(text('COMMENT', () => '', 8)),
    required(text('INDEX_COMMENT', ({ index }) => index.comment, 2048)),
    required(text('IS_VISIBLE', ({ index }) => (index.visible ? 'YES' : 'NO'), 3)),
    longText('EXPRESSION', functionalText),
  ],
  walk: walkIndexParts,
})

interface ConstraintRow {
  readonly relation: TableRow
  readonly name: string
  readonly type: 'PRIMARY KEY' | 'UNIQUE' | 'FOREIGN KEY' | 'CHECK'
  readonly enforced: boolean
}

function constraintsOf(relation: TableRow): readonly ConstraintRow[] {
  const { indexes, foreignKeys, checks } = relation.definition
  return [
    ...indexes
      .filter((index) => index.unique)
      .map((index): ConstraintRow => ({
        relation,
        name: index.name,
        type: index.primary ? 'PRIMARY KEY' : 'UNIQUE',
        enforced: true,
      })),
    ...foreignKeys.map(({ name }): ConstraintRow => ({
      relation,
      name,
      type: 'FOREIGN KEY',
      enforced: true,
    })),
    ...checks.map(({ name, enforced }): ConstraintRow => ({ relation, name, type: 'CHECK', enforced })),
  ]
}

function walkConstraints(request: ListingRequest, emit: (row: ConstraintRow) => void): Promise<void> {
  return walkTables(request, (relation) => {
    constraintsOf(relation).forEach(emit)
  })
}

export const TABLE_CONSTRAINTS = computedTable<ConstraintRow>('information_schema', 'TABLE_CONSTRAINTS', {
  columns: [
    required(objectName('CONSTRAINT_CATALOG', () => 'def')),
    required(objectName('CONSTRAINT_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    text('CONSTRAINT_NAME', (row) => row.name),
    required(objectName('TABLE_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    required(objectName('TABLE_NAME', ({ relation }) => relation.definition.name, 'relation')),
    required(text('CONSTRAINT_TYPE', (row) => row.type, 11)),
    required(text('ENFORCED', (row) => (row.enforced ? 'YES' : 'NO'), 3)),
  ],
  walk: walkConstraints,
})

export const TABLE_CONSTRAINTS_EXTENSIONS = computedTable<ConstraintRow>(
  'information_schema',
  'TABLE_CONSTRAINTS_EXTENSIONS',
  {
    columns: [
      required(objectName('CONSTRAINT_CATALOG', () => 'def')),
      required(objectName('CONSTRAINT_SCHEMA', ({ relation }) => relation.database.name, 'database')),
      text('CONSTRAINT_NAME', (row) => row.name),
      required(objectName('TABLE_NAME', ({ relation }) => relation.definition.name, 'relation')),
      typed('ENGINE_ATTRIBUTE', JSON_TYPE, () => null),
      typed('SECONDARY_ENGINE_ATTRIBUTE', JSON_TYPE, () => null),
    ],
    walk: walkConstraints,
  },
)

interface KeyColumnRow {
  readonly relation: TableRow
  readonly constraint: string
  readonly column: string
  /** From 1. */
  readonly position: number
  readonly references: { readonly foreignKey: ForeignKeyDefinition; readonly column: string } | undefined
}

function keyColumnsOf(relation: TableRow): readonly KeyColumnRow[] {
  const table = relation.definition
  const ofIndexes = table.indexes
    .filter((index) => index.unique)
    .flatMap((index) =>
      index.parts.map((part, i): KeyColumnRow => ({
        relation,
        constraint: index.name,
        column: columnAt(table, part.column).name,
        position: i + 1,
        references: undefined,
      })),
    )
  const ofForeignKeys = table.foreignKeys.flatMap((foreignKey) =>
    foreignKey.columns.map((column, i): KeyColumnRow => ({
      relation,
      constraint: foreignKey.name,
      column: columnAt(table, column).name,
      position: i + 1,
      references: { foreignKey, column: foreignKey.referencedColumns[i] ?? '' },
    })),
  )
  return [...ofIndexes, ...ofForeignKeys]
}

export const KEY_COLUMN_USAGE = computedTable<KeyColumnRow>('information_schema', 'KEY_COLUMN_USAGE', {
  columns: [
    required(objectName('CONSTRAINT_CATALOG', () => 'def')),
    required(objectName('CONSTRAINT_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    text('CONSTRAINT_NAME', (row) => row.constraint),
    required(objectName('TABLE_CATALOG', () => 'def')),
    required(objectName('TABLE_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    required(objectName('TABLE_NAME', ({ relation }) => relation.definition.name, 'relation')),
    text('COLUMN_NAME', (row) => row.column),
    required(unsignedInt('ORDINAL_POSITION', (row) => row.position)),
    unsignedInt('POSITION_IN_UNIQUE_CONSTRAINT', (row) =>
      row.references === undefined ? null : row.position,
    ),
    objectName('REFERENCED_TABLE_SCHEMA', (row) => row.references?.foreignKey.referencedDatabase ?? null),
    objectName('REFERENCED_TABLE_NAME', (row) => row.references?.foreignKey.referencedTable ?? null),
    text('REFERENCED_COLUMN_NAME', (row) => row.references?.column ?? null),
  ],
  walk: (request, emit) =>
    walkTables(request, (relation) => {
      keyColumnsOf(relation).forEach(emit)
    }),
})

interface ForeignKeyRow {
  readonly relation: TableRow
  readonly foreignKey: ForeignKeyDefinition
  /** The unique key of the parent that it refers to. */
  readonly parentKey: string | null
}

const RULES = ['NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT']

export const REFERENTIAL_CONSTRAINTS = computedTable<ForeignKeyRow>(
  'information_schema',
  'REFERENTIAL_CONSTRAINTS',
  {
    columns: [
      required(objectName('CONSTRAINT_CATALOG', () => 'def')),
      required(objectName('CONSTRAINT_SCHEMA', ({ relation }) => relation.database.name, 'database')),
      text('CONSTRAINT_NAME', ({ foreignKey }) => foreignKey.name),
      required(objectName('UNIQUE_CONSTRAINT_CATALOG', () => 'def')),
      required(objectName('UNIQUE_CONSTRAINT_SCHEMA', ({ foreignKey }) => foreignKey.referencedDatabase)),
      text('UNIQUE_CONSTRAINT_NAME', (row) => row.parentKey),
      required(choice('MATCH_OPTION', ['NONE', 'PARTIAL', 'FULL'], () => 'NONE')),
      required(choice('UPDATE_RULE', RULES, ({ foreignKey }) => foreignKey.onUpdate)),
      required(choice('DELETE_RULE', RULES, ({ foreignKey }) => foreignKey.onDelete)),
      required(objectName('TABLE_NAME', ({ relation }) => relation.definition.name, 'relation')),
      required(objectName('REFERENCED_TABLE_NAME', ({ foreignKey }) => foreignKey.referencedTable)),
    ],
    walk: (request, emit) =>
      walkTables(request, (relation) => {
        for (const foreignKey of relation.definition.foreignKeys) {
          const parent = request.services.catalog.parentOf(relation.definition, foreignKey)
          emit({ relation, foreignKey, parentKey: parentKeyOf(parent, foreignKey) })
        }
      }),
  },
)

function parentKeyOf(parent: TableDefinition | undefined, foreignKey: ForeignKeyDefinition): string | null {
  const key = parent?.indexes.find(
    (index) =>
      index.unique &&
      index.parts.length === foreignKey.referencedColumns.length &&
      index.parts.every(({ column }, i) =>
        sameName(columnAt(parent, column).name, foreignKey.referencedColumns[i] ?? ''),
      ),
  )
  return key?.name ?? null
}

interface CheckRow {
  readonly relation: TableRow
  readonly check: CheckDefinition
}

export const CHECK_CONSTRAINTS = computedTable<CheckRow>('information_schema', 'CHECK_CONSTRAINTS', {
  columns: [
    required(objectName('CONSTRAINT_CATALOG', () => 'def')),
    required(objectName('CONSTRAINT_SCHEMA', ({ relation }) => relation.database.name, 'database')),
    required(text('CONSTRAINT_NAME', ({ check }) => check.name)),
    required(longText('CHECK_CLAUSE', ({ check }) => check.sql)),
  ],
  walk: (request, emit) =>
    walkTables(request, (relation) => {
      for (const check of relation.definition.checks) emit({ relation, check })
    }),
})
