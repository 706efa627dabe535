import type { AccountName } from '../plan/syntax/account.js'
import type { AlterEvent, CreateEvent, EventSchedule, EventStatus } from '../plan/syntax/program.js'
import type { Cursor } from './cursor.js'
import { parseIntervalUnit } from './interval.js'
import { acceptIfNotExists, parseQualifiedName } from './names.js'
import { parseBody } from './programs.js'

/** Events (manual, 15.1.13 and 15.1.3). */

/** Behind CREATE [DEFINER]: at EVENT. */
export function parseCreateEvent(
  cursor: Cursor,
  definer: AccountName | undefined,
  start: number,
): CreateEvent {
  cursor.expect('EVENT')
  const ifNotExists = acceptIfNotExists(cursor)
  const name = parseQualifiedName(cursor)
  cursor.expectAll('ON', 'SCHEDULE')
  const schedule = parseSchedule(cursor)
  const preserve = parsePreserve(cursor)
  const status = parseStatus(cursor)
  const comment = cursor.accept('COMMENT') ? cursor.string() : undefined
  cursor.expect('DO')
  const body = parseBody(cursor)
  return {
    kind: 'createEvent',
    definer,
    ifNotExists,
    name,
    schedule,
    preserve,
    status,
    comment,
    ...body,
    start,
    end: cursor.previousEnd,
  }
}

/** Behind ALTER [DEFINER]: at EVENT. At least one change must be given. */
export function parseAlterEvent(cursor: Cursor, definer: AccountName | undefined, start: number): AlterEvent {
  cursor.expect('EVENT')
  const name = parseQualifiedName(cursor)
  const changesStart = cursor.index
  const schedule = cursor.acceptBoth('ON', 'SCHEDULE') ? parseSchedule(cursor) : undefined
  const preserve = parsePreserve(cursor)
  const renameTo = cursor.acceptBoth('RENAME', 'TO') ? parseQualifiedName(cursor) : undefined
  const status = parseStatus(cursor)
  const comment = cursor.accept('COMMENT') ? cursor.string() : undefined
  const body = cursor.accept('DO') ? parseBody(cursor) : undefined
  if (cursor.index === changesStart) cursor.fail()
  return {
    kind: 'alterEvent',
    definer,
    name,
    schedule,
    preserve,
    renameTo,
    status,
    comment,
    body: body?.body,
    bodyText: body?.bodyText,
    start,
    end: cursor.previousEnd,
  }
}

function parseSchedule(cursor: Cursor): EventSchedule {
  if (cursor.accept('AT')) return { kind: 'at', time: cursor.grammar.expression(cursor) }
  cursor.expect('EVERY')
  const amount = cursor.grammar.expression(cursor)
  const unit = parseIntervalUnit(cursor)
  const starts = cursor.accept('STARTS') ? cursor.grammar.expression(cursor) : undefined
  const ends = cursor.accept('ENDS') ? cursor.grammar.expression(cursor) : undefined
  return { kind: 'every', amount, unit, starts, ends }
}

/** `[ON COMPLETION [NOT] PRESERVE]`. */
function parsePreserve(cursor: Cursor): boolean | undefined {
  if (!cursor.acceptBoth('ON', 'COMPLETION')) return undefined
  const preserve = !cursor.accept('NOT')
  cursor.expect('PRESERVE')
  return preserve
}

/** `[ENABLE | DISABLE | DISABLE ON REPLICA]`. */
function parseStatus(cursor: Cursor): EventStatus | undefined {
  if (cursor.accept('ENABLE')) return 'enable'
  if (!cursor.accept('DISABLE')) return undefined
  if (!cursor.accept('ON')) return 'disable'
  cursor.expectOneOf('REPLICA', 'SLAVE')
  return 'disableOnReplica'
}
