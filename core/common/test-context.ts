/**
 * For tests: the context of a statement that no session stands behind.
 */
import type { ErrorCode } from './error-catalogue.js'
import type { EvaluationContext, EvaluationSession } from './evaluation.js'
import { formatMessage } from './sql-error.js'
import { DEFAULT_SQL_MODE } from './sql-mode.js'
import { UTC_TIME_ZONE } from './time-zones.js'

const session: EvaluationSession = {
  connectionId: 1,
  database: null,
  user: 'test@localhost',
  currentUser: 'test@%',
  currentRole: 'NONE',
  version: '8.0.0-test',
  lastInsertId: 0,
  rowCount: -1,
  foundRows: 0,
  userLocks: { release: () => undefined, releaseAll: () => 0, holderOf: () => undefined },
  insertId: 0,
  random: () => 0.5,
  getUserVariable: () => undefined,
  setUserVariable: () => undefined,
  systemVariable: () => null,
}

/** A context at 2024-02-29 12:34:56 UTC under the default sql_mode; `warnings` receives "Level message". */
export function testContext(
  settings: { readonly context?: Partial<EvaluationContext> } = {},
  warnings: string[] = [],
): EvaluationContext {
  const states = new Map<object, unknown>()
  return {
    sqlMode: DEFAULT_SQL_MODE,
    strict: false,
    timeZone: UTC_TIME_ZONE,
    statementTimeMicros: Date.UTC(2024, 1, 29, 12, 34, 56) * 1000,
    session,
    parameters: [],
    correlated: [],
    packetBytesMax: 67108864,
    divPrecisionIncrement: 4,
    groupConcatMaxLength: 1024,
    defaultWeekFormat: 0,
    localeName: 'en_US',
    state: <T>(key: object, create: () => T): T => {
      if (!states.has(key)) states.set(key, create())
      return states.get(key) as T
    },
    checkKilled: () => undefined,
    warn: (level, code: ErrorCode, ...args) => {
      warnings.push(`${level} ${formatMessage(code, args)}`)
    },
    ...settings.context,
  }
}
