/**
 * Builds the ranges of one index from the restrictions of its columns: equalities on leading parts, then one interval. Several
 * values per part (IN, OR) multiply.
 */
import type { Expression } from '../plan/expression.js'
import type { RangeBounds } from '../plan/logical.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'
import { conjuncts, disjuncts } from './conditions.js'
import { restrictionOf, type ColumnRestriction, type RestrictionSource } from './column-restrictions.js'
import { nullExpression, type ValueInterval } from './range-bounds.js'

/** More ranges than this aren't worth their planning; the rest is left to the filter. */
const RANGES_MAX = 1000

export interface IndexRanges {
  readonly index: IndexDefinition
  readonly ranges: readonly RangeBounds[]
  /** Conditions that hold for every row of the ranges and need no further look. */
  readonly satisfied: ReadonlySet<Expression>
  /** Conditions that made the ranges. */
  readonly used: ReadonlySet<Expression>
  /** Leading parts that are fixed to single values within each range. */
  readonly equalParts: number
  /** All parts that bounds speak of. */
  readonly boundParts: number
  /** Equality on a whole unique key: at most one row for each range. */
  readonly unique: boolean
}

/** The ranges of several indexes for the same conditions, which are read once. */
export function rangesOfIndexes(
  indexes: readonly IndexDefinition[],
  conditions: readonly Expression[],
  source: RestrictionSource,
): readonly IndexRanges[] {
  const restrictions = restrictionsOf(conditions, source)
  const hasAlternatives = conditions.some((each) => each.kind === 'call' && each.name === 'or')
  if (restrictions.length === 0 && !hasAlternatives) return []
  return indexes.flatMap((index) => {
    const plain = rangesOf(index, restrictions, source.scan.table)
    const spread = hasAlternatives ? alternativesOf(index, conditions, source) : undefined
    if (plain === undefined) return spread ?? []
    return spread !== undefined && spread.boundParts > plain.boundParts ? spread : plain
  })
}

function restrictionsOf(
  conditions: readonly Expression[],
  source: RestrictionSource,
): readonly ColumnRestriction[] {
  const found: ColumnRestriction[] = []
  for (const condition of conditions) {
    const restriction = restrictionOf(condition, source)
    if (restriction !== undefined) found.push(restriction)
  }
  return found
}

/** What the bounds of one range are made of so far. */
interface Prefix {
  readonly values: readonly Expression[]
  readonly nullSafeParts: readonly number[]
}

function rangesOf(
  index: IndexDefinition,
  restrictions: readonly ColumnRestriction[],
  table: TableDefinition,
): IndexRanges | undefined {
  if (restrictions.length === 0) return undefined
  let prefixes: readonly Prefix[] = [{ values: [], nullSafeParts: [] }]
  const used = new Set<Expression>()
  const satisfied = new Set<Expression>()
  let equalParts = 0
  let canBeNull = false
  // Bounds on the beginning of a value take in all values that begin so, whatever stands behind.
  let whole = true
  for (const part of index.parts) {
    const own = restrictions.filter((each) => each.column === part.column)
    whole &&= part.prefixLength === undefined
    const points = bestPoints(own)
    if (points !== undefined && prefixes.length * points.intervals.length <= RANGES_MAX) {
      prefixes = prefixes.flatMap((prefix) => points.intervals.map((point) => extend(prefix, point)))
      used.add(points.source)
      if (whole && points.intervals.every((point) => point.exact)) satisfied.add(points.source)
      if (points.intervals.some((point) => point.nullSafe)) canBeNull = true
      equalParts++
      continue
    }
    const nullable = table.columns[part.column]?.nullable === true
    const last = intervalsOf(own, prefixes.length)
    if (last === undefined) break
    for (const each of last.sources) used.add(each)
    if (whole && last.intervals.every((each) => each.exact))
      for (const each of last.sources) satisfied.add(each)
    const ranges = prefixes.flatMap((prefix) =>
      last.intervals.map((each) => intervalBounds(prefix, each, part.descending, nullable)),
    )
    return { index, ranges, satisfied, used, equalParts, boundParts: equalParts + 1, unique: false }
  }
  if (equalParts === 0) return undefined
  const isWhole = whole && equalParts === index.parts.length
  return {
    index,
    ranges: prefixes.map(pointBounds),
    satisfied,
    used,
    equalParts,
    boundParts: equalParts,
    unique: index.unique && isWhole && !canBeNull,
  }
}

/** The restriction to the fewest single values. */
function bestPoints(restrictions: readonly ColumnRestriction[]): ColumnRestriction | undefined {
  let best: ColumnRestriction | undefined
  for (const each of restrictions) {
    if (!each.intervals.every((interval) => interval.isPoint)) continue
    if (best === undefined || each.intervals.length < best.intervals.length) best = each
  }
  return best
}

