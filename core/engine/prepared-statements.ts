/**
 * Prepared statements of a session: those of the binary protocol by number, those of PREPARE by name. Their plans are the server's
 * (`plan-cache.ts`): what one session prepares, others have planned already.
 */
import type { TypedValue } from '../common/evaluation.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import { BIGINT_TYPE, NULL_TYPE, type SqlType } from '../common/sql-type.js'
import type { PreparedStatement, ResultColumn } from '../spi/session.js'
import type { IntoClause } from '../plan/syntax/index.js'
import { parseNext, type ParsedStatement } from './parsing.js'
import type { PreparedPlan } from './query-types.js'
import type { RunningStatement } from './running-statement.js'
import type { EngineSession } from './session.js'
import type { PlannableStatement } from './planner.js'
import { isQueryOrChange } from './statement-traits.js'

const ZERO: TypedValue = { type: BIGINT_TYPE, value: 0 }

/** Keys kept for one prepared statement. */
const KEYS_MAX = 4

export class Prepared {
  /** The statement if it is one that is planned. */
  readonly planned: PlannableStatement | undefined
  readonly into: IntoClause | undefined
  private readonly keys: KeptKey[] = []

  constructor(
    readonly text: string,
    readonly parsed: ParsedStatement,
  ) {
    const { statement } = parsed
    this.planned = isQueryOrChange(statement) ? statement : undefined
    this.into = statement.kind === 'query' ? statement.into : undefined
  }

  /** Of LIMIT and OFFSET, NULL counts as 0. Throws ER_DATA_OUT_OF_RANGE for numbers below. */
  withLimits(parameters: readonly TypedValue[]): readonly TypedValue[] {
    let limited: TypedValue[] | undefined
    for (const ordinal of this.parsed.limitParameters) {
      const value = parameters[ordinal]?.value ?? null
      if (value === null) {
        limited ??= parameters.slice()
        limited[ordinal] = ZERO
      } else if (!(Number(value) >= 0)) {
        throw sqlError('ER_DATA_OUT_OF_RANGE', 'unsigned integer', 'EXECUTE')
      }
    }
    return limited ?? parameters
  }

  /**
   * By what the plan cache knows the statement: its text, the types of its parameters, because they decide what it means, and the
   * settings. A key once made is kept: cutting and hashing it anew would cost more than a look-up.
   */
  keyFor(settingsKey: string, parameters: readonly TypedValue[]): string {
    for (const kept of this.keys) {
      if (kept.settingsKey === settingsKey && areAlike(kept.types, parameters)) return kept.key
    }
    const types = parameters.map(({ type }) => type)
    const key = [settingsKey, 'prepared', ...types.map(typeKey), this.text].join('\u0000')
    if (this.keys.length >= KEYS_MAX) this.keys.shift()
    this.keys.push({ settingsKey, types, key })
    return key
  }
}

interface KeptKey {
  readonly settingsKey: string
  readonly types: readonly SqlType[]
  readonly key: string
}

/** Lengths don't count: every string is as good as another. */
function typeKey({ name, unsigned, scale, collation }: SqlType): string {
  return `${name} ${unsigned ? 'unsigned' : ''} ${scale} ${collation}`
}

function areAlike(types: readonly SqlType[], parameters: readonly TypedValue[]): boolean {
  for (let i = 0; i < types.length; i++) {
    if (!isAlike(types[i] as SqlType, (parameters[i] as TypedValue).type)) return false
  }
  return true
}

/** Of one `typeKey`. */
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
  if (prepared.planned === undefined) return []
  const plan = await planUnknown(prepared, prepared.planned, session, running)
  if (plan === undefined) return []
  session.core.checkAccess(session, plan.dependencies)
  return plan.kind === 'query' ? plan.columns : []
}

/** The plan for parameters of which nothing is known; undefined if there is none before they are. */
async function planUnknown(
  prepared: Prepared,
  statement: PlannableStatement,
  { core, plans, state }: EngineSession,
  running: RunningStatement,
): Promise<PreparedPlan | undefined> {
  const { parameterCount } = prepared.parsed
  const unknown = Array.from({ length: parameterCount }, (): TypedValue => ({ type: NULL_TYPE, value: null }))
  const key = prepared.keyFor(state.settingsKey, unknown)
  const known = core.plans.find(
    key,
    unknown.map(({ value }) => value),
    plans,
  )
  if (known !== undefined) return known
  try {
    const plan = await plans.make(statement, running, unknown, { rowsMax: state.selectRowsMax })
    if (plan.cacheable) core.plans.add(key, plan)
    return plan
  } catch (error) {
    // What depends on a parameter's type is settled at EXECUTE; names that don't exist are wrong now.
    if (parameterCount === 0 || !isSqlError(error) || NAME_ERRORS.has(error.code)) throw error
    return undefined
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
