/** Notes and warnings of a remote, as if they were ours. */
import { isSqlError, type StatementContext, type WarningLevel } from '@switchyard/core/spi'
import type { RemoteAnswerRows } from './connection.js'
import { clientError, RemoteAnswer } from './remote-error.js'

const LEVELS: ReadonlySet<string> = new Set<WarningLevel>(['Note', 'Warning', 'Error'])

/** What SHOW WARNINGS answered. Those that MySQL doesn't have are left out. */
export function passOnWarnings({ rows }: RemoteAnswerRows, statement: StatementContext): void {
  for (const row of rows) {
    const [level = '', number = '0', message = ''] = row.map((cell) => cell?.toString() ?? '')
    const error = clientError(new RemoteAnswer(Number(number), message), '')
    const isKnown = isSqlError(error) && error.code !== 'ER_STORAGE_UNAVAILABLE'
    if (isKnown && isLevel(level)) statement.warnError(error, level)
  }
}

function isLevel(level: string): level is WarningLevel {
  return LEVELS.has(level)
}
