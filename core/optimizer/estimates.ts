/**
 * How many rows conditions leave, where nothing better is known than their form. The fractions are MySQL's (manual 10.9.3 and
 * its condition filtering): what matters is that they order plans well, not that they are right.
 */
import type { Expression } from '../plan/expression.js'
import { conjuncts, disjuncts } from './conditions.js'

const EQUALITY = 0.1
const INEQUALITY = 0.3333
const BETWEEN = 0.1111
const LIKE = 0.1111
const OTHER = 0.5

/** The part of the rows for which the condition holds. */
export function selectivity(condition: Expression | undefined): number {
  return conjuncts(condition).reduce((product, each) => product * selectivityOf(each), 1)
}

function selectivityOf(condition: Expression): number {
  if (condition.kind !== 'call') return OTHER
  switch (condition.name) {
    case '=':
    case '<=>':
      return EQUALITY
    case '<':
    case '<=':
    case '>':
    case '>=':
      return INEQUALITY
    case '<>':
      return 1 - EQUALITY
    case 'between':
      return BETWEEN
    case 'like':
    case 'regexp':
      return LIKE
    case 'is null':
    case 'isnull':
      return EQUALITY
    case 'in':
      return Math.min(OTHER, EQUALITY * (condition.arguments.length - 1))
    case 'and':
      return selectivity(condition)
    case 'or':
      return disjuncts(condition).reduce(
        (sum, each) => sum + selectivityOf(each) - sum * selectivityOf(each),
        0,
      )
    case 'not': {
      const [operand] = condition.arguments
      return operand === undefined ? OTHER : 1 - selectivityOf(operand)
    }
    default:
      return OTHER
  }
}
