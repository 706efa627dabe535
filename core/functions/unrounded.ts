/**
 * Digits that MySQL carries inside of an expression. A quotient is computed to whole words of nine decimals and rounded
 * to its declared ones only where it leaves the expression: `1/3*3` is 1.0000 though `1/3` shows 0.3333. An operator
 * that computes more decimals than its type has notes the evaluator that keeps them here; arithmetic on top asks for it.
 */
import { compileConversion, type Conversion } from '../common/conversion.js'
import { rescale } from '../common/decimal.js'
import type { Evaluator } from '../common/evaluation.js'
import { isApproximate, isInteger, type SqlType } from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'

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

/**
 * For functions that answer with one of their operands (IF, CASE, COALESCE): the evaluator that `compile` makes of them,
 * which keeps the digits of whichever operand it picks.
 */
export function pickingEvaluator(
  type: SqlType,
  operands: readonly Evaluator[],
  isPicked: (index: number) => boolean,
  compile: (operands: readonly Evaluator[]) => Evaluator,
): Evaluator {
  const evaluate = compile(operands)
  if (type.name !== 'decimal') return evaluate
  const forms = operands.map((operand, i) =>
    isPicked(i) ? unroundedOf(operand, type.scale) : { evaluate: operand, scale: type.scale },
  )
  const scale = Math.max(...forms.map((form) => form.scale))
  if (scale === type.scale) return evaluate
  const wide = forms.map((form, i) =>
    isPicked(i) && form.scale < scale ? rescaledEvaluator(form.evaluate, form.scale, scale) : form.evaluate,
  )
  return withUnrounded(evaluate, { evaluate: compile(wide), scale })
}

function rescaledEvaluator(evaluate: Evaluator, from: number, to: number): Evaluator {
  return (batch, row, context) => {
    const value = evaluate(batch, row, context) as ExactValue | null
    return value === null ? null : rescale(value, from, to)
  }
}

/**
 * `operand` converted from one type to another. A number made of a quotient takes all its digits; an implicit
 * conversion to DECIMAL even hands them on, while a cast (`isCast`) rounds for good.
 */
export function conversionEvaluator(
  operand: Evaluator,
  from: SqlType,
  to: SqlType,
  label: string,
  isCast: boolean,
): Evaluator {
  const form = from.name === 'decimal' ? unroundedOf(operand, from.scale) : undefined
  if (form === undefined || !isNumber(to))
    return convertedEvaluator(operand, compileConversion(from, to, label))
  const wideType = Object.freeze({
    ...from,
    length: from.length - from.scale + form.scale,
    scale: form.scale,
  })
  const converted = convertedEvaluator(form.evaluate, compileConversion(wideType, to, label))
  return isCast || to.name !== 'decimal' || form.scale <= to.scale
    ? converted
    : withUnrounded(converted, form)
}

function isNumber(type: SqlType): boolean {
  return isInteger(type) || isApproximate(type) || type.name === 'decimal'
}

function convertedEvaluator(operand: Evaluator, convert: Conversion): Evaluator {
  return (batch, row, context) => {
    const value = operand(batch, row, context)
    return value === null ? null : convert(value, context)
  }
}
