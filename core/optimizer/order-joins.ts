/**
 * Chooses the order and the methods of joins by cost: all orders for a few relations (dynamic programming over the sets of joined
 * relations), the cheapest next step where there are many. Relations that no condition ties to the others come last.
 */
import type { LogicalNode } from '../plan/logical.js'
import { chooseAccessPaths } from './access-paths.js'
import { isJoinTree, joinGraph, type JoinGraph } from './join-graph.js'
import { candidatesOf } from './join-candidates.js'
import { JoinPlanner } from './join-plans.js'
import { JoinSteps, type Joined } from './join-steps.js'
import { mapInputs } from './plan-nodes.js'
import type { RuleContext } from './rule.js'

/** Up to so many relations all orders are looked at. */
const EXHAUSTIVE_MAX = 8

/** Orders joins and chooses access paths, which depend on each other. */
export function orderJoins(plan: LogicalNode, context: RuleContext): LogicalNode {
  if (!isJoinTree(plan)) {
    if (plan.kind === 'scan') return chooseAccessPaths(plan, context)
    return mapInputs(plan, (input) => orderJoins(input, context))
  }
  const graph = joinGraph(plan)
  if (graph === undefined) return mapInputs(plan, (input) => orderJoins(input, context))
  const plain = graph.relations.map((relation) => relation.node)
  const planned = plain.map((node) => orderJoins(node, context))
  const candidates = candidatesOf(graph, plain, planned)
  const steps = new JoinSteps(graph, candidates, context, (node) => orderJoins(node, context))
  const best = graph.relations.length <= EXHAUSTIVE_MAX ? exhaustive(graph, steps) : greedy(graph, steps)
  return new JoinPlanner(context).plan(best)
}

function exhaustive(graph: JoinGraph, steps: JoinSteps): Joined {
  const count = graph.relations.length
  let level = new Map<number, Joined>()
  for (let i = 0; i < count; i++) {
    const first = steps.start(i)
    if (first !== undefined) level.set(first.set.low, first)
  }
  for (let size = 1; size < count; size++) {
    const next = new Map<number, Joined>()
    for (const joined of level.values()) {
      for (const relation of followers(joined, count, steps)) {
        const longer = steps.join(joined, relation)
        const known = next.get(longer.set.low)
        if (known === undefined || longer.cost < known.cost) next.set(longer.set.low, longer)
      }
    }
    level = next
  }
  const [best] = level.values()
  if (best === undefined) throw new Error('invariant: relations can be joined in the order of the query')
  return best
}

/** What may come next; only if nothing is connected, what isn't. */
function followers(joined: Joined, count: number, steps: JoinSteps): readonly number[] {
  const possible: number[] = []
  for (let i = 0; i < count; i++) if (steps.mayFollow(joined, i)) possible.push(i)
  const connected = possible.filter((i) => steps.isConnected(joined, i))
  return connected.length > 0 ? connected : possible
}

/** Starts tried by the greedy search. */
const STARTS_MAX = 8

function greedy(graph: JoinGraph, steps: JoinSteps): Joined {
  const count = graph.relations.length
  const starts = graph.relations
    .flatMap((_, i) => steps.start(i) ?? [])
    .sort((a, b) => a.rows - b.rows || a.cost - b.cost)
    .slice(0, STARTS_MAX)
  let best: Joined | undefined
  for (const start of starts) {
    let joined = start
    for (let size = 1; size < count; size++) {
      let next: Joined | undefined
      for (const relation of followers(joined, count, steps)) {
        const longer = steps.join(joined, relation)
        if (next === undefined || isPreferred(longer, next)) next = longer
      }
      if (next === undefined) break
      joined = next
      if (best !== undefined && joined.cost >= best.cost) break
    }
    const isComplete = graph.relations.every((_, i) => joined.set.has(i))
    if (isComplete && (best === undefined || joined.cost < best.cost)) best = joined
  }
  if (best === undefined) throw new Error('invariant: relations can be joined in the order of the query')
  return best
}

/** A step that leaves few rows makes the later ones cheap. */
function isPreferred(a: Joined, b: Joined): boolean {
  const weight = (joined: Joined) => joined.cost + joined.rows * 4
  return weight(a) < weight(b)
}
