/**
 * Runs UPDATE. Of one table, rows are computed and written by the batch (`update-batch.ts`); where that can't be they go one by one
 * (`update-rows.ts`).
 */
import type { Batch } from '../common/batch.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { UpdatePlan } from '../plan/change.js'
import { primaryKeyOf, type TableDefinition } from '../plan/schema.js'
import type { TableAccess } from '../spi/transaction.js'
import { changeRows, singleScan, type ChangeInput } from './change-input.js'
import { updateResult, type ChangeResult, type CompiledChange } from './change-result.js'
import { compilePlan, type PlanCompilerOptions } from './compile-plan.js'
import { columnPositions, type Execution } from './execution.js'
import { compileUpdateBatch, UpdateBatchPool, type UpdateBatch } from './update-batch.js'
import { compileUpdateTarget, RowUpdate } from './update-rows.js'

export function compileUpdate(plan: UpdatePlan, options: PlanCompilerOptions): CompiledChange {
  const node = compilePlan(plan.input, options)
  const positions = columnPositions(node.output)
  const input: ChangeInput = { node, streams: canStream(plan), what: 'UPDATE' }
  // A join may bring a row several times.
  const batch = singleScan(plan.input) === undefined ? undefined : compileUpdateBatch(plan, positions)
  const [target] = plan.targets
  if (batch !== undefined && target !== undefined) {
    const { table } = target.rules
    const pool = new UpdateBatchPool(batch)
    return { run: (execution) => new BatchedUpdate(table, input, pool, execution).run() }
  }
  const targets = plan.targets.map((each) => compileUpdateTarget(each, positions))
  return { run: (execution) => new RowUpdate(plan, input, targets, execution).run() }
}

/** A scan in the order of an index that no assignment touches meets no row twice. */
function canStream(plan: UpdatePlan): boolean {
  const scan = singleScan(plan.input)
  const [target, ...others] = plan.targets
  if (scan === undefined || target === undefined || others.length > 0) return false
  const index = scan.access?.kind === 'ranges' ? scan.access.index : primaryKeyOf(scan.table)
  const ordered = [index, primaryKeyOf(scan.table)].flatMap(
    (each) => each?.parts.map((part) => part.column) ?? [],
  )
  const written = [...target.assignments, ...target.onUpdate, ...target.rules.generated]
  return !written.some((assignment) => ordered.includes(assignment.column))
}

class BatchedUpdate {
  private matched = 0
  private changed = 0
  private readonly access: TableAccess
  private readonly updates: UpdateBatch

  constructor(
    table: TableDefinition,
    private readonly input: ChangeInput,
    private readonly pool: UpdateBatchPool,
    private readonly execution: Execution,
  ) {
    this.access = execution.transaction.table(table)
    this.updates = pool.take(execution.evaluation)
  }

  run(): MaybePromise<ChangeResult> {
    const changed = changeRows(this.input, this.execution, (batch) => this.updateBatch(batch))
    return isPromise(changed) ? changed.then(() => this.result()) : this.result()
  }

  private result(): ChangeResult {
    this.pool.give(this.updates)
    return updateResult(this.execution, this.matched, this.changed)
  }

  private updateBatch(batch: Batch): MaybePromise<void> {
    const { access, updates } = this
    updates.compute(batch, this.matched)
    this.matched += batch.rowCount
    this.changed += updates.count
    const at = access.updateRows(updates, 0)
    if (at < updates.count) return this.updateRest(at)
    updates.finish()
  }

  /** From a row on that has to wait for something, or that something is to be said of. */
  private async updateRest(from: number): Promise<void> {
    const { access, updates, execution } = this
    for (let i = from; i < updates.count; i = access.updateRows(updates, i + 1)) {
      const rowKey = updates.rowKeys.get(updates.rows[i] as number) as Uint8Array
      const updated = access.update(rowKey, updates.changedRow(i), 'throw')
      if (isPromise(updated)) await updated
      const pause = execution.isOverdue ? execution.pause() : undefined
      if (pause !== undefined) await pause
    }
    updates.finish()
  }
}
