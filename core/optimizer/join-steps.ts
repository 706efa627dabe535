/**
 * Joining one more relation to those that are joined already: which conditions can be used, and how many rows come out.
 */
import type { ColumnExpression, Expression } from '../plan/expression.js'
import type { LogicalNode } from '../plan/logical.js'
import { bindFunction, factsOf } from './conditions.js'
import { matchesOf, resultRows, seedKeysOf, selectivityOfAll, type Candidate } from './join-candidates.js'
import { RelationSet, type JoinGraph } from './join-graph.js'
import { JoinMethods, type Method } from './join-methods.js'
import { HASH_BUILD_COST } from './plan-estimates.js'
import type { RuleContext } from './rule.js'

/** Relations that are joined, and how it came about. */
export interface Joined {
  readonly set: RelationSet
  readonly rows: number
  readonly cost: number
  readonly previous: Joined | undefined
  /** What was joined last. */
  readonly candidate: Candidate
  /** Undefined for the first, unless conditions are looked at there. */
  readonly step: Step | undefined
  /** A semi join's right side that came first: its distinct rows are joined like any others. */
  readonly seed: Candidate | undefined
}

export interface Step {
  readonly method: Method
  /** What joins the relation. */
  readonly on: readonly Expression[]
  /** What is looked at when it is joined. */
  readonly after: readonly Expression[]
}

const NO_METHOD: Method = { name: 'loop', cost: 0, lookup: undefined, dependent: undefined }

export class JoinSteps {
  private readonly methods: JoinMethods
  /** Equalities made from classes, by their columns. */
  private readonly made = new Map<string, Expression>()

  constructor(
    private readonly graph: JoinGraph,
    private readonly candidates: readonly Candidate[],
    private readonly context: RuleContext,
    planAlone: (node: LogicalNode) => LogicalNode,
  ) {
    this.methods = new JoinMethods(context, planAlone)
  }

  /** Undefined if the relation can't come first. */
  start(number: number): Joined | undefined {
    const candidate = this.candidate(number)
    const { relation, rows, cost } = candidate
    if (relation.kind === 'semi') return this.seed(candidate)
    if (relation.kind !== 'inner' || !relation.requires.isEmpty || relation.correlations.length > 0)
      return undefined
    const set = RelationSet.empty.with(number)
    const after = [...this.localEqualities(candidate), ...this.completed(candidate, RelationSet.empty, set)]
    const step: Step | undefined = after.length === 0 ? undefined : { method: NO_METHOD, on: [], after }
    const left = rows * selectivityOfAll(after)
    return { set, rows: left, cost, previous: undefined, candidate, step, seed: undefined }
  }

  /** Starting with the values that IN asks for, instead of looking every row up among them. */
  private seed(candidate: Candidate): Joined | undefined {
    const { relation, rows, cost, number } = candidate
    if (relation.nullAware || relation.correlations.length > 0) return undefined
    if (relation.on.length === 0 || seedKeysOf(candidate) === undefined) return undefined
    const set = RelationSet.empty.with(number)
    const all = cost + rows * HASH_BUILD_COST
    return { set, rows, cost: all, previous: undefined, candidate, step: undefined, seed: candidate }
  }

  /** Whether the relation may come next. */
  mayFollow(joined: Joined, relation: number): boolean {
    return !joined.set.has(relation) && this.candidate(relation).relation.requires.isWithin(joined.set)
  }

  /** Whether a condition ties the relation to what is joined. */
  isConnected(joined: Joined, relation: number): boolean {
    const { relation: next, conditions, classes } = this.candidate(relation)
    if (!next.requires.isEmpty) return true
    const seeded = joined.seed?.seedConditions ?? []
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
    const { kind, on: own } = candidate.relation
    const set = joined.set.with(number)
    const completed = [...this.completed(candidate, joined.set, set), ...seeded(joined, number, set)]
    const isInner = kind === 'inner'
    const usable = isInner ? completed.filter((each) => !factsOf(each).hasSubquery) : []
    const on = isInner ? [...this.equalities(candidate, joined.set), ...usable] : own
    const after = isInner
      ? [...this.localEqualities(candidate), ...completed.filter((each) => !usable.includes(each))]
      : completed
    const matches = matchesOf(candidate, on, this.context)
    const rows = resultRows(kind, joined.rows, matches) * selectivityOfAll(after)
    const method = this.methods.best(candidate, on, joined.rows, rows)
    const step: Step = { method, on, after }
    const cost = joined.cost + method.cost
    return { set, rows, cost, previous: joined, candidate, step, seed: joined.seed }
  }

  private candidate(number: number): Candidate {
    const candidate = this.candidates[number]
    if (candidate === undefined) throw new Error('invariant: relations are numbered')
    return candidate
  }

  // ── Conditions ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Conditions that can be evaluated now and couldn't before. */
  private completed(candidate: Candidate, before: RelationSet, now: RelationSet): Expression[] {
    const found: Expression[] = []
    for (const { relations, expression } of candidate.conditions) {
      if (relations.isWithin(now) && !relations.isWithin(before)) found.push(expression)
    }
    if (before.isEmpty) {
      // Conditions without columns belong to the first relation.
      for (const { relations, expression } of this.graph.conditions)
        if (relations.isEmpty) found.push(expression)
    }
    return found
  }

  /** For each class one equality between the relation and those that are joined. */
  private equalities({ number, classes }: Candidate, joined: RelationSet): Expression[] {
    const found: Expression[] = []
    for (const { members, samples } of classes) {
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
  private localEqualities({ number, classes }: Candidate): Expression[] {
    const found: Expression[] = []
    for (const { members } of classes) {
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
}

/** What a semi join's right side that came first has in common with the relation. */
function seeded({ seed }: Joined, number: number, now: RelationSet): readonly Expression[] {
  if (seed === undefined) return []
  const complete = seed.seedConditions.filter(
    (each) => each.relations.isWithin(now) && each.relations.has(number),
  )
  return complete.map((each) => each.expression)
}
