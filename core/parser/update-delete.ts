import type { DeleteStatement, UpdateStatement } from '../plan/syntax/data-change.js'
import type { QualifiedName } from '../plan/syntax/node.js'
import type { TableFactor, WithClause } from '../plan/syntax/query.js'
import { parseAssignments } from './assignments.js'
import type { Cursor } from './cursor.js'
import { parseHints } from './hints.js'
import { parseList } from './names.js'
import { parseOrderItems } from './order-by.js'
import { parseSimpleLimit } from './query.js'
import { parsePartitionSelection, parseTableAlias, parseTableReferences } from './table-references.js'

/** UPDATE and DELETE in their single-table and multi-table forms (manual, 15.2.17 and 15.2.2). */

export function parseUpdate(cursor: Cursor, withClause: WithClause | undefined): UpdateStatement {
  const start = withClause?.start ?? cursor.start
  cursor.expect('UPDATE')
  const hints = parseHints(cursor)
  const lowPriority = cursor.accept('LOW_PRIORITY')
  const ignore = cursor.accept('IGNORE')
  const tables = parseTableReferences(cursor)
  cursor.expect('SET')
  const assignments = parseAssignments(cursor)
  const where = cursor.accept('WHERE') ? cursor.grammar.expression(cursor) : undefined
  // Over several tables both are wrong usage, which the binder tells.
  const orderBy = parseOrderItems(cursor)
  const limit = parseSimpleLimit(cursor)
  return {
    kind: 'update',
    with: withClause,
    lowPriority,
    ignore,
    hints,
    tables,
    assignments,
    where,
    orderBy,
    limit,
    start,
    end: cursor.previousEnd,
  }
}

export function parseDelete(cursor: Cursor, withClause: WithClause | undefined): DeleteStatement {
  const start = withClause?.start ?? cursor.start
  cursor.expect('DELETE')
  const hints = parseHints(cursor)
  const options = parseDeleteOptions(cursor)
  const { targets, from } = parseDeleteTables(cursor)
  const where = cursor.accept('WHERE') ? cursor.grammar.expression(cursor) : undefined
  const orderBy = targets === undefined ? parseOrderItems(cursor) : []
  const limit = targets === undefined ? parseSimpleLimit(cursor) : undefined
  return {
    kind: 'delete',
    with: withClause,
    ...options,
    hints,
    targets,
    from,
    where,
    orderBy,
    limit,
    start,
    end: cursor.previousEnd,
  }
}

type DeleteOptions = Pick<DeleteStatement, 'lowPriority' | 'quick' | 'ignore'>

function parseDeleteOptions(cursor: Cursor): DeleteOptions {
  const options = { lowPriority: false, quick: false, ignore: false }
  for (;;) {
    if (cursor.accept('LOW_PRIORITY')) options.lowPriority = true
    else if (cursor.accept('QUICK')) options.quick = true
    else if (cursor.accept('IGNORE')) options.ignore = true
    else return options
  }
}

/** `FROM t`, `FROM t, u USING …` or `t, u FROM …`. */
function parseDeleteTables(cursor: Cursor): Pick<DeleteStatement, 'targets' | 'from'> {
  if (!cursor.accept('FROM')) {
    const targets = parseList(cursor, parseDeleteTarget)
    cursor.expect('FROM')
    return { targets, from: parseTableReferences(cursor) }
  }
  const { start } = cursor
  const first = parseDeleteTarget(cursor)
  const hasStar = cursor.text.charAt(cursor.previousEnd - 1) === '*'
  if (!hasStar && !cursor.is(',') && !cursor.is('USING')) {
    return { targets: undefined, from: [parseSingleTable(cursor, first, start)] }
  }
  const targets = [first]
  while (cursor.accept(',')) targets.push(parseDeleteTarget(cursor))
  cursor.expect('USING')
  return { targets, from: parseTableReferences(cursor) }
}

/** `[database.]table[.*]`. */
function parseDeleteTarget(cursor: Cursor): QualifiedName {
  const { start } = cursor
  const first = cursor.identifier()
  let second: string | undefined
  while (cursor.accept('.')) {
    if (cursor.accept('*')) break
    if (second !== undefined) cursor.fail()
    second = cursor.identifier()
  }
  const end = cursor.previousEnd
  return second === undefined
    ? { database: undefined, name: first, start, end }
    : { database: first, name: second, start, end }
}

/** What may follow the name in `DELETE FROM t`. */
function parseSingleTable(cursor: Cursor, name: QualifiedName, start: number): TableFactor {
  const alias = parseTableAlias(cursor)
  const partitions = parsePartitionSelection(cursor)
  return { kind: 'table', name, partitions, alias, indexHints: [], start, end: cursor.previousEnd }
}
