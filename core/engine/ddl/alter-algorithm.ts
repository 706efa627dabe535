/**
 * The ALGORITHM and LOCK clauses (MySQL manual 15.1.9): demands that are met or refused, never ignored.
 */
import type { AlterationWork } from '../../catalog/alteration-work.js'
import { sqlError } from '../../common/sql-error.js'
import type { AlterAlgorithm, AlterLock } from '../../plan/syntax/definition.js'

const REASON = 'the table is rewritten or read as a whole'

/** Throws ER_ALTER_OPERATION_NOT_SUPPORTED, ER_ALTER_OPERATION_NOT_SUPPORTED_REASON. */
export function checkAlgorithm(
  clauses: { readonly algorithm: AlterAlgorithm | undefined; readonly lock: AlterLock | undefined },
  work: AlterationWork,
): void {
  const { algorithm, lock } = clauses
  if (algorithm === 'instant' && work.kind !== 'definition') {
    const instead = work.kind === 'indexes' ? 'ALGORITHM=COPY/INPLACE' : 'ALGORITHM=COPY'
    throw sqlError('ER_ALTER_OPERATION_NOT_SUPPORTED', 'ALGORITHM=INSTANT', instead)
  }
  if (algorithm === 'inplace' && work.kind === 'copy') {
    throw sqlError('ER_ALTER_OPERATION_NOT_SUPPORTED_REASON', 'ALGORITHM=INPLACE', REASON, 'ALGORITHM=COPY')
  }
  if ((lock === 'none' || lock === 'shared') && work.kind !== 'definition') {
    const clause = `LOCK=${lock.toUpperCase()}`
    throw sqlError('ER_ALTER_OPERATION_NOT_SUPPORTED_REASON', clause, REASON, 'LOCK=EXCLUSIVE')
  }
}
