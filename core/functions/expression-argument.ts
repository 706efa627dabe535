/** An expression as the functions that take it see it. */
import type { Expression } from '../plan/expression.js'
import { isConstant } from '../plan/rewrite.js'
import type { ArgumentInfo } from '../spi/functions.js'

export abstract class ExpressionArgument implements ArgumentInfo {
  constructor(protected readonly expression: Expression) {}

  abstract get constant(): ArgumentInfo['constant']

  get type() {
    return this.expression.type
  }

  get nullable() {
    return this.expression.nullable
  }

  get coercibility() {
    return this.expression.coercibility
  }

  get isConstant() {
    return isConstant(this.expression)
  }

  get isColumn() {
    return this.expression.kind === 'column' || this.expression.kind === 'correlated'
  }

  get text() {
    return this.expression.text
  }
}
