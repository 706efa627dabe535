/**
 * A tree of joins as a graph: relations, and conditions between them, free of the order in which the query names them.
 *
 * The right sides of left, semi and anti joins are relations too, each with the condition of its ON clause: they may be joined at
 * any moment after the relations that this condition reads, because they change nothing for the others. So may a LATERAL table after
 * what it reads, and the right side of a STRAIGHT_JOIN after all of its left side.
 */
import type { SqlType } from '../common/sql-type.js'
import type { ColumnExpression, ColumnId, Correlation, Expression } from '../plan/expression.js'
import type { JoinNode, LogicalNode } from '../plan/logical.js'
import { conjuncts, factsOf } from './conditions.js'
import { equalityOf, sameEquality, type ColumnEquality } from './equalities.js'

/** Relations by number, in one of two words. */
export class RelationSet {
  static readonly sizeMax = 60
  static readonly empty = new RelationSet(0, 0)

  private constructor(
    readonly low: number,
    readonly high: number,
  ) {}

  has(relation: number): boolean {
    return relation < 30 ? ((this.low >> relation) & 1) === 1 : ((this.high >> (relation - 30)) & 1) === 1
  }

  with(relation: number): RelationSet {
    return relation < 30
      ? new RelationSet(this.low | (1 << relation), this.high)
      : new RelationSet(this.low, this.high | (1 << (relation - 30)))
  }

  union(other: RelationSet): RelationSet {
    return new RelationSet(this.low | other.low, this.high | other.high)
  }

  isWithin(other: RelationSet): boolean {
    return (this.low & ~other.low) === 0 && (this.high & ~other.high) === 0
  }

  get isEmpty(): boolean {
    return this.low === 0 && this.high === 0
  }
}

export interface Relation {
  readonly kind: JoinNode['type']
  readonly node: LogicalNode
  /** Must be there first. */
  readonly requires: RelationSet
  /** Of other kinds than `inner`: the conditions of the join. */
  readonly on: readonly Expression[]
  readonly nullAware: boolean
  /** What a LATERAL table reads of the relations before it. */
  readonly correlations: readonly Correlation[]
}

export interface JoinCondition {
  readonly expression: Expression
  readonly relations: RelationSet
  readonly hasSubquery: boolean
}

interface ClassMember {
  readonly relation: number
  readonly column: ColumnId
  readonly expression: ColumnExpression
}

/** Columns that are equal in every joined row. */
export interface EqualityClass {
  readonly members: readonly ClassMember[]
  /** Equalities as written, to make others like them. */
  readonly samples: readonly Expression[]
  readonly relations: RelationSet
}

export interface JoinGraph {
  readonly relations: readonly Relation[]
  /** Conditions for all joined rows, other than the equalities of `classes`. */
  readonly conditions: readonly JoinCondition[]
  readonly classes: readonly EqualityClass[]
  /** The conditions of a relation's own join. */
  conditionsOf(relation: number): readonly JoinCondition[]
}

/** The graph of a join tree with the conditions above it; undefined if it is too large. */
export function joinGraph(root: LogicalNode): JoinGraph | undefined {
  const collector = new GraphCollector()
  collector.collect(root)
  return collector.relations.length > RelationSet.sizeMax ? undefined : collector.graph()
}

/** Whether the node is one that joins can be ordered across. */
export function isJoinTree(node: LogicalNode): boolean {
  if (node.kind === 'join') return true
  return node.kind === 'filter' && !factsOf(node.condition).isVolatile && isJoinTree(node.input)
}

class GraphCollector {
  readonly relations: Relation[] = []
  private readonly conditions: Expression[] = []
  private readonly owners = new Map<ColumnId, number>()

  /** Adds the relations of a sub-tree; answers which. */
  collect(node: LogicalNode): RelationSet {
    if (node.kind === 'filter' && isJoinTree(node)) {
      const found = this.collect(node.input)
      this.conditions.push(...conjuncts(node.condition))
      return found
    }
    if (node.kind !== 'join') return this.relation('inner', node, undefined, RelationSet.empty)
    const left = this.collect(node.left)
    const after = node.fixedOrder ? left : RelationSet.empty
    if (node.type !== 'inner') return left.union(this.relation(node.type, node.right, node, after))
    const right =
      node.correlations.length > 0
        ? this.relation('inner', node.right, node, after)
        : this.collectAfter(node.right, after)
    this.conditions.push(...conjuncts(node.condition))
    return left.union(right)
  }

