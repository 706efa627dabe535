/**
 * Joining one more relation to those that are joined already: which conditions can be used, which ways there are, what they cost.
 */
import type { ColumnExpression, ColumnId, Correlation, Expression } from '../plan/expression.js'
import type { FilterNode, LogicalNode, ScanNode } from '../plan/logical.js'
import { visitExpression } from '../plan/rewrite.js'
import { primaryKeyOf } from '../plan/schema.js'
import { rangesCost, rangesRows, isCovering, tableRows } from './access-cost.js'
import { usableRanges } from './access-paths.js'
import { bindFunction, conjunction, conjuncts, factsOf } from './conditions.js'
import { selectivity } from './estimates.js'
import { isHashable } from './hashable.js'
import type { IndexRanges } from './index-ranges.js'
import {
  RelationSet,
  type EqualityClass,
  type JoinCondition,
  type JoinGraph,
  type Relation,
} from './join-graph.js'
import {
  estimateOf,
  HASH_BUILD_COST,
  HASH_PROBE_COST,
  LOOP_COST,
  OUTPUT_COST,
  PAIR_COST,
  RANGE_LOOP_COST,
} from './plan-estimates.js'
import { placementOf } from './placements.js'
import { columnOf, filterNode, joinNode, keepOutput } from './plan-nodes.js'
import { pushDownFilters } from './push-down-filters.js'
import type { RuleContext } from './rule.js'
import { correlate } from './substitution.js'

/** Relations that are joined, and how it came about. */
export interface Joined {
  readonly set: RelationSet
  readonly rows: number
  readonly cost: number
  readonly previous: Joined | undefined
  readonly relation: number
  /** Undefined for the first. */
  readonly step: Step | undefined
  /** A semi join's right side that came first: its distinct rows are joined like any others. */
  readonly seed: number | undefined
}

interface Step {
  readonly method: 'hash' | 'swapped hash' | 'lookup' | 'dependent' | 'loop' | 'lateral'
  /** What joins the relation. */
  readonly on: readonly Expression[]
  /** What is looked at when it is joined. */
  readonly after: readonly Expression[]
  readonly lookup: IndexRanges | undefined
  readonly dependent: Dependent | undefined
}

/** A relation planned for one row of what is joined before it, of which it reads the correlations. */
interface Dependent {
  readonly node: LogicalNode
  readonly correlations: readonly Correlation[]
}

/** Rows for which a relation is at most planned and opened again and again. */
const DEPENDENT_ROWS_MAX = 200
/** Ways in which one relation is planned so. */
const DEPENDENTS_MAX = 8
/** Below this a relation is better computed once. */
const DEPENDENT_COST_MIN = 500

/** A relation, with what is looked up again and again. */
interface Candidate {
  readonly relation: Relation
  readonly rows: number
  readonly cost: number
  readonly columns: ReadonlySet<ColumnId>
  /** The relation as a scan that has no access path yet, if it is one. */
  readonly scan: ScanNode | undefined
  readonly conditions: readonly JoinCondition[]
  readonly classes: readonly EqualityClass[]
  /** By the conditions that they use. */
  readonly lookups: Map<string, Lookup>
  readonly dependents: Map<string, Dependent>
  /** Of a semi join's right side: its conditions, with the relations that they read. */
  readonly seedConditions: readonly JoinCondition[]
}

/** An index of a relation for one row of what is joined before it. */
interface Lookup {
  readonly found: IndexRanges | undefined
  readonly cost: number
}

export class JoinSteps {
  private readonly numbers = new Map<Expression, number>()
  /** Equalities made from classes, by their columns. */
  private readonly made = new Map<string, Expression>()
  private readonly candidates: readonly Candidate[]

