/**
 * Joins: hash join on equalities, nested loop for the rest, and the loop that opens its right side anew for each left row (LATERAL and
 * index nested loop).
 */
import { Batch } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import type { JoinNode, OutputColumn } from '../plan/logical.js'
import { BOUND_ROWS_MAX, KeyValues, ReadAhead, type BoundKey } from './bound-keys.js'
import { materialize, type CompiledNode, type Execution, type Operator } from './execution.js'
import { entryBytes, HeldMemory } from './held-memory.js'
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
  /** The right side can be told the keys of the left one, or the left side those of the right one. */
  readonly boundRight: BoundKey | undefined
  readonly boundLeft: BoundKey | undefined
  readonly leftKeys: readonly KeyColumn[]
  readonly rightKeys: readonly KeyColumn[]
}

/** Candidates of one left row that are gone through in one step, unless it takes too long. */
const CANDIDATES_PER_STEP = 512
const CANDIDATES_PER_LOOK = 32

/**
 * What all joins share: the batch of combined rows and the rules of the join types. Left rows and their candidates are put
 * together in `pairs`, the condition is evaluated there, and what passes stays. One left row may match any number of rows: its
 * candidates are remembered when a batch is full, and gone through in steps.
 */
abstract class JoinOperator implements Operator {
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

const NO_ROWS = new Batch([])

export function compileHashJoin(parts: HashJoinParts): CompiledNode {
  const leftKey = compileRowKey(parts.leftKeys)
  const rightKey = compileRowKey(parts.rightKeys)
  return {
    output: parts.output,
    open: (execution) => new HashJoin(parts, execution, leftKey, rightKey),
  }
}

type KeyFunction = (batch: Batch, row: number, context: Execution['evaluation']) => RowKey

/** Bytes that may be held before the statement's memory is charged with them. */
const UNCHARGED_BYTES_MAX = 1024 * 1024
/** An entry of a list of rows with the same key, and the list around it if it is the first. */
const LISTED_BYTES = 8
const LIST_BYTES = 56

class HashJoin extends JoinOperator {
  private rows: Batch | undefined
  private readonly table = new Map<RowKey, number[]>()
  private readonly memory: HeldMemory
  private rightHasNull = false

  constructor(
    protected override readonly parts: HashJoinParts,
    execution: Execution,
    private readonly leftKey: KeyFunction,
    private readonly rightKey: KeyFunction,
  ) {
    super(parts, execution)
    this.memory = new HeldMemory(execution.statement, 'hash join')
  }

  protected prepare(): MaybePromise<void> {
    return this.rows === undefined ? this.build() : undefined
  }

  private async build(): Promise<void> {
    const { parts, execution, memory } = this
    const rows = Batch.ofTypes(parts.right.output.map((column) => column.type))
    await materialize(await this.openRight(), rows, execution, memory)
    this.rows = rows
    let bytes = 0
    for (let row = 0; row < rows.rowCount; row++) {
      bytes += this.enter(rows, row)
      if ((row & 255) === 0 || bytes > UNCHARGED_BYTES_MAX) {
        memory.add(bytes)
        bytes = 0
        const pause = execution.pause()
        if (pause !== undefined) await pause
      }
    }
    memory.add(bytes)
    if (parts.boundLeft !== undefined && rows.rowCount <= BOUND_ROWS_MAX)
      await this.bindLeft(rows, parts.boundLeft)
  }

  /** With the keys of the left side, if that is small. */
  private async openRight(): Promise<Operator> {
    const { parts, execution } = this
    const { boundRight, right } = parts
    if (boundRight === undefined || right.openBound === undefined) return right.open(execution)
    const ahead = new ReadAhead(
      this.left,
      parts.left.output.map((column) => column.type),
    )
    this.left = ahead
    const batches = await ahead.all(BOUND_ROWS_MAX)
    if (batches === undefined) return right.open(execution)
    const keys = new KeyValues(boundRight, parts.leftKeys)
    for (const batch of batches)
      for (let row = 0; row < batch.rowCount; row++) keys.add(batch, row, execution)
    return right.openBound(execution, boundRight.column, keys.values)
  }

  /** Nothing of it has been read yet. */
  private async bindLeft(rows: Batch, bound: BoundKey): Promise<void> {
    const { parts, execution } = this
    if (parts.left.openBound === undefined) return
    const keys = new KeyValues(bound, parts.rightKeys)
    for (let row = 0; row < rows.rowCount; row++) keys.add(rows, row, execution)
    const unread = this.left
    this.left = parts.left.openBound(execution, bound.column, keys.values)
    await unread.close()
  }

  /** Puts a row into the table; answers the bytes that it takes there. */
  private enter(rows: Batch, row: number): number {
    const { table, execution } = this
    if (hasNullKey(this.parts.rightKeys, rows, row, execution)) {
      this.rightHasNull = true
      return 0
    }
    const key = this.rightKey(rows, row, execution.evaluation)
    const list = table.get(key)
    if (list !== undefined) {
      list.push(row)
      return LISTED_BYTES
    }
    table.set(key, [row])
    return entryBytes(key) + LIST_BYTES
  }

  protected begin(batch: Batch, row: number): void {
    const { parts, execution } = this
    const rows = this.rows as Batch
    const nullKey = hasNullKey(parts.leftKeys, batch, row, execution)
    if (parts.nullAware && parts.type === 'anti' && rows.rowCount > 0 && (nullKey || this.rightHasNull)) {
      // NOT IN: a NULL on either side makes the answer unknown, so the row goes.
      this.skipRow()
      return
    }
    const candidates = nullKey ? undefined : this.table.get(this.leftKey(batch, row, execution.evaluation))
    this.offer(rows, candidates ?? [])
  }

  override async close(): Promise<void> {
    this.table.clear()
    this.memory.release()
    await super.close()
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
