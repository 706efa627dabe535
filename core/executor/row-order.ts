/**
 * How rows are compared by their sort keys: vectors of numbers and texts where they lie, other values decoded.
 */
import type { Batch } from '../common/batch.js'
import { requireCollation } from '../common/collations.js'
import { comparatorOf, type Comparator } from '../common/comparison.js'
import { representationOf, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { ApproximateVector, BytesVector, ExactVector, type Vector } from '../common/vector.js'

export interface SortColumn {
  readonly type: SqlType
  readonly descending: boolean
}

/** Order of two rows by their numbers. */
export type RowOrder = (a: number, b: number) => number

/** How rows are sorted: by a number each, and where these don't tell (equal, or NaN) by comparing them. */
export interface SortOrder {
  readonly lead: Float64Array
  readonly sign: number
  readonly order: RowOrder
}

/** Bytes of a text that fit a number exactly. */
const HEAD_BYTES = 6
/** Compares two rows of a batch of key columns; NULL sorts first, last when descending. */
export function compileKeyOrder(keys: readonly SortColumn[]) {
  const columns = keys.map((key) => ({ compare: comparatorOf(key.type), sign: key.descending ? -1 : 1 }))
  return (batch: Batch, a: number, b: number): number => {
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as (typeof columns)[number]
      const vector = batch.columns[i] as Vector
      const left = vector.get(a)
      const right = vector.get(b)
      if (left === null || right === null) {
        if (left === right) continue
        return left === null ? -column.sign : column.sign
      }
      const order = column.compare(left, right)
      if (order !== 0) return order * column.sign
    }
    return 0
  }
}

/** Whether row `a` comes after row `b`. */
export function isBehind({ lead, sign, order }: SortOrder, a: number, b: number): boolean {
  const difference = ((lead[a] as number) - (lead[b] as number)) * sign
  return difference > 0 || (!(difference < 0) && order(a, b) > 0)
}

export function textBytes(vector: Vector): number {
  return vector instanceof BytesVector ? vector.dataSize : 0
}

/** The values of a vector of numbers, if all of them are plain ones. */
export function numbersOf(vector: Vector): Float64Array | undefined {
  if (vector instanceof ApproximateVector) return vector.values
  return vector instanceof ExactVector && vector.wide === undefined ? vector.values : undefined
}

function isText(vector: Vector): vector is BytesVector {
  return vector instanceof BytesVector && representationOf(vector.type) === 'text'
}

/** Whether values are compared where they lie. */
export function isInPlace(vector: Vector): boolean {
  return numbersOf(vector) !== undefined || isText(vector)
}

export function sortOrder(
  vectors: readonly Vector[],
  keys: readonly SortColumn[],
  orders: readonly RowOrder[],
  count: number,
): SortOrder {
  const [vector] = vectors
  const [key] = keys
  const sign = key?.descending === true ? -1 : 1
  const order = keyOrder(orders)
  if (vector === undefined || key === undefined) return { lead: new Float64Array(count), sign, order }
  return { lead: leadsOf(vector, key.type, count), sign, order }
}

/** What the first `count` values sort by before they are compared: see `SortOrder`. Valid until the vector changes. */
export function leadsOf(vector: Vector, type: SqlType, count: number): Float64Array {
  return withNulls(vector, leadOf(vector, type, count), count)
}

/** A number for each row that sorts like its first key; NaN or all the same where there is none. */
function leadOf(vector: Vector, type: SqlType, count: number): Float64Array {
  const numbers = numbersOf(vector)
  if (numbers !== undefined) return numbers
  if (!isText(vector)) return new Float64Array(count)
  return textHeads(vector, asciiRanks(requireCollation(type.collation).asciiOrder))
}

/** NULL sorts before everything. */
function withNulls({ nulls, hasNulls }: Vector, lead: Float64Array, count: number): Float64Array {
  if (!hasNulls) return lead
  return Float64Array.from({ length: count }, (_, row) =>
    nulls[row] === 1 ? -Infinity : (lead[row] as number),
  )
}

/** The order by one column; without `values` they are read from the vector. */
export function columnOrder(
  vector: Vector,
  { type, descending }: SortColumn,
  values?: readonly Value[],
): RowOrder {
  const order = presentOrder(vector, type, descending ? -1 : 1, values)
  if (!vector.hasNulls) return order
  const sign = descending ? -1 : 1
  const { nulls } = vector
  return (a, b) => {
    const left = nulls[a] as number
    const right = nulls[b] as number
    return left === 0 && right === 0 ? order(a, b) : (right - left) * sign
  }
}

/** Of values that aren't NULL. */
function presentOrder(
  vector: Vector,
  type: SqlType,
  sign: number,
  values: readonly Value[] | undefined,
): RowOrder {
  const numbers = numbersOf(vector)
  if (numbers !== undefined) return numberOrder(numbers, sign)
  return isText(vector) ? textOrder(vector, type, sign) : valueOrder(vector, comparatorOf(type), sign, values)
}

function numberOrder(numbers: Float64Array, sign: number): RowOrder {
  return (a, b) => ((numbers[a] as number) - (numbers[b] as number)) * sign
}

/** The first characters of each text as a number that sorts like them; NaN if the text is shorter or they aren't simple ASCII. */
function textHeads({ data, starts, ends, length }: BytesVector, ranks: Uint8Array): Float64Array {
  const heads = new Float64Array(length)
  for (let row = 0; row < length; row++) {
    const start = starts[row] as number
    let head = 0
    let at = start
    for (const end = Math.min(start + HEAD_BYTES, ends[row] as number); at < end; at++) {
      const rank = ranks[data[at] as number] as number
      if (rank === 0) break
      head = head * 256 + rank
    }
    heads[row] = at === start + HEAD_BYTES ? head : NaN
  }
  return heads
}

const knownRanks = new WeakMap<Uint16Array, Uint8Array>()

/** Weights of ASCII characters, which take two bytes, as numbers in the same order that take one; 0 for all other bytes. */
function asciiRanks(weights: Uint16Array): Uint8Array {
  let ranks = knownRanks.get(weights)
  if (ranks === undefined) {
    const distinct = [...new Set(weights)].filter((weight) => weight > 0).sort((a, b) => a - b)
    ranks = new Uint8Array(256)
    weights.forEach((weight, character) => ((ranks as Uint8Array)[character] = distinct.indexOf(weight) + 1))
    knownRanks.set(weights, ranks)
  }
  return ranks
}

/** Most texts differ early, in ASCII: only others are decoded, and kept decoded for the next comparison. */
function textOrder(vector: BytesVector, type: SqlType, sign: number): RowOrder {
  const collation = requireCollation(type.collation)
  const { asciiOrder } = collation
  const { data, starts, ends } = vector
  const texts: (string | undefined)[] = []
  const textOf = (row: number, start: number): string =>
    (texts[row] ??= data.utf8Slice(start, ends[row] as number))
  return (a, b) => {
    const startA = starts[a] as number
    const startB = starts[b] as number
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

function valueOrder(
  vector: Vector,
  compare: Comparator,
  sign: number,
  values: readonly Value[] | undefined,
): RowOrder {
  if (values === undefined) return (a, b) => compare(vector.get(a), vector.get(b)) * sign
  return (a, b) => compare(values[a] as Value, values[b] as Value) * sign
}

/** The order of rows by all their keys: 0 for rows with the same keys. */
export function keyOrder(orders: readonly RowOrder[]): RowOrder {
  const [only] = orders
  if (only !== undefined && orders.length === 1) return only
  return (a, b) => {
    for (const order of orders) {
      const result = order(a, b)
      if (result !== 0) return result
    }
    return 0
  }
}
