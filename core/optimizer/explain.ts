/**
 * A plan as text, one operator a line, as EXPLAIN FORMAT=TREE shows it (MySQL manual 10.8.2 and 15.8.2).
 */
import type { Expression, SortKey, SubqueryExpression } from '../plan/expression.js'
import type {
  AggregateNode,
  JoinNode,
  LogicalNode,
  RangeBounds,
  ScanNode,
  SetOperationNode,
} from '../plan/logical.js'
import type { IndexDefinition } from '../plan/schema.js'
import { primaryPlacementOf } from '../plan/schema.js'
import { visitExpression } from '../plan/rewrite.js'
import { isCovering } from './access-cost.js'
import { conjuncts, factsOf } from './conditions.js'
import { estimateOf } from './plan-estimates.js'
import { expressionText } from './expression-text.js'
import { notesOf } from './plan-notes.js'
import { inputsOf } from '../plan/node-inputs.js'
import { visitExpressions } from './plan-nodes.js'

/** `remark` adds what is known of a node besides its estimates. */
export function explainTree(
  node: LogicalNode,
  remark: (node: LogicalNode) => string | undefined = () => undefined,
): readonly string[] {
  return new TreePrinter(remark).print(node)
}

class TreePrinter {
  private readonly lines: string[] = []
  private readonly shared = new Set<number>()
  private subqueries = 1

  constructor(private readonly remark: (node: LogicalNode) => string | undefined) {}

  print(node: LogicalNode): readonly string[] {
    this.visit(node, 0)
    for (const note of notesOf(node)) this.line(0, `Note: ${note}`)
    return this.lines
  }

  private line(depth: number, text: string): void {
    this.lines.push(`${'    '.repeat(depth)}-> ${text}`)
  }

  private visit(node: LogicalNode, depth: number): void {
    // Columns that are only renamed or picked are no work worth a line.
    if (node.kind === 'project' && node.expressions.every((each) => !factsOf(each).hasSubquery)) {
      if (node.input.kind === 'values' && node.input.rows.length === 1 && node.input.output.length === 0) {
        this.line(depth, `Rows fetched before execution${this.figures(node)}`)
      } else this.visit(node.input, depth)
      return
    }
    if (node.kind === 'rename') {
      this.visit(node.input, depth)
      return
    }
    this.line(depth, `${describe(node)}${this.figures(node)}`)
    if (node.kind === 'shared') {
      if (this.shared.has(node.shareId)) return
      this.shared.add(node.shareId)
    }
    for (const input of inputsOf(node)) this.visit(input, depth + 1)
    this.visitSubqueries(node, depth)
  }

  private figures(node: LogicalNode): string {
    const remark = this.remark(node)
    return remark === undefined ? costs(node) : `${costs(node)} ${remark}`
  }

  private visitSubqueries(node: LogicalNode, depth: number): void {
    const seen = new Set<SubqueryExpression>()
    visitExpressions(node, (expression) => {
      visitExpression(expression, (part) => {
        if (part.kind === 'subquery') seen.add(part)
      })
    })
    for (const subquery of seen) {
      const once = subquery.correlations.length === 0 ? '; run only once' : '; dependent'
      this.line(depth + 1, `Select #${++this.subqueries} (subquery in condition${once})`)
      this.visit(subquery.plan, depth + 2)
    }
  }
}

function costs(node: LogicalNode): string {
  const { cost, rows } = estimateOf(node)
  return `  (cost=${rounded(cost)} rows=${rounded(rows)})`
}

function rounded(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3)
}

function describe(node: LogicalNode): string {
  switch (node.kind) {
    case 'scan':
      return describeScan(node)
    case 'values':
      if (node.rows.length === 0) return 'Zero rows (no matching row in const table)'
      return node.rows.length === 1 ? 'Rows fetched before execution' : `${node.rows.length} rows of VALUES`
    case 'virtual':
      return `Table scan on ${node.alias}${node.equalities.length === 0 ? '' : ' by given names'}`
    case 'file':
      return 'Lines of a file'
    case 'filter':
      return `Filter: ${expressionText(node.condition)}`
    case 'project':
      return 'Compute select list'
    case 'join':
      return describeJoin(node)
    case 'aggregate':
      return describeAggregate(node)
    case 'window':
      return `Window aggregate: ${node.calls.map((call) => call.text).join(', ')}`
    case 'sort': {
      const top = node.top === undefined ? '' : `, limit input to ${expressionText(node.top)} row(s)`
      return `Sort: ${node.keys.map(describeKey).join(', ')}${top}`
    }
    case 'limit': {
      const count = node.count === undefined ? 'all' : expressionText(node.count)
      const offset = node.offset === undefined ? '' : `/${expressionText(node.offset)}`
      return `Limit${offset === '' ? '' : '/Offset'}: ${count}${offset} row(s)`
    }
    case 'distinct':
      return 'Deduplicate rows in memory'
    case 'set operation':
      return describeSetOperation(node)
    case 'shared':
      return 'Table scan on a shared result, materialized once'
    case 'recursive':
      return `Repeat until convergence: ${node.name}`
    case 'work table':
      return 'Scan new records'
    case 'rename':
      return 'Rename columns'
    case 'fragment':
      return `Run in storage ${node.storage}: ${node.text}`
  }
}

