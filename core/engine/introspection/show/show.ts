/**
 * SHOW (MySQL manual 15.7.7), but for SHOW WARNINGS and SHOW ERRORS, which are the session's own.
 */
import { sqlError } from '../../../common/sql-error.js'
import type { ShowStatement } from '../../../plan/syntax/index.js'
import type { PlainResult } from '../../server-core.js'
import { refuseBinaryLogs, showAbsent } from './absent.js'
import { showCreateUser, showGrants, showPrivileges } from './accounts.js'
import { showColumns, showIndexes } from './columns.js'
import type { ShowContext } from './context.js'
import { refuseProgram, showCreateDatabase, showCreateTable, showCreateView } from './create.js'
import { showDatabases, showOpenTables, showTableStatus, showTables } from './databases.js'
import {
  showCharsets,
  showCollations,
  showEngine,
  showEngines,
  showPlugins,
  showProcesslist,
  showVariables,
} from './server.js'

export async function show(statement: ShowStatement, context: ShowContext): Promise<PlainResult> {
  switch (statement.topic) {
    case 'databases':
      return showDatabases(statement, context)
    case 'tables':
      return showTables(statement, context)
    case 'tableStatus':
      return showTableStatus(statement, context)
    case 'openTables':
      return showOpenTables(statement, context)
    case 'columns':
      return showColumns(statement, context)
    case 'indexes':
      return showIndexes(statement, context)
    case 'createTable':
      return showCreateTable(statement.name, context)
    case 'createView':
      return showCreateView(statement.name, context)
    case 'createDatabase':
      return showCreateDatabase(statement, context)
    case 'createTrigger':
    case 'createProcedure':
    case 'createFunction':
    case 'createEvent':
      return refuseProgram(statement.topic, statement.name)
    case 'createUser':
      return showCreateUser(statement, context)
    case 'grants':
      return showGrants(statement, context)
    case 'privileges':
      return showPrivileges(context)
    case 'variables':
    case 'status':
      return showVariables(statement, context)
    case 'processlist':
      return showProcesslist(statement, context)
    case 'engines':
      return showEngines(context)
    case 'engine':
      return showEngine(statement, context)
    case 'plugins':
      return showPlugins(context)
    case 'charset':
      return showCharsets(statement, context)
    case 'collation':
      return showCollations(statement, context)
    case 'triggers':
    case 'events':
      await context.requestIn(statement.database)
      return showAbsent(statement.topic, context, statement.filter)
    case 'procedureStatus':
    case 'functionStatus':
      return showAbsent(statement.topic, context, statement.filter)
    case 'procedureCode':
    case 'functionCode':
      throw sqlError('ER_FEATURE_DISABLED', 'SHOW PROCEDURE|FUNCTION CODE', '--with-debug')
    case 'binaryLogs':
      return refuseBinaryLogs()
    case 'profiles':
    case 'profile':
    case 'masterStatus':
    case 'binaryLogStatus':
    case 'replicas':
    case 'replicaStatus':
    case 'binlogEvents':
    case 'relaylogEvents':
      return showAbsent(statement.topic, context)
    case 'warnings':
    case 'errors':
      throw new Error('invariant: the session answers SHOW WARNINGS')
  }
}