  /** `plain` are the relations' nodes without access paths, `planned` the same with them. */
  constructor(
    private readonly graph: JoinGraph,
    private readonly plain: readonly LogicalNode[],
    private readonly planned: readonly LogicalNode[],
    private readonly context: RuleContext,
    /** Plans a relation on its own. */
    private readonly planAlone: (node: LogicalNode) => LogicalNode,
  ) {
    this.candidates = graph.relations.map((relation, i): Candidate => {
      const node = planned[i] as LogicalNode
      const { rows, cost } = estimateOf(node)
      return {
        relation,
        rows,
        cost,
        columns: new Set(node.output.map((column) => column.id)),
        scan: scanOf(plain[i] as LogicalNode),
        conditions: graph.conditions.filter((each) => each.relations.has(i)),
        classes: graph.classes.filter((each) => each.relations.has(i)),
        lookups: new Map(),
        dependents: new Map(),
        seedConditions: relation.kind === 'semi' ? graph.conditionsOf(i) : [],
      }
    })
  }

  start(relation: number): Joined | undefined {
    const { relation: first, rows, cost } = this.candidate(relation)
    if (first.kind === 'semi') return this.seed(relation)
    if (first.kind !== 'inner' || !first.requires.isEmpty || first.correlations.length > 0) return undefined
    const set = RelationSet.empty.with(relation)
    const local = this.localEqualities(relation)
    const after = [...local, ...this.completed(relation, RelationSet.empty, set)]
    const step: Step | undefined =
      after.length === 0
        ? undefined
        : { method: 'loop', on: [], after, lookup: undefined, dependent: undefined }
    const left = rows * selectivityOfAll(after)
    return { set, rows: left, cost, previous: undefined, relation, step, seed: undefined }
  }

  /** Starting with the values that IN asks for, instead of looking every row up among them. */
  private seed(number: number): Joined | undefined {
    const candidate = this.candidate(number)
    const { relation, rows, cost } = candidate
    if (relation.nullAware || relation.correlations.length > 0) return undefined
    if (relation.on.length === 0 || this.seedKeys(candidate) === undefined) return undefined
    const set = RelationSet.empty.with(number)
    const all = cost + rows * HASH_BUILD_COST
    return { set, rows, cost: all, previous: undefined, relation: number, step: undefined, seed: number }
  }

  /** The columns that the right side of a semi join is compared by, if equal values are one and the same. */
  private seedKeys(candidate: Candidate): ReadonlySet<ColumnId> | undefined {
    const keys = new Set<ColumnId>()
    for (const each of candidate.relation.on) {
      if (each.kind !== 'call' || !isHashJoinable(each, candidate)) return undefined
      const own = each.arguments.find((side) => side.kind === 'column' && candidate.columns.has(side.column))
      if (own?.kind !== 'column') return undefined
      keys.add(own.column)
    }
    return keys
  }

  /** Whether the relation may come next. */
  mayFollow(joined: Joined, relation: number): boolean {
    return !joined.set.has(relation) && this.candidate(relation).relation.requires.isWithin(joined.set)
  }

  /** Whether a condition ties the relation to what is joined. */
  isConnected(joined: Joined, relation: number): boolean {
    const { relation: next, conditions, classes } = this.candidate(relation)
    if (!next.requires.isEmpty) return true
    const seeded = joined.seed === undefined ? [] : this.candidate(joined.seed).seedConditions
    return (
      seeded.some((each) => each.relations.has(relation)) ||
      classes.some((each) => each.members.some((member) => joined.set.has(member.relation))) ||
      conditions.some(
        (each) =>
          !each.hasSubquery &&
          each.relations.isWithin(joined.set.with(relation)) &&
          !each.relations.isWithin(RelationSet.empty.with(relation)),
      )
    )
  }

