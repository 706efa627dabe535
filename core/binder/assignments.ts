/**
 * Values as statements assign them to columns.
 */
import { Coercibility } from '../common/collation-coercion.js'
import { implicitDefault } from '../common/implicit-defaults.js'
import { sqlError } from '../common/sql-error.js'
import { isNumeric } from '../common/sql-type.js'
import type { ColumnAssignment } from '../plan/change.js'
import type { Expression } from '../plan/expression.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import type { Assignment } from '../plan/syntax/index.js'
import type { Binding, ExpressionContext } from './binding.js'
import { specialCall } from './calls.js'
import { numericForm } from './literals.js'
import { defaultExpression } from './row-rules.js'
import { sameName, type ScopeRelation } from './scope.js'

export function bindAssignmentTo(
  binding: Binding,
  assignment: Assignment,
  table: TableDefinition,
  relation: ScopeRelation,
  context: ExpressionContext,
): ColumnAssignment {
  const position = table.columns.findIndex((column) => sameName(column.name, assignment.column.name))
  const column = table.columns[position]
  if (column === undefined) throw sqlError('ER_BAD_FIELD_ERROR', assignment.column.name, 'field list')
  if (assignment.value.kind === 'defaultKeyword') {
    if (column.generated !== undefined) {
      return { column: position, expression: asExpression(relation.columns[position]) }
    }
    const hasDefault = column.default.kind !== 'none' || column.autoIncrement
    const expression = hasDefault ? defaultExpression(binding, column, relation) : missingDefault(column)
    return { column: position, expression }
  }
  if (column.generated !== undefined) {
    throw sqlError('ER_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN', column.name, table.name)
  }
  return { column: position, expression: assigned(binding.expression(assignment.value, context), column) }
}

/** DEFAULT for a column without one: an error in strict mode, but only where a row is changed. */
function missingDefault({ name, type, nullable }: ColumnDefinition): Expression {
  const value = nullable ? null : implicitDefault(type)
  const result = { type, nullable, coercibility: Coercibility.implicit, volatility: 'volatile' } as const
  return specialCall('default', `default(${name})`, [], result, () => (_batch, _row, context) => {
    if (context.strict) throw sqlError('ER_NO_DEFAULT_FOR_FIELD', name)
    context.warn('Warning', 'ER_NO_DEFAULT_FOR_FIELD', name)
    return value
  })
}

/** A value as it is assigned: hex and bit literals are numbers in numeric columns. */
export function assigned(value: Expression, column: ColumnDefinition | undefined): Expression {
  return column !== undefined && isNumeric(column.type) ? numericForm(value) : value
}

export function asExpression(column: ScopeRelation['columns'][number] | undefined): Expression {
  if (column === undefined) throw new Error('invariant: a layout has every column of its table')
  return {
    kind: 'column',
    column: column.id,
    type: column.type,
    nullable: column.nullable,
    coercibility: 2,
    text: column.name,
  }
}
