/**
 * Puts rows in order by their numbers. A few thousand are sorted at once; more are sorted in runs that are merged, with pauses,
 * so that nobody else waits for them.
 */
import type { Batch } from '../common/batch.js'
import { requireCollation } from '../common/collations.js'
import { comparatorOf, type Comparator } from '../common/comparison.js'
import { representationOf, type SqlType } from '../common/sql-type.js'
import type { MaybePromise, Value } from '../common/value.js'
import { ApproximateVector, BytesVector, ExactVector, type Vector } from '../common/vector.js'
import type { Execution } from './execution.js'

export interface SortColumn {
  readonly type: SqlType
  readonly descending: boolean
}

/** Order of two rows by their numbers. */
type RowOrder = (a: number, b: number) => number

/** Rows that are sorted at once, if their keys are short. */
const RUN_ROWS_MAX = 2048
const RUN_ROWS_MIN = 32
/** Bytes of keys that are sorted at once: long texts take long to compare. */
const RUN_KEY_BYTES_MAX = 128 * 1024
/** A row's number in two arrays, while they are merged. */
const NUMBER_BYTES = 8
/** Bytes of a text that fit a number exactly. */
const HEAD_BYTES = 6
/** Fewer texts are quicker compared as they are. */
const HEADS_MIN = 16
/** An entry of an array and the string behind it, besides its characters. */
const DECODED_BYTES = 40

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

/** Bytes that sorting so many rows takes besides the vectors of their keys. */
export function sortingBytes(vectors: readonly Vector[], count: number): number {
  let bytes = NUMBER_BYTES * count
  for (const vector of vectors) {
    if (numbersOf(vector) === undefined) bytes += DECODED_BYTES * count + textBytes(vector)
  }
  return bytes
}

/** Numbers of the first `count` rows in the order of their keys, which are the vectors. Equal keys keep their order. */
export function sortRows(
  vectors: readonly Vector[],
  keys: readonly SortColumn[],
  count: number,
  execution: Execution,
): MaybePromise<Uint32Array> {
  const runRows = runRowsOf(vectors, count)
  if (count > runRows) return sortManyRows(vectors, keys, count, runRows, execution)
  return sortRun(
    keyOrder(vectors.map((vector, i) => columnOrder(vector, keys[i] as SortColumn, valuesOf(vector, count)))),
    rowNumbers(count),
  )
}

/** The same without rows that repeat the keys of another; of such the first stays. */
export function sortDistinctRows(
  vectors: readonly Vector[],
  keys: readonly SortColumn[],
  count: number,
  execution: Execution,
): MaybePromise<Uint32Array> {
  const sorted = sortRows(vectors, keys, count, execution)
  const order = keyOrder(vectors.map((vector, i) => columnOrder(vector, keys[i] as SortColumn)))
  if (sorted instanceof Promise) return sorted.then((rows) => dropRepeated(rows, order, execution))
  return keepFirsts(sorted, order, 0, sorted.length, 0)
}

async function dropRepeated(
  sorted: Uint32Array,
  order: RowOrder,
  execution: Execution,
): Promise<Uint32Array> {
  let kept = sorted
  let count = 0
  for (let start = 0; start < sorted.length; start += RUN_ROWS_MAX) {
    kept = keepFirsts(sorted, order, start, Math.min(start + RUN_ROWS_MAX, sorted.length), count)
    count = kept.length
    const pause = execution.pause()
    if (pause !== undefined) await pause
  }
  return kept
}

/** Moves those of a slice that differ from the one before to `kept`; answers all that are kept up to here. */
function keepFirsts(
  sorted: Uint32Array,
  order: RowOrder,
  start: number,
  end: number,
  keptBefore: number,
): Uint32Array {
  let kept = keptBefore
  for (let i = start; i < end; i++) {
    const row = sorted[i] as number
    if (kept === 0 || order(sorted[kept - 1] as number, row) !== 0) sorted[kept++] = row
  }
  return sorted.subarray(0, kept)
}

async function sortManyRows(
  vectors: readonly Vector[],
  keys: readonly SortColumn[],
  count: number,
  runRows: number,
  execution: Execution,
): Promise<Uint32Array> {
  const orders: RowOrder[] = []
  for (const [i, vector] of vectors.entries()) {
    orders.push(columnOrder(vector, keys[i] as SortColumn, await decodedValues(vector, count, execution)))
  }
  const order = keyOrder(orders)
  const rows = rowNumbers(count)
  for (let start = 0; start < count; start += runRows) {
    sortRun(order, rows.subarray(start, start + runRows))
    const pause = execution.pause()
    if (pause !== undefined) await pause
  }
  return mergeRuns(order, rows, runRows, execution)
}

/** Merges sorted runs, two by two, until one is left. */
async function mergeRuns(
  order: RowOrder,
  rows: Uint32Array,
  runRows: number,
  execution: Execution,
): Promise<Uint32Array> {
  const count = rows.length
  let from = rows
  let into: Uint32Array = new Uint32Array(count)
  for (let width = runRows; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const merge = new Merge(order, from, into, start, width)
      while (!merge.step(runRows)) {
        const pause = execution.pause()
        if (pause !== undefined) await pause
      }
    }
    ;[from, into] = [into, from]
  }
  return from
}

/** Two neighbouring runs on their way to being one. */
class Merge {
  private left: number
  private right: number
  private at: number
  private readonly middle: number
  private readonly end: number

