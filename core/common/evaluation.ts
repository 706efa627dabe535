/**
 * How expressions run: the compiled form of an expression, and what it may ask of its statement while it runs.
 */
import type { Batch } from './batch.js'
import type { ErrorCode } from './error-catalogue.js'
import type { SqlType } from './sql-type.js'
import type { Value } from './value.js'

/**
 * A compiled expression: the value for one row, in the representation of the expression's static type. It keeps no
 * state of its own (compiled plans are shared by sessions and run interleaved); all that changes from execution to
 * execution comes through `context`. It never returns a promise.
 */
export type Evaluator = (batch: Batch, row: number, context: EvaluationContext) => Value

export type WarningLevel = 'Note' | 'Warning' | 'Error'

/** Receives the conditions that SHOW WARNINGS lists. */
export interface WarningSink {
  /** Records the catalogued condition `code` with its message arguments filled in. */
  warn(level: WarningLevel, code: ErrorCode, ...args: readonly (string | number | bigint)[]): void
}

/** Offsets of a time zone. Instants are microseconds since 1970-01-01 00:00:00 UTC as safe integers. */
export interface TimeZone {
  /** MySQL's name: 'SYSTEM', '+02:00', 'Europe/Paris'. */
  readonly name: string
  /** Seconds to add to UTC to get local time at an instant. */
  offsetSecondsAt(epochSeconds: number): number
  /** The UTC instant of a local civil time (given as seconds since 1970 as if it were UTC); in a gap the instant after it. */
  epochSecondsOf(localSeconds: number): number
}

/** A user variable `@name`: its value and the type it was assigned with. */
export interface TypedValue {
  readonly type: SqlType
  readonly value: Value
}

/** User locks as functions of one session see them (MySQL manual 14.14). NULL and empty names are errors. */
export interface UserLockFunctions {
  /** Gives back one taking of a lock: false if another session holds it, undefined if nobody does. */
  release(name: string | null): boolean | undefined
  /** Gives all of the session's locks back; answers how many takings that were. */
  releaseAll(): number
  /** The id of the connection that holds a lock. */
  holderOf(name: string | null): number | undefined
}

/** The parts of a session that expressions read or change. */
export interface EvaluationSession {
  readonly connectionId: number
  readonly database: string | null
  /** 'user@host' as the client gave it, and as the account matched. */
  readonly user: string
  readonly currentUser: string
  /** The active roles as CURRENT_ROLE() shows them. */
  readonly currentRole: string
  readonly version: string
  lastInsertId: number | bigint
  /** SET insert_id: the next number of an AUTO_INCREMENT column; 0 for none. Who uses it sets it back. */
  insertId: number | bigint
  /** What ROW_COUNT() and FOUND_ROWS() answer: of the statement before this one. */
  readonly rowCount: number
  readonly foundRows: number
  readonly userLocks: UserLockFunctions
  /** RAND() without a seed: a number from 0 up to but not including 1. */
  random(): number
  getUserVariable(name: string): TypedValue | undefined
  setUserVariable(name: string, value: TypedValue): void
  /** Value of a system variable for this session, in the representation of the type that the binder saw. */
  systemVariable(name: string, scope: 'session' | 'global'): Value
}

/** What the evaluators of one execution of one statement share. */
export interface EvaluationContext extends WarningSink {
  readonly sqlMode: number
  /** True while values are stored by a statement in strict mode without IGNORE: bad values are then errors. */
  readonly strict: boolean
  readonly timeZone: TimeZone
  /** Start of the statement, microseconds since 1970 UTC; NOW() and friends. */
  readonly statementTimeMicros: number
  readonly session: EvaluationSession
  /** Values of `?` and of the literals that the plan cache took out, by slot. */
  readonly parameters: readonly Value[]
  /** Values that the enclosing query hands to a correlated sub-query, by slot. */
  readonly correlated: readonly Value[]
  /** @@max_allowed_packet: results of string functions beyond it are NULL with a warning. */
  readonly packetBytesMax: number
  readonly divPrecisionIncrement: number
  readonly groupConcatMaxLength: number
  readonly defaultWeekFormat: number
  readonly localeName: string
  /** State private to one call site of one execution (the seed of RAND(n), a prepared pattern …), made on first use. */
  state<T>(key: object, create: () => T): T
  /** Throws ER_QUERY_INTERRUPTED or ER_QUERY_TIMEOUT if the statement shall end; cheap, for long loops (SLEEP, BENCHMARK). */
  checkKilled(): void
}
