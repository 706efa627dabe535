/**
 * What definitions are made with: settings of the session, and help with expressions, which the catalog itself neither
 * prints nor computes. The engine makes one for each statement.
 */
import type { EvaluationContext, TypedValue, WarningSink } from '../common/evaluation.js'
import type { SqlType } from '../common/sql-type.js'
import type { ColumnDefinition } from '../plan/schema.js'
import type { Expression } from '../plan/syntax/expression.js'

export interface ExpressionHelp {
  /** Canonical SQL text. */
  print(expression: Expression): string
  /** The syntax of a text that `print` made. */
  parse(sql: string): Expression
  /** Type and value of a literal, signed or not. */
  literal(expression: Expression): TypedValue
  /** Type of a text that `print` made, over a table's columns. Throws what binding throws. */
  typeOver(sql: string, columns: readonly ColumnDefinition[]): SqlType
}

export interface TableDefinitionContext extends WarningSink {
  readonly sqlMode: number
  readonly isStrict: boolean
  readonly foreignKeyChecks: boolean
  readonly expressions: ExpressionHelp
  /** Strict, and its warnings go nowhere: literals of DEFAULT are converted with it. */
  readonly defaults: EvaluationContext
  /** Microseconds since 1970 UTC. */
  readonly nowMicros: number
  allocateId(): number
}
