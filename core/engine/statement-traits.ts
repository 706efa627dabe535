/**
 * What kinds of statements have in common.
 */
import type {
  AccountStatement,
  DefinitionStatement,
  DeleteStatement,
  InsertStatement,
  QueryExpression,
  Statement,
  UpdateStatement,
} from '../plan/syntax/index.js'

const ACCOUNT_STATEMENTS: ReadonlySet<Statement['kind']> = new Set<AccountStatement['kind']>([
  'createUser',
  'alterUser',
  'dropUser',
  'renameUser',
  'createRole',
  'dropRole',
  'grantPrivileges',
  'grantRoles',
  'grantProxy',
  'revokePrivileges',
  'revokeRoles',
  'revokeProxy',
  'revokeAll',
  'setPassword',
  'setDefaultRole',
])

const DEFINITIONS: ReadonlySet<Statement['kind']> = new Set<DefinitionStatement['kind']>([
  'createDatabase',
  'alterDatabase',
  'dropDatabase',
  'createTable',
  'alterTable',
  'dropTable',
  'renameTable',
  'truncateTable',
  'createIndex',
  'dropIndex',
  'createView',
  'dropView',
  'createServer',
  'alterServer',
  'dropServer',
  'createTablespace',
  'alterTablespace',
  'dropTablespace',
  'alterInstance',
  'importTable',
  'createSpatialReferenceSystem',
  'dropSpatialReferenceSystem',
  'createResourceGroup',
  'alterResourceGroup',
  'dropResourceGroup',
])

/** Statements about accounts and their privileges; SET ROLE, which is about the session, is none. */
export function isAccountStatement(statement: Statement): statement is AccountStatement {
  return ACCOUNT_STATEMENTS.has(statement.kind)
}

/** Data definition and statements about accounts. */
export function isDefinition(statement: Statement): statement is DefinitionStatement | AccountStatement {
  return DEFINITIONS.has(statement.kind) || isAccountStatement(statement)
}

/** Statements that commit the open transaction first (MySQL manual 15.3.3). */
export function commitsImplicitly(statement: Statement): boolean {
  if (statement.kind === 'createTable' || statement.kind === 'dropTable') return !statement.temporary
  return isDefinition(statement) || ['tableMaintenance', 'flush', 'lockTables'].includes(statement.kind)
}

/** What is planned from the statement alone; LOAD DATA is, too, but needs its file. */
export function isQueryOrChange(
  statement: Statement,
): statement is QueryExpression | InsertStatement | UpdateStatement | DeleteStatement {
  return QUERIES_AND_CHANGES.has(statement.kind)
}

const QUERIES_AND_CHANGES: ReadonlySet<Statement['kind']> = new Set(['query', 'insert', 'update', 'delete'])

/** All but SHOW WARNINGS and SHOW ERRORS replace what those show. */
export function collectsConditions(statement: Statement): boolean {
  return !(statement.kind === 'show' && (statement.topic === 'warnings' || statement.topic === 'errors'))
}

/** Whether a query stands anywhere in an expression: its tables must be resolved before it is bound. */
export function containsQuery(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(containsQuery)
  if (typeof node !== 'object' || node === null) return false
  if ('kind' in node && node.kind === 'query') return true
  return Object.values(node).some(containsQuery)
}
