/**
 * Digits that MySQL carries inside of an expression. A quotient is computed to whole words of nine decimals and rounded
 * to its declared ones only where it leaves the expression: `1/3*3` is 1.0000 though `1/3` shows 0.3333. An operator
 * that computes more decimals than its type has notes the evaluator that keeps them here; arithmetic on top asks for it.
 */
import type { Evaluator } from '../common/evaluation.js'

export interface Unrounded {
  /** The same value with `scale` decimals. */
  readonly evaluate: Evaluator
  readonly scale: number
}

const unrounded = new WeakMap<Evaluator, Unrounded>()

/** Returns `evaluator`, with its unrounded form on record. */
export function withUnrounded(evaluator: Evaluator, form: Unrounded): Evaluator {
  unrounded.set(evaluator, form)
  return evaluator
}

/** The operand with all its digits: itself, with the decimals of its type, unless it computes more. */
export function unroundedOf(evaluator: Evaluator, declaredScale: number): Unrounded {
  return unrounded.get(evaluator) ?? { evaluate: evaluator, scale: declaredScale }
}
