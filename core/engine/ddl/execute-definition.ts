/**
 * Runs data definition and account statements. Each is one atomic change of the catalog: it takes its metadata locks, does its
 * work, and commits; nothing of it is seen before, nothing is left of it if it fails.
 */
import { sqlError } from '../../common/sql-error.js'
import { isAccountStatement } from '../statement-traits.js'
import type { AccountStatement, DefinitionStatement } from '../../plan/syntax/index.js'
import { alterTable } from './alter-table.js'
import { createTable } from './create-table.js'
import { alterDatabase, createDatabase, dropDatabase } from './databases.js'
import type { DefinitionContext, DefinitionResult } from './definition-context.js'
import { dropTable } from './drop-table.js'
import { executeAccountStatement } from './execute-account.js'
import { createIndex, dropIndex } from './indexes.js'
import { defineRemotely } from './remote-definitions.js'
import { renameTable } from './rename-table.js'
import { alterServer, createServer, dropServer } from './servers.js'
import { StatementLocks } from './statement-locks.js'
import { truncateTable } from './truncate-table.js'
import { createView, dropView } from './views.js'

/**
 * Runs one statement; the session's transaction has been committed. Rejects with a SqlError, then nothing has changed.
 * Constructs that we don't have are ER_NOT_SUPPORTED_YET.
 */
export async function executeDefinition(
  statement: DefinitionStatement | AccountStatement,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  if (isAccountStatement(statement)) return executeAccountStatement(statement, context)
  const locks = new StatementLocks(
    context.transactions.metadataLocks,
    context.catalog,
    context.lockWaitTimeoutMs,
    context.statement.signal,
    (object) => context.holdsLock?.(object) ?? false,
  )
  try {
    return (await defineRemotely(statement, context)) ?? (await dispatch(statement, context, locks))
  } finally {
    locks.release()
  }
}

function dispatch(
  statement: DefinitionStatement,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  switch (statement.kind) {
    case 'createDatabase':
      return createDatabase(statement, context, locks)
    case 'alterDatabase':
      return alterDatabase(statement, context, locks)
    case 'dropDatabase':
      return dropDatabase(statement, context, locks)
    case 'createTable':
      return createTable(statement, context, locks)
    case 'alterTable':
      return alterTable(statement, context, locks)
    case 'dropTable':
      return dropTable(statement, context, locks)
    case 'renameTable':
      return renameTable(statement, context, locks)
    case 'truncateTable':
      return truncateTable(statement, context, locks)
    case 'createIndex':
      return createIndex(statement, context, locks)
    case 'dropIndex':
      return dropIndex(statement, context, locks)
    case 'createView':
      return createView(statement, context, locks)
    case 'dropView':
      return dropView(statement, context, locks)
    case 'createServer':
      return createServer(statement, context)
    case 'alterServer':
      return alterServer(statement, context)
    case 'dropServer':
      return dropServer(statement, context)
    default:
      return Promise.reject(sqlError('ER_NOT_SUPPORTED_YET', UNSUPPORTED[statement.kind]))
  }
}

const UNSUPPORTED = {
  createTablespace: 'CREATE TABLESPACE',
  alterTablespace: 'ALTER TABLESPACE',
  dropTablespace: 'DROP TABLESPACE',
  alterInstance: 'ALTER INSTANCE',
  importTable: 'IMPORT TABLE',
  createSpatialReferenceSystem: 'CREATE SPATIAL REFERENCE SYSTEM',
  dropSpatialReferenceSystem: 'DROP SPATIAL REFERENCE SYSTEM',
  createResourceGroup: 'CREATE RESOURCE GROUP',
  alterResourceGroup: 'ALTER RESOURCE GROUP',
  dropResourceGroup: 'DROP RESOURCE GROUP',
} as const
