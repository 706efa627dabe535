/**
 * Which evaluators only read a column of their input: functions can look at its values where they lie, without making strings of
 * them.
 */
import type { Evaluator } from '../common/evaluation.js'

const positions = new WeakMap<Evaluator, number>()

/** Returns `evaluator`, which reads the column at `position`, with that on record. */
export function readingColumn(evaluator: Evaluator, position: number): Evaluator {
  positions.set(evaluator, position)
  return evaluator
}

/** The position of the column that an evaluator reads; undefined if it does something else. */
export function columnReadBy(evaluator: Evaluator): number | undefined {
  return positions.get(evaluator)
}
