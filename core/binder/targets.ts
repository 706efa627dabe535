/**
 * The tables that a statement changes.
 */
import { sqlError } from '../common/sql-error.js'
import type { TableDefinition } from '../plan/schema.js'
import type { QualifiedName } from '../plan/syntax/index.js'
import type { Binding } from './binding.js'

/** Throws ER_NON_INSERTABLE_TABLE or ER_NON_UPDATABLE_TABLE for views, and an access error for system tables. */
export function writableTable(binding: Binding, name: QualifiedName, statement: string): TableDefinition {
  const relation = binding.environment.relation(name.database, name.name)
  switch (relation.kind) {
    case 'table':
      return relation.table
    case 'view':
      if (statement === 'INSERT') throw sqlError('ER_NON_INSERTABLE_TABLE', name.name, statement)
      throw sqlError('ER_NON_UPDATABLE_TABLE', name.name, statement)
    case 'virtual':
      throw sqlError(
        'ER_DBACCESS_DENIED_ERROR',
        binding.evaluation.session.user,
        '%',
        relation.table.database,
      )
  }
}