interface Intervals {
  readonly intervals: readonly ValueInterval[]
  readonly sources: readonly Expression[]
}

/** One lower and one upper bound, or the alternatives of one OR. */
function intervalsOf(restrictions: readonly ColumnRestriction[], count: number): Intervals | undefined {
  const single = restrictions.filter((each) => each.intervals.length === 1)
  const several = restrictions.filter((each) => each.intervals.length * count <= RANGES_MAX)
  const intervalOf = (each: ColumnRestriction | undefined) => each?.intervals[0]
  // A range with both ends says more than two that have one.
  const closed = single.find((each) => {
    const interval = intervalOf(each)
    return interval?.lower !== undefined && interval.upper !== undefined
  })
  const lower = closed ?? single.find((each) => intervalOf(each)?.lower !== undefined)
  const upper = closed ?? single.find((each) => intervalOf(each)?.upper !== undefined)
  if (lower === undefined && upper === undefined) {
    const other = several[0]
    return other === undefined ? undefined : { intervals: other.intervals, sources: [other.source] }
  }
  const sources = [...new Set([lower, upper].flatMap((each) => (each === undefined ? [] : [each.source])))]
  const interval: ValueInterval = {
    lower: intervalOf(lower)?.lower,
    upper: intervalOf(upper)?.upper,
    isPoint: false,
    nullSafe: false,
    exact: intervalOf(lower)?.exact !== false && intervalOf(upper)?.exact !== false,
  }
  return { intervals: [interval], sources }
}

function extend(prefix: Prefix, point: ValueInterval): Prefix {
  const value = point.lower?.expression
  if (value === undefined) throw new Error('invariant: a point has a value')
  return {
    values: [...prefix.values, value],
    nullSafeParts: point.nullSafe ? [...prefix.nullSafeParts, prefix.values.length] : prefix.nullSafeParts,
  }
}

function pointBounds({ values, nullSafeParts }: Prefix): RangeBounds {
  return { lower: values, lowerInclusive: true, upper: values, upperInclusive: true, nullSafeParts }
}

interface End {
  readonly values: readonly Expression[]
  readonly inclusive: boolean
}

/** The bounds in the order of the index, where a descending part turns them round and NULL stands behind everything. */
function intervalBounds(
  prefix: Prefix,
  { lower, upper, isPoint, nullSafe }: ValueInterval,
  descending: boolean,
  nullable: boolean,
): RangeBounds {
  const position = prefix.values.length
  const whole: End = { values: prefix.values, inclusive: true }
  const end = (bound: ValueInterval['lower']): End | undefined =>
    bound === undefined
      ? undefined
      : { values: [...prefix.values, bound.expression], inclusive: bound.inclusive }
  // No comparison holds for NULL, which comes before all values.
  const afterNull: End = nullable ? { values: [...prefix.values, nullExpression()], inclusive: false } : whole
  const from = end(lower) ?? afterNull
  const to = end(upper) ?? whole
  const [first, last] = descending ? [to, from] : [from, to]
  const takesNull = isPoint ? nullSafe : lower === undefined && nullable
  return {
    lower: first.values.length === 0 ? undefined : first.values,
    lowerInclusive: first.inclusive,
    upper: last.values.length === 0 ? undefined : last.values,
    upperInclusive: last.inclusive,
    nullSafeParts: takesNull ? [...prefix.nullSafeParts, position] : prefix.nullSafeParts,
  }
}

/**
 * OR over several columns, `(a > 1 OR (a = 1 AND b > 2))`, which is also what comparisons of rows become: each alternative
 * together with the other conditions gives ranges of its own.
 */
function alternativesOf(
  index: IndexDefinition,
  conditions: readonly Expression[],
  source: RestrictionSource,
): IndexRanges | undefined {
  for (const condition of conditions) {
    if (condition.kind !== 'call' || condition.name !== 'or') continue
    const others = conditions.filter((each) => each !== condition)
    const parts = disjuncts(condition).map((each) =>
      rangesOf(index, restrictionsOf([...conjuncts(each), ...others], source), source.scan.table),
    )
    const found = parts.flatMap((part) => (part === undefined ? [] : [part]))
    const ranges = found.flatMap((part) => part.ranges)
    if (found.length < parts.length || ranges.length > RANGES_MAX) continue
    const satisfied = new Set(others.filter((each) => found.every((part) => part.satisfied.has(each))))
    return {
      index,
      ranges,
      satisfied,
      used: new Set([condition, ...found.flatMap((part) => [...part.used])]),
      equalParts: 0,
      boundParts: Math.min(...found.map((part) => part.boundParts)),
      unique: false,
    }
  }
  return undefined
}
