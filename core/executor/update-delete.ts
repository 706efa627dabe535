/**
 * Runs UPDATE and DELETE. Rows come locked from the input; they are changed as they come where that can't bring them up again, and
 * after all of them were found where it can (the Halloween problem).
 */
import { Batch } from '../common/batch.js'
import { isSqlError } from '../common/sql-error.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { isPromise, type ExactValue, type Value } from '../common/value.js'
import type { BytesVector, Vector } from '../common/vector.js'
import type { DeletePlan, UpdatePlan, UpdateTarget } from '../plan/change.js'
import type { ColumnId } from '../plan/expression.js'
import type { LogicalNode, OutputColumn, ScanNode } from '../plan/logical.js'
import { primaryKeyOf, type ColumnDefinition } from '../plan/schema.js'
import { duplicateEntry } from '../spi/duplicate-entry.js'
import type { InsertOutcome, TableAccess } from '../spi/transaction.js'
import { NO_CHANGE, type ChangeResult, type CompiledChange } from './change-result.js'
import { sameRow } from './changed-rows.js'
import { compilePlan, type PlanCompilerOptions } from './compile-plan.js'
import {
  columnPositions,
  materialize,
  type CompiledNode,
  type Execution,
  type Operator,
} from './execution.js'
import { HeldMemory } from './held-memory.js'
import { IGNORABLE } from './insert.js'
import { CurrentRows, mayChange, mayVanish } from './own-changes.js'
import { RowBuilder, compileAssignment, replaceValue } from './row-builder.js'
import { readRows } from './set-operators.js'
import { compileUpdateBatch, UpdateBatch, type CompiledUpdateBatch } from './update-batch.js'

