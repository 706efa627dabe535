/**
 * The relations of a join as candidates for the next step, and what can be told of one from the conditions that join it.
 */
import type { ColumnId, Correlation, Expression } from '../plan/expression.js'
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import { primaryKeyOf } from '../plan/schema.js'
import { tableRows } from './access-cost.js'
import { factsOf } from './conditions.js'
import type { OptimizerContext } from './context.js'
import { selectivity } from './estimates.js'
import { isHashable } from './hashable.js'
import type { IndexRanges } from './index-ranges.js'
import type { EqualityClass, JoinCondition, JoinGraph, Relation } from './join-graph.js'
import { estimateOf } from './plan-estimates.js'

/** A relation, with what is looked up again and again. */
export interface Candidate {
  readonly number: number
  readonly relation: Relation
  /** The relation without access paths, and with them. */
  readonly plain: LogicalNode
  readonly planned: LogicalNode
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
export interface Lookup {
  readonly found: IndexRanges | undefined
  readonly cost: number
}

/** A relation planned for one row of what is joined before it, of which it reads the correlations. */
export interface Dependent {
  readonly node: LogicalNode
  readonly correlations: readonly Correlation[]
}

/** `plain` are the relations' nodes without access paths, `planned` the same with them. */
export function candidatesOf(
  graph: JoinGraph,
  plain: readonly LogicalNode[],
  planned: readonly LogicalNode[],
): readonly Candidate[] {
  return graph.relations.map((relation, number): Candidate => {
    const node = planned[number] as LogicalNode
    const { rows, cost } = estimateOf(node)
    return {
      number,
      relation,
      plain: plain[number] as LogicalNode,
      planned: node,
      rows,
      cost,
      columns: new Set(node.output.map((column) => column.id)),
      scan: scanOf(plain[number] as LogicalNode),
      conditions: graph.conditions.filter((each) => each.relations.has(number)),
      classes: graph.classes.filter((each) => each.relations.has(number)),
      lookups: new Map(),
      dependents: new Map(),
      seedConditions: relation.kind === 'semi' ? graph.conditionsOf(number) : [],
    }
  })
}

/** The columns that the right side of a semi join is compared by, if equal values are one and the same. */
export function seedKeysOf(candidate: Candidate): ReadonlySet<ColumnId> | undefined {
  const keys = new Set<ColumnId>()
  for (const each of candidate.relation.on) {
    if (each.kind !== 'call' || !isHashJoinable(each, candidate)) return undefined
    const own = each.arguments.find((side) => side.kind === 'column' && candidate.columns.has(side.column))
    if (own?.kind !== 'column') return undefined
    keys.add(own.column)
  }
  return keys
}

/** Rows of the relation for one row of what is joined. */
export function matchesOf(
  candidate: Candidate,
  on: readonly Expression[],
  context: OptimizerContext,
): number {
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
      matches /= Math.max(1, distinctValues(candidate, position, context))
    }
  }
  if (scan !== undefined && coversUniqueKey(scan, equal)) {
    return Math.min(1, rows / tableRows(scan.table, context))
  }
  return Math.max(matches, 1e-6)
}

function distinctValues(
  { scan, rows }: Candidate,
  position: number | undefined,
  context: OptimizerContext,
): number {
  if (scan === undefined || position === undefined) return Math.max(1, rows * 0.5)
  const all = tableRows(scan.table, context)
  const indexes = scan.table.indexes.filter((index) => index.parts[0]?.column === position)
  if (indexes.some((index) => index.unique && index.parts.length === 1)) return all
  return Math.max(1, Math.min(rows, indexes.length > 0 ? all / 10 : all ** 0.7))
}

/** What a scan can evaluate. */
export function isPlain(condition: Expression): boolean {
  const { hasSubquery, isVolatile } = factsOf(condition)
  return !hasSubquery && !isVolatile
}

/** The scan of a relation that is nothing but one, under conditions with sub-queries at most. */
function scanOf(node: LogicalNode): ScanNode | undefined {
  if (node.kind === 'scan') return node
  return node.kind === 'filter' ? scanOf(node.input) : undefined
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

export function isHashJoinable(condition: Expression, { columns }: Candidate): boolean {
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

export function selectivityOfAll(conditions: readonly Expression[]): number {
  return conditions.reduce((product, each) => product * selectivity(each), 1)
}

export function resultRows(kind: Relation['kind'], rows: number, matches: number): number {
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
