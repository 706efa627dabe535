/**
 * CREATE, ALTER and DROP VIEW (MySQL manual 15.1.23, 15.1.11, 15.1.35).
 */
import { Binder } from '../../binder/binder.js'
import { checkColumnName, nameKey } from '../../catalog/names.js'
import { visitSyntax } from '../../catalog/syntax-walk.js'
import { requireDynamicPrivilege } from '../../catalog/privileges.js'
import { sqlError } from '../../common/sql-error.js'
import type { RelationDefinition, ViewDefinition } from '../../plan/schema.js'
import type { CreateView, DropView, QueryExpression, QualifiedName } from '../../plan/syntax/index.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { fullName, requireDatabase, requireTablePrivileges } from './named-objects.js'
import { publish } from './publish.js'
import type { StatementLocks, TableName } from './statement-locks.js'
import { withDatabase, withoutWildcards } from './view-query.js'

export async function createView(
  statement: CreateView,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const name = fullName(statement.name, context)
  const replaces = statement.alter || statement.orReplace
  requireTablePrivileges(name, replaces ? ['CREATE VIEW', 'DROP'] : ['CREATE VIEW'], context)
  await locks.database(name.database, 'shared')
  await requireDatabase(name.database, context)
  const present = await locks.relation(name)
  checkPresent(statement, name, present)
  const view = await defineView(statement, name, present, context)
  await publish(context, { relations: [view] })
  return DONE
}

function checkPresent(statement: CreateView, name: TableName, present: RelationDefinition | undefined): void {
  if (present === undefined) {
    if (statement.alter) throw sqlError('ER_NO_SUCH_TABLE', name.database, name.name)
    return
  }
  if (!statement.alter && !statement.orReplace) throw sqlError('ER_TABLE_EXISTS_ERROR', name.name)
  if (present.kind !== 'view') throw sqlError('ER_WRONG_OBJECT', name.database, name.name, 'VIEW')
}

async function defineView(
  statement: CreateView,
  name: TableName,
  present: RelationDefinition | undefined,
  context: DefinitionContext,
): Promise<ViewDefinition> {
  refuseClauses(statement.query, name, context)
  const query = await qualifiedQuery(statement.query, context)
  const columnNames = statement.columns.length === 0 ? undefined : statement.columns
  const resultNames = query.columns
  if (columnNames !== undefined && columnNames.length !== resultNames.length) {
    throw sqlError('ER_VIEW_WRONG_LIST')
  }
  checkColumnNames(columnNames ?? resultNames)
  return Object.freeze({
    kind: 'view',
    id: present?.id ?? context.catalog.allocateId(),
    version: (present?.version ?? 0) + 1,
    ...name,
    sql: query.sql,
    columnNames: columnNames ?? resultNames,
    algorithm: ALGORITHMS[statement.algorithm ?? 'undefined'],
    definer: definerOf(statement, context),
    sqlSecurity: statement.security === 'invoker' ? 'INVOKER' : 'DEFINER',
    checkOption: CHECK_OPTIONS[statement.checkOption ?? 'none'],
    sqlMode: context.sqlMode,
    connectionCollation: context.connectionCollation,
  })
}

const ALGORITHMS = { undefined: 'UNDEFINED', merge: 'MERGE', temptable: 'TEMPTABLE' } as const
const CHECK_OPTIONS = { none: 'NONE', local: 'LOCAL', cascaded: 'CASCADED' } as const

function definerOf(statement: CreateView, context: DefinitionContext): string {
  const { definer } = statement
  const { user, host } = context.account
  if (definer === undefined || definer.current) return `${user}@${host}`
  const named = { user: definer.user, host: definer.host ?? '%' }
  if (named.user !== user || named.host !== host) requireDynamicPrivilege(context.account, 'SET_USER_ID')
  return `${named.user}@${named.host}`
}

/** Binding finds out whether the query makes sense, and what its columns are called. */
async function qualifiedQuery(
  query: QueryExpression,
  context: DefinitionContext,
): Promise<{ readonly sql: string; readonly columns: readonly string[] }> {
  const environment = await context.queryEnvironment(query)
  const bound = new Binder(environment).select(query)
  const expanded = withoutWildcards(query, environment)
  const qualified = context.database === undefined ? expanded : withDatabase(expanded, context.database)
  return {
    sql: context.printer.query(qualified),
    columns: bound.columns.map((column) => column.name),
  }
}

const VARIABLES: ReadonlySet<string> = new Set([
  'parameter',
  'userVariable',
  'userVariableAssignment',
  'systemVariable',
])

/** Parameters and variables, INTO, temporary tables and the view itself can't be in a view. */
function refuseClauses(query: QueryExpression, view: TableName, context: DefinitionContext): void {
  if (query.into !== undefined) throw sqlError('ER_VIEW_SELECT_CLAUSE', 'INTO')
  visitSyntax(query, (node) => {
    if (VARIABLES.has(node.kind ?? '')) throw sqlError('ER_VIEW_SELECT_VARIABLE')
  })
  for (const { database = context.database, name } of tableNames(query)) {
    if (database === undefined) continue
    if (context.temporaryTables.find(database, name) !== undefined) {
      throw sqlError('ER_VIEW_SELECT_TMPTABLE', name)
    }
    if (database === view.database && name === view.name) {
      throw sqlError('ER_NO_SUCH_TABLE', view.database, view.name)
    }
  }
}

/** The tables that a query names; common table expressions are none, where they are visible. */
function tableNames(query: QueryExpression): readonly QualifiedName[] {
  const names: QualifiedName[] = []
  const qualified = withDatabase(query, UNQUALIFIED)
  visitSyntax(qualified, (node) => {
    if (node.kind !== 'table') return
    const { database, name, start, end } = (node as { readonly name: QualifiedName }).name
    // What was left without a database is a common table expression.
    if (database !== undefined) {
      names.push({ database: database === UNQUALIFIED ? undefined : database, name, start, end })
    }
  })
  return names
}

/** No name of a database. */
const UNQUALIFIED = ''

function checkColumnNames(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    checkColumnName(name)
    if (seen.has(nameKey(name))) throw sqlError('ER_DUP_FIELDNAME', name)
    seen.add(nameKey(name))
  }
}

// ---- DROP VIEW ------------------------------------------------------------------------------------------------

export async function dropView(
  statement: DropView,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const names = statement.views.map((name) => fullName(name, context))
  for (const name of names) requireTablePrivileges(name, ['DROP'], context)
  for (const database of [...new Set(names.map((name) => name.database))].sort()) {
    if (context.catalog.database(database) === undefined) continue
    await locks.database(database, 'shared')
    await requireDatabase(database, context)
  }
  const relations = await locks.relations(names)
  const views: RelationDefinition[] = []
  const missing: string[] = []
  names.forEach(({ database, name }, i) => {
    const relation = relations[i]
    if (relation === undefined) missing.push(`${database}.${name}`)
    else if (relation.kind === 'table') throw sqlError('ER_WRONG_OBJECT', database, name, 'VIEW')
    else views.push(relation)
  })
  if (missing.length > 0 && !statement.ifExists) throw sqlError('ER_BAD_TABLE_ERROR', missing.join(','))
  for (const name of missing) context.statement.warn('Note', 'ER_BAD_TABLE_ERROR', name)
  if (views.length > 0) await publish(context, { droppedRelations: views })
  return DONE
}