  constructor(
    private readonly order: RowOrder,
    private readonly from: Uint32Array,
    private readonly into: Uint32Array,
    start: number,
    width: number,
  ) {
    this.left = this.at = start
    this.middle = this.right = Math.min(start + width, from.length)
    this.end = Math.min(start + 2 * width, from.length)
  }

  /** Places up to `rows` rows; true when all are placed. */
  step(rows: number): boolean {
    const { order, from, into, middle, end } = this
    let { left, right, at } = this
    const stop = Math.min(at + rows, end)
    while (at < stop && left < middle && right < end) {
      const first = from[left] as number
      const second = from[right] as number
      if (order(first, second) <= 0) {
        into[at++] = first
        left++
      } else {
        into[at++] = second
        right++
      }
    }
    this.left = left
    this.right = right
    this.at = at
    if (left < middle && right < end) return false
    into.set(left < middle ? from.subarray(left, middle) : from.subarray(right, end), at)
    return true
  }
}

function rowNumbers(count: number): Uint32Array {
  const rows = new Uint32Array(count)
  for (let i = 0; i < count; i++) rows[i] = i
  return rows
}

/** Runs up to this length are sorted by insertion. */
const INSERTION_ROWS = 12
/** Where runs are merged; nothing is sorted meanwhile. */
const scratch: Uint32Array = new Uint32Array(RUN_ROWS_MAX)

/**
 * Sorts at most `RUN_ROWS_MAX` row numbers in place; equal keys stay as they are, so that results don't depend on the number of
 * rows. A merge sort from the bottom up: the built-in sort calls its comparison through a trampoline.
 */
function sortRun(order: RowOrder, rows: Uint32Array): Uint32Array {
  const count = rows.length
  for (let start = 0; start < count; start += INSERTION_ROWS) {
    insertionSort(order, rows, start, Math.min(start + INSERTION_ROWS, count))
  }
  let from = rows
  let into = scratch
  for (let width = INSERTION_ROWS; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count)
      mergeNeighbours(order, from, into, start, middle, Math.min(start + 2 * width, count))
    }
    ;[from, into] = [into, from]
  }
  if (from !== rows) rows.set(from.subarray(0, count))
  return rows
}

function insertionSort(order: RowOrder, rows: Uint32Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const row = rows[i] as number
    let at = i
    while (at > start && order(rows[at - 1] as number, row) > 0) {
      rows[at] = rows[at - 1] as number
      at--
    }
    rows[at] = row
  }
}

function mergeNeighbours(
  order: RowOrder,
  from: Uint32Array,
  into: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start
  let right = middle
  for (let at = start; at < end; at++) {
    const takesLeft =
      right >= end || (left < middle && order(from[left] as number, from[right] as number) <= 0)
    into[at] = (takesLeft ? from[left++] : from[right++]) as number
  }
}

function runRowsOf(vectors: readonly Vector[], count: number): number {
  let bytes = 0
  for (const vector of vectors) bytes += textBytes(vector)
  if (bytes <= RUN_KEY_BYTES_MAX) return RUN_ROWS_MAX
  return Math.max(RUN_ROWS_MIN, Math.min(RUN_ROWS_MAX, Math.floor((RUN_KEY_BYTES_MAX * count) / bytes)))
}

function textBytes(vector: Vector): number {
  return vector instanceof BytesVector ? vector.dataSize : 0
}

/** The values of a vector of numbers, if all of them are plain ones. */
function numbersOf(vector: Vector): Float64Array | undefined {
  if (vector instanceof ApproximateVector) return vector.values
  return vector instanceof ExactVector && vector.wide === undefined ? vector.values : undefined
}

function isText(vector: Vector): vector is BytesVector {
  return vector instanceof BytesVector && representationOf(vector.type) === 'text'
}

/** Whether values are compared where they lie. */
function isInPlace(vector: Vector): boolean {
  return numbersOf(vector) !== undefined || isText(vector)
}

/** Values that have to be decoded are read once into an array; undefined for those that are compared in place. */
function valuesOf(vector: Vector, count: number): readonly Value[] | undefined {
  if (isInPlace(vector)) return undefined
  const values = new Array<Value>(count)
  for (let row = 0; row < count; row++) values[row] = vector.get(row)
  return values
}

async function decodedValues(
  vector: Vector,
  count: number,
  execution: Execution,
): Promise<readonly Value[] | undefined> {
  if (isInPlace(vector)) return undefined
  const values: Value[] = []
  while (values.length < count) {
    const end = Math.min(values.length + RUN_ROWS_MAX, count)
    for (let row = values.length; row < end; row++) values.push(vector.get(row))
    const pause = execution.pause()
    if (pause !== undefined) await pause
  }
  return values
}

/** The order by one column; without `values` they are read from the vector. */
function columnOrder(vector: Vector, { type, descending }: SortColumn, values?: readonly Value[]): RowOrder {
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

/** Most texts differ in their first characters: these are made numbers once. */
function textOrder(vector: BytesVector, type: SqlType, sign: number): RowOrder {
  const order = wholeTextOrder(vector, type, sign)
  if (vector.length < HEADS_MIN) return order
  const heads = textHeads(vector, asciiRanks(requireCollation(type.collation).asciiOrder))
  return (a, b) => {
    const difference = (heads[a] as number) - (heads[b] as number)
    // NaN where a text has no head.
    return difference < 0 ? -sign : difference > 0 ? sign : order(a, b)
  }
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
function wholeTextOrder(vector: BytesVector, type: SqlType, sign: number): RowOrder {
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
function keyOrder(orders: readonly RowOrder[]): RowOrder {
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
