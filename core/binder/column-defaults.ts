/**
 * DEFAULT(column) in queries (MySQL manual 14.23): the default of the column that FROM has under the name.
 */
import { sqlError } from '../common/sql-error.js'
import type { Expression } from '../plan/expression.js'
import type { ColumnReference } from '../plan/syntax/index.js'
import type { Binding, ExpressionContext } from './binding.js'
import { bindCall } from './calls.js'
import { constant } from './literals.js'

/** Throws ER_BAD_FIELD_ERROR, ER_NO_DEFAULT_FOR_FIELD, and ER_DEFAULT_AS_VAL_GENERATED for defaults that are expressions. */
export function defaultOfColumn(
  binding: Binding,
  { database, table, name }: ColumnReference,
  { scope, clause }: ExpressionContext,
): Expression {
  const column = scope.findLocal(database, table, name, clause)
  if (column === undefined) throw sqlError('ER_BAD_FIELD_ERROR', name, clause)
  const definition = column.origin?.definition
  if (definition === undefined) throw sqlError('ER_NO_DEFAULT_FOR_FIELD', name)
  const { default: value, type } = definition
  switch (value.kind) {
    case 'none':
      throw sqlError('ER_NO_DEFAULT_FOR_FIELD', name)
    case 'value':
      return constant(type, value.value, `default(${name})`)
    case 'now':
      return bindCall(binding, 'now', [])
    case 'expression':
      throw sqlError('ER_DEFAULT_AS_VAL_GENERATED')
  }
}
