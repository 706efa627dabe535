/**
 * The plan of joins whose order and methods are chosen.
 */
import type { Expression } from '../plan/expression.js'
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import { rangesRows } from './access-cost.js'
import { conjunction, conjuncts, factsOf } from './conditions.js'
import type { IndexRanges } from './index-ranges.js'
import { seedKeysOf, type Candidate } from './join-candidates.js'
import { outerIds } from './join-methods.js'
import type { Joined, Step } from './join-steps.js'
import { placementOf } from './placements.js'
import { columnOf, filterNode, joinNode, keepOutput } from './plan-nodes.js'
import type { RuleContext } from './rule.js'
import { correlate } from './substitution.js'

export class JoinPlanner {
  constructor(private readonly context: RuleContext) {}

  /** The plan of a complete order. */
  plan(joined: Joined): LogicalNode {
    const { previous, candidate, step } = joined
    if (previous === undefined) {
      if (joined.seed !== undefined) return seedNode(joined.seed)
      return filterNode(candidate.planned, conjunction(step?.after ?? [], this.context))
    }
    const left = this.plan(previous)
    if (step === undefined) throw new Error('invariant: all but the first relation are joined by a step')
    return this.filtered(this.joinedNode(left, candidate, step), step.after)
  }

  private filtered(node: LogicalNode, conditions: readonly Expression[]): LogicalNode {
    const cheap = conditions.filter((each) => !factsOf(each).hasSubquery)
    const dear = conditions.filter((each) => factsOf(each).hasSubquery)
    return filterNode(filterNode(node, conjunction(cheap, this.context)), conjunction(dear, this.context))
  }

  private joinedNode(left: LogicalNode, candidate: Candidate, step: Step): LogicalNode {
    const { relation, planned: right } = candidate
    const { nullAware, correlations } = relation
    const condition = conjunction(step.on, this.context)
    const { method } = step
    switch (method.name) {
      case 'hash':
        return joinNode(relation.kind, left, right, condition, { nullAware, algorithm: 'hash' })
      case 'swapped hash':
        return joinNode('inner', right, left, condition, { algorithm: 'hash' })
      case 'loop':
        return joinNode(relation.kind, left, right, condition, { nullAware, algorithm: 'nested loop' })
      case 'lateral':
        return joinNode(relation.kind, left, right, condition, { nullAware, correlations })
      case 'dependent': {
        if (method.dependent === undefined) throw new Error('invariant: a dependent relation was planned')
        const { node, correlations: own } = method.dependent
        return joinNode(relation.kind, left, node, undefined, { correlations: own })
      }
      case 'lookup': {
        if (method.lookup === undefined) throw new Error('invariant: a look-up has an index')
        return this.lookupJoin(left, candidate, step.on, method.lookup)
      }
    }
  }

  /** A loop whose inner scan reads by an index what the row at hand says. */
  private lookupJoin(
    left: LogicalNode,
    { relation, scan, plain }: Candidate,
    on: readonly Expression[],
    found: IndexRanges,
  ): LogicalNode {
    if (scan === undefined) throw new Error('invariant: only scans are looked up in')
    const rest = [...conjuncts(scan.filter), ...on].filter((each) => !found.satisfied.has(each))
    const own = new Set(scan.output.map((column) => column.id))
    const bounds = found.ranges.flatMap((range) => [...(range.lower ?? []), ...(range.upper ?? [])])
    const ids = outerIds([...bounds, ...rest], own, this.context)
    const known = new Map<Expression, Expression>()
    const outer = (expression: Expression): Expression => {
      // Equal bounds stay one expression: that is how a point is told.
      const handed = known.get(expression) ?? correlate(expression, ids)
      known.set(expression, handed)
      return handed
    }
    const rows = rangesRows(found, scan.table, this.context)
    const inner: ScanNode = {
      ...scan,
      access: {
        kind: 'ranges',
        placement: placementOf(scan, this.context),
        index: found.index,
        ranges: found.ranges.map((range) => {
          const lower = range.lower?.map(outer)
          const upper = range.upper === range.lower ? lower : range.upper?.map(outer)
          return { ...range, lower, upper }
        }),
        reverse: false,
        unique: found.unique,
        rows,
      },
      filter: conjunction(rest.map(outer), this.context),
    }
    const byId = new Map(left.output.map((column) => [column.id, column] as const))
    const correlations = [...ids].map(([column, id]) => {
      const source = byId.get(column)
      if (source === undefined) throw new Error('invariant: a look-up reads columns that are joined')
      return { id, outer: columnOf(source) }
    })
    const right = overScan(plain, inner)
    return joinNode(relation.kind, left, right, undefined, { correlations, algorithm: 'index nested loop' })
  }
}

/** The distinct values that a semi join asks for, as a relation. */
function seedNode(candidate: Candidate): LogicalNode {
  const keys = seedKeysOf(candidate)
  const node = candidate.planned
  const input = keepOutput(
    node,
    node.output.filter((column) => keys?.has(column.id)),
  )
  return { kind: 'distinct', input, output: input.output }
}

/** The scan under the conditions with sub-queries that stand above it. */
function overScan(node: LogicalNode, scan: ScanNode): LogicalNode {
  if (node.kind !== 'filter') return scan
  return filterNode(overScan(node.input, scan), node.condition)
}
