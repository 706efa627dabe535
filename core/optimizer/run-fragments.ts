/**
 * Hands sub-plans to drivers as a whole: the largest part of a plan whose tables all have a copy in one storage, if its driver says that
 * it would answer as MySQL does. Where those copies are the tables' primary ones the driver has it; where they are secondary
 * ones the cheaper of the driver and our own executor does.
 *
 * The driver sees the plan as conditions and columns were pushed down and before joins were ordered: that is its own affair.
 */
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import { primaryPlacementOf, type Placement } from '../plan/schema.js'
import type { FragmentAnswer } from '../spi/fragment.js'
import { isTableStorage, type TableStorage } from '../spi/storage.js'
import { factsOf } from './conditions.js'
import { orderJoins } from './order-joins.js'
import { legalPlacements } from './placements.js'
import { estimateOf } from './plan-estimates.js'
import { inputsOf } from '../plan/node-inputs.js'
import { mapInputs, visitExpressions, withInputs } from './plan-nodes.js'
import type { RuleContext } from './rule.js'
import { splitConditions } from './split-fragments.js'

/** Rows that a scan reads in a millisecond: what a wait costs. */
const ROWS_PER_MS = 2000

export function runFragments(plan: LogicalNode, context: RuleContext): LogicalNode {
  return canRunElsewhere(plan, context) ? new FragmentFinder(context).visit(plan) : plan
}

/** Whether any table has a copy where sub-plans can run: most servers have no such storage. */
function canRunElsewhere(node: LogicalNode, context: RuleContext): boolean {
  if (node.kind !== 'scan') return inputsOf(node).some((input) => canRunElsewhere(input, context))
  return node.table.placements.some(
    (placement) => context.storage?.(placement.storage)?.capabilities.fragments === true,
  )
}

function planned(root: LogicalNode, storage: TableStorage): FragmentAnswer | undefined {
  return storage.planFragment?.({ root, columns: root.output.map(({ id, type }) => ({ id, type })) })
}

/** Copies of all tables of a sub-plan in one storage. */
interface Site {
  readonly storage: TableStorage
  readonly placements: ReadonlyMap<ScanNode, Placement>
  readonly isPrimary: boolean
  readonly delayMs: number
}

class FragmentFinder {
  constructor(private readonly context: RuleContext) {}

  visit(node: LogicalNode): LogicalNode {
    const sites = this.sitesOf(node)
    for (const site of sites) {
      const fragment = this.fragment(node, site)
      if (fragment !== undefined) return fragment
    }
    // No storage holds all of it, so perhaps one holds a part.
    return mapInputs(node, (input) => this.visit(input))
  }

  private fragment(node: LogicalNode, site: Site): LogicalNode | undefined {
    const { storage } = site
    const root = placed(node, site.placements, this.context)
    const answer = planned(root, storage)
    if (answer === undefined) return undefined
    if (!answer.accepted) {
      this.context.notes.push(`storage ${storage.name} doesn't run the whole: ${answer.reason}`)
      return answer.divisible === true ? this.divided(root, site) : undefined
    }
    if (!site.isPrimary && this.ownCost(node) <= answer.cost + site.delayMs * ROWS_PER_MS) return undefined
    return { kind: 'fragment', storage: storage.name, root, text: answer.text, output: node.output }
  }

  /** Without the conditions that are refused, which are checked here. */
  private divided(root: LogicalNode, { storage, isPrimary }: Site): LogicalNode | undefined {
    if (!isPrimary) return undefined
    const accepts = (part: LogicalNode) => planned(part, storage)?.accepted === true
    const split = splitConditions(root, accepts, this.context)
    const answer = split === undefined ? undefined : planned(split.rest, storage)
    if (split === undefined || answer?.accepted !== true) return undefined
    const { output } = root
    const input = {
      kind: 'fragment',
      storage: storage.name,
      root: split.rest,
      text: answer.text,
      output,
    } as const
    return { kind: 'filter', input, condition: split.refused, output }
  }

  private ownCost(node: LogicalNode): number {
    return estimateOf(orderJoins(node, this.context)).cost
  }

  /** The storages that have copies of all tables of the sub-plan. */
  private sitesOf(node: LogicalNode): readonly Site[] {
    const scans: ScanNode[] = []
    if (node.kind === 'scan' && node.filter === undefined) return []
    if (!isPortable(node, scans, true) || scans.length === 0) return []
    if (scans.some((scan) => scan.rowKey !== undefined)) return []
    const locks = scans.some((scan) => scan.lock !== undefined)
    const copies = scans.map((scan) => this.copiesOf(scan))
    const [first] = copies
    return [...(first ?? new Map<string, Copy>()).keys()].flatMap((name): readonly Site[] => {
      const storage = this.context.storage?.(name)
      if (storage === undefined || !isTableStorage(storage) || !storage.capabilities.fragments) return []
      // Who has no transactions holds no locks.
      if (locks && storage.capabilities.transactions !== 'full') return []
      const own = copies.map((each) => each.get(name))
      if (own.includes(undefined)) return []
      const found = own.filter((each) => each !== undefined)
      return [
        {
          storage,
          placements: new Map(scans.map((scan, i) => [scan, (found[i] as Copy).placement] as const)),
          isPrimary: found.every(({ placement }) => placement.role === 'primary'),
          delayMs: Math.max(...found.map((each) => each.delayMs)),
        },
      ]
    })
  }

  /** Legal copies by the name of their storage. */
  private copiesOf(scan: ScanNode): ReadonlyMap<string, Copy> {
    const { table } = scan
    if (table.placements.length === 1) {
      const placement = primaryPlacementOf(table)
      return new Map([[placement.storage, { placement, delayMs: 0 }]])
    }
    const legal = legalPlacements(scan, this.context)
    return new Map(legal.map((each) => [each.placement.storage, each]))
  }
}

interface Copy {
  readonly placement: Placement
  readonly delayMs: number
}

/** Whether nothing in the sub-plan needs our executor; collects its scans, which may be those of a change (`locks`). */
export function isPortable(node: LogicalNode, scans: ScanNode[], locks = false): boolean {
  switch (node.kind) {
    case 'scan':
      if (!locks && (node.lock !== undefined || node.rowKey !== undefined)) return false
      scans.push(node)
      break
    case 'virtual':
    case 'file':
    case 'shared':
    case 'recursive':
    case 'work table':
    case 'fragment':
      return false
    case 'join':
      if (node.correlations.length > 0) return false
      break
    case 'limit':
      if (node.countAll) return false
      break
    default:
  }
  let portable = true
  visitExpressions(node, (expression) => {
    const { correlated, hasSubquery, isVolatile } = factsOf(expression)
    if (hasSubquery || isVolatile || correlated.size > 0) portable = false
  })
  return (portable as boolean) && inputsOf(node).every((input) => isPortable(input, scans, locks))
}

/** The sub-plan with every scan told its copy. */
function placed(
  node: LogicalNode,
  placements: ReadonlyMap<ScanNode, Placement>,
  context: RuleContext,
): LogicalNode {
  if (node.kind === 'scan') {
    const placement = placements.get(node)
    if (placement === undefined) return node
    const { rows } = context.statistics(node.table)
    return { ...node, access: { kind: 'full', placement, reverse: false, rows } }
  }
  return withInputs(
    node,
    inputsOf(node).map((input) => placed(input, placements, context)),
  )
}