  join(joined: Joined, number: number): Joined {
    const candidate = this.candidate(number)
    const { relation } = candidate
    const set = joined.set.with(number)
    const completed = [...this.completed(number, joined.set, set), ...this.seeded(joined, number, set)]
    const isInner = relation.kind === 'inner'
    const usable = isInner ? completed.filter((each) => !factsOf(each).hasSubquery) : []
    const on = isInner ? [...this.equalities(number, joined.set), ...usable] : relation.on
    const after = isInner
      ? [...this.localEqualities(number), ...completed.filter((each) => !usable.includes(each))]
      : completed
    const matches = this.matches(candidate, on)
    const rows = resultRows(relation.kind, joined.rows, matches) * selectivityOfAll(after)
    const { method, cost, lookup, dependent } = this.bestMethod(joined, candidate, on, rows)
    const step: Step = { method, on, after, lookup, dependent }
    const { seed } = joined
    return { set, rows, cost: joined.cost + cost, previous: joined, relation: number, step, seed }
  }

  private candidate(number: number): Candidate {
    const candidate = this.candidates[number]
    if (candidate === undefined) throw new Error('invariant: relations are numbered')
    return candidate
  }

  // ── Conditions ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Conditions that can be evaluated now and couldn't before. */
  private completed(number: number, before: RelationSet, now: RelationSet): Expression[] {
    const found: Expression[] = []
    for (const { relations, expression } of this.candidate(number).conditions) {
      if (relations.isWithin(now) && !relations.isWithin(before)) found.push(expression)
    }
    if (before.isEmpty) {
      // Conditions without columns belong to the first relation.
      for (const { relations, expression } of this.graph.conditions)
        if (relations.isEmpty) found.push(expression)
    }
    return found
  }

  /** What a semi join's right side that came first has in common with the relation. */
  private seeded(joined: Joined, number: number, now: RelationSet): readonly Expression[] {
    if (joined.seed === undefined) return []
    return this.candidate(joined.seed)
      .seedConditions.filter((each) => each.relations.isWithin(now) && each.relations.has(number))
      .map((each) => each.expression)
  }

  /** For each class one equality between the relation and those that are joined. */
  private equalities(number: number, joined: RelationSet): Expression[] {
    const found: Expression[] = []
    for (const { members, samples } of this.candidate(number).classes) {
      const own = members.find((member) => member.relation === number)
      const other = members.find((member) => joined.has(member.relation))
      if (own === undefined || other === undefined) continue
      const written = samples.find((each) => {
        const { columns } = factsOf(each)
        return columns.has(own.column) && members.some((m) => joined.has(m.relation) && columns.has(m.column))
      })
      found.push(written ?? this.equality(other.expression, own.expression))
    }
    return found
  }

  /** Equalities between columns of the relation itself, which follow from a class with two of them. */
  private localEqualities(number: number): Expression[] {
    const found: Expression[] = []
    for (const { members } of this.candidate(number).classes) {
      const [first, ...others] = members.filter((member) => member.relation === number)
      if (first === undefined) continue
      for (const other of others) found.push(this.equality(first.expression, other.expression))
    }
    return found
  }

  private equality(a: ColumnExpression, b: ColumnExpression): Expression {
    const key = `${a.column}=${b.column}`
    const known = this.made.get(key) ?? bindFunction('=', [a, b], this.context)
    this.made.set(key, known)
    return known
  }

  // ── Rows ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Rows of the relation for one row of what is joined. */
  private matches(candidate: Candidate, on: readonly Expression[]): number {
    const { rows, scan, relation } = candidate
    if (relation.correlations.length > 0) return rows * selectivityOfAll(on)
    let matches = rows
    const equal = new Set<number>()
    for (const each of on) {
      const own = equalColumn(each, candidate)
      if (own === undefined) matches *= selectivity(each)
      else {
        const position = scan === undefined ? undefined : positionOf(scan, own)
        if (position !== undefined) equal.add(position)
        matches /= Math.max(1, this.distinctValues(candidate, position))
      }
    }
    if (scan !== undefined && coversUniqueKey(scan, equal)) {
      return Math.min(1, rows / tableRows(scan.table, this.context))
    }
    return Math.max(matches, 1e-6)
  }

