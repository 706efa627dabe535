/**
 * Chooses how each table is read (MySQL manual 10.2.1.2 "Range Optimization"): from its conditions the ranges of every usable index are
 * made, and the cheapest way is taken. Conditions that the ranges satisfy leave the filter.
 */
import type { Expression } from '../plan/expression.js'
import type { AccessPath, LogicalNode, ScanNode } from '../plan/logical.js'
import type { IndexDefinition } from '../plan/schema.js'
import { fullScanCost, isCovering, rangesCost, rangesRows, tableRows } from './access-cost.js'
import { restrictionSource } from './column-restrictions.js'
import { conjunction, conjuncts } from './conditions.js'
import type { OptimizerContext } from './context.js'
import { selectivity } from './estimates.js'
import { rangesOfIndexes, type IndexRanges } from './index-ranges.js'
import { hasIndexes, placementOf } from './placements.js'
import { mapInputs } from './plan-nodes.js'
import type { RuleContext } from './rule.js'

/** Gives every scan that has none yet an access path. */
export function chooseAccessPaths(plan: LogicalNode, context: RuleContext): LogicalNode {
  if (plan.kind !== 'scan') return mapInputs(plan, (input) => chooseAccessPaths(input, context))
  if (plan.access !== undefined) return plan
  const { scan } = cheapestScan(plan, context)
  context.unplanned.set(scan, plan)
  return scan
}

/** A scan with its access path, and what it is expected to read and to give. */
export interface PlannedScan {
  readonly scan: ScanNode
  readonly cost: number
  /** Rows that it yields. */
  readonly rows: number
  readonly found: IndexRanges | undefined
}

export function cheapestScan(scan: ScanNode, context: OptimizerContext): PlannedScan {
  const conditions = conjuncts(scan.filter)
  const usable = usableRanges(scan, conditions, context)
  const only = usable.find((found) => found.unique && found.ranges.length === 1)
  // Nothing beats one row by its key.
  if (only !== undefined) return rangeScan(scan, only, conditions, context)
  let best = fullScan(scan, context)
  for (const found of usable) {
    const planned = rangeScan(scan, found, conditions, context)
    const beatsFullScan = best.found === undefined && isForced(scan, found.index)
    if (beatsFullScan || isBetter(planned, best)) best = planned
  }
  return best
}

function isForced(scan: ScanNode, index: IndexDefinition): boolean {
  return scan.indexHints?.force?.some((name) => sameName(name, index.name)) === true
}

/** At equal cost the index with more bound parts: estimates of tables that grow later are poor. */
function isBetter(candidate: PlannedScan, best: PlannedScan): boolean {
  if (candidate.cost !== best.cost) return candidate.cost < best.cost
  return (candidate.found?.boundParts ?? 0) > (best.found?.boundParts ?? 0)
}

export function fullScan(scan: ScanNode, context: OptimizerContext): PlannedScan {
  const rows = tableRows(scan.table, context)
  const access: AccessPath = {
    kind: 'full',
    placement: placementOf(scan, context),
    reverse: false,
    rows,
  }
  return {
    scan: { ...scan, access },
    cost: fullScanCost(scan.table, context),
    rows: rows * selectivity(scan.filter),
    found: undefined,
  }
}

/** The ranges that each index of the scan's table gives for conditions, of which some may read other tables. */
export function usableRanges(
  scan: ScanNode,
  conditions: readonly Expression[],
  context: OptimizerContext,
): readonly IndexRanges[] {
  if (conditions.length === 0 || !hasIndexes(scan.table, context)) return []
  return rangesOfIndexes(usableIndexes(scan), conditions, restrictionSource(scan, context))
}

export function rangeScan(
  scan: ScanNode,
  found: IndexRanges,
  conditions: readonly Expression[],
  context: OptimizerContext,
): PlannedScan {
  const rest = conditions.filter((each) => !found.satisfied.has(each))
  const read = rangesRows(found, scan.table, context)
  const others = conditions.filter((each) => !found.used.has(each))
  const rows = read * others.reduce((product, each) => product * selectivity(each), 1)
  const access: AccessPath = {
    kind: 'ranges',
    placement: placementOf(scan, context),
    index: found.index,
    ranges: found.ranges,
    reverse: false,
    unique: found.unique,
    rows: read,
  }
  const filter = rest.length === conditions.length ? scan.filter : conjunction(rest, context)
  const planned: ScanNode = { ...scan, access, filter }
  return {
    scan: planned,
    cost: rangesCost(found, read, isCovering(found.index, scan)),
    rows,
    found,
  }
}

/** Indexes that the statement allows (MySQL manual 10.9.4 "Index Hints"). */
export function usableIndexes(scan: ScanNode): readonly IndexDefinition[] {
  const { indexHints, table } = scan
  if (indexHints === undefined) return table.indexes.filter((index) => index.visible)
  const { use, force, ignore } = indexHints
  const wanted = use === undefined && force === undefined ? undefined : [...(use ?? []), ...(force ?? [])]
  return table.indexes.filter(
    (index) =>
      index.visible &&
      (wanted === undefined || wanted.some((name) => sameName(name, index.name))) &&
      !ignore.some((name) => sameName(name, index.name)),
  )
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
