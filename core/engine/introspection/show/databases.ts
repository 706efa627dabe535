/**
 * SHOW DATABASES, TABLES, TABLE STATUS and OPEN TABLES (MySQL manual 15.7.7.15, 15.7.7.39, 15.7.7.38, 15.7.7.26).
 */
import type { ShowStatement } from '../../../plan/syntax/index.js'
import type { DatabaseDefinition } from '../../../plan/schema.js'
import type { PlainResult } from '../../server-core.js'
import {
  bigint,
  int,
  localTime,
  longText,
  objectName,
  required,
  text,
  unsignedBigint,
} from '../listing-columns.js'
import { nothing, type ListingColumn } from '../listing.js'
import { walkRelationFacts, type RelationFacts } from '../relation-facts.js'
import { walkDatabases, walkNames, type NamedRelation } from '../relations.js'
import type { ShowContext } from './context.js'
import { patternText, showListing } from './result.js'

type Of<Topic> = Extract<ShowStatement, { readonly topic: Topic }>

export function showDatabases(
  { filter }: Of<'databases' | 'charset' | 'collation'>,
  context: ShowContext,
): Promise<PlainResult> {
  const columns = [
    required(
      objectName<DatabaseDefinition>(titled('Database', filter, context), (database) => database.name),
    ),
  ]
  return showListing({ columns, walk: walkDatabases }, context.request(), context.running, filter)
}

const KINDS = { table: 'BASE TABLE', view: 'VIEW', computed: 'SYSTEM VIEW' } as const

export async function showTables(statement: Of<'tables'>, context: ShowContext): Promise<PlainResult> {
  const { filter, full } = statement
  const { request, database } = await context.requestIn(statement.database)
  const title = titled(`Tables_in_${database}`, filter, context)
  const columns: ListingColumn<NamedRelation>[] = [required(objectName(title, (relation) => relation.name))]
  if (full) columns.push(required(text('Table_type', (relation) => KINDS[relation.kind], 11)))
  return showListing({ columns, walk: walkNames }, request, context.running, filter)
}

/** The first column's title tells the pattern, as in MySQL. */
function titled(name: string, filter: Of<'tables'>['filter'], context: ShowContext): string {
  return filter.like === undefined ? name : `${name} (${patternText(filter.like, context.session)})`
}

const ofTables = ({ relation }: RelationFacts): number | null => (relation.kind === 'view' ? null : 0)

const STATUS_COLUMNS: readonly ListingColumn<RelationFacts>[] = [
  required(objectName('Name', ({ relation }) => relation.definition.name)),
  text('Engine', (facts) => facts.engine),
  int('Version', (facts) => facts.version),
  text('Row_format', (facts) => facts.rowFormat, 10),
  unsignedBigint('Rows', (facts) => facts.rows),
  unsignedBigint('Avg_row_length', (facts) => facts.averageRowBytes),
  unsignedBigint('Data_length', (facts) => facts.dataBytes),
  unsignedBigint('Max_data_length', ofTables),
  unsignedBigint('Index_length', ofTables),
  unsignedBigint('Data_free', ofTables),
  unsignedBigint('Auto_increment', (facts) => facts.nextAutoIncrement),
  localTime('Create_time', (facts) => facts.createdAtMicros),
  localTime('Update_time', () => null),
  localTime('Check_time', () => null),
  text('Collation', (facts) => facts.collation),
  bigint('Checksum', () => null),
  text('Create_options', (facts) => facts.createOptions, 256),
  longText('Comment', (facts) => facts.comment, 'text'),
]

export async function showTableStatus(
  { database, filter }: Of<'tableStatus' | 'openTables' | 'triggers' | 'events'>,
  context: ShowContext,
): Promise<PlainResult> {
  const { request } = await context.requestIn(database)
  return showListing({ columns: STATUS_COLUMNS, walk: walkRelationFacts }, request, context.running, filter)
}

/** Tables aren't opened and closed here, so none is in a cache of open ones. */
export async function showOpenTables(
  { database, filter }: Of<'tableStatus' | 'openTables' | 'triggers' | 'events'>,
  context: ShowContext,
): Promise<PlainResult> {
  if (database !== undefined) await context.requestIn(database)
  const columns: readonly ListingColumn<never>[] = [
    required(objectName('Database', () => null)),
    required(objectName('Table', () => null)),
    required(int('In_use', () => null)),
    required(int('Name_locked', () => null)),
  ]
  return showListing({ columns, walk: nothing }, context.request(), context.running, filter)
}
