/**
 * Constant expressions at bind time: telling them, and computing them where a type, a name or an ordinal depends on them.
 */
import { SINGLE_ROW } from '../common/batch.js'
import { withoutWarnings } from '../functions/without-warnings.js'
import type { Value } from '../common/value.js'
import { NO_COLUMNS, compileExpression } from '../functions/compile-expression.js'
import { ExpressionArgument } from '../functions/expression-argument.js'
import type { Expression } from '../plan/expression.js'
import type { Binding } from './binding.js'

/** Whether its value is known while binding: constant and free of the clock and the session. */
function isKnown(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
    case 'parameter':
      return true
    case 'convert':
      return isKnown(expression.operand)
    case 'call':
      return expression.volatility === 'immutable' && expression.arguments.every(isKnown)
    default:
      return false
  }
}

function pinParameters(binding: Binding, expression: Expression): void {
  if (expression.kind === 'parameter') binding.pin(expression.slot)
  else if (expression.kind === 'convert') pinParameters(binding, expression.operand)
  else if (expression.kind === 'call') for (const each of expression.arguments) pinParameters(binding, each)
}

/** Ties the plan to every literal in an expression: those of a select list decide names and types. */
export function pinLiterals(binding: Binding, expression: Expression): void {
  pinParameters(binding, expression)
}

/** The value of a constant expression, tying the plan to it; undefined if it isn't known while binding. */
export function constantValue(
  binding: Binding,
  expression: Expression,
): { readonly value: Value } | undefined {
  if (!isKnown(expression)) return undefined
  pinParameters(binding, expression)
  // What there is to warn of is told when the statement runs, once.
  return {
    value: compileExpression(expression, NO_COLUMNS)(SINGLE_ROW, 0, withoutWarnings(binding.evaluation)),
  }
}

/** A bound argument as functions see it. */
export class BoundArgument extends ExpressionArgument {
  constructor(
    private readonly binding: Binding,
    expression: Expression,
  ) {
    super(expression)
  }

  get constant() {
    return constantValue(this.binding, this.expression)
  }
}
