/**
 * Functions that may have to wait, SLEEP() and GET_LOCK(). Evaluators never wait, sub-plans may: so a call of such a function is a
 * sub-query over a computed table. Asked for the row of some arguments, the table answers when the function is done; the last
 * column is the result. As any sub-query, the call runs before the expression around it, also in a branch of CASE that isn't
 * taken.
 */
import { BIGINT_TYPE, BOOLEAN_TYPE, DOUBLE_TYPE, textType, type SqlType } from '../common/sql-type.js'
import type { VirtualTable } from './logical.js'

function waitingCall(
  name: string,
  parameters: Readonly<Record<string, SqlType>>,
  type: SqlType,
): VirtualTable {
  const columns = Object.entries({ ...parameters, result: type })
  return Object.freeze({
    database: '',
    name,
    columns: columns.map(([column, columnType]) => ({ name: column, type: columnType, nullable: true })),
  })
}

export const SLEEP_CALL = waitingCall('sleep', { seconds: DOUBLE_TYPE }, BOOLEAN_TYPE)

export const GET_LOCK_CALL = waitingCall(
  'get_lock',
  { name: textType(16_383, 'utf8mb4_bin'), seconds: BIGINT_TYPE },
  Object.freeze({ ...BIGINT_TYPE, length: 1 }),
)

/** By the function's name. */
export const WAITING_CALLS: ReadonlyMap<string, VirtualTable> = new Map(
  [SLEEP_CALL, GET_LOCK_CALL].map((call) => [call.name, call]),
)
