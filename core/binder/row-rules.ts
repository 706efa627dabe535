/**
 * What holds for every row of a table that is written: generated columns, checks, and what a column gets that a statement leaves
 * out. The texts kept in the definition are parsed and bound against a row layout.
 */
import { sqlError } from '../common/sql-error.js'
import { datetimeType, type SqlType } from '../common/sql-type.js'
import type { ColumnAssignment, MissingValue, RowRules } from '../plan/change.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import type { Binding } from './binding.js'
import { plainContext } from './binding.js'
import { asCondition, bindCall } from './calls.js'
import { constant } from './literals.js'
import { Scope, type ScopeRelation } from './scope.js'

/** A scope in which a table's columns are the row layout. */
export function layoutScope(relation: ScopeRelation): Scope {
  const scope = new Scope(undefined, [])
  scope.add(relation)
  scope.visible = [...relation.columns]
  return scope
}

export function rowRules(binding: Binding, table: TableDefinition, relation: ScopeRelation): RowRules {
  const scope = layoutScope({ ...relation, alias: table.name, database: undefined })
  const stored = binding.forStoredText()
  const bind = (sql: string, clause: string): Expression =>
    stored.expression(stored.environment.parseExpression(sql), plainContext(scope, clause))
  const generated: ColumnAssignment[] = []
  table.columns.forEach((column, i) => {
    if (column.generated !== undefined) {
      generated.push({ column: i, expression: bind(column.generated.sql, 'generated column function') })
    }
  })
  return {
    table,
    layout: relation.columns.map((column): ColumnId => column.id),
    generated,
    checks: table.checks
      .filter((check) => check.enforced)
      .map((check) => ({
        name: check.name,
        condition: asCondition(bind(check.sql, 'check constraint expression')),
      })),
  }
}

/** What the column gets when INSERT names no value for it, or DEFAULT. */
export function missingValue(
  binding: Binding,
  column: ColumnDefinition,
  relation: ScopeRelation,
): MissingValue {
  if (column.autoIncrement) return { kind: 'auto increment' }
  if (column.generated !== undefined)
    return { kind: 'expression', expression: constant(column.type, null, 'NULL') }
  return defaultValue(binding, column, relation)
}

export function defaultValue(
  binding: Binding,
  column: ColumnDefinition,
  relation: ScopeRelation,
): MissingValue {
  switch (column.default.kind) {
    case 'none':
      return { kind: 'no default' }
    case 'value':
      return { kind: 'expression', expression: constant(column.type, column.default.value, 'default') }
    case 'now':
      return { kind: 'expression', expression: currentTimestamp(binding, column.type) }
    case 'expression': {
      const syntax = binding.environment.parseExpression(column.default.sql)
      const context = plainContext(
        layoutScope({ ...relation, database: undefined }),
        'default value expression',
      )
      return { kind: 'expression', expression: binding.forStoredText().expression(syntax, context) }
    }
  }
}

/** DEFAULT(column) in an expression. */
export function defaultExpression(
  binding: Binding,
  column: ColumnDefinition,
  relation: ScopeRelation,
): Expression {
  const value = defaultValue(binding, column, relation)
  if (value.kind !== 'expression') throw sqlError('ER_NO_DEFAULT_FOR_FIELD', column.name)
  return value.expression
}

/** NOW(n) with the precision of the column. */
export function currentTimestamp(binding: Binding, type: SqlType): Expression {
  const digits = datetimeType(type.scale).scale
  const precision = constant({ ...type, name: 'int', length: 2, scale: 0 }, digits, String(digits))
  return bindCall(binding, 'now', digits === 0 ? [] : [precision])
}

/** ON UPDATE CURRENT_TIMESTAMP for columns that the statement doesn't set itself; only done if the row changes otherwise. */
export function onUpdateNow(
  binding: Binding,
  table: TableDefinition,
  assignments: readonly ColumnAssignment[],
): readonly ColumnAssignment[] {
  return table.columns.flatMap((column, i) =>
    column.onUpdateNow && !assignments.some((assignment) => assignment.column === i)
      ? [{ column: i, expression: currentTimestamp(binding, column.type) }]
      : [],
  )
}
