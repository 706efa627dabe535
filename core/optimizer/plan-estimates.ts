/**
 * What a plan is expected to read and give, from what its scans were found to hold. Rough, but the same for all alternatives.
 */
import type { JoinNode, LogicalNode } from '../plan/logical.js'
import { rangesCost, isCovering } from './access-cost.js'
import { conjuncts, factsOf } from './conditions.js'
import { selectivity } from './estimates.js'

export interface Estimate {
  readonly rows: number
  /** In rows read by a scan. */
  readonly cost: number
}

/** Of a table that nothing is known of. */
const ROWS_UNKNOWN = 1000
/** Rows that a virtual table has. */
const ROWS_VIRTUAL = 100

export const HASH_BUILD_COST = 4
export const HASH_PROBE_COST = 3.5
export const PAIR_COST = 2
export const OUTPUT_COST = 1
/** Opening the inner side of a loop for one row. */
export const LOOP_COST = 25
/** The same for a range, which needs a cursor where a whole unique key doesn't. */
export const RANGE_LOOP_COST = 60
const GROUP_COST = 1.5
const SUBQUERY_COST = 50

const ESTIMATES = new WeakMap<LogicalNode, Estimate>()

export function estimateOf(node: LogicalNode): Estimate {
  let estimate = ESTIMATES.get(node)
  if (estimate === undefined) {
    estimate = compute(node)
    ESTIMATES.set(node, estimate)
  }
  return estimate
}

function compute(node: LogicalNode): Estimate {
  switch (node.kind) {
    case 'scan': {
      const { access } = node
      const read = access?.rows ?? ROWS_UNKNOWN
      const rows = Math.max(0.01, read * selectivity(node.filter))
      if (access?.kind !== 'ranges') return { rows, cost: read }
      return { rows, cost: rangesCost(access, read, isCovering(access.index, node)) }
    }
    case 'values':
      return { rows: node.rows.length, cost: node.rows.length }
    case 'virtual':
      return { rows: ROWS_VIRTUAL * 0.1 ** node.equalities.length, cost: ROWS_VIRTUAL }
    case 'file':
    case 'work table':
      return { rows: ROWS_VIRTUAL, cost: ROWS_VIRTUAL }
    case 'filter': {
      const input = estimateOf(node.input)
      const dear = conjuncts(node.condition).some((each) => factsOf(each).hasSubquery)
      return {
        rows: Math.max(0.01, input.rows * selectivity(node.condition)),
        cost: input.cost + input.rows * (dear ? SUBQUERY_COST : 0.2),
      }
    }
    case 'join':
      return joinEstimate(node)
    case 'aggregate': {
      const input = estimateOf(node.input)
      const rows = node.groupBy.length === 0 ? 1 : Math.max(1, input.rows * 0.2)
      return { rows, cost: input.cost + input.rows * GROUP_COST }
    }
    case 'distinct': {
      const input = estimateOf(node.input)
      return { rows: Math.max(1, input.rows * 0.5), cost: input.cost + input.rows * GROUP_COST }
    }
    case 'sort':
    case 'window': {
      const input = estimateOf(node.input)
      return { rows: input.rows, cost: input.cost + sortCost(input.rows, undefined) }
    }
    case 'limit': {
      const input = estimateOf(node.input)
      const count = node.count?.kind === 'constant' ? Number(node.count.value) : 100
      return { rows: Math.min(input.rows, count), cost: input.cost }
    }
    case 'set operation': {
      const inputs = node.inputs.map(estimateOf)
      const rows = inputs.reduce((sum, each) => sum + each.rows, 0)
      return { rows, cost: rows + inputs.reduce((sum, each) => sum + each.cost, 0) }
    }
    case 'recursive': {
      const seed = estimateOf(node.seed)
      return { rows: seed.rows * 10, cost: seed.cost + estimateOf(node.step).cost * 10 }
    }
    case 'fragment':
      return estimateOf(node.root)
    case 'project':
    case 'rename':
    case 'shared':
      return estimateOf(node.input)
  }
}

/** Of so few rows a Sort keeps no more than it must. */
const TOP_ROWS_MAX = 10_000

/** `wanted`: how many of the sorted rows somebody reads. */
export function sortCost(rows: number, wanted: number | undefined): number {
  if (wanted !== undefined && wanted <= TOP_ROWS_MAX) return rows * 1.5
  return rows * (2 + Math.log2(rows + 2) * 0.3)
}

function joinEstimate(node: JoinNode): Estimate {
  const left = estimateOf(node.left)
  const right = estimateOf(node.right)
  if (node.correlations.length > 0) {
    const rows = joinedRows(node, left.rows, right.rows * selectivity(node.condition))
    return { rows, cost: left.cost + left.rows * (LOOP_COST + right.cost) }
  }
  const equalities = conjuncts(node.condition).filter((each) => each.kind === 'call' && each.name === '=')
  const matches =
    equalities.length > 0
      ? right.rows / Math.max(1, Math.min(left.rows, right.rows))
      : right.rows * selectivity(node.condition)
  const rows = joinedRows(node, left.rows, matches)
  const work =
    equalities.length > 0
      ? right.rows * HASH_BUILD_COST + left.rows * HASH_PROBE_COST
      : left.rows * right.rows * PAIR_COST
  return { rows, cost: left.cost + right.cost + work + rows * OUTPUT_COST }
}

/** `matches`: right rows for one left row. */
function joinedRows(node: JoinNode, leftRows: number, matches: number): number {
  switch (node.type) {
    case 'inner':
      return leftRows * matches
    case 'left':
      return leftRows * Math.max(1, matches)
    case 'semi':
      return leftRows * Math.min(1, matches)
    case 'anti':
      return leftRows * Math.max(0.1, 1 - Math.min(1, matches))
  }
}
