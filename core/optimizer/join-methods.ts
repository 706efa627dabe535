/**
 * Ways to join one more relation, and what they cost: a hash join, looking rows up by an index, planning the relation for each row,
 * or comparing every pair.
 */
import type { ColumnId, Correlation, Expression } from '../plan/expression.js'
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import { visitExpression } from '../plan/rewrite.js'
import { isCovering, rangesCost, rangesRows } from './access-cost.js'
import { usableRanges } from './access-paths.js'
import { conjunction, conjuncts, factsOf } from './conditions.js'
import type { IndexRanges } from './index-ranges.js'
import { isHashJoinable, isPlain, type Candidate, type Dependent, type Lookup } from './join-candidates.js'
import {
  estimateOf,
  HASH_BUILD_COST,
  HASH_PROBE_COST,
  LOOP_COST,
  OUTPUT_COST,
  PAIR_COST,
  RANGE_LOOP_COST,
} from './plan-estimates.js'
import { filterNode } from './plan-nodes.js'
import { pushDownFilters } from './push-down-filters.js'
import type { RuleContext } from './rule.js'
import { correlate } from './substitution.js'

/** How a relation is joined. */
export interface Method {
  readonly name: 'hash' | 'swapped hash' | 'lookup' | 'dependent' | 'loop' | 'lateral'
  /** Of the join alone, without what was joined before. */
  readonly cost: number
  readonly lookup: IndexRanges | undefined
  readonly dependent: Dependent | undefined
}

/** Rows for which a relation is at most planned and opened again and again. */
const DEPENDENT_ROWS_MAX = 200
/** Ways in which one relation is planned so. */
const DEPENDENTS_MAX = 8
/** Below this a relation is better computed once. */
const DEPENDENT_COST_MIN = 500

export class JoinMethods {
  private readonly numbers = new Map<Expression, number>()

  constructor(
    private readonly context: RuleContext,
    /** Plans a relation on its own. */
    private readonly planAlone: (node: LogicalNode) => LogicalNode,
  ) {}

  /** The cheapest way to join a relation to `left` rows by the conditions `on`, which gives `rows`. */
  best(candidate: Candidate, on: readonly Expression[], left: number, rows: number): Method {
    const { relation, rows: own, cost: read } = candidate
    const none = { lookup: undefined, dependent: undefined }
    const output = rows * OUTPUT_COST
    if (relation.correlations.length > 0) {
      return { ...none, name: 'lateral', cost: left * (LOOP_COST + read) + output }
    }
    let best: Method
    if (on.some((each) => isHashJoinable(each, candidate))) {
      const swaps = relation.kind === 'inner' && left < own
      const build = (swaps ? left : own) * HASH_BUILD_COST
      const probe = (swaps ? own : left) * HASH_PROBE_COST
      best = { ...none, name: swaps ? 'swapped hash' : 'hash', cost: read + build + probe + output }
    } else {
      best = { ...none, name: 'loop', cost: read + left * own * PAIR_COST + output }
    }
    if (relation.nullAware) return best
    const lookup = this.lookup(candidate, on, left)
    if (lookup !== undefined && lookup.cost + output < best.cost) {
      return { ...none, name: 'lookup', cost: lookup.cost + output, lookup: lookup.found }
    }
    const dependent = this.dependent(candidate, on, left, best.cost)
    if (dependent === undefined) return best
    const { cost } = estimateOf(dependent.node)
    const byDependent = left * (LOOP_COST + cost) + output
    return byDependent < best.cost ? { ...none, name: 'dependent', cost: byDependent, dependent } : best
  }

  /**
   * A relation that is no mere scan, with the join's conditions pushed down into it. Worth the planning only if few rows ask for
   * little of something large.
   */
  private dependent(
    candidate: Candidate,
    on: readonly Expression[],
    left: number,
    otherwise: number,
  ): Dependent | undefined {
    const { scan, relation, columns, cost } = candidate
    if (scan !== undefined || on.length === 0 || !on.every(isPlain)) return undefined
    if (left > DEPENDENT_ROWS_MAX || cost < DEPENDENT_COST_MIN) return undefined
    if (left * LOOP_COST > otherwise) return undefined
    const key = on.map((each) => this.numberOf(each)).join()
    let found = candidate.dependents.get(key)
    if (found === undefined && candidate.dependents.size >= DEPENDENTS_MAX) return undefined
    if (found === undefined) {
      const ids = outerIds(on, columns, this.context)
      const condition = conjunction(
        on.map((each) => correlate(each, ids)),
        this.context,
      )
      const node = this.planAlone(pushDownFilters(filterNode(relation.node, condition), this.context))
      const correlations = on.flatMap((each) => correlationsOf(each, ids))
      found = { node, correlations: [...new Map(correlations.map((each) => [each.id, each])).values()] }
      candidate.dependents.set(key, found)
    }
    return found
  }

  /** The cheapest index of the relation for one row of what is joined. */
  private lookup(candidate: Candidate, on: readonly Expression[], left: number) {
    const { scan } = candidate
    if (scan === undefined || on.length === 0 || !on.every(isPlain)) return undefined
    const key = on.map((each) => this.numberOf(each)).join()
    let best = candidate.lookups.get(key)
    if (best === undefined) {
      best = this.cheapestLookup(scan, on)
      candidate.lookups.set(key, best)
    }
    if (best.found === undefined) return undefined
    return { found: best.found, cost: left * (LOOP_COST + best.cost) }
  }

  private cheapestLookup(scan: ScanNode, on: readonly Expression[]): Lookup {
    let best: Lookup = { found: undefined, cost: Infinity }
    for (const found of usableRanges(scan, [...conjuncts(scan.filter), ...on], this.context)) {
      if (!on.some((each) => found.used.has(each))) continue
      const rows = rangesRows(found, scan.table, this.context)
      const opening = found.unique ? 0 : RANGE_LOOP_COST
      const cost = opening + rangesCost(found, rows, isCovering(found.index, scan))
      if (cost < best.cost) best = { found, cost }
    }
    return best
  }

  private numberOf(condition: Expression): number {
    let number = this.numbers.get(condition)
    if (number === undefined) {
      number = this.numbers.size
      this.numbers.set(condition, number)
    }
    return number
  }
}

/** Ids under which a relation reads the columns of others. */
export function outerIds(
  conditions: readonly Expression[],
  own: ReadonlySet<ColumnId>,
  context: RuleContext,
): ReadonlyMap<ColumnId, ColumnId> {
  const ids = new Map<ColumnId, ColumnId>()
  for (const each of conditions) {
    for (const column of factsOf(each).columns) {
      if (!own.has(column) && !ids.has(column)) ids.set(column, context.newColumn())
    }
  }
  return ids
}

/** What a condition takes from outside, as references to the columns there. */
function correlationsOf(condition: Expression, ids: ReadonlyMap<ColumnId, ColumnId>): readonly Correlation[] {
  const found: Correlation[] = []
  visitExpression(condition, (part) => {
    const id = part.kind === 'column' ? ids.get(part.column) : undefined
    if (id !== undefined) found.push({ id, outer: part })
  })
  return found
}