export function describeKey(key: SortKey): string {
  return `${expressionText(key.expression)}${key.descending ? ' DESC' : ''}`
}

const SET_OPERATIONS = { union: 'Union', intersect: 'Intersect', except: 'Except' } as const

function describeSetOperation(node: SetOperationNode): string {
  if (node.operation === 'union' && node.all) return 'Append'
  return `${SET_OPERATIONS[node.operation]} ${node.all ? 'all ' : ''}materialize with deduplication`.replace(
    'all materialize with deduplication',
    'all',
  )
}

function describeAggregate(node: AggregateNode): string {
  const calls = node.aggregates.map((call) => call.text).join(', ')
  const keys = node.groupBy.map((item) => expressionText(item.expression)).join(', ')
  const rollup = node.rollup ? ' with rollup' : ''
  return keys === ''
    ? `Aggregate: ${calls}`
    : `Group aggregate by ${keys}${rollup}${calls === '' ? '' : `: ${calls}`}`
}

const JOIN_NAMES = { inner: 'inner join', left: 'left join', semi: 'semijoin', anti: 'antijoin' } as const
const HASH_JOIN_NAMES = {
  inner: 'Inner hash join',
  left: 'Left hash join',
  semi: 'Hash semijoin',
  anti: 'Hash antijoin',
} as const

function describeJoin(node: JoinNode): string {
  const condition = node.condition === undefined ? '' : ` on ${expressionText(node.condition)}`
  const hashes =
    node.correlations.length === 0 &&
    node.algorithm !== 'nested loop' &&
    conjuncts(node.condition).some((each) => each.kind === 'call' && each.name === '=')
  const name = hashes ? HASH_JOIN_NAMES[node.type] : `Nested loop ${JOIN_NAMES[node.type]}`
  return `${name}${node.nullAware ? ' (null-aware)' : ''}${condition}`
}

// ── Scans ───────────────────────────────────────────────────────────────────────────────────────────────────────

function describeScan(node: ScanNode): string {
  const parts = [describeAccess(node)]
  if (node.filter !== undefined) parts.push(`, filter: ${expressionText(node.filter)}`)
  if (node.limit !== undefined) parts.push(`, stop after ${expressionText(node.limit)} row(s)`)
  const placement = node.access?.placement ?? primaryPlacementOf(node.table)
  parts.push(`, storage ${placement.storage}${placement.role === 'secondary' ? ' (secondary)' : ''}`)
  return parts.join('')
}

function describeAccess(node: ScanNode): string {
  const { access, alias } = node
  if (access?.kind !== 'ranges')
    return `Table scan on ${alias}${access?.reverse === true ? ' (reverse)' : ''}`
  const { index } = access
  const reverse = access.reverse ? ' (reverse)' : ''
  const covering = !index.primary && isCovering(index, node) ? 'Covering index' : 'Index'
  if (access.ranges.length === 1 && isWholeRange(access.ranges[0])) {
    return `${covering} scan on ${alias} using ${index.name}${reverse}`
  }
  const bounds = access.ranges.slice(0, 5).map((range) => describeRange(range, node, index))
  const more = access.ranges.length > 5 ? ` OR ${access.ranges.length - 5} more` : ''
  const over = `${bounds.join(' OR ')}${more}`
  if (access.ranges.length === 1 && isPoint(access.ranges[0])) {
    const kind = access.unique ? `Single-row ${covering.toLowerCase()}` : covering
    return `${kind} lookup on ${alias} using ${index.name} ${over}${reverse}`
  }
  return `${covering} range scan on ${alias} using ${index.name} over ${over}${reverse}`
}

export function isWholeRange(range: RangeBounds | undefined): boolean {
  return range !== undefined && range.lower === undefined && range.upper === undefined
}

/** Equality on all parts that the range speaks of. */
export function isPoint(range: RangeBounds | undefined): boolean {
  if (range?.lower === undefined || range.upper === undefined) return false
  if (range.lower.length !== range.upper.length || !range.lowerInclusive || !range.upperInclusive)
    return false
  return range.lower.every((each, i) => each === range.upper?.[i])
}

function describeRange(range: RangeBounds, node: ScanNode, index: IndexDefinition): string {
  const name = (part: number) => node.table.columns[index.parts[part]?.column ?? -1]?.name ?? '?'
  const lower = range.lower ?? []
  const upper = range.upper ?? []
  const texts: string[] = []
  for (let part = 0; part < Math.max(lower.length, upper.length); part++) {
    const from = lower[part]
    const to = upper[part]
    if (from !== undefined && from === to) {
      texts.push(isNull(from) ? `${name(part)} IS NULL` : `${name(part)}=${expressionText(from)}`)
      continue
    }
    const isLastFrom = part === lower.length - 1
    const isLastTo = part === upper.length - 1
    const below =
      from === undefined ? '' : `${expressionText(from)} ${isLastFrom && !range.lowerInclusive ? '<' : '<='} `
    const above =
      to === undefined ? '' : ` ${isLastTo && !range.upperInclusive ? '<' : '<='} ${expressionText(to)}`
    texts.push(`${below}${name(part)}${above}`)
  }
  return `(${texts.join(', ')})`
}

function isNull(expression: Expression): boolean {
  return expression.kind === 'constant' && expression.value === null
}
