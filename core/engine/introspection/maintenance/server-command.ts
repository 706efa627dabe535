/**
 * SHUTDOWN and RESTART (MySQL manual 15.7.8.9, 15.7.8.8); COM_SHUTDOWN is the former.
 */
import { requirePrivilege } from '../../../catalog/privileges.js'
import { sqlError } from '../../../common/sql-error.js'
import type { ServerCommand } from '../../../plan/syntax/index.js'
import { DONE, type StatementResult } from '../../server-core.js'
import type { ShowContext } from '../show/context.js'

/** Throws ER_RESTART_SERVER_FAILED: nothing would start this process again. */
export function runServerCommand({ command }: ServerCommand, context: ShowContext): StatementResult {
  requirePrivilege(context.request().account, 'SHUTDOWN')
  if (command === 'restart') {
    throw sqlError('ER_RESTART_SERVER_FAILED', 'mysqld is not managed by supervisor process')
  }
  const { requestStop } = context.services
  if (requestStop === undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'SHUTDOWN of an embedded server')
  requestStop()
  return DONE
}
