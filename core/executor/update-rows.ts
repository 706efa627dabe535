/**
 * UPDATE row by row: of several tables, whose rows a join may bring more than once; under IGNORE; of the primary key; and of what else
 * can't be computed by the batch.
 */
import { Batch } from '../common/batch.js'
import { isSqlError } from '../common/sql-error.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { isPromise, type ExactValue, type MaybePromise, type Value } from '../common/value.js'
import { settle } from '../common/settle.js'
import type { Vector } from '../common/vector.js'
import type { UpdatePlan, UpdateTarget } from '../plan/change.js'
import type { ColumnId } from '../plan/expression.js'
import { primaryKeyOf, type ColumnDefinition } from '../plan/schema.js'
import { duplicateEntry } from '../spi/duplicate-entry.js'
import type { InsertOutcome, TableAccess } from '../spi/transaction.js'
import { changeRows, type ChangeInput } from './change-input.js'
import { updateResult, type ChangeResult } from './change-result.js'
import { isFirst, sameRow } from './changed-rows.js'
import type { Execution } from './execution.js'
import { IGNORABLE } from './insert.js'
import { CurrentRows, mayChange } from './own-changes.js'
import { RowBuilder, compileAssignment, replaceValue } from './row-builder.js'

export interface CompiledUpdateTarget {
  readonly builder: RowBuilder
  readonly rowKey: number
  /** Positions in the input of the table's columns, in order. */
  readonly columns: readonly number[]
  /** The AUTO_INCREMENT column if it is assigned: later rows get higher numbers; -1 otherwise. */
  readonly autoColumn: number
  readonly assignments: readonly ReturnType<typeof compileAssignment>[]
  readonly onUpdate: readonly ReturnType<typeof compileAssignment>[]
  /** Whether a column of a unique index is written, so that a row may become a duplicate. */
  readonly mayCollide: boolean
}

/** A changed row that waits for its duplicates to be looked for. */
interface MadeRow {
  readonly rowKey: Uint8Array
  readonly values: readonly Value[]
  readonly warnings: readonly WarningArguments[]
}

type WarningArguments = Parameters<EvaluationContext['warn']>

/** Rows whose duplicates are looked for at once. */
const MADE_ROWS_MAX = 16_384

export function compileUpdateTarget(
  target: UpdateTarget,
  positions: ReadonlyMap<ColumnId, number>,
): CompiledUpdateTarget {
  const layout = { columns: positions, correlated: new Map<ColumnId, number>(), subquery: undefined }
  const { table, generated } = target.rules
  const written = [...target.assignments, ...target.onUpdate, ...generated].map(({ column }) => column)
  const unique = table.indexes.flatMap((index) => (index.unique ? index.parts : []))
  return {
    mayCollide: unique.some((part) => written.includes(part.column)),
    builder: new RowBuilder(target.rules),
    rowKey: positions.get(target.rowKey) ?? -1,
    columns: target.rules.layout.map((column) => positions.get(column) ?? -1),
    autoColumn: target.assignments.find(({ column }) => table.columns[column]?.autoIncrement)?.column ?? -1,
    assignments: target.assignments.map((each) => compileAssignment(table, each, layout)),
    onUpdate: target.onUpdate.map((each) => compileAssignment(table, each, layout)),
  }
}

/** One execution. */
export class RowUpdate {
  private matched = 0
  private changed = 0
  private rowNumber = 0
  private readonly accesses: readonly TableAccess[]
  private readonly done: readonly Set<string>[]
  /** Of targets whose rows the statement may have changed since it read them. */
  private readonly current: readonly (CurrentRows | undefined)[]
  private readonly work: Batch
  /** Whether rows are made first, so that their duplicates are looked for at once. */
  private readonly looksAhead: boolean
  private made: MadeRow[] = []
  /** What there is to say of the row that is being made, if rows are made first. */
  private warnings: WarningArguments[] = []
  private readonly context: EvaluationContext

  constructor(
    private readonly plan: UpdatePlan,
    private readonly input: ChangeInput,
    private readonly targets: readonly CompiledUpdateTarget[],
    private readonly execution: Execution,
  ) {
    this.accesses = plan.targets.map((target) => execution.transaction.table(target.rules.table))
    this.done = plan.targets.map(() => new Set<string>())
    this.current = this.accesses.map((access) =>
      mayChange(access.table, this.accesses) ? new CurrentRows(access) : undefined,
    )
    this.work = Batch.ofTypes(input.node.output.map((column) => column.type))
    const [target, ...others] = targets
    const [access] = this.accesses
    this.looksAhead =
      plan.ignore &&
      others.length === 0 &&
      target?.mayCollide === true &&
      access?.looksAhead === true &&
      primaryKeyOf(access.table) !== undefined
    this.context = this.looksAhead ? this.notingContext() : execution.evaluation
  }

  /** The statement's context, but that warnings are noted with the row that is being made. */
  private notingContext(): EvaluationContext {
    const warn = (...warning: WarningArguments): void => {
      this.warnings.push(warning)
    }
    return Object.assign(Object.create(this.execution.evaluation) as EvaluationContext, { warn })
  }

  run(): MaybePromise<ChangeResult> {
    return settle(
      () =>
        changeRows(
          this.input,
          this.execution,
          (batch) => this.updateRows(batch, 0),
          () => this.storeMade(),
        ),
      () => updateResult(this.execution, this.matched, this.changed),
      (error) => {
        for (const { warnings } of this.made) this.tellWarnings(warnings)
        this.tellWarnings(this.warnings)
        throw error
      },
    )
  }