interface CompiledTarget {
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

/** Fewer rows than these go one by one. */
const BATCH_ROWS_MIN = 8
/** Rows whose duplicates are looked for at once. */
const MADE_ROWS_MAX = 16_384

export function compileUpdate(plan: UpdatePlan, options: PlanCompilerOptions): CompiledChange {
  const input = compilePlan(plan.input, options)
  const positions = columnPositions(input.output)
  const targets = plan.targets.map((target) => compileTarget(target, positions))
  const streams = plan.targets.length === 1 && canStream(plan)
  // A join may bring a row several times.
  const batches = singleScan(plan.input) === undefined ? undefined : compileUpdateBatch(plan, positions)
  return { run: (execution) => new UpdateRun(plan, input, targets, streams, batches, execution).run() }
}

function compileTarget(target: UpdateTarget, positions: ReadonlyMap<ColumnId, number>): CompiledTarget {
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

/** A scan in the order of an index that no assignment touches meets no row twice. */
function canStream(plan: UpdatePlan): boolean {
  const scan = singleScan(plan.input)
  const target = plan.targets[0]
  if (scan === undefined || target === undefined) return false
  const index = scan.access?.kind === 'ranges' ? scan.access.index : primaryKeyOf(scan.table)
  const ordered = [index, primaryKeyOf(scan.table)].flatMap(
    (each) => each?.parts.map((part) => part.column) ?? [],
  )
  const written = [...target.assignments, ...target.onUpdate, ...target.rules.generated]
  return !written.some((assignment) => ordered.includes(assignment.column))
}

function singleScan(node: LogicalNode): ScanNode | undefined {
  if (node.kind === 'scan') return node
  return node.kind === 'filter' || node.kind === 'limit' || node.kind === 'sort'
    ? singleScan(node.input)
    : undefined
}

async function openInput(
  input: CompiledNode,
  streams: boolean,
  execution: Execution,
  what: string,
): Promise<Operator> {
  const operator = input.open(execution)
  if (streams) return operator
  const types = input.output.map((column) => column.type)
  const memory = new HeldMemory(execution.statement, what)
  return readRows(await materialize(operator, Batch.ofTypes(types), execution, memory))
}

class UpdateRun {
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
  private updates: UpdateBatch | undefined

  constructor(
    private readonly plan: UpdatePlan,
    private readonly input: CompiledNode,
    private readonly targets: readonly CompiledTarget[],
    private readonly streams: boolean,
    private readonly batches: CompiledUpdateBatch | undefined,
    private readonly execution: Execution,
  ) {
    this.accesses = plan.targets.map((target) => execution.transaction.table(target.rules.table))
    this.done = plan.targets.map(() => new Set<string>())
    this.current = this.accesses.map((access) =>
      mayChange(access.table, this.accesses) ? new CurrentRows(access) : undefined,
    )
    this.work = Batch.ofTypes(input.output.map((column: OutputColumn) => column.type))
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

  async run(): Promise<ChangeResult> {
    const source = await openInput(this.input, this.streams, this.execution, 'UPDATE')
    try {
      for (;;) {
        const next = source.next()
        const batch = next instanceof Promise ? await next : next
        if (batch === undefined) break
        if (this.batches !== undefined && batch.rowCount >= BATCH_ROWS_MIN) {
          await this.updateBatch(this.batches, batch)
        } else {
          for (let row = 0; row < batch.rowCount; row++) {
            this.rowNumber++
            for (let i = 0; i < this.targets.length; i++) {
              const done = this.updateRow(i, batch, row)
              if (done !== undefined) await done
            }
          }
        }
        if (this.made.length >= MADE_ROWS_MAX) await this.storeMade()
        const pause = this.execution.pause()
        if (pause !== undefined) await pause
      }
      await this.storeMade()
    } catch (error) {
      for (const { warnings } of this.made) this.tellWarnings(warnings)
      this.tellWarnings(this.warnings)
      throw error
    } finally {
      await source.close()
    }
    return {
      ...NO_CHANGE,
      affectedRows: this.execution.countsFoundRows ? this.matched : this.changed,
      info: (warnings) => `Rows matched: ${this.matched}  Changed: ${this.changed}  Warnings: ${warnings}`,
    }
  }

  private async updateBatch(compiled: CompiledUpdateBatch, batch: Batch): Promise<void> {
    const access = this.accesses[0] as TableAccess
    const updates = (this.updates ??= new UpdateBatch(compiled, this.context))
    updates.compute(batch, this.rowNumber)
    this.rowNumber += batch.rowCount
    this.matched += batch.rowCount
    this.changed += updates.count
    const { rows, count, rowKeys, after, failure } = updates
    for (let i = access.updateRows(updates, 0); i < count; i = access.updateRows(updates, i + 1)) {
      const row = rows[i] as number
      updates.tellWarnings(row)
      const values = after.map((column) => column.get(row))
      const outcome = access.update(rowKeys.get(row) as Uint8Array, values, 'throw')
      if (outcome instanceof Promise) await outcome
      const pause = this.execution.isOverdue ? this.execution.pause() : undefined
      if (pause !== undefined) await pause
    }
    updates.tellWarnings(Infinity)
    if (failure !== undefined) throw failure.thrown
  }

  private updateRow(i: number, batch: Batch, row: number): void | Promise<void> {
    const target = this.targets[i] as CompiledTarget
    const rowKey = batch.columns[target.rowKey]?.get(row) as Uint8Array | null
    if (rowKey === null || this.wasDone(i, rowKey)) return undefined
    this.matched++
    this.work.clear()
    this.work.pushFrom(batch, row)
    const current = this.current[i]?.read(rowKey)
    if (isPromise(current))
      return current.then((before) => this.changeRow(i, rowKey, before ?? this.workRow(i)))
    return this.changeRow(i, rowKey, current ?? this.workRow(i))
  }

  /** The row of a table as the input had it. */
  private workRow(i: number): Value[] {
    const { columns } = this.targets[i] as CompiledTarget
    return columns.map((column) => (this.work.columns[column] as Vector).get(0))
  }

  /** Gives `before` what is assigned; the expressions see the row of the input. */
  private changeRow(i: number, rowKey: Uint8Array, before: readonly Value[]): void | Promise<void> {
    const target = this.targets[i] as CompiledTarget
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

  private async storeMade(): Promise<void> {
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
    target: CompiledTarget,
    assignment: CompiledTarget['assignments'][number],
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
    if (this.streams) return false
    const done = this.done[i] as Set<string>
    const key = Buffer.from(rowKey.buffer, rowKey.byteOffset, rowKey.length).latin1Slice(0, rowKey.length)
    if (done.has(key)) return true
    done.add(key)
    return false
  }
}

export function compileDelete(plan: DeletePlan, options: PlanCompilerOptions): CompiledChange {
  const input = compilePlan(plan.input, options)
  const positions = columnPositions(input.output)
  const keys = plan.targets.map((target) => positions.get(target.rowKey) ?? -1)
  const streams = singleScan(plan.input) !== undefined
  return { run: (execution) => runDelete(plan, input, keys, streams, execution) }
}

async function runDelete(
  plan: DeletePlan,
  input: CompiledNode,
  keys: readonly number[],
  streams: boolean,
  execution: Execution,
): Promise<ChangeResult> {
  const accesses = plan.targets.map((target) => execution.transaction.table(target.table))
  // A table that is named twice has one set: the rows are the same.
  const sets = new Map(plan.targets.map(({ table }) => [table.id, new Set<string>()]))
  const done = plan.targets.map(({ table }) => sets.get(table.id) as Set<string>)
  const current = accesses.map((access) =>
    mayVanish(access.table, accesses) ? new CurrentRows(access, []) : undefined,
  )
  const isSingle = streams && keys.length === 1
  const source = await openInput(input, streams, execution, 'DELETE')
  let deleted = 0
  try {
    for (;;) {
      const next = source.next()
      const batch = next instanceof Promise ? await next : next
      if (batch === undefined) break
      const rowKeys = isSingle ? (batch.columns[keys[0] as number] as BytesVector) : undefined
      for (let row = 0; row < batch.rowCount; row++) {
        if (rowKeys !== undefined && batch.rowCount - row >= BATCH_ROWS_MIN) {
          const next = (accesses[0] as TableAccess).deleteRows(rowKeys, row)
          deleted += next - row
          row = next
          if (row >= batch.rowCount) break
        }
        for (let i = 0; i < keys.length; i++) {
          const rowKey = batch.columns[keys[i] as number]?.get(row) as Uint8Array | null
          if (rowKey === null) continue
          if (!streams && !isFirst(done[i] as Set<string>, rowKey)) continue
          const rows = current[i]
          if (rows !== undefined && (await rows.read(rowKey)) === undefined) continue
          try {
            const result = (accesses[i] as TableAccess).delete(rowKey)
            if (result instanceof Promise) await result
            deleted++
          } catch (error) {
            if (!plan.ignore || !isSqlError(error) || !IGNORABLE.has(error.code)) throw error
            execution.statement.warnError(error)
          }
        }
      }
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
  } finally {
    await source.close()
  }
  return { ...NO_CHANGE, affectedRows: deleted }
}

function isFirst(done: Set<string>, rowKey: Uint8Array): boolean {
  const key = Buffer.from(rowKey.buffer, rowKey.byteOffset, rowKey.length).latin1Slice(0, rowKey.length)
  if (done.has(key)) return false
  done.add(key)
  return true
}
