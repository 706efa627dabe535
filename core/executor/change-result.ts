/**
 * What a statement that changes rows reports.
 */
import type { ExactValue, MaybePromise } from '../common/value.js'
import type { Execution } from './execution.js'

export interface ChangeResult {
  readonly affectedRows: number
  /** Rows that an INSERT was given, and those of them that a unique index had already. */
  readonly records: number
  readonly duplicates: number
  /** For the OK packet: the first generated AUTO_INCREMENT value, or the last one given. */
  readonly lastInsertId: ExactValue
  /** The first generated AUTO_INCREMENT value, which LAST_INSERT_ID() answers from now on; 0 if none was generated. */
  readonly generatedId: ExactValue
  /** Text of the OK packet, made when the number of warnings is known. */
  readonly info: string | ((warningCount: number) => string)
}

export const NO_CHANGE: ChangeResult = {
  affectedRows: 0,
  records: 0,
  duplicates: 0,
  lastInsertId: 0,
  generatedId: 0,
  info: '',
}

/** What an UPDATE reports: CLIENT_FOUND_ROWS counts the rows that it found, not those that it changed. */
export function updateResult(execution: Execution, matched: number, changed: number): ChangeResult {
  return {
    ...NO_CHANGE,
    affectedRows: execution.countsFoundRows ? matched : changed,
    info: (warnings) => `Rows matched: ${matched}  Changed: ${changed}  Warnings: ${warnings}`,
  }
}

export interface CompiledChange {
  run(execution: Execution): MaybePromise<ChangeResult>
}