  private collectAfter(node: LogicalNode, after: RelationSet): RelationSet {
    const first = this.relations.length
    const found = this.collect(node)
    if (after.isEmpty) return found
    for (let i = first; i < this.relations.length; i++) {
      const relation = this.relations[i] as Relation
      this.relations[i] = { ...relation, requires: relation.requires.union(after) }
    }
    return found
  }

  private relation(
    kind: JoinNode['type'],
    node: LogicalNode,
    join: JoinNode | undefined,
    after: RelationSet,
  ): RelationSet {
    const number = this.relations.length
    const on = kind === 'inner' ? [] : conjuncts(join?.condition)
    const correlations = join?.correlations ?? []
    if (number < RelationSet.sizeMax) for (const column of node.output) this.owners.set(column.id, number)
    const read = [...on, ...correlations.map((each) => each.outer)]
    const requires = read.reduce((set, each) => set.union(this.relationsOf(each, number)), after)
    this.relations.push({ kind, node, requires, on, nullAware: join?.nullAware ?? false, correlations })
    return number < RelationSet.sizeMax ? RelationSet.empty.with(number) : RelationSet.empty
  }

  private relationsOf(expression: Expression, except = -1): RelationSet {
    let set = RelationSet.empty
    for (const column of factsOf(expression).columns) {
      const owner = this.owners.get(column)
      if (owner !== undefined && owner !== except) set = set.with(owner)
    }
    return set
  }

  graph(): JoinGraph {
    const equalities: ColumnEquality[] = []
    const conditions: JoinCondition[] = []
    for (const expression of this.conditions) {
      const equality = equalityOf(expression)
      if (equality !== undefined && this.isInner(equality)) equalities.push(equality)
      else {
        const { hasSubquery } = factsOf(expression)
        conditions.push({ expression, relations: this.relationsOf(expression), hasSubquery })
      }
    }
    return {
      relations: this.relations,
      conditions,
      classes: this.classes(equalities),
      conditionsOf: (relation) =>
        (this.relations[relation]?.on ?? []).map((expression) => ({
          expression,
          relations: this.relationsOf(expression),
          hasSubquery: false,
        })),
    }
  }

  /** Columns that an outer join can make NULL aren't equal before it. */
  private isInner({ left, right }: ColumnEquality): boolean {
    return [left, right].every((side) => {
      const owner = this.owners.get(side.column)
      return owner !== undefined && this.relations[owner]?.kind === 'inner'
    })
  }

  private classes(equalities: readonly ColumnEquality[]): readonly EqualityClass[] {
    let classes: OpenClass[] = []
    for (const { left, right, expression } of equalities) {
      const merged: OpenClass = { type: left.type, members: new Map(), samples: [] }
      const isTouched = (each: OpenClass) =>
        // A column can be in two classes, by two collations.
        sameEquality(each.type, left.type) &&
        (each.members.has(left.column) || each.members.has(right.column))
      for (const each of classes.filter(isTouched)) {
        for (const [column, member] of each.members) merged.members.set(column, member)
        merged.samples.push(...each.samples)
      }
      merged.members.set(left.column, left)
      merged.members.set(right.column, right)
      merged.samples.push(expression)
      classes = [...classes.filter((each) => !isTouched(each)), merged]
    }
    return classes.map(({ members, samples }) => {
      const list = [...members].map(([column, expression]) => ({
        column,
        expression,
        relation: this.owners.get(column) ?? -1,
      }))
      const relations = list.reduce((set, each) => set.with(each.relation), RelationSet.empty)
      return { members: list, samples, relations }
    })
  }
}

interface OpenClass {
  readonly type: SqlType
  readonly members: Map<ColumnId, ColumnExpression>
  readonly samples: Expression[]
}
