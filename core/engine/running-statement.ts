/**
 * One statement while it runs: the context that expressions, operators and drivers get. One object plays both roles, so that a
 * short statement allocates little; what few statements need (abort signal, call-site state) is made when it is asked for.
 */
import { performance } from 'node:perf_hooks'
import { constants } from 'node:buffer'
import type { EvaluationContext, TimeZone, WarningLevel } from '../common/evaluation.js'
import { ERRORS, type ErrorCode } from '../common/error-catalogue.js'
import { formatMessage, sqlError, type SqlError } from '../common/sql-error.js'
import type { Value } from '../common/value.js'
import type { MemoryAccount, StatementContext } from '../spi/statement-context.js'
import type { SessionState } from './session-state.js'

/** A condition of the diagnostics area (SHOW WARNINGS). */
export interface Condition {
  readonly level: WarningLevel
  readonly code: number
  readonly sqlState: string
  readonly message: string
}

/** Strings of JavaScript can't be longer, whatever max_allowed_packet says. */
const STRING_BYTES_MAX = constants.MAX_STRING_LENGTH

class StatementMemory implements MemoryAccount {
  used = 0

  constructor(readonly limitBytes: number) {}

  charge(bytes: number, what: string): void {
    this.used += bytes
    if (bytes > 0 && this.used > this.limitBytes) {
      throw sqlError(
        'ER_CAPACITY_EXCEEDED',
        this.limitBytes,
        what,
        'Raise limits.queryMemory or read fewer rows.',
      )
    }
  }

  fits(bytes: number): boolean {
    return this.used + bytes <= this.limitBytes
  }
}

export class RunningStatement implements StatementContext, EvaluationContext {
  readonly memory: MemoryAccount
  readonly startedAtMs = performance.now()
  /** The same by the clock on the wall, whatever the session's time is set to. */
  readonly startedAtMicros = Date.now() * 1000
  /** When its plan had run and its transaction, if it stood alone, had ended; 0 before. */
  endedAtMs = 0
  readonly statementTimeMicros: number
  readonly correlated: readonly Value[] = []
  parameters: readonly Value[]
  strict = false
  deadlineMs = Infinity
  /** Conditions recorded, at most max_error_count of them; `conditionCount` counts all. */
  readonly conditions: Condition[] = []
  conditionCount = 0
  /** What it is at, for the process list; '' for nothing in particular. */
  stage = ''
  stageRows = 0
  /** Opens the file that it reads (LOAD DATA). */
  file: (() => AsyncIterator<Uint8Array>) | undefined
  /** Its client was told of an error. */
  hasFailed = false
  /** How often its plan turned out to be outdated while it ran. */
  replans = 0
  private stopped: SqlError | undefined
  private controller: AbortController | undefined
  private stopListeners: (() => void)[] | undefined
  private timer: NodeJS.Timeout | undefined
  private states: Map<object, unknown> | undefined

  constructor(
    readonly session: SessionState,
    parameters: readonly Value[],
    memoryLimitBytes: number,
  ) {
    this.parameters = parameters
    this.memory = new StatementMemory(memoryLimitBytes)
    this.statementTimeMicros = session.fixedMicros === 0 ? this.startedAtMicros : session.fixedMicros
  }

  get evaluation(): EvaluationContext {
    return this
  }

  get sqlMode(): number {
    return this.session.sqlMode
  }

  get timeZone(): TimeZone {
    return this.session.timeZone
  }

  get packetBytesMax(): number {
    return Math.min(this.session.packetBytesMax, STRING_BYTES_MAX)
  }

  get divPrecisionIncrement(): number {
    return this.session.divPrecisionIncrement
  }

  get groupConcatMaxLength(): number {
    return Number(this.session.variables.get('group_concat_max_len'))
  }

  get defaultWeekFormat(): number {
    return Number(this.session.variables.get('default_week_format'))
  }

  get localeName(): string {
    return String(this.session.variables.get('lc_time_names'))
  }

  /** For metadata locks. */
  get lockTimeoutMs(): number {
    return this.session.lockTimeoutMs
  }

  get rowLockTimeoutMs(): number {
    return this.session.rowLockTimeoutMs
  }

  get foreignKeyChecks(): boolean {
    return this.session.foreignKeyChecks
  }

  // ── Ending early ────────────────────────────────────────────────────────────────────────────────────────────

  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    if (this.stopped !== undefined && !this.controller.signal.aborted) this.controller.abort(this.stopped)
    return this.controller.signal
  }

  /** KILL, a client that went away, or shutdown. */
  stop(reason: SqlError): void {
    if (this.stopped !== undefined) return
    this.stopped = reason
    this.controller?.abort(reason)
    for (const listener of this.stopListeners?.slice() ?? []) listener()
  }

  onStop(listener: () => void): void {
    if (this.stopListeners === undefined) this.stopListeners = [listener]
    else this.stopListeners.push(listener)
  }

  offStop(listener: () => void): void {
    const at = this.stopListeners?.indexOf(listener) ?? -1
    if (at >= 0) this.stopListeners?.splice(at, 1)
  }

  /** max_execution_time: also ends waits, by a timer. */
  limitTime(limitMs: number): void {
    this.deadlineMs = this.startedAtMs + limitMs
    this.timer = setTimeout(() => {
      this.stop(sqlError('ER_QUERY_TIMEOUT'))
    }, limitMs)
  }

  checkKilled(): void {
    if (this.stopped !== undefined) throw this.stopped
    if (this.deadlineMs !== Infinity && performance.now() > this.deadlineMs)
      throw sqlError('ER_QUERY_TIMEOUT')
  }

  /** Frees what the statement holds outside of memory; idempotent. */
  finish(): void {
    if (this.timer !== undefined) clearTimeout(this.timer)
  }

  // ── Progress ────────────────────────────────────────────────────────────────────────────────────────────────

  reportProgress(stage: string, rows: number): void {
    this.stage = stage
    this.stageRows = rows
  }

  // ── Conditions ──────────────────────────────────────────────────────────────────────────────────────────────

  warn(level: WarningLevel, code: ErrorCode, ...args: readonly (string | number | bigint)[]): void {
    if (level === 'Note' && !this.session.showsNotes) return
    const { number, sqlState } = ERRORS[code]
    this.record({ level, code: number, sqlState, message: formatMessage(code, args) })
  }

  warnError(error: SqlError, level: WarningLevel = 'Warning'): void {
    if (level === 'Note' && !this.session.showsNotes) return
    this.record({ level, code: error.number, sqlState: error.sqlState, message: error.message })
  }

  recordError(error: SqlError): void {
    this.record({ level: 'Error', code: error.number, sqlState: error.sqlState, message: error.message })
  }

  private record(condition: Condition): void {
    this.conditionCount++
    if (this.conditions.length < this.session.conditionsMax) this.conditions.push(condition)
  }

  // ── Call sites ──────────────────────────────────────────────────────────────────────────────────────────────

  state<T>(key: object, create: () => T): T {
    this.states ??= new Map()
    let state = this.states.get(key) as T | undefined
    if (state === undefined) {
      state = create()
      this.states.set(key, state)
    }
    return state
  }
}
