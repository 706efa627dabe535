/**
 * sql_require_primary_key (MySQL manual 7.1.8): tables have to have a primary key, and to keep it.
 */
import { sqlError } from '../../common/sql-error.js'
import type { TableDefinition } from '../../plan/schema.js'
import type { DefinitionContext } from './definition-context.js'

/** Throws ER_TABLE_WITHOUT_PK. */
export function requirePrimaryKey(table: TableDefinition, { statement }: DefinitionContext): void {
  if (table.indexes.some(({ primary }) => primary)) return
  const isRequired = statement.evaluation.session.systemVariable('sql_require_primary_key', 'session') === 1
  if (isRequired) throw sqlError('ER_TABLE_WITHOUT_PK')
}
