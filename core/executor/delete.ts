/**
 * Runs DELETE.
 */
import type { Batch } from '../common/batch.js'
import { isSqlError } from '../common/sql-error.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { BytesVector } from '../common/vector.js'
import type { DeletePlan } from '../plan/change.js'
import type { TableAccess } from '../spi/transaction.js'
import { changeRows, singleScan, type ChangeInput } from './change-input.js'
import { NO_CHANGE, type ChangeResult, type CompiledChange } from './change-result.js'
import { isFirst } from './changed-rows.js'
import { compilePlan, type PlanCompilerOptions } from './compile-plan.js'
import { columnPositions, type Execution } from './execution.js'
import { IGNORABLE } from './insert.js'
import { CurrentRows, mayVanish } from './own-changes.js'

export function compileDelete(plan: DeletePlan, options: PlanCompilerOptions): CompiledChange {
  const node = compilePlan(plan.input, options)
  const positions = columnPositions(node.output)
  const keys = plan.targets.map((target) => positions.get(target.rowKey) ?? -1)
  const input: ChangeInput = { node, streams: singleScan(plan.input) !== undefined, what: 'DELETE' }
  return { run: (execution) => new DeleteRun(plan, input, keys, execution).run() }
}

/** A set for each target; a table that is named twice has one, because the rows are the same. */
function setsOf({ targets }: DeletePlan): Set<string>[] {
  const sets = new Map(targets.map(({ table }) => [table.id, new Set<string>()]))
  return targets.map(({ table }) => sets.get(table.id) as Set<string>)
}

/** One execution. */
class DeleteRun {
  private deleted = 0
  private readonly accesses: readonly TableAccess[]
  /** The keys of rows that are deleted, where a join may bring them again. */
  private readonly done: readonly Set<string>[]
  private currentRows: readonly (CurrentRows | undefined)[] | undefined

  constructor(
    private readonly plan: DeletePlan,
    private readonly input: ChangeInput,
    /** Where in the input the row keys of each target are. */
    private readonly keys: readonly number[],
    private readonly execution: Execution,
  ) {
    this.accesses = plan.targets.map((target) => execution.transaction.table(target.table))
    this.done = input.streams ? [] : setsOf(plan)
  }

  /** Of targets whose rows the statement may have deleted since it read them. */
  private get current(): readonly (CurrentRows | undefined)[] {
    this.currentRows ??= this.accesses.map((access) =>
      mayVanish(access.table, this.accesses) ? new CurrentRows(access, []) : undefined,
    )
    return this.currentRows
  }

  run(): MaybePromise<ChangeResult> {
    const deleted = changeRows(this.input, this.execution, (batch) => this.deleteRows(batch))
    return isPromise(deleted) ? deleted.then(() => this.result()) : this.result()
  }

  private result(): ChangeResult {
    return { ...NO_CHANGE, affectedRows: this.deleted }
  }

  private deleteRows(batch: Batch): MaybePromise<void> {
    const row = this.deleteAtOnce(batch, 0)
    if (row < batch.rowCount) return this.deleteRest(batch, row)
  }

  /** Answers where it stopped. */
  private deleteAtOnce(batch: Batch, row: number): number {
    const { input, keys, accesses } = this
    if (!input.streams || keys.length > 1) return row
    const rowKeys = batch.columns[keys[0] as number] as BytesVector
    const next = (accesses[0] as TableAccess).deleteRows(rowKeys, row)
    this.deleted += next - row
    return next
  }

  /** From a row on that is in several tables, or has to wait for something. */
  private async deleteRest(batch: Batch, from: number): Promise<void> {
    const { current } = this
    for (let row = from; row < batch.rowCount; row = this.deleteAtOnce(batch, row + 1)) {
      for (let i = 0; i < this.keys.length; i++) {
        const rowKey = batch.columns[this.keys[i] as number]?.get(row) as Uint8Array | null
        if (rowKey === null || this.wasDone(i, rowKey)) continue
        const rows = current[i]
        if (rows !== undefined && (await rows.read(rowKey)) === undefined) continue
        try {
          const deleted = (this.accesses[i] as TableAccess).delete(rowKey)
          if (isPromise(deleted)) await deleted
          this.deleted++
        } catch (error) {
          this.ignoreRow(error)
        }
      }
    }
  }

  /** A join may bring the same row several times; it is deleted once. */
  private wasDone(i: number, rowKey: Uint8Array): boolean {
    return !this.input.streams && !isFirst(this.done[i] as Set<string>, rowKey)
  }

  private ignoreRow(error: unknown): void {
    if (!this.plan.ignore || !isSqlError(error) || !IGNORABLE.has(error.code)) throw error
    this.execution.statement.warnError(error)
  }
}
