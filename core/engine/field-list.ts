/** COM_FIELD_LIST: the columns of a table whose names are LIKE a pattern, for clients that complete names. */
import { requireCollation } from '../common/collations.js'
import { sqlText, type ResultColumn } from '../spi/session.js'
import { parseNext } from './parsing.js'
import type { RunningStatement } from './running-statement.js'
import type { EngineSession } from './session.js'

const NAME_COLLATION = 'utf8mb3_general_ci'

/** Rejects with ER_NO_SUCH_TABLE. */
export async function fieldList(
  { state, plans }: EngineSession,
  running: RunningStatement,
  table: string,
  pattern: string,
): Promise<readonly ResultColumn[]> {
  const quoted = `\`${table.replaceAll('`', '``')}\``
  const { statement } = parseNext(sqlText(`SELECT * FROM ${quoted} LIMIT 0`), 0, state, 'plain')
  if (statement.kind !== 'query') throw new Error('invariant: SELECT parses as a query')
  const plan = await plans.make(statement, running, [])
  if (plan.kind !== 'query') throw new Error('invariant: a query is planned as one')
  if (pattern === '') return plan.columns
  const { matches } = requireCollation(NAME_COLLATION).likePattern(pattern, '\\')
  return plan.columns.filter((column) => matches(column.name))
}
