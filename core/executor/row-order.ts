/**
 * The order of rows by columns of keys, and sorting by it.
 */
import { comparatorOf, type Comparator } from '../common/comparison.js'
import { requireCollation } from '../common/collations.js'
import { representationOf, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { ApproximateVector, BytesVector, ExactVector, type Vector } from '../common/vector.js'

export interface SortColumn {
  readonly type: SqlType
  readonly descending: boolean
}

/** Order of two rows by their numbers. */
export type RowOrder = (a: number, b: number) => number

/** The order of rows by their keys alone: 0 for rows with the same keys. NULL sorts first, last when descending. */
export function keyOrder(vectors: readonly Vector[], keys: readonly SortColumn[], count: number): RowOrder {
  const orders = vectors.map((vector, i) => columnOrder(vector, keys[i] as SortColumn, count))
  const [only] = orders
  if (only !== undefined && orders.length === 1) return only
  return (a, b) => {
    for (let i = 0; i < orders.length; i++) {
      const result = (orders[i] as RowOrder)(a, b)
      if (result !== 0) return result
    }
    return 0
  }
}

function columnOrder(vector: Vector, { type, descending }: SortColumn, count: number): RowOrder {
  const sign = descending ? -1 : 1
  const order = presentOrder(vector, type, count, sign)
  if (!vector.hasNulls) return order
  const { nulls } = vector
  return (a, b) => {
    const left = nulls[a] as number
    const right = nulls[b] as number
    return left === 0 && right === 0 ? order(a, b) : (right - left) * sign
  }
}

/** Of values that aren't NULL. */
function presentOrder(vector: Vector, type: SqlType, count: number, sign: number): RowOrder {
  const numbers = numbersOf(vector)
  if (numbers !== undefined) return numberOrder(numbers, sign)
  if (vector instanceof BytesVector && representationOf(type) === 'text') return textOrder(vector, type, sign)
  return valueOrder(vector, comparatorOf(type), count, sign)
}

/** The values of a vector of numbers, if all of them are plain ones. */
function numbersOf(vector: Vector): Float64Array | undefined {
  if (vector instanceof ApproximateVector) return vector.values
  return vector instanceof ExactVector && vector.wide === undefined ? vector.values : undefined
}

function numberOrder(numbers: Float64Array, sign: number): RowOrder {
  return (a, b) => ((numbers[a] as number) - (numbers[b] as number)) * sign
}

/** Most texts differ early, in ASCII: only others are decoded, and kept decoded for the next comparison. */
function textOrder(vector: BytesVector, type: SqlType, sign: number): RowOrder {
  const collation = requireCollation(type.collation)
  const { asciiOrder } = collation
  const { data, ends } = vector
  const texts: (string | undefined)[] = []
  const textOf = (row: number, start: number): string =>
    (texts[row] ??= data.utf8Slice(start, ends[row] as number))
  return (a, b) => {
    const startA = a === 0 ? 0 : (ends[a - 1] as number)
    const startB = b === 0 ? 0 : (ends[b - 1] as number)
    const length = Math.min((ends[a] as number) - startA, (ends[b] as number) - startB)
    for (let i = 0; i < length; i++) {
      const x = data[startA + i] as number
      const y = data[startB + i] as number
      if (x === y) continue
      if ((x | y) >= 0x80) break
      const left = asciiOrder[x] as number
      const right = asciiOrder[y] as number
      if (left === 0 || right === 0) break
      if (left !== right) return (left - right) * sign
    }
    return collation.compare(textOf(a, startA), textOf(b, startB)) * sign
  }
}

/** Values are read once: comparing them needs no decoding then. */
function valueOrder(vector: Vector, compare: Comparator, count: number, sign: number): RowOrder {
  const values = new Array<Value>(count)
  for (let row = 0; row < count; row++) values[row] = vector.get(row)
  return (a, b) => compare(values[a] as Value, values[b] as Value) * sign
}

/** Runs up to this length are sorted by insertion. */
const INSERTION_RUN = 12

/**
 * The numbers below `count` in order; equal ones stay as they are, so that results don't depend on the number of rows. A merge
 * sort from the bottom up: the built-in sort calls its comparison through a trampoline.
 */
export function sortedRows(order: RowOrder, count: number): Uint32Array {
  let rows = new Uint32Array(count)
  for (let i = 0; i < count; i++) rows[i] = i
  for (let from = 0; from < count; from += INSERTION_RUN) {
    insertionSort(rows, from, Math.min(count, from + INSERTION_RUN), order)
  }
  let target = count > INSERTION_RUN ? new Uint32Array(count) : rows
  for (let width = INSERTION_RUN; width < count; width *= 2) {
    for (let from = 0; from < count; from += 2 * width) {
      mergeRuns(rows, target, from, Math.min(count, from + width), Math.min(count, from + 2 * width), order)
    }
    ;[rows, target] = [target, rows]
  }
  return rows
}

function insertionSort(rows: Uint32Array, from: number, to: number, order: RowOrder): void {
  for (let i = from + 1; i < to; i++) {
    const row = rows[i] as number
    let at = i
    while (at > from && order(rows[at - 1] as number, row) > 0) {
      rows[at] = rows[at - 1] as number
      at--
    }
    rows[at] = row
  }
}

function mergeRuns(
  source: Uint32Array,
  target: Uint32Array,
  from: number,
  middle: number,
  to: number,
  order: RowOrder,
): void {
  // Runs that are in order already, as those of sorted input, are only copied.
  if (middle >= to || order(source[middle - 1] as number, source[middle] as number) <= 0) {
    target.set(source.subarray(from, to), from)
    return
  }
  let left = from
  let right = middle
  for (let at = from; at < to; at++) {
    const takesLeft =
      right >= to || (left < middle && order(source[left] as number, source[right] as number) <= 0)
    target[at] = (takesLeft ? source[left++] : source[right++]) as number
  }
}
