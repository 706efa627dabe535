/**
 * Which columns the expressions of columns may name (MySQL manual 15.1.20.8 and 13.6): those that exist, no AUTO_INCREMENT
 * column, and of columns that are computed themselves only earlier ones.
 */
import { sqlError } from '../common/sql-error.js'
import type { ColumnDefinition } from '../plan/schema.js'
import type { ColumnDefaultClause, GeneratedColumn } from '../plan/syntax/definition.js'
import type { Expression } from '../plan/syntax/expression.js'
import { nameKey, sameName } from './names.js'
import { columnsNamed } from './syntax-walk.js'

/** The expressions of a column, as written. */
export interface ColumnExpressions {
  readonly generated: GeneratedColumn | undefined
  readonly default: ColumnDefaultClause | undefined
}

/** `expressions` by folded column name; columns that aren't in it have not changed. */
export function checkColumnReferences(
  expressions: ReadonlyMap<string, ColumnExpressions>,
  columns: readonly ColumnDefinition[],
): void {
  columns.forEach((column, position) => {
    const syntax = expressions.get(nameKey(column.name))
    if (syntax?.generated !== undefined)
      checkGenerated(syntax.generated.expression, column, position, columns)
    if (syntax?.default?.parenthesised === true) {
      checkDefault(syntax.default.value, column, position, columns)
    }
  })
}

function checkGenerated(
  expression: Expression,
  column: ColumnDefinition,
  position: number,
  columns: readonly ColumnDefinition[],
): void {
  for (const named of positionsNamed(expression, columns, 'generated column function')) {
    const other = columns[named]
    if (other?.autoIncrement === true) throw sqlError('ER_GENERATED_COLUMN_REF_AUTO_INC', column.name)
    if (other?.generated !== undefined && named >= position) throw sqlError('ER_GENERATED_COLUMN_NON_PRIOR')
  }
}

function checkDefault(
  expression: Expression,
  column: ColumnDefinition,
  position: number,
  columns: readonly ColumnDefinition[],
): void {
  for (const named of positionsNamed(expression, columns, 'default value expression')) {
    const other = columns[named]
    if (other?.autoIncrement === true) throw sqlError('ER_DEFAULT_VAL_GENERATED_REF_AUTO_INC', column.name)
    const isComputed = other?.generated !== undefined || other?.default.kind === 'expression'
    if (isComputed && named >= position) throw sqlError('ER_DEFAULT_VAL_GENERATED_NON_PRIOR', column.name)
  }
}

function positionsNamed(
  expression: Expression,
  columns: readonly ColumnDefinition[],
  clause: string,
): readonly number[] {
  return columnsNamed(expression).map((reference) => {
    const position = columns.findIndex((column) => sameName(column.name, reference.name))
    if (position < 0) throw sqlError('ER_BAD_FIELD_ERROR', reference.name, clause)
    return position
  })
}
