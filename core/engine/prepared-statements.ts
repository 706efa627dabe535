/**
 * Prepared statements of a session: those of the binary protocol by number, those of PREPARE by name. Plans are kept by the types of
 * the parameters, because types decide what a statement means.
 */
import type { TypedValue } from '../common/evaluation.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import { NULL_TYPE, type SqlType } from '../common/sql-type.js'
import type { PreparedStatement, ResultColumn } from '../spi/session.js'
import { parseNext, type ParsedStatement } from './parsing.js'
import type { PreparedPlan } from './query-types.js'
import type { RunningStatement } from './running-statement.js'
import type { EngineSession } from './session.js'
import { isQueryOrChange } from './statement-traits.js'

/** Plans kept for one prepared statement. */
const PLANS_MAX = 4

export class Prepared {
  private readonly plans: KeptPlan[] = []

  constructor(
    readonly text: string,
    readonly parsed: ParsedStatement,
  ) {}

  planFor(settingsKey: string, parameters: readonly TypedValue[]): PreparedPlan | undefined {
    for (const kept of this.plans) {
      if (kept.settingsKey === settingsKey && fits(kept, parameters)) return kept.plan
    }
    return undefined
  }

  keep(settingsKey: string, parameters: readonly TypedValue[], plan: PreparedPlan): void {
    if (this.plans.length >= PLANS_MAX) this.plans.shift()
    this.plans.push({ settingsKey, types: parameters.map(({ type }) => type), plan })
  }
}

interface KeptPlan {
  readonly settingsKey: string
  readonly types: readonly SqlType[]
  readonly plan: PreparedPlan
}

function fits({ types, plan: { pinned } }: KeptPlan, parameters: readonly TypedValue[]): boolean {
  for (let i = 0; i < types.length; i++) {
    if (!isAlike(types[i] as SqlType, (parameters[i] as TypedValue).type)) return false
  }
  for (const { slot, value } of pinned) if (parameters[slot]?.value !== value) return false
  return true
}

/** Lengths don't count: every string is as good as another. */
function isAlike(first: SqlType, second: SqlType): boolean {
  return (
    first === second ||
    (first.name === second.name &&
      first.unsigned === second.unsigned &&
      first.scale === second.scale &&
      first.collation === second.collation)
  )
}

export class PreparedStatements {
  private readonly byId = new Map<number, Prepared>()
  private readonly byName = new Map<string, Prepared>()
  private lastId = 0

  get count(): number {
    return this.byId.size + this.byName.size
  }

  async prepare(text: string, session: EngineSession, running: RunningStatement): Promise<PreparedStatement> {
    const prepared = parse(text, session)
    checkCount(session)
    const columns = await describe(prepared, session, running)
    const id = ++this.lastId
    this.byId.set(id, prepared)
    return {
      id,
      parameterCount: prepared.parsed.parameterCount,
      columns,
      warningCount: running.conditionCount,
    }
  }

  async prepareNamed(
    name: string,
    text: string,
    session: EngineSession,
    running: RunningStatement,
  ): Promise<void> {
    this.byName.delete(name.toLowerCase())
    const prepared = parse(text, session)
    if (CONCERNS_PREPARED.has(prepared.parsed.statement.kind)) throw sqlError('ER_UNSUPPORTED_PS')
    checkCount(session)
    await describe(prepared, session, running)
    this.byName.set(name.toLowerCase(), prepared)
  }

  requireNamed(name: string, command: string): Prepared {
    const prepared = this.byName.get(name.toLowerCase())
    if (prepared === undefined) throw sqlError('ER_UNKNOWN_STMT_HANDLER', name, command)
    return prepared
  }

  deallocate(name: string): void {
    this.requireNamed(name, 'DEALLOCATE PREPARE')
    this.byName.delete(name.toLowerCase())
  }

  require(id: number, command: string): Prepared {
    const prepared = this.byId.get(id)
    if (prepared === undefined) throw sqlError('ER_UNKNOWN_STMT_HANDLER', id, command)
    return prepared
  }

  textOf(id: number): string | undefined {
    return this.byId.get(id)?.text
  }

  close(id: number): void {
    this.byId.delete(id)
  }

  clear(): void {
    this.byId.clear()
    this.byName.clear()
  }
}

const CONCERNS_PREPARED: ReadonlySet<string> = new Set(['prepare', 'execute', 'deallocate'])

/** max_prepared_stmt_count is for all sessions together. Throws ER_MAX_PREPARED_STMT_COUNT_REACHED. */
function checkCount({ core: { globals, sessions } }: EngineSession): void {
  const max = Number(globals.get('max_prepared_stmt_count'))
  let count = 0
  for (const { prepared } of sessions.values()) count += prepared.count
  if (count >= max) throw sqlError('ER_MAX_PREPARED_STMT_COUNT_REACHED', max)
}

function parse(text: string, session: EngineSession): Prepared {
  return new Prepared(text, parseNext(text, 0, session.state, 'prepared'))
}

/** Result columns as far as they are known before the parameters are. */
async function describe(
  prepared: Prepared,
  session: EngineSession,
  running: RunningStatement,
): Promise<readonly ResultColumn[]> {
  const { statement, parameterCount } = prepared.parsed
  if (!isQueryOrChange(statement)) return []
  const unknown = Array.from({ length: parameterCount }, (): TypedValue => ({ type: NULL_TYPE, value: null }))
  try {
    const plan = await session.plans.make(statement, running, unknown)
    return plan.kind === 'query' ? plan.columns : []
  } catch (error) {
    // What depends on a parameter's type is settled at EXECUTE; names that don't exist are wrong now.
    if (parameterCount === 0 || !isSqlError(error) || NAME_ERRORS.has(error.code)) throw error
    return []
  }
}

const NAME_ERRORS: ReadonlySet<string> = new Set([
  'ER_BAD_FIELD_ERROR',
  'ER_NO_SUCH_TABLE',
  'ER_BAD_DB_ERROR',
  'ER_NO_DB_ERROR',
  'ER_NON_UNIQ_ERROR',
  'ER_UNKNOWN_TABLE',
  'ER_SP_DOES_NOT_EXIST',
  'ER_WRONG_VALUE_COUNT_ON_ROW',
])
