/**
 * What kinds of statements have in common.
 */
import type { Statement } from '../plan/syntax/index.js'

const COMMITS = new Set<Statement['kind']>([
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
  'createUser',
  'alterUser',
  'dropUser',
  'renameUser',
  'grant',
  'revoke',
  'setPassword',
  'createRole',
  'dropRole',
  'tableMaintenance',
  'flush',
  'lockTables',
] as Statement['kind'][])

/** Statements that commit the open transaction first (MySQL manual 15.3.3). */
export function commitsImplicitly(statement: Statement): boolean {
  if (statement.kind === 'createTable' || statement.kind === 'dropTable') return !statement.temporary
  return COMMITS.has(statement.kind)
}

/** All but SHOW WARNINGS and SHOW ERRORS replace what those show. */
export function collectsConditions(statement: Statement): boolean {
  return !(statement.kind === 'show' && (statement.topic === 'warnings' || statement.topic === 'errors'))
}
