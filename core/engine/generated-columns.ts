/**
 * Computes generated columns of rows that no statement names: those that cascades of foreign keys change. As in statements that define tables, bad
 * values are errors and nothing is noted.
 */
import { Binder } from '../binder/binder.js'
import { tableRelation } from '../binder/relations.js'
import { rowRules } from '../binder/row-rules.js'
import type { EvaluationContext } from '../common/evaluation.js'
import type { Value } from '../common/value.js'
import { RowBuilder } from '../executor/row-builder.js'
import type { TableDefinition } from '../plan/schema.js'
import { strictly } from './ddl/expression-help.js'
import { binderEnvironment, type PlannerServices } from './planner.js'
import { RunningStatement } from './running-statement.js'

export class GeneratedColumns {
  private readonly builders = new WeakMap<TableDefinition, RowBuilder>()
  /** By the statement's own. */
  private readonly strict = new WeakMap<EvaluationContext, EvaluationContext>()

  constructor(private readonly services: PlannerServices) {}

  /** Throws what computing throws, and what storing does in strict mode. */
  compute(table: TableDefinition, row: Value[], evaluation: EvaluationContext): void {
    let builder = this.builders.get(table)
    if (builder === undefined) {
      builder = this.builderOf(table, evaluation)
      this.builders.set(table, builder)
    }
    let strict = this.strict.get(evaluation)
    if (strict === undefined) {
      strict = strictly(evaluation)
      this.strict.set(evaluation, strict)
    }
    builder.computeGenerated(row, strict)
  }

  /** What the definition keeps as text means the same in every session. */
  private builderOf(table: TableDefinition, evaluation: EvaluationContext): RowBuilder {
    if (!(evaluation instanceof RunningStatement)) throw new Error('invariant: statements run in sessions')
    // The statement's own parameters are none of this.
    const running = new RunningStatement(evaluation.session, [], 0)
    const environment = binderEnvironment({ running, parameters: [] }, this.services, () => ({
      kind: 'table',
      table,
    }))
    const binder = new Binder(environment)
    return new RowBuilder(rowRules(binder, table, tableRelation(binder, table, table.name)))
  }
}
