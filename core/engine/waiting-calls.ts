/**
 * Runs the functions that may have to wait: SLEEP() (MySQL manual 14.24) and GET_LOCK() (14.14).
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Batch } from '../common/batch.js'
import { sqlError } from '../common/sql-error.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { VirtualTable } from '../plan/logical.js'
import { GET_LOCK_CALL, SLEEP_CALL } from '../plan/waiting-calls.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { SessionUserLocks } from '../transaction/user-locks.js'

/** The longest delay of a timer in Node, about 24 days. */
const TIMER_MS_MAX = 0x7fffffff

/** What a call needs of the session that it runs in. */
interface CallingSession {
  readonly userLocks: SessionUserLocks
}

/** The row of a waiting call for its arguments. Rejects with the statement's own error when it is killed meanwhile. */
export function waitingCallRow(
  call: VirtualTable,
  args: readonly Value[],
  statement: StatementContext,
  session: CallingSession,
): MaybePromise<Batch> {
  return call === GET_LOCK_CALL ? getLock(args, statement, session) : sleep(args, statement)
}

async function sleep(args: readonly Value[], statement: StatementContext): Promise<Batch> {
  const [seconds = null] = args
  if (seconds === null || Number(seconds) < 0) throw sqlError('ER_WRONG_ARGUMENTS', 'sleep.')
  try {
    await delay(Math.min(Number(seconds) * 1000, TIMER_MS_MAX), undefined, { signal: statement.signal })
  } catch (error) {
    statement.checkKilled()
    throw error
  }
  return rowOf(SLEEP_CALL, args, 0)
}

/** GET_LOCK(name, seconds): a negative number waits without end. */
function getLock(
  args: readonly Value[],
  statement: StatementContext,
  { userLocks }: CallingSession,
): MaybePromise<Batch> {
  const [name = null, seconds = null] = args
  const timeoutMs = Number(seconds) < 0 ? TIMER_MS_MAX : Number(seconds) * 1000
  const granted = userLocks.acquire(name as string | null, timeoutMs, statement)
  if (typeof granted === 'boolean') return rowOf(GET_LOCK_CALL, args, Number(granted))
  return granted.then((isGranted) => rowOf(GET_LOCK_CALL, args, Number(isGranted)))
}

function rowOf(call: VirtualTable, args: readonly Value[], result: Value): Batch {
  const row = Batch.ofTypes(call.columns.map((column) => column.type))
  row.pushRow([...args, result])
  return row
}
