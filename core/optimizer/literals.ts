/**
 * Constants that the optimizer itself puts into plans.
 */
import { BIGINT_TYPE } from '../common/sql-type.js'
import type { ConstantExpression } from '../plan/expression.js'

export function literal(value: number): ConstantExpression {
  return {
    kind: 'constant',
    type: BIGINT_TYPE,
    value,
    nullable: false,
    coercibility: 5,
    text: String(value),
  }
}
