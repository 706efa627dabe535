/**
 * Joins without a key: the nested loop over a right side in memory, and the loop that opens its right side anew for each left row (LATERAL
 * and index nested loop).
 */
import { Batch } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import type { MaybePromise, Value } from '../common/value.js'
import { materialize, type CompiledNode, type Execution, type Operator } from './execution.js'
import { HeldMemory } from './held-memory.js'
import { JoinOperator, NO_ROWS, type JoinParts } from './join-operator.js'
import { isTrue } from './row-operators.js'

/** Every left row against every right row; the right side is kept in memory. */
export function compileNestedLoop(parts: JoinParts): CompiledNode {
  return { output: parts.output, open: (execution) => new NestedLoop(parts, execution) }
}

class NestedLoop extends JoinOperator {
  private rows: Batch | undefined
  private readonly memory = new HeldMemory(this.execution.statement, 'join buffer')

  protected prepare(): MaybePromise<void> {
    return this.rows === undefined ? this.build() : undefined
  }

  private async build(): Promise<void> {
    const { parts, execution } = this
    const rows = Batch.ofTypes(parts.right.output.map((column) => column.type))
    this.rows = await materialize(parts.right.open(execution), rows, execution, this.memory)
  }

  protected begin(batch: Batch, row: number): MaybePromise<void> {
    const rows = this.rows as Batch
    if (!this.parts.subqueries.isEmpty) return this.findCandidates(batch, row, rows)
    this.offer(rows)
  }

  /** Sub-queries in ON are resolved for all pairs of a left row at once. */
  private async findCandidates(batch: Batch, row: number, rows: Batch): Promise<void> {
    const { parts, execution, pairs } = this
    const found: number[] = []
    for (let start = 0; start < rows.rowCount;) {
      pairs.clear()
      let end = start
      while (end < rows.rowCount && !pairs.isFull) this.appendPair(batch, row, rows, end++, pairs)
      await parts.subqueries.resolve(pairs, execution)
      for (let i = 0; i < pairs.rowCount; i++) {
        if (parts.condition === undefined || isTrue(parts.condition, pairs, i, execution))
          found.push(start + i)
      }
      start = end
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
    this.offer(rows, found)
  }

  /** With sub-queries the candidates have been checked already. */
  protected override matches(...pair: Parameters<JoinOperator['matches']>): boolean {
    return !this.parts.subqueries.isEmpty || super.matches(...pair)
  }

  override async close(): Promise<void> {
    this.memory.release()
    await super.close()
  }
}

/** For each left row the right side is opened with what it reads of that row. */
export function compileCorrelatedLoop(parts: JoinParts, outer: readonly Evaluator[]): CompiledNode {
  return { output: parts.output, open: (execution) => new CorrelatedLoop(parts, execution, outer) }
}

/** Stays synchronous while the right side is: one promise a left row would cost more than the look-up. */
class CorrelatedLoop extends JoinOperator {
  private source: Operator | undefined

  constructor(
    parts: JoinParts,
    execution: Execution,
    private readonly outer: readonly Evaluator[],
  ) {
    super(parts, execution)
  }

  protected prepare(): void {
    // The right side is read row by row.
  }

  protected begin(batch: Batch, row: number): void {
    const values: Value[] = []
    for (const evaluate of this.outer) values.push(evaluate(batch, row, this.execution.evaluation))
    this.source = this.parts.right.open(this.execution.correlated(values))
    this.offer(NO_ROWS)
  }

  protected override moreCandidates(): MaybePromise<boolean> {
    const next = this.source?.next()
    return next instanceof Promise ? next.then((rows) => this.offerNext(rows)) : this.offerNext(next)
  }

  private offerNext(rows: Batch | undefined): MaybePromise<boolean> {
    if (rows !== undefined) {
      this.offer(rows)
      return true
    }
    const left = this.leaveRow()
    return left instanceof Promise ? left.then(() => false) : false
  }

  protected override leaveRow(): MaybePromise<void> {
    const { source } = this
    this.source = undefined
    return source?.close()
  }
}
