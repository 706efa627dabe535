/**
 * Joins whose one side is small tell the other side's driver which keys they look for, so that a large table elsewhere isn't read as a whole
 * (a bind join). The driver may take no notice: what it sends is joined all the same.
 */
import { Batch } from '../common/batch.js'
import { integerRange } from '../common/conversion-number.js'
import { isInteger, isText, representationOf, sameType, type SqlType } from '../common/sql-type.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import type { KeyColumn } from './row-keys.js'

/** Rows whose keys are named; a side with more of them is none to name keys for. */
export const BOUND_ROWS_MAX = 2000

/** A column of a driver's rows, and the key of the other side that it must equal. */
export interface BoundKey {
  readonly column: ColumnId
  readonly type: SqlType
  /** Among the join's keys. */
  readonly index: number
}

/** Undefined if the side can't be told, or none of its keys is a column that compares with the other side's value as it is. */
export function boundKey(
  side: CompiledNode,
  keys: readonly Expression[],
  others: readonly Expression[],
): BoundKey | undefined {
  if (side.openBound === undefined) return undefined
  for (const [index, key] of keys.entries()) {
    const column = columnOf(key)
    const found = side.output.find(({ id }) => id === column)
    const other = others[index]?.type
    if (found !== undefined && other !== undefined && comparesAsItIs(found.type, other)) {
      return { column: found.id, type: found.type, index }
    }
  }
  return undefined
}

/** Integers of all sizes are what they are. */
function columnOf(key: Expression): ColumnId | undefined {
  if (key.kind === 'column') return key.column
  if (key.kind === 'convert' && isInteger(key.type) && isInteger(key.operand.type))
    return columnOf(key.operand)
  return undefined
}

function comparesAsItIs(column: SqlType, value: SqlType): boolean {
  if (isInteger(column) && isInteger(value)) return true
  if (isText(column) && isText(value)) return column.collation === value.collation
  return sameType(column, value) && representationOf(column) === 'exact'
}

/** The different keys of some rows, as values of the bound column. */
export class KeyValues {
  private readonly found = new Set<Value>()

  constructor(
    private readonly bound: BoundKey,
    private readonly keys: readonly KeyColumn[],
  ) {}

  add(batch: Batch, row: number, { evaluation }: Execution): void {
    const value = this.keys[this.bound.index]?.evaluate(batch, row, evaluation) ?? null
    if (value !== null && this.canBe(value)) this.found.add(value)
  }

  get values(): readonly Value[] {
    return [...this.found]
  }

  private canBe(value: Value): boolean {
    const { type } = this.bound
    if (!isInteger(type)) return true
    const { min, max } = integerRange(type)
    return (value as number | bigint) >= min && (value as number | bigint) <= max
  }
}

/** Bytes of rows that are read ahead, but for the last batch. They aren't charged. */
const AHEAD_BYTES_MAX = 4 * 1024 * 1024

/** Rows that were read ahead, and then those that are left. */
export class ReadAhead implements Operator {
  private readonly batches: Batch[] = []
  private isEnded = false

  constructor(
    private readonly input: Operator,
    private readonly types: readonly SqlType[],
  ) {}

  /** Reads everything, unless that is more than `max` rows or much memory: then it answers undefined. */
  async all(max: number): Promise<readonly Batch[] | undefined> {
    let bytes = 0
    for (let count = 0; count <= max && bytes <= AHEAD_BYTES_MAX;) {
      const next = this.input.next()
      const batch = next instanceof Promise ? await next : next
      if (batch === undefined) {
        this.isEnded = true
        return this.batches
      }
      const copy = Batch.ofTypes(this.types)
      for (let row = 0; row < batch.rowCount; row++) copy.pushFrom(batch, row)
      this.batches.push(copy)
      count += batch.rowCount
      bytes += copy.byteSize
    }
    return undefined
  }

  next(): MaybePromise<Batch | undefined> {
    return this.batches.shift() ?? (this.isEnded ? undefined : this.input.next())
  }

  close(): MaybePromise<void> {
    this.batches.length = 0
    return this.input.close()
  }
}