  private distinctValues({ scan, rows }: Candidate, position: number | undefined): number {
    if (scan === undefined || position === undefined) return Math.max(1, rows * 0.5)
    const all = tableRows(scan.table, this.context)
    const indexes = scan.table.indexes.filter((index) => index.parts[0]?.column === position)
    if (indexes.some((index) => index.unique && index.parts.length === 1)) return all
    return Math.max(1, Math.min(rows, indexes.length > 0 ? all / 10 : all ** 0.7))
  }

  // ── Methods ─────────────────────────────────────────────────────────────────────────────────────────────────

  private bestMethod(
    joined: Joined,
    candidate: Candidate,
    on: readonly Expression[],
    rows: number,
  ): Omit<Step, 'on' | 'after'> & { readonly cost: number } {
    const { relation, rows: own, cost: read } = candidate
    const none = { lookup: undefined, dependent: undefined }
    const output = rows * OUTPUT_COST
    if (relation.correlations.length > 0) {
      return { ...none, method: 'lateral', cost: joined.rows * (LOOP_COST + read) + output }
    }
    let best: Omit<Step, 'on' | 'after'> & { readonly cost: number }
    if (on.some((each) => isHashJoinable(each, candidate))) {
      const swaps = relation.kind === 'inner' && joined.rows < own
      const build = (swaps ? joined.rows : own) * HASH_BUILD_COST
      const probe = (swaps ? own : joined.rows) * HASH_PROBE_COST
      best = { ...none, method: swaps ? 'swapped hash' : 'hash', cost: read + build + probe + output }
    } else {
      best = { ...none, method: 'loop', cost: read + joined.rows * own * PAIR_COST + output }
    }
    if (relation.nullAware) return best
    const lookup = this.lookup(joined, candidate, on)
    if (lookup !== undefined && lookup.cost + output < best.cost) {
      return { ...none, method: 'lookup', cost: lookup.cost + output, lookup: lookup.found }
    }
    const dependent = this.dependent(joined, candidate, on, best.cost)
    if (dependent === undefined) return best
    const { cost } = estimateOf(dependent.node)
    const byDependent = joined.rows * (LOOP_COST + cost) + output
    return byDependent < best.cost ? { ...none, method: 'dependent', cost: byDependent, dependent } : best
  }

  /**
   * A relation that is no mere scan, with the join's conditions pushed down into it. Worth the planning only if few rows ask for
   * little of something large.
   */
  private dependent(
    joined: Joined,
    candidate: Candidate,
    on: readonly Expression[],
    otherwise: number,
  ): Dependent | undefined {
    const { scan, relation, columns, cost } = candidate
    if (scan !== undefined || on.length === 0 || !on.every(isPlain)) return undefined
    if (joined.rows > DEPENDENT_ROWS_MAX || cost < DEPENDENT_COST_MIN) return undefined
    if (joined.rows * LOOP_COST > otherwise) return undefined
    const key = on.map((each) => this.numberOf(each)).join()
    let found = candidate.dependents.get(key)
    if (found === undefined && candidate.dependents.size >= DEPENDENTS_MAX) return undefined
    if (found === undefined) {
      const ids = this.outerIds(on, columns)
      const condition = conjunction(
        on.map((each) => correlate(each, ids)),
        this.context,
      )
      const node = this.planAlone(pushDownFilters(filterNode(relation.node, condition), this.context))
      const correlations = on.flatMap((each) => this.correlationsOf(each, ids))
      found = { node, correlations: [...new Map(correlations.map((each) => [each.id, each])).values()] }
      candidate.dependents.set(key, found)
    }
    return found
  }

