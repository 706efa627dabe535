/**
 * What definition statements may do under LOCK TABLES (MySQL manual 15.3.6): only change tables that are locked for writing.
 */
import type { LocalCatalog } from '../catalog/local-catalog.js'
import { sqlError } from '../common/sql-error.js'
import type { AccountStatement, DefinitionStatement, QualifiedName } from '../plan/syntax/index.js'
import type { EngineSession } from './session.js'

/** Throws ER_TABLE_NOT_LOCKED, ER_TABLE_NOT_LOCKED_FOR_WRITE, ER_LOCK_OR_ACTIVE_TRANSACTION. */
export function checkDefinitionLocks(
  statement: AccountStatement | DefinitionStatement,
  session: EngineSession,
  catalog: LocalCatalog,
): void {
  if (!session.tableLocks.isLocking) return
  switch (statement.kind) {
    case 'createDatabase':
    case 'alterDatabase':
    case 'dropDatabase':
      throw sqlError('ER_LOCK_OR_ACTIVE_TRANSACTION')
    case 'createTable':
      if (!statement.temporary) throw sqlError('ER_TABLE_NOT_LOCKED', statement.name.name)
      return
    case 'createView':
      throw sqlError('ER_TABLE_NOT_LOCKED', statement.name.name)
    default:
      for (const name of changedTables(statement)) checkLocked(name, session, catalog)
  }
}

function changedTables(statement: AccountStatement | DefinitionStatement): readonly QualifiedName[] {
  switch (statement.kind) {
    case 'alterTable':
      return [statement.name]
    case 'createIndex':
    case 'dropIndex':
    case 'truncateTable':
      return [statement.table]
    case 'dropTable':
      return statement.temporary ? [] : statement.tables
    case 'dropView':
      return statement.views
    case 'renameTable':
      return statement.renames.map(({ from }) => from)
    default:
      return []
  }
}

/** A name that nothing has is the definition statement's own error. */
function checkLocked({ database, name }: QualifiedName, session: EngineSession, catalog: LocalCatalog): void {
  const within = database ?? session.state.database
  if (within === null || session.temporaryTables.find(within, name) !== undefined) return
  const relation = catalog.relation(within, name)
  if (relation === undefined) return
  const mode = session.tableLocks.modeOf(relation.id)
  if (mode === undefined) throw sqlError('ER_TABLE_NOT_LOCKED', name)
  if (mode === 'read') throw sqlError('ER_TABLE_NOT_LOCKED_FOR_WRITE', name)
}
