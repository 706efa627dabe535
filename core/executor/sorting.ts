/**
 * Puts rows in order by their numbers. A few thousand are sorted at once; more are sorted in runs that are merged, with pauses,
 * so that nobody else waits for them.
 */
import type { MaybePromise, Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import type { Execution } from './execution.js'
import {
  columnOrder,
  isBehind,
  isInPlace,
  keyOrder,
  numbersOf,
  sortOrder,
  textBytes,
  type RowOrder,
  type SortColumn,
  type SortOrder,
} from './row-order.js'

/** Rows that are sorted at once, if their keys are short. */
const RUN_ROWS_MAX = 2048
const RUN_ROWS_MIN = 32
/** Bytes of keys that are sorted at once: long texts take long to compare. */
const RUN_KEY_BYTES_MAX = 128 * 1024
/** A row's number in two arrays, while they are merged, and what it is sorted by. */
const NUMBER_BYTES = 16
/** An entry of an array and the string behind it, besides its characters. */
const DECODED_BYTES = 40

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
  const orders = vectors.map((vector, i) =>
    columnOrder(vector, keys[i] as SortColumn, valuesOf(vector, count)),
  )
  return sortRun(sortOrder(vectors, keys, orders, count), rowNumbers(count))
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
  const order = sortOrder(vectors, keys, orders, count)
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
  order: SortOrder,
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
    private readonly order: SortOrder,
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
      if (!isBehind(order, first, second)) {
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
function sortRun(order: SortOrder, rows: Uint32Array): Uint32Array {
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

function insertionSort(order: SortOrder, rows: Uint32Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const row = rows[i] as number
    let at = i
    while (at > start && isBehind(order, rows[at - 1] as number, row)) {
      rows[at] = rows[at - 1] as number
      at--
    }
    rows[at] = row
  }
}

function mergeNeighbours(
  order: SortOrder,
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
      right >= end || (left < middle && !isBehind(order, from[left] as number, from[right] as number))
    into[at] = (takesLeft ? from[left++] : from[right++]) as number
  }
}

function runRowsOf(vectors: readonly Vector[], count: number): number {
  let bytes = 0
  for (const vector of vectors) bytes += textBytes(vector)
  if (bytes <= RUN_KEY_BYTES_MAX) return RUN_ROWS_MAX
  return Math.max(RUN_ROWS_MIN, Math.min(RUN_ROWS_MAX, Math.floor((RUN_KEY_BYTES_MAX * count) / bytes)))
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
