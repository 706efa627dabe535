/**
 * Joins: hash join on equalities, nested loop for the rest, and the loop that opens its right side anew for each left row (LATERAL and
 * index nested loop).
 */
import { BATCH_ROWS_MAX, Batch } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import type { Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import type { JoinNode, OutputColumn } from '../plan/logical.js'
import { materialize, type CompiledNode, type Execution, type Operator } from './execution.js'
import { compileRowKey, type KeyColumn, type RowKey } from './row-keys.js'
import { isTrue } from './row-operators.js'
import type { SubqueryCompiler } from './subqueries.js'

export interface JoinParts {
  readonly type: JoinNode['type']
  readonly nullAware: boolean
  readonly left: CompiledNode
  readonly right: CompiledNode
  readonly output: readonly OutputColumn[]
  /** What must hold besides the equalities, over left columns followed by right columns. */
  readonly condition: Evaluator | undefined
  readonly subqueries: SubqueryCompiler
}

export interface HashJoinParts extends JoinParts {
  readonly leftKeys: readonly KeyColumn[]
  readonly rightKeys: readonly KeyColumn[]
}

/**
 * What all joins share: the batch of combined rows and the rules of the join types. Left rows and their candidates are put
 * together in `pairs`, the condition is evaluated there, and what passes stays.
 */
abstract class JoinOperator implements Operator {
  protected readonly left: Operator
  protected leftBatch: Batch | undefined
  protected leftRow = 0
  protected readonly output: Batch
  protected readonly pairs: Batch
  protected readonly leftWidth: number
  private ended = false

  constructor(
    protected readonly parts: JoinParts,
    protected readonly execution: Execution,
  ) {
    this.left = parts.left.open(execution)
    this.leftWidth = parts.left.output.length
    const types = [...parts.left.output, ...parts.right.output].map((column) => column.type)
    this.pairs = Batch.ofTypes(types)
    this.output = Batch.ofTypes(parts.output.map((column) => column.type))
  }

  async next(): Promise<Batch | undefined> {
    if (this.ended) return undefined
    await this.prepare()
    this.output.clear()
    while (this.output.rowCount < BATCH_ROWS_MAX) {
      if (this.leftBatch === undefined || this.leftRow >= this.leftBatch.rowCount) {
        if (this.leftBatch !== undefined) {
          const pause = this.execution.pause()
          if (pause !== undefined) await pause
        }
        const next = this.left.next()
        this.leftBatch = next instanceof Promise ? await next : next
        this.leftRow = 0
        if (this.leftBatch === undefined) {
          this.ended = true
          break
        }
        continue
      }
      const joined = this.joinRow(this.leftBatch, this.leftRow)
      if (joined instanceof Promise) await joined
      this.leftRow++
    }
    return this.output.rowCount === 0 && this.ended ? undefined : this.output
  }

  /** Before the first row: builds what the join needs of the right side. */
  protected abstract prepare(): Promise<void>
  /** Appends to `output` what one left row gives. */
  protected abstract joinRow(batch: Batch, row: number): void | Promise<void>

  protected appendPair(
    leftBatch: Batch,
    leftRow: number,
    rightBatch: Batch,
    rightRow: number,
    into: Batch,
  ): void {
    const columns = into.columns
    const width = this.leftWidth
    for (let i = 0; i < width; i++) (columns[i] as Vector).pushFrom(leftBatch.columns[i] as Vector, leftRow)
    for (let i = width; i < columns.length; i++) {
      ;(columns[i] as Vector).pushFrom(rightBatch.columns[i - width] as Vector, rightRow)
    }
    into.rowCount++
  }

  /** The left row with NULLs for the right side, or alone for semi and anti joins. */
  protected appendLeft(batch: Batch, row: number): void {
    const columns = this.output.columns
    for (let i = 0; i < columns.length; i++) {
      if (i < this.leftWidth) (columns[i] as Vector).pushFrom(batch.columns[i] as Vector, row)
      else (columns[i] as Vector).pushNull()
    }
    this.output.rowCount++
  }

  /** Whether the condition holds for a pair; `undefined` condition always holds. */
  protected matches(leftBatch: Batch, leftRow: number, rightBatch: Batch, rightRow: number): boolean {
    const condition = this.parts.condition
    if (condition === undefined) return true
    this.pairs.clear()
    this.appendPair(leftBatch, leftRow, rightBatch, rightRow, this.pairs)
    return isTrue(condition, this.pairs, 0, this.execution)
  }

  /** Joins a left row with candidate rows of `right`; answers whether any matched. */
  protected joinCandidates(
    batch: Batch,
    row: number,
    right: Batch,
    candidates: readonly number[] | undefined,
  ): boolean {
    const { type } = this.parts
    const count = candidates?.length ?? right.rowCount
    let found = false
    for (let i = 0; i < count; i++) {
      const other = candidates === undefined ? i : (candidates[i] as number)
      if (!this.matches(batch, row, right, other)) continue
      found = true
      if (type === 'semi' || type === 'anti') break
      this.appendPair(batch, row, right, other, this.output)
    }
    return found
  }

  protected finishRow(batch: Batch, row: number, found: boolean): void {
    const { type } = this.parts
    if (type === 'semi' ? found : (type === 'left' || type === 'anti') && !found) this.appendLeft(batch, row)
  }

  async close(): Promise<void> {
    this.ended = true
    await this.left.close()
  }
}

export function compileHashJoin(parts: HashJoinParts): CompiledNode {
  const leftKey = compileRowKey(parts.leftKeys)
  const rightKey = compileRowKey(parts.rightKeys)
  return {
    output: parts.output,
    open: (execution) => new HashJoin(parts, execution, leftKey, rightKey),
  }
}

type KeyFunction = (batch: Batch, row: number, context: Execution['evaluation']) => RowKey

class HashJoin extends JoinOperator {
  private rows: Batch | undefined
  private readonly table = new Map<RowKey, number[]>()
  private rightHasNull = false

  constructor(
    protected override readonly parts: HashJoinParts,
    execution: Execution,
    private readonly leftKey: KeyFunction,
    private readonly rightKey: KeyFunction,
  ) {
    super(parts, execution)
  }

  protected async prepare(): Promise<void> {
    if (this.rows !== undefined) return
    const { parts, execution, table } = this
    const rows = Batch.ofTypes(parts.right.output.map((column) => column.type))
    await materialize(parts.right.open(execution), rows, execution, 'hash join')
    this.rows = rows
    for (let row = 0; row < rows.rowCount; row++) {
      if (hasNullKey(parts.rightKeys, rows, row, execution)) {
        this.rightHasNull = true
        continue
      }
      const key = this.rightKey(rows, row, execution.evaluation)
      const list = table.get(key)
      if (list === undefined) table.set(key, [row])
      else list.push(row)
      if ((row & 1023) === 0) {
        const pause = execution.pause()
        if (pause !== undefined) await pause
      }
    }
    execution.statement.memory.charge(table.size * 64 + rows.rowCount * 8, 'hash join')
  }

  protected joinRow(batch: Batch, row: number): void {
    const { parts, execution } = this
    const rows = this.rows as Batch
    const nullKey = hasNullKey(parts.leftKeys, batch, row, execution)
    if (parts.nullAware && parts.type === 'anti' && rows.rowCount > 0) {
      // NOT IN: a NULL on either side makes the answer unknown, so the row goes.
      if (nullKey || this.rightHasNull) return
    }
    const candidates = nullKey ? undefined : this.table.get(this.leftKey(batch, row, execution.evaluation))
    const found = candidates !== undefined && this.joinCandidates(batch, row, rows, candidates)
    this.finishRow(batch, row, found)
  }
}

function hasNullKey(keys: readonly KeyColumn[], batch: Batch, row: number, execution: Execution): boolean {
  for (const key of keys) if (key.evaluate(batch, row, execution.evaluation) === null) return true
  return false
}

/** Every left row against every right row; the right side is kept in memory. */
export function compileNestedLoop(parts: JoinParts): CompiledNode {
  return { output: parts.output, open: (execution) => new NestedLoop(parts, execution) }
}

class NestedLoop extends JoinOperator {
  private rows: Batch | undefined

  protected async prepare(): Promise<void> {
    if (this.rows !== undefined) return
    const { parts, execution } = this
    const rows = Batch.ofTypes(parts.right.output.map((column) => column.type))
    this.rows = await materialize(parts.right.open(execution), rows, execution, 'join buffer')
  }

  protected joinRow(batch: Batch, row: number): void | Promise<void> {
    const rows = this.rows as Batch
    if (!this.parts.subqueries.isEmpty) return this.joinWithSubqueries(batch, row, rows)
    const found = this.joinCandidates(batch, row, rows, undefined)
    this.finishRow(batch, row, found)
    if (rows.rowCount > BATCH_ROWS_MAX) return this.execution.pause()
  }

  /** Sub-queries in ON are resolved for all pairs of a left row at once. */
  private async joinWithSubqueries(batch: Batch, row: number, rows: Batch): Promise<void> {
    const { parts, execution, pairs } = this
    pairs.clear()
    for (let other = 0; other < rows.rowCount; other++) this.appendPair(batch, row, rows, other, pairs)
    await parts.subqueries.resolve(pairs, execution)
    let found = false
    for (let i = 0; i < pairs.rowCount; i++) {
      if (parts.condition !== undefined && !isTrue(parts.condition, pairs, i, execution)) continue
      found = true
      if (parts.type === 'semi' || parts.type === 'anti') break
      this.output.pushFrom(pairs, i)
    }
    this.finishRow(batch, row, found)
  }
}

/** For each left row the right side is opened with what it reads of that row. */
export function compileCorrelatedLoop(parts: JoinParts, outer: readonly Evaluator[]): CompiledNode {
  return { output: parts.output, open: (execution) => new CorrelatedLoop(parts, execution, outer) }
}

class CorrelatedLoop extends JoinOperator {
  constructor(
    parts: JoinParts,
    execution: Execution,
    private readonly outer: readonly Evaluator[],
  ) {
    super(parts, execution)
  }

  protected prepare(): Promise<void> {
    return Promise.resolve()
  }

  /** Stays synchronous while the right side is: one promise a left row would cost more than the look-up. */
  protected joinRow(batch: Batch, row: number): void | Promise<void> {
    const values: Value[] = []
    for (const evaluate of this.outer) values.push(evaluate(batch, row, this.execution.evaluation))
    const right = this.parts.right.open(this.execution.correlated(values))
    return this.drain(batch, row, right, false)
  }

  private drain(batch: Batch, row: number, right: Operator, found: boolean): void | Promise<void> {
    let any = found
    for (;;) {
      const next = right.next()
      if (next instanceof Promise) {
        return next.then(
          (rows) => this.drained(batch, row, right, any, rows),
          async (error: unknown) => {
            await right.close()
            throw error
          },
        )
      }
      if (next === undefined || this.takes(any)) break
      any = this.joinCandidates(batch, row, next, undefined) || any
    }
    this.finishRow(batch, row, any)
    return right.close()
  }

  private drained(batch: Batch, row: number, right: Operator, found: boolean, rows: Batch | undefined) {
    if (rows === undefined) {
      this.finishRow(batch, row, found)
      return right.close() as void | Promise<void>
    }
    return this.drain(batch, row, right, this.joinCandidates(batch, row, rows, undefined) || found)
  }

  /** A semi or anti join is decided by the first match. */
  private takes(found: boolean): boolean {
    return found && (this.parts.type === 'semi' || this.parts.type === 'anti')
  }
}