  /** `from` counts the targets of each row. */
  private updateRows(batch: Batch, from: number): MaybePromise<void> {
    const { length } = this.targets
    for (let at = from; at < batch.rowCount * length; at++) {
      const target = at % length
      if (target === 0) this.rowNumber++
      const done = this.updateRow(target, batch, Math.floor(at / length))
      if (isPromise(done)) return done.then(() => this.updateRows(batch, at + 1))
    }
    if (this.made.length >= MADE_ROWS_MAX) return this.storeMade()
  }

  private updateRow(i: number, batch: Batch, row: number): MaybePromise<void> {
    const target = this.targets[i] as CompiledUpdateTarget
    const rowKey = batch.columns[target.rowKey]?.get(row) as Uint8Array | null
    if (rowKey === null || this.wasDone(i, rowKey)) return undefined
    this.matched++
    this.work.clear()
    this.work.pushFrom(batch, row)
    const current = this.current[i]?.read(rowKey)
    if (isPromise(current)) {
      return current.then((before) => this.changeRow(i, rowKey, before ?? this.workRow(i)))
    }
    return this.changeRow(i, rowKey, current ?? this.workRow(i))
  }

  /** The row of a table as the input had it. */
  private workRow(i: number): Value[] {
    const { columns } = this.targets[i] as CompiledUpdateTarget
    return columns.map((column) => (this.work.columns[column] as Vector).get(0))
  }

  /** Gives `before` what is assigned; the expressions see the row of the input. */
  private changeRow(i: number, rowKey: Uint8Array, before: readonly Value[]): MaybePromise<void> {
    const target = this.targets[i] as CompiledUpdateTarget
    const after = [...before]
    for (const assignment of target.assignments) this.assign(target, assignment, after)
    if (sameRow(before, after)) return undefined
    for (const assignment of target.onUpdate) this.assign(target, assignment, after)
    const { ignore } = this.plan
    const { context } = this
    const options = { ignore, nullIsError: context.strict && !ignore, rowNumber: this.rowNumber }
    if (!target.builder.finish(after, context, options)) return undefined
    if (target.autoColumn >= 0) {
      ;(this.accesses[i] as TableAccess).noteAutoIncrement(after[target.autoColumn] as ExactValue)
    }
    if (!this.looksAhead) return this.write(i, rowKey, after)
    this.made.push({ rowKey, values: after, warnings: this.warnings })
    this.warnings = []
    return undefined
  }

  private storeMade(): MaybePromise<void> {
    if (this.looksAhead) return this.storeAhead()
  }

  private async storeAhead(): Promise<void> {
    const { made } = this
    this.made = []
    const rows = made.map(({ values }) => values)
    const keys = made.map(({ rowKey }) => rowKey)
    if (made.length > 0) await this.accesses[0]?.lookAhead(rows, false, keys)
    for (const { rowKey, values, warnings } of made) {
      this.tellWarnings(warnings)
      const written = this.write(0, rowKey, values)
      if (written !== undefined) await written
      const pause = this.execution.isOverdue ? this.execution.pause() : undefined
      if (pause !== undefined) await pause
    }
    // Of rows behind these that stay as they are.
    this.tellWarnings(this.warnings.splice(0))
  }

  private tellWarnings(warnings: readonly WarningArguments[]): void {
    for (const warning of warnings) this.execution.evaluation.warn(...warning)
  }

  private assign(
    target: CompiledUpdateTarget,
    assignment: CompiledUpdateTarget['assignments'][number],
    row: Value[],
  ): void {
    const { context } = this
    const { name } = target.builder.table.columns[assignment.column] as ColumnDefinition
    const value = assignment.store(assignment.evaluate(this.work, 0, context), context, name, this.rowNumber)
    row[assignment.column] = value
    replaceValue(this.work.columns[target.columns[assignment.column] as number] as Vector, value)
  }

  private write(i: number, rowKey: Uint8Array, row: readonly Value[]): void | Promise<void> {
    let outcome
    try {
      const access = this.accesses[i] as TableAccess
      const isReported = this.plan.ignore && this.targets[i]?.mayCollide === true
      outcome = access.update(rowKey, row, isReported ? 'report' : 'throw')
    } catch (error) {
      this.ignoreRow(error)
      return undefined
    }
    if (outcome instanceof Promise) {
      return outcome.then(
        (each) => {
          this.settle(i, each, row)
        },
        (error: unknown) => {
          this.ignoreRow(error)
        },
      )
    }
    this.settle(i, outcome, row)
    return undefined
  }

  private settle(i: number, outcome: InsertOutcome, row: readonly Value[]): void {
    if (outcome.kind === 'inserted') {
      this.changed++
      return
    }
    const { table } = this.accesses[i] as TableAccess
    const error = duplicateEntry(table, outcome.index, row, this.execution.evaluation)
    this.execution.statement.warnError(error)
  }

  private ignoreRow(error: unknown): void {
    if (!this.plan.ignore || !isSqlError(error) || !IGNORABLE.has(error.code)) throw error
    this.execution.statement.warnError(error)
  }

  /** A join may bring the same row several times; it is updated once. */
  private wasDone(i: number, rowKey: Uint8Array): boolean {
    return !this.input.streams && !isFirst(this.done[i] as Set<string>, rowKey)
  }
}
