/**
 * When an argument is evaluated at all: branches of CASE and IF, what stands behind a deciding operand of AND and OR, and what
 * follows a value in COALESCE. A sub-query there, SLEEP() and GET_LOCK() among them, is run only for rows that come to it.
 */
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { CallExpression, Expression } from '../plan/expression.js'
import { hasSubquery, visitExpression } from '../plan/rewrite.js'
import { withoutWarnings } from './without-warnings.js'
import type { Batch } from '../common/batch.js'

/** Whether a row comes to the expression; sub-queries before it in the statement's text are resolved by then. */
export type BranchNeed = (batch: Batch, row: number, context: EvaluationContext) => boolean

/** What an operand's value must be for the evaluation to go on. */
type Passage = (value: unknown) => boolean

const isTrue: Passage = (value) => value !== null && value !== 0
const isNotTrue: Passage = (value) => !isTrue(value)
const isNotFalse: Passage = (value) => value !== 0
const isNull: Passage = (value) => value === null

const BRANCHING = new Set(['and', 'or', 'ifnull', 'coalesce', 'if', 'case'])

/** Beyond so many operands, asking them all for every row may cost more than a sub-query run in vain. */
const OPERANDS_ASKED_MAX = 64

/** What the operands before argument `index` must be for it to be evaluated; empty if it always is. */
function passages(name: string, index: number, count: number): readonly (Passage | undefined)[] {
  const before = (passage: Passage) => Array.from({ length: index }, () => passage)
  switch (name) {
    case 'and':
      return before(isNotFalse)
    case 'or':
      return before(isNotTrue)
    case 'ifnull':
    case 'coalesce':
      return before(isNull)
    case 'if':
    case 'case': {
      // Conditions stand at even places, results at odd ones, and the last of an odd count is the ELSE.
      const isResult = index % 2 === 1
      const isElse = index % 2 === 0 && index === count - 1
      if (name === 'if' && index === 2) return [isNotTrue]
      return Array.from({ length: index }, (_, i) => {
        if (i % 2 === 1) return undefined
        return isResult && !isElse && i === index - 1 ? isTrue : isNotTrue
      })
    }
    default:
      return []
  }
}

/**
 * When `argument`, the one at `index` of `call`, is evaluated, by the evaluators of those before it; undefined if always, if it has no sub-query, or if
 * asking twice could change the answer.
 */
export function branchNeed(
  call: CallExpression,
  index: number,
  argument: Expression,
  evaluators: readonly Evaluator[],
): BranchNeed | undefined {
  if (!BRANCHING.has(call.name) || index > OPERANDS_ASKED_MAX || !hasSubquery(argument)) return undefined
  const tests: { readonly evaluate: Evaluator; readonly passes: Passage }[] = []
  for (const [i, passes] of passages(call.name, index, call.arguments.length).entries()) {
    const operand = call.arguments[i]
    const evaluate = evaluators[i]
    if (passes === undefined || operand === undefined || evaluate === undefined) continue
    if (isVolatile(operand)) return undefined
    tests.push({ evaluate, passes })
  }
  if (tests.length === 0) return undefined
  return (batch, row, context) => {
    // Operands are evaluated once more when their values are used; they warn then.
    const quiet = withoutWarnings(context)
    try {
      return tests.every(({ evaluate, passes }) => passes(evaluate(batch, row, quiet)))
    } catch {
      // The operand fails again, and is heard, where its value is used.
      return false
    }
  }
}

/** Both have to say so. */
export function bothNeeds(first: BranchNeed | undefined, second: BranchNeed | undefined) {
  if (first === undefined || second === undefined) return first ?? second
  return (batch: Batch, row: number, context: EvaluationContext): boolean =>
    first(batch, row, context) && second(batch, row, context)
}

function isVolatile(expression: Expression): boolean {
  let found = false
  visitExpression(expression, (part) => {
    found ||= part.kind === 'call' && part.volatility === 'volatile'
  })
  return found
}
