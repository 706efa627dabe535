/**
 * What all joins share: the batch of combined rows and the rules of the join types. Left rows and their candidates are put
 * together in `pairs`, the condition is evaluated there, and what passes stays. One left row may match any number of rows: its
 * candidates are remembered when a batch is full, and gone through in steps. Which candidates a row has is what joins differ in.
 */
import { Batch } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import type { MaybePromise } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import type { JoinNode, OutputColumn } from '../plan/logical.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
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

/** Candidates of one left row that are gone through in one step, unless it takes too long. */
const CANDIDATES_PER_STEP = 512
const CANDIDATES_PER_LOOK = 32

export abstract class JoinOperator implements Operator {
  protected left: Operator
  protected readonly output: Batch
  protected readonly pairs: Batch
  protected readonly leftWidth: number
  private leftBatch: Batch | undefined
  private leftRow = 0
  /** Whether the candidates of the left row at hand are being gone through. */
  private isInRow = false
  private right: Batch = NO_ROWS
  /** Rows of `right`; undefined for all of them. */
  private candidates: readonly number[] | undefined
  private nextCandidate = 0
  private found = false
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
    while (!this.output.isFull) {
      const { leftBatch } = this
      if (leftBatch === undefined || this.leftRow >= leftBatch.rowCount) {
        if (await this.nextLeftBatch()) continue
        break
      }
      const step = this.step(leftBatch, this.leftRow)
      if (step instanceof Promise) await step
    }
    return this.output.rowCount === 0 ? undefined : this.output
  }

  private async nextLeftBatch(): Promise<boolean> {
    if (this.leftBatch !== undefined) {
      const pause = this.execution.pause()
      if (pause !== undefined) await pause
    }
    const next = this.left.next()
    this.leftBatch = next instanceof Promise ? await next : next
    this.leftRow = 0
    this.ended = this.leftBatch === undefined
    return !this.ended
  }

  /** Begins with a left row, or goes on with it. */
  private step(batch: Batch, row: number): MaybePromise<void> {
    if (!this.isInRow) {
      this.isInRow = true
      this.found = false
      const begun = this.begin(batch, row)
      return begun instanceof Promise ? begun.then(() => this.join(batch, row)) : this.join(batch, row)
    }
    return this.join(batch, row)
  }

  private join(batch: Batch, row: number): MaybePromise<void> {
    if (!this.joinCandidates(batch, row)) return this.output.isFull ? undefined : this.execution.pause()
    const more = this.isDecided ? this.leaveRow() : this.moreCandidates()
    if (more instanceof Promise) {
      return more.then((hasMore) => {
        if (hasMore !== true) this.finishRow(batch, row)
      })
    }
    if (more !== true) this.finishRow(batch, row)
  }

  /** Before the first row: builds what the join needs of the right side. */
  protected abstract prepare(): MaybePromise<void>
  /** Finds the candidates of a left row, and calls `offer` with them. */
  protected abstract begin(batch: Batch, row: number): MaybePromise<void>

  /** Offers further candidates for the left row at hand; false if there are none. */
  protected moreCandidates(): MaybePromise<boolean> {
    return false
  }

  /** The left row at hand needs no further candidates. */
  protected leaveRow(): MaybePromise<void> {
    return undefined
  }

  /** What the left row at hand is joined with next: rows of `right`, all of them without `candidates`. */
  protected offer(right: Batch, candidates?: readonly number[]): void {
    this.right = right
    this.candidates = candidates
    this.nextCandidate = 0
  }

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
  private appendLeft(batch: Batch, row: number): void {
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

  /** A semi or anti join is decided by the first match. */
  private get isDecided(): boolean {
    return this.found && (this.parts.type === 'semi' || this.parts.type === 'anti')
  }

  /** Joins a left row with the next of its candidates; true when no more are on offer or needed. */
  private joinCandidates(batch: Batch, row: number): boolean {
    const { right, candidates, output } = this
    const count = candidates?.length ?? right.rowCount
    const stop = Math.min(count, this.nextCandidate + CANDIDATES_PER_STEP)
    while (this.nextCandidate < stop) {
      const at = this.nextCandidate++
      const other = candidates === undefined ? at : (candidates[at] as number)
      if (!this.matches(batch, row, right, other)) {
        if (this.nextCandidate % CANDIDATES_PER_LOOK === 0 && this.execution.isOverdue) break
        continue
      }
      this.found = true
      if (this.isDecided) return true
      this.appendPair(batch, row, right, other, output)
      if (output.isFull) break
    }
    return this.nextCandidate >= count
  }

  /** The left row at hand isn't in the result, whatever the join's type says of rows without a match. */
  protected skipRow(): void {
    this.offer(NO_ROWS)
    this.found = true
  }

  private finishRow(batch: Batch, row: number): void {
    const { type } = this.parts
    const { found } = this
    if (type === 'semi' ? found : (type === 'left' || type === 'anti') && !found) this.appendLeft(batch, row)
    this.isInRow = false
    this.leftRow++
  }

  async close(): Promise<void> {
    this.ended = true
    await this.leaveRow()
    await this.left.close()
  }
}

export const NO_ROWS = new Batch([])
