/**
 * Statements about things that this server doesn't have: stored programs, plugins at run time, replication, HANDLER, XA. They fail with
 * MySQL's own error where MySQL would say the same, else with ER_NOT_SUPPORTED_YET; dropping what doesn't exist IF EXISTS succeeds.
 */
import type { ErrorCode } from '../../../common/error-catalogue.js'
import { sqlError } from '../../../common/sql-error.js'
import type { QualifiedName, Statement } from '../../../plan/syntax/index.js'
import { DONE, type StatementResult } from '../../server-core.js'
import { text } from '../listing-columns.js'
import { nothing, type ListingColumn } from '../listing.js'
import type { ShowContext } from '../show/context.js'
import { showListing } from '../show/result.js'

/** Whether the statement is one of those. */
export function isRefused({ kind }: Statement): boolean {
  return ANSWERED.has(kind) || kind in UNSUPPORTED
}

const ANSWERED: ReadonlySet<Statement['kind']> = new Set<Statement['kind']>([
  'call',
  'dropRoutine',
  'alterRoutine',
  'dropTrigger',
  'dropEvent',
  'alterEvent',
  'help',
  'purgeLogs',
])

export async function refused(statement: Statement, context: ShowContext): Promise<StatementResult> {
  switch (statement.kind) {
    case 'call':
      throw sqlError('ER_SP_DOES_NOT_EXIST', 'PROCEDURE', fullName(statement.name, context))
    case 'dropRoutine':
      return dropMissing(
        statement.ifExists,
        context,
        'ER_SP_DOES_NOT_EXIST',
        statement.routine.toUpperCase(),
        fullName(statement.name, context),
      )
    case 'alterRoutine':
      throw sqlError(
        'ER_SP_DOES_NOT_EXIST',
        statement.routine.toUpperCase(),
        fullName(statement.name, context),
      )
    case 'dropTrigger':
      return dropMissing(statement.ifExists, context, 'ER_TRG_DOES_NOT_EXIST')
    case 'dropEvent':
      return dropMissing(statement.ifExists, context, 'ER_EVENT_DOES_NOT_EXIST', statement.name.name)
    case 'alterEvent':
      throw sqlError('ER_EVENT_DOES_NOT_EXIST', statement.name.name)
    case 'help':
      return helpIsEmpty(context)
    case 'purgeLogs':
      // There is no binary log to purge; MySQL is content then, too.
      return DONE
    default:
      throw sqlError('ER_NOT_SUPPORTED_YET', UNSUPPORTED[statement.kind] ?? statement.kind)
  }
}

const UNSUPPORTED: Partial<Record<Statement['kind'], string>> = {
  createProcedure: 'CREATE PROCEDURE',
  createFunction: 'CREATE FUNCTION',
  createLoadableFunction: 'CREATE FUNCTION … SONAME',
  createTrigger: 'CREATE TRIGGER',
  createEvent: 'CREATE EVENT',
  load: 'LOAD DATA',
  handler: 'HANDLER',
  xa: 'XA',
  signal: 'SIGNAL',
  getDiagnostics: 'GET DIAGNOSTICS',
  cacheIndex: 'CACHE INDEX',
  loadIndex: 'LOAD INDEX INTO CACHE',
  reset: 'RESET',
  resetPersist: 'RESET PERSIST',
  install: 'INSTALL and UNINSTALL',
  clone: 'CLONE',
  binlog: 'BINLOG',
  replication: 'replication statements',
  setResourceGroup: 'SET RESOURCE GROUP',
}

function fullName({ database, name }: QualifiedName, context: ShowContext): string {
  return `${context.databaseName(database)}.${name}`
}

function dropMissing(
  ifExists: boolean,
  { running }: ShowContext,
  code: ErrorCode,
  ...names: readonly string[]
): StatementResult {
  if (!ifExists) throw sqlError(code, ...names)
  running.warn('Note', code, ...names)
  return DONE
}

/** HELP without help tables finds nothing. */
function helpIsEmpty(context: ShowContext): Promise<StatementResult> {
  const columns: readonly ListingColumn<never>[] = [
    text('source_category_name', () => null),
    text('name', () => null),
    text('is_it_category', () => null, 1),
  ]
  return showListing({ columns, walk: nothing }, context.request(), context.running)
}
