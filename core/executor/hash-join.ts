/**
 * Joins by equalities: the right side goes into a hash table, where left rows look up their candidates. A small side tells the other one
 * its keys, if that can read by them.
 */
import { Batch } from '../common/batch.js'
import type { MaybePromise } from '../common/value.js'
import { BOUND_ROWS_MAX, KeyValues, ReadAhead, type BoundKey } from './bound-keys.js'
import { materialize, type CompiledNode, type Execution, type Operator } from './execution.js'
import { entryBytes, HeldMemory } from './held-memory.js'
import { JoinOperator, type JoinParts } from './join-operator.js'
import { compileRowKey, type KeyColumn, type RowKey } from './row-keys.js'

export interface HashJoinParts extends JoinParts {
  /** The right side can be told the keys of the left one, or the left side those of the right one. */
  readonly boundRight: BoundKey | undefined
  readonly boundLeft: BoundKey | undefined
  readonly leftKeys: readonly KeyColumn[]
  readonly rightKeys: readonly KeyColumn[]
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
