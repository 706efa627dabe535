/**
 * SHOW COLUMNS, DESCRIBE and SHOW INDEX (MySQL manual 15.7.7.6, 15.8.1, 15.7.7.23).
 */
import { functionalText, shownName } from '../index-facts.js'
import { requireCollation } from '../../../common/collations.js'
import type { DescribeTable, QualifiedName, ShowFilter, ShowStatement } from '../../../plan/syntax/index.js'
import type { PlainResult } from '../../server-core.js'
import { columnsOf, privilegeText, type ColumnFacts } from '../column-facts.js'
import { columnTypeText } from '../information-schema/columns.js'
import { indexParts, type IndexPartFacts } from '../index-facts.js'
import { bigint, int, longText, objectName, required, text, unsignedInt } from '../listing-columns.js'
import type { ListingColumn } from '../listing.js'
import { collationOf } from '../type-facts.js'
import type { ShowContext } from './context.js'
import { NO_FILTER, patternText, showRows } from './result.js'

type Of<Topic> = Extract<ShowStatement, { readonly topic: Topic }>

const FIELD = text<ColumnFacts>('Field', (column) => column.name)
const TYPE = required(longText<ColumnFacts>('Type', columnTypeText, 'mediumtext'))
const NULLABLE = required(text<ColumnFacts>('Null', (column) => (column.nullable ? 'YES' : 'NO'), 3))
const KEY = required(text<ColumnFacts>('Key', (column) => column.key, 3))
const DEFAULT = longText<ColumnFacts>('Default', (column) => column.defaultText, 'text')
const EXTRA = text<ColumnFacts>('Extra', (column) => column.extra, 256)

const COLUMNS: readonly ListingColumn<ColumnFacts>[] = [FIELD, TYPE, NULLABLE, KEY, DEFAULT, EXTRA]
const FULL_COLUMNS: readonly ListingColumn<ColumnFacts>[] = [
  FIELD,
  TYPE,
  text('Collation', (column) => collationOf(column.type)),
  NULLABLE,
  KEY,
  DEFAULT,
  EXTRA,
  text('Privileges', privilegeText, 154),
  required(longText('Comment', (column) => column.comment, 'text')),
]

export async function showColumns(
  { table, full, filter }: Of<'columns'>,
  context: ShowContext,
): Promise<PlainResult> {
  const columns = await relationColumns(table, context)
  return showRows(full ? FULL_COLUMNS : COLUMNS, columns, context.request(), context.running, filter)
}

export async function describeTable(
  { table, column, pattern }: DescribeTable,
  context: ShowContext,
): Promise<PlainResult> {
  const columns = await relationColumns(table, context)
  const wanted = pattern === undefined ? column : patternText(pattern, context.session)
  // A name counts as a pattern, too.
  const matches =
    wanted === undefined
      ? (): boolean => true
      : requireCollation('utf8mb3_general_ci').likePattern(wanted, '\\').matches
  const described = columns.filter(({ name }) => matches(name))
  return showRows(COLUMNS, described, context.request(), context.running, NO_FILTER)
}

async function relationColumns(table: QualifiedName, context: ShowContext): Promise<readonly ColumnFacts[]> {
  const relation = await context.relation(table, 'SELECT')
  return columnsOf(relation, context.request())
}

const INDEX_COLUMNS: readonly ListingColumn<IndexPartFacts>[] = [
  required(objectName('Table', ({ relation }) => relation.definition.name)),
  required(int('Non_unique', ({ index }) => (index.unique ? 0 : 1))),
  text('Key_name', ({ index }) => index.name),
  required(unsignedInt('Seq_in_index', (facts) => facts.position)),
  text('Column_name', shownName),
  text('Collation', ({ part }) => (part.descending ? 'D' : 'A'), 1),
  bigint('Cardinality', (facts) => facts.cardinality),
  bigint('Sub_part', ({ part }) => part.prefixLength ?? null),
  text('Packed', () => null, 10),
  required(text('Null', ({ column }) => (column.nullable ? 'YES' : ''), 3)),
  required(text('Index_type', ({ index }) => index.algorithm ?? 'BTREE', 11)),
  required(text('Comment', () => '', 8)),
  required(text('Index_comment', ({ index }) => index.comment, 2048)),
  required(text('Visible', ({ index }) => (index.visible ? 'YES' : 'NO'), 3)),
  longText('Expression', functionalText),
]

export async function showIndexes(
  { table, filter }: Pick<Of<'indexes'>, 'table'> & { readonly filter: ShowFilter },
  context: ShowContext,
): Promise<PlainResult> {
  const relation = await context.relation(table, 'SELECT')
  const request = context.request()
  const parts = relation.kind === 'table' ? await indexParts(relation, request) : []
  return showRows(INDEX_COLUMNS, parts, request, context.running, filter)
}
