/**
 * SHOW CREATE … (MySQL manual 15.7.7.7 to 15.7.7.14): the statements that make what there is.
 */
import { createDatabaseText, createTableText, createViewText } from '../../../catalog/show-create.js'
import { quoted } from '../../../catalog/names.js'
import { hasPrivilege } from '../../../catalog/privileges.js'
import { typeText } from '../../../catalog/type-text.js'
import { charsetOfCollation } from '../../../common/collations.js'
import { sqlError } from '../../../common/sql-error.js'
import type { VirtualTable } from '../../../plan/logical.js'
import type { ViewDefinition } from '../../../plan/schema.js'
import type { QualifiedName, ShowStatement } from '../../../plan/syntax/index.js'
import type { PlainResult } from '../../server-core.js'
import { longText, objectName, required, text } from '../listing-columns.js'
import type { ListingColumn } from '../listing.js'
import { requireVisibleDatabase, type RelationRow } from '../relations.js'
import { tableFigures } from '../table-size.js'
import type { ShowContext } from './context.js'
import { showRows } from './result.js'

type Of<Topic> = Extract<ShowStatement, { readonly topic: Topic }>

interface Created {
  readonly name: string
  readonly sql: string
}

function createdColumns(what: string): readonly ListingColumn<Created>[] {
  return [
    required(objectName(what, (created) => created.name)),
    required(longText(`Create ${what}`, (created) => created.sql, 'mediumtext')),
  ]
}

export async function showCreateTable(name: QualifiedName, context: ShowContext): Promise<PlainResult> {
  const relation = await context.relation(name, 'SHOW')
  if (relation.kind === 'view') return showView(relation.definition, context)
  const created = { name: relation.definition.name, sql: await tableText(relation, context) }
  return showRows(createdColumns('Table'), [created], context.request(), context.running)
}

async function tableText(
  relation: Exclude<RelationRow, { readonly kind: 'view' }>,
  context: ShowContext,
): Promise<string> {
  if (relation.kind === 'computed') return computedTableText(relation.definition)
  const table = relation.definition
  const figures = await tableFigures(table, context.request())
  return createTableText(table, figures?.nextAutoIncrement ?? 1, context.running)
}

/** As MySQL once printed the tables of information_schema; nothing can be made with it. */
function computedTableText({ name, columns }: VirtualTable): string {
  const lines = columns.map(
    (column) => `  ${quoted(column.name)} ${typeText(column.type)}${column.nullable ? '' : ' NOT NULL'}`,
  )
  return `CREATE TEMPORARY TABLE ${quoted(name)} (\n${lines.join(',\n')}\n) DEFAULT CHARSET=utf8mb3`
}

export async function showCreateView(name: QualifiedName, context: ShowContext): Promise<PlainResult> {
  const relation = await context.relation(name, 'SHOW')
  if (relation.kind !== 'view') {
    throw sqlError('ER_WRONG_OBJECT', relation.database.name, relation.definition.name, 'VIEW')
  }
  return showView(relation.definition, context)
}

function showView(view: ViewDefinition, context: ShowContext): Promise<PlainResult> {
  const request = context.request()
  const { account } = request
  for (const privilege of ['SELECT', 'SHOW VIEW'] as const) {
    if (hasPrivilege(account, privilege, view.database, view.name)) continue
    throw sqlError('ER_TABLEACCESS_DENIED_ERROR', privilege, account.user, account.host, view.name)
  }
  const columns: readonly ListingColumn<Created>[] = [
    ...createdColumns('View'),
    required(text('character_set_client', () => charsetOfCollation(view.connectionCollation).name)),
    required(text('collation_connection', () => view.connectionCollation)),
  ]
  const sql = createViewText(view)
  return showRows(columns, [{ name: view.name, sql }], request, context.running)
}

export async function showCreateDatabase(
  { database: name, ifNotExists }: Of<'createDatabase'>,
  context: ShowContext,
): Promise<PlainResult> {
  const request = context.request()
  const database = await requireVisibleDatabase(request, name)
  const created = { name: database.name, sql: createDatabaseText(database, ifNotExists) }
  return showRows(createdColumns('Database'), [created], request, context.running)
}

/** Stored programs don't exist here. Always throws what MySQL answers for names that it doesn't know. */
export function refuseProgram(
  topic: 'createTrigger' | 'createProcedure' | 'createFunction' | 'createEvent',
  { name }: QualifiedName,
): never {
  switch (topic) {
    case 'createTrigger':
      throw sqlError('ER_TRG_DOES_NOT_EXIST')
    case 'createEvent':
      throw sqlError('ER_EVENT_DOES_NOT_EXIST', name)
    case 'createProcedure':
      throw sqlError('ER_SP_DOES_NOT_EXIST', 'PROCEDURE', name)
    case 'createFunction':
      throw sqlError('ER_SP_DOES_NOT_EXIST', 'FUNCTION', name)
  }
}
