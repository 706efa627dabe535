/**
 * The tables that a statement changes.
 */
import { sqlError, type SqlError } from '../common/sql-error.js'
import type { TableDefinition } from '../plan/schema.js'
import type { QualifiedName } from '../plan/syntax/index.js'
import type { Binding } from './binding.js'
import type { ScopeRelation } from './scope.js'

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
      throw accessDenied(binding, relation.table.database)
  }
}

/** Why a relation of FROM that is no stored table can't be changed. */
export function notUpdatable(binding: Binding, relation: ScopeRelation, statement: string): SqlError {
  const origin = relation.columns[0]?.origin
  if (origin !== undefined && origin.database !== '') {
    const { kind } = binding.environment.relation(origin.database, origin.table)
    if (kind === 'virtual') return accessDenied(binding, origin.database)
  }
  return sqlError('ER_NON_UPDATABLE_TABLE', relation.alias, statement)
}

function accessDenied(binding: Binding, database: string): SqlError {
  const account = binding.evaluation.session.currentUser
  const at = account.lastIndexOf('@')
  return sqlError('ER_DBACCESS_DENIED_ERROR', account.slice(0, at), account.slice(at + 1), database)
}