  /** Ids under which a relation reads the columns of others. */
  private outerIds(
    conditions: readonly Expression[],
    own: ReadonlySet<ColumnId>,
  ): ReadonlyMap<ColumnId, ColumnId> {
    const ids = new Map<ColumnId, ColumnId>()
    for (const each of conditions) {
      for (const column of factsOf(each).columns) {
        if (!own.has(column) && !ids.has(column)) ids.set(column, this.context.newColumn())
      }
    }
    return ids
  }

  /** What a condition takes from outside, as references to the columns there. */
  private correlationsOf(
    condition: Expression,
    ids: ReadonlyMap<ColumnId, ColumnId>,
  ): readonly Correlation[] {
    const found: Correlation[] = []
    visitExpression(condition, (part) => {
      const id = part.kind === 'column' ? ids.get(part.column) : undefined
      if (id !== undefined) found.push({ id, outer: part })
    })
    return found
  }

  /** The cheapest index of the relation for one row of what is joined. */
  private lookup(joined: Joined, candidate: Candidate, on: readonly Expression[]) {
    const { scan } = candidate
    if (scan === undefined || on.length === 0 || !on.every(isPlain)) return undefined
    const key = on.map((each) => this.numberOf(each)).join()
    let best = candidate.lookups.get(key)
    if (best === undefined) {
      best = this.cheapestLookup(scan, on)
      candidate.lookups.set(key, best)
    }
    if (best.found === undefined) return undefined
    return { found: best.found, cost: joined.rows * (LOOP_COST + best.cost) }
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

  // ── Plans ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The plan of a complete order. */
  plan(joined: Joined): LogicalNode {
    const { previous, relation: number, step } = joined
    const node = this.planned[number] as LogicalNode
    if (previous === undefined) {
      if (joined.seed !== undefined) return this.seedNode(joined.seed)
      return filterNode(node, conjunction(step?.after ?? [], this.context))
    }
    const left = this.plan(previous)
    if (step === undefined) throw new Error('invariant: all but the first relation are joined by a step')
    const result = this.joinedNode(left, number, step)
    return this.filtered(result, step.after)
  }

  private seedNode(number: number): LogicalNode {
    const candidate = this.candidate(number)
    const keys = this.seedKeys(candidate)
    const node = this.planned[number] as LogicalNode
    const input = keepOutput(
      node,
      node.output.filter((column) => keys?.has(column.id)),
    )
    return { kind: 'distinct', input, output: input.output }
  }

  private filtered(node: LogicalNode, conditions: readonly Expression[]): LogicalNode {
    const cheap = conditions.filter((each) => !factsOf(each).hasSubquery)
    const dear = conditions.filter((each) => factsOf(each).hasSubquery)
    return filterNode(filterNode(node, conjunction(cheap, this.context)), conjunction(dear, this.context))
  }

  private joinedNode(left: LogicalNode, number: number, step: Step): LogicalNode {
    const { relation } = this.candidate(number)
    const right = this.planned[number] as LogicalNode
    const { nullAware, correlations } = relation
    const condition = conjunction(step.on, this.context)
    switch (step.method) {
      case 'hash':
        return joinNode(relation.kind, left, right, condition, { nullAware, algorithm: 'hash' })
      case 'swapped hash':
        return joinNode('inner', right, left, condition, { algorithm: 'hash' })
      case 'loop':
        return joinNode(relation.kind, left, right, condition, { nullAware, algorithm: 'nested loop' })
      case 'lateral':
        return joinNode(relation.kind, left, right, condition, { nullAware, correlations })
      case 'dependent': {
        if (step.dependent === undefined) throw new Error('invariant: a dependent relation was planned')
        const { node, correlations: own } = step.dependent
        return joinNode(relation.kind, left, node, undefined, { correlations: own })
      }
      case 'lookup': {
        if (step.lookup === undefined) throw new Error('invariant: a look-up has an index')
        return this.lookupJoin(left, number, step.on, step.lookup)
      }
    }
  }

  /** A loop whose inner scan reads by an index what the row at hand says. */
  private lookupJoin(
    left: LogicalNode,
    number: number,
    on: readonly Expression[],
    found: IndexRanges,
  ): LogicalNode {
    const { relation, scan } = this.candidate(number)
    if (scan === undefined) throw new Error('invariant: only scans are looked up in')
    const rest = [...conjuncts(scan.filter), ...on].filter((each) => !found.satisfied.has(each))
    const own = new Set(scan.output.map((column) => column.id))
    const bounds = found.ranges.flatMap((range) => [...(range.lower ?? []), ...(range.upper ?? [])])
    const ids = this.outerIds([...bounds, ...rest], own)
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
    const right = overScan(this.plain[number] as LogicalNode, inner)
    return joinNode(relation.kind, left, right, undefined, { correlations, algorithm: 'index nested loop' })
  }
}

/** What a scan can evaluate. */
function isPlain(condition: Expression): boolean {
  const { hasSubquery, isVolatile } = factsOf(condition)
  return !hasSubquery && !isVolatile
}

/** The scan of a relation that is nothing but one, under conditions with sub-queries at most. */
function scanOf(node: LogicalNode): ScanNode | undefined {
  if (node.kind === 'scan') return node
  return node.kind === 'filter' ? scanOf(node.input) : undefined
}

function overScan(node: LogicalNode, scan: ScanNode): LogicalNode {
  if (node.kind !== 'filter') return scan
  const filter: FilterNode = node
  return filterNode(overScan(filter.input, scan), filter.condition)
}

function positionOf(scan: ScanNode, column: ColumnId): number | undefined {
  const i = scan.output.findIndex((each) => each.id === column)
  return i < 0 ? undefined : scan.columns[i]
}

function coversUniqueKey(scan: ScanNode, equal: ReadonlySet<number>): boolean {
  if (equal.size === 0) return false
  const primary = primaryKeyOf(scan.table)
  return scan.table.indexes.some(
    (index) => (index.unique || index === primary) && index.parts.every((part) => equal.has(part.column)),
  )
}

/** The relation's column in an equality with something else. */
function equalColumn(condition: Expression, { columns }: Candidate): ColumnId | undefined {
  if (condition.kind !== 'call' || (condition.name !== '=' && condition.name !== '<=>')) return undefined
  const [a, b] = condition.arguments
  if (a === undefined || b === undefined) return undefined
  for (const [side, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const reference = side.kind === 'convert' ? side.operand : side
    if (reference.kind !== 'column' || !columns.has(reference.column)) continue
    if (![...factsOf(other).columns].some((column) => columns.has(column))) return reference.column
  }
  return undefined
}

function isHashJoinable(condition: Expression, { columns }: Candidate): boolean {
  if (condition.kind !== 'call' || condition.name !== '=') return false
  const [a, b] = condition.arguments
  if (a === undefined || b === undefined || !isHashable(a.type, b.type)) return false
  return isOneSided(a, b, columns) || isOneSided(b, a, columns)
}

function isOneSided(own: Expression, other: Expression, columns: ReadonlySet<ColumnId>): boolean {
  const read = factsOf(own)
  const others = factsOf(other)
  return (
    read.columns.size > 0 &&
    others.columns.size > 0 &&
    !read.hasSubquery &&
    !others.hasSubquery &&
    [...read.columns].every((column) => columns.has(column)) &&
    ![...others.columns].some((column) => columns.has(column))
  )
}

function selectivityOfAll(conditions: readonly Expression[]): number {
  return conditions.reduce((product, each) => product * selectivity(each), 1)
}

function resultRows(kind: Relation['kind'], rows: number, matches: number): number {
  switch (kind) {
    case 'inner':
      return rows * matches
    case 'left':
      return rows * Math.max(1, matches)
    case 'semi':
      return rows * Math.min(1, matches)
    case 'anti':
      return rows * Math.max(0.1, 1 - Math.min(1, matches))
  }
}
