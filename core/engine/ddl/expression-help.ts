/**
 * Expressions of definitions: printing them, computing literals, and binding the texts that a definition keeps, to find out
 * whether they make sense.
 */
import { Binder } from '../../binder/binder.js'
import type { BinderEnvironment } from '../../binder/environment.js'
import { plainContext } from '../../binder/binding.js'
import { columnsRelation, tableRelation } from '../../binder/relations.js'
import { defaultValue, layoutScope, rowRules } from '../../binder/row-rules.js'
import type { TableDefinitionContext } from '../../catalog/definition-context.js'
import { SINGLE_ROW } from '../../common/batch.js'
import type { EvaluationContext } from '../../common/evaluation.js'
import { STRICT_MODES } from '../../common/sql-mode.js'
import { compileExpression, NO_COLUMNS } from '../../functions/compile-expression.js'
import type { SqlType } from '../../common/sql-type.js'
import type { ColumnDefinition, TableDefinition } from '../../plan/schema.js'
import type { DefinitionContext } from './definition-context.js'

export async function tableContext(context: DefinitionContext): Promise<TableDefinitionContext> {
  const environment = await context.binderEnvironment()
  const { statement } = context
  const strict = strictly(statement.evaluation)
  return {
    sqlMode: context.sqlMode,
    isStrict: (context.sqlMode & STRICT_MODES) !== 0,
    foreignKeyChecks: context.foreignKeyChecks,
    defaults: strict,
    nowMicros: statement.evaluation.statementTimeMicros,
    allocateId: () => context.catalog.allocateId(),
    warn: (level, code, ...args) => {
      statement.warn(level, code, ...args)
    },
    expressions: {
      print: (expression) => context.printer.expression(expression),
      parse: (sql) => environment.parseExpression(sql),
      literal: (expression) => {
        const bound = new Binder(environment).standalone(expression, 'default value')
        return { type: bound.type, value: compileExpression(bound, NO_COLUMNS)(SINGLE_ROW, 0, strict) }
      },
      typeOver: (sql, columns) => typeOver(sql, columns, environment),
    },
  }
}

function typeOver(
  sql: string,
  columns: readonly ColumnDefinition[],
  environment: BinderEnvironment,
): SqlType {
  const binder = new Binder(environment)
  const scope = layoutScope(columnsRelation(binder, columns))
  const syntax = environment.parseExpression(sql)
  return binder.forStoredText().expression(syntax, plainContext(scope, 'functional index')).type
}

/** The statement's settings, but bad values are errors and nothing is noted. */
export function strictly(evaluation: EvaluationContext): EvaluationContext {
  return Object.create(evaluation, {
    strict: { value: true },
    warn: { value: () => undefined },
  }) as EvaluationContext
}

/**
 * Binds what the definition keeps as text: generated columns, checks, defaults. Throws what binding throws: unknown functions,
 * arguments of wrong types or numbers.
 */
export function bindTexts(table: TableDefinition, environment: BinderEnvironment): void {
  const binder = new Binder(environment)
  const relation = tableRelation(binder, table, table.name)
  rowRules(
    binder,
    { ...table, checks: table.checks.map((check) => ({ ...check, enforced: true })) },
    relation,
  )
  for (const column of table.columns) {
    if (column.default.kind === 'expression') defaultValue(binder, column, relation)
  }
}
