/**
 * The ranges of a scan as keys.
 */
import { compareBytes } from '../common/bytes.js'
import type { KeyRange } from '../spi/storage.js'
import { FULL_RANGE, type IndexRange, type TableScan } from '../spi/transaction.js'
import type { IndexRuntime, TableRuntime } from './table-runtime.js'

export interface ScanRange extends KeyRange {
  /** The whole key of a unique index, without NULL: at most one entry, and it is found by `lower` itself. */
  readonly isPoint: boolean
}

const NOTHING = new Uint8Array(0)
const EVERYTHING: ScanRange = { lower: undefined, upper: undefined, isPoint: false }

/**
 * In the order in which the scan walks them. Values that were known only at execution (`IN (?, ?)`) can come in any order
 * and overlap: then the ranges are sorted and joined.
 */
export function scanRanges(
  runtime: TableRuntime,
  index: IndexRuntime | undefined,
  scan: TableScan,
): readonly ScanRange[] {
  const encoder = index?.encoder ?? runtime.keyEncoder
  if (encoder === undefined) return [EVERYTHING]
  const isUnique = index?.definition.unique ?? true
  const ranges = (scan.ranges.length === 0 ? [FULL_RANGE] : scan.ranges).map((range): ScanRange => {
    const { lower, upper } = encoder.encodeRange(range)
    return { lower, upper, isPoint: isUnique && isWholeKey(range, encoder.partCount) }
  })
  if (ranges.length === 1) return ranges
  const disjoint = joinRanges(ranges)
  return scan.reverse ? disjoint.reverse() : disjoint
}

function isWholeKey(
  { lower, lowerInclusive, upper, upperInclusive }: IndexRange,
  partCount: number,
): boolean {
  if (lower?.length !== partCount || upper?.length !== partCount || !lowerInclusive || !upperInclusive)
    return false
  if (lower === upper) return !lower.includes(null)
  return lower.every((value, i) => value !== null && value === upper[i])
}

function joinRanges(ranges: readonly ScanRange[]): ScanRange[] {
  const sorted = [...ranges].sort((a, b) => compareBytes(a.lower ?? NOTHING, b.lower ?? NOTHING))
  const joined: ScanRange[] = []
  for (const range of sorted) {
    const last = joined[joined.length - 1]
    const startsInside =
      last !== undefined && (last.upper === undefined || compareBytes(range.lower ?? NOTHING, last.upper) < 0)
    if (!startsInside) joined.push(range)
    else if (
      last.upper !== undefined &&
      (range.upper === undefined || compareBytes(range.upper, last.upper) > 0)
    ) {
      joined[joined.length - 1] = { lower: last.lower, upper: range.upper, isPoint: false }
    }
  }
  return joined
}
