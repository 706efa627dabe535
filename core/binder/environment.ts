/**
 * What the binder needs from outside: resolved relations, functions, session settings. The engine resolves every name of a
 * statement first (that may take a round trip to a remote catalog), then binds without waiting.
 */
import type { EvaluationContext, TypedValue } from '../common/evaluation.js'
import type { SqlType } from '../common/sql-type.js'
import type { VirtualTable } from '../plan/logical.js'
import type { TableDefinition, ViewDefinition } from '../plan/schema.js'
import type { ColumnDataType, Expression as ExpressionSyntax, QueryExpression } from '../plan/syntax/index.js'
import type { BindingEnvironment, FunctionLibrary } from '../spi/functions.js'

export type ResolvedRelation =
  | { readonly kind: 'table'; readonly table: TableDefinition }
  | { readonly kind: 'view'; readonly view: ViewDefinition; readonly query: QueryExpression }
  | { readonly kind: 'virtual'; readonly table: VirtualTable }

export interface BinderEnvironment extends BindingEnvironment {
  readonly functions: FunctionLibrary
  readonly clientCharset: string
  /** Values and types of the statement's `?`, in order. */
  readonly parameters: readonly TypedValue[]
  /** Whether literals become parameters, so that the plan serves other literals too. */
  readonly parameterizeLiterals: boolean
  /** Settings for expressions whose value is needed at bind time; with the parameters' values if there are any. */
  readonly evaluation: EvaluationContext
  /** Throws ER_NO_SUCH_TABLE, ER_NO_DB_ERROR, ER_BAD_DB_ERROR. */
  relation(database: string | undefined, name: string): ResolvedRelation
  /** Throws ER_UNKNOWN_SYSTEM_VARIABLE, ER_INCORRECT_GLOBAL_LOCAL_VAR. */
  systemVariableType(name: string, scope: 'session' | 'global' | undefined): SqlType
  /** The type that a definition of a column declares, in the connection's collation unless it names one. */
  columnType(declared: ColumnDataType, name: string): SqlType
  /** Parses the text of a default, a generated column or a check. */
  parseExpression(sql: string): ExpressionSyntax
  /** Bytes of a string literal to a value of the character set, or undefined if they are malformed. */
  decode(bytes: string, charset: string): string | undefined
  /** The default collation of a character set; throws ER_UNKNOWN_CHARACTER_SET. */
  defaultCollation(charset: string): string
  /** Character set of a collation; throws ER_UNKNOWN_COLLATION. */
  charsetOf(collation: string): string
  /** Records a condition for SHOW WARNINGS. */
  warn: EvaluationContext['warn']
}
