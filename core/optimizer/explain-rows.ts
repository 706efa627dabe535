/**
 * A plan as the rows of EXPLAIN's traditional form: one for each table, in the order in which they are read (MySQL manual 10.8.2
 * "EXPLAIN Output Format").
 */
import { isText } from '../common/sql-type.js'
import { requireCollation } from '../common/collations.js'
import { exactLayoutOf } from '../common/exact-layout.js'
import { representationOf } from '../common/sql-type.js'
import type { Expression, SubqueryExpression } from '../plan/expression.js'
import type {
  AccessPath,
  JoinNode,
  LogicalNode,
  RangeBounds,
  ScanNode,
  VirtualTableNode,
} from '../plan/logical.js'
import type { IndexDefinition, IndexPart, TableDefinition } from '../plan/schema.js'
import { visitExpression } from '../plan/rewrite.js'
import { isCovering, presentPart } from './access-cost.js'
import { expressionText } from './expression-text.js'
import { isPoint, isWholeRange } from './explain.js'
import { selectivity } from './estimates.js'
import { estimateOf } from './plan-estimates.js'
import { notesOf } from './plan-notes.js'
import { visitExpressions } from './plan-nodes.js'

export interface ExplainRow {
  readonly id: number | undefined
  readonly selectType: string
  readonly table: string | undefined
  readonly partitions: string | undefined
  /** const, eq_ref, ref, range, index, ALL … */
  readonly type: string | undefined
  readonly possibleKeys: string | undefined
  readonly key: string | undefined
  readonly keyLength: string | undefined
  readonly ref: string | undefined
  readonly rows: number | undefined
  readonly filtered: number | undefined
  readonly extra: string | undefined
}

export function explainRows(plan: LogicalNode): readonly ExplainRow[] {
  return new RowMaker().make(plan)
}

/** Where a part of the plan stands. */
interface Place {
  readonly id: number
  readonly selectType: string
  /** What stands above and is told with the first table. */
  readonly extra: readonly string[]
}

class RowMaker {
  private readonly rows: ExplainRow[] = []
  private readonly shared = new Map<number, number>()
  private lastId = 1

  make(plan: LogicalNode): readonly ExplainRow[] {
    const isSimple = !hasParts(plan)
    this.visit(plan, { id: 1, selectType: isSimple ? 'SIMPLE' : 'PRIMARY', extra: [] })
    const notes = notesOf(plan)
    const [first] = this.rows
    if (notes.length > 0 && first !== undefined) {
      this.rows[0] = {
        ...first,
        extra: [first.extra, ...notes].filter((each) => each !== undefined).join('; '),
      }
    }
    return this.rows
  }

  private visit(node: LogicalNode, place: Place): void {
    const { extra } = place
    const add = (text: string): Place => ({
      ...place,
      extra: extra.includes(text) ? extra : [...extra, text],
    })
    switch (node.kind) {
      case 'scan':
        this.scan(node, place)
        return
      case 'virtual':
        this.virtual(node, place)
        return
      case 'values':
        this.valuesRow(node, place)
        return
      case 'filter':
        this.visit(node.input, add('Using where'))
        break
      case 'project':
      case 'rename':
      case 'limit':
      case 'window':
        this.visit(node.input, node.kind === 'window' ? add('Using temporary') : place)
        break
      case 'aggregate':
        this.visit(node.input, node.groupBy.length === 0 ? place : add('Using temporary'))
        break
      case 'distinct':
        this.visit(node.input, add('Using temporary'))
        break
      case 'sort':
        this.visit(node.input, add('Using filesort'))
        break
      case 'join':
        this.join(node, place)
        break
      case 'set operation':
        this.setOperation(node, place)
        return
      case 'shared':
        this.sharedPlan(node, place)
        return
      case 'recursive':
        this.visit(node.seed, place)
        this.visit(node.step, { id: ++this.lastId, selectType: 'UNION', extra: ['Recursive'] })
        return
      case 'file':
        this.row(place, { table: '<file>', type: 'ALL', rows: estimateOf(node).rows })
        return
      case 'work table':
        this.row(place, { table: '<work table>', type: 'ALL', rows: estimateOf(node).rows })
        return
      case 'fragment':
        this.row(place, {
          table: tablesOf(node.root).join(','),
          type: 'ALL',
          rows: estimateOf(node.root).rows,
          extra: [`Run in storage ${node.storage}`],
        })
        return
    }
    this.subqueries(node)
  }

  private join(node: JoinNode, place: Place): void {
    this.visit(node.left, place)
    const extra: string[] = []
    if (node.condition !== undefined) extra.push('Using where')
    if (node.correlations.length === 0) {
      const isHash = node.algorithm === 'hash'
      extra.push(isHash ? 'Using join buffer (hash join)' : 'Using join buffer (Block Nested Loop)')
    }
    if (node.type === 'semi') extra.push('FirstMatch')
    if (node.type === 'anti') extra.push('Not exists')
    this.visit(node.right, { ...place, extra })
  }

  private setOperation(node: Extract<LogicalNode, { kind: 'set operation' }>, place: Place): void {
    const name = { union: 'UNION', intersect: 'INTERSECT', except: 'EXCEPT' }[node.operation]
    const ids: number[] = []
    node.inputs.forEach((input, i) => {
      const id = i === 0 ? place.id : ++this.lastId
      ids.push(id)
      this.visit(input, { id, selectType: i === 0 ? place.selectType : name, extra: [] })
    })
    if (node.operation === 'union' && node.all) return
    this.rows.push({
      ...NO_ROW,
      selectType: `${name} RESULT`,
      table: `<${name.toLowerCase()}${ids.join(',')}>`,
      type: 'ALL',
      extra: 'Using temporary',
    })
  }

  private sharedPlan(node: Extract<LogicalNode, { kind: 'shared' }>, place: Place): void {
    const known = this.shared.get(node.shareId)
    const id = known ?? ++this.lastId
    this.shared.set(node.shareId, id)
    this.row(place, { table: `<derived${id}>`, type: 'ALL', rows: estimateOf(node).rows })
    if (known === undefined) this.visit(node.input, { id, selectType: 'DERIVED', extra: [] })
  }

  private subqueries(node: LogicalNode): void {
    for (const subquery of subqueriesOf(node)) {
      const selectType = subquery.correlations.length === 0 ? 'SUBQUERY' : 'DEPENDENT SUBQUERY'
      this.visit(subquery.plan, { id: ++this.lastId, selectType, extra: [] })
    }
  }

  // ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────────

  private row(
    place: Place,
    parts: Partial<Omit<ExplainRow, 'extra'>> & { readonly extra?: readonly string[] },
  ): void {
    const extra = [...(parts.extra ?? []), ...place.extra]
    this.rows.push({
      ...NO_ROW,
      id: place.id,
      selectType: place.selectType,
      ...parts,
      rows: parts.rows === undefined ? undefined : Math.max(1, Math.round(parts.rows)),
      filtered: parts.filtered ?? (parts.rows === undefined ? undefined : 100),
      extra: extra.length === 0 ? undefined : [...new Set(extra)].join('; '),
    })
  }

  private valuesRow(node: Extract<LogicalNode, { kind: 'values' }>, place: Place): void {
    const isEmpty = node.rows.length === 0
    this.row({ ...place, extra: [] }, { extra: [isEmpty ? 'Impossible WHERE' : 'No tables used'] })
  }

  private virtual(node: VirtualTableNode, place: Place): void {
    this.row(place, { table: node.alias, type: 'ALL', rows: estimateOf(node).rows })
  }

  private scan(node: ScanNode, place: Place): void {
    const { access } = node
    const extra: string[] = []
    if (node.filter !== undefined) extra.push('Using where')
    const ranges = access?.kind === 'ranges' ? access : undefined
    if (ranges !== undefined && !ranges.index.primary && isCovering(ranges.index, node))
      extra.push('Using index')
    if (access?.reverse === true) extra.push('Backward index scan')
    const filtered = Math.min(100, Math.max(0.01, Math.round(selectivity(node.filter) * 10_000) / 100))
    this.row(place, {
      table: node.alias,
      type: accessType(access),
      possibleKeys: possibleKeys(node),
      key: ranges?.index.name,
      keyLength: ranges === undefined ? undefined : keyLength(ranges.index, ranges.ranges, node.table),
      ref: ranges === undefined ? undefined : refOf(ranges.ranges),
      rows: (access?.rows ?? 1) * presentPart(node.table),
      filtered,
      extra,
    })
  }
}

const NO_ROW: ExplainRow = {
  id: undefined,
  selectType: 'SIMPLE',
  table: undefined,
  partitions: undefined,
  type: undefined,
  possibleKeys: undefined,
  key: undefined,
  keyLength: undefined,
  ref: undefined,
  rows: undefined,
  filtered: undefined,
  extra: undefined,
}

function accessType(access: AccessPath | undefined): string {
  if (access?.kind !== 'ranges') return 'ALL'
  const [first] = access.ranges
  if (access.ranges.length !== 1 || first === undefined) return 'range'
  if (isWholeRange(first)) return 'index'
  if (!isPoint(first)) return 'range'
  if (access.unique) return first.lower?.some(readsRow) === true ? 'eq_ref' : 'const'
  return 'ref'
}

/** Whether the bound is a value of the row at hand of another table. */
function readsRow(bound: Expression): boolean {
  let reads = false
  visitExpression(bound, (part) => {
    if (part.kind === 'correlated' || part.kind === 'column') reads = true
  })
  return reads
}

/** Indexes whose first column is in a condition of the scan. */
function possibleKeys({ table, access, filter, columns, output }: ScanNode): string | undefined {
  const read = new Set<number>()
  if (filter !== undefined) {
    visitExpression(filter, (part) => {
      const position = part.kind === 'column' ? output.findIndex((column) => column.id === part.column) : -1
      if (position >= 0) read.add(columns[position] ?? -1)
    })
  }
  const chosen = access?.kind === 'ranges' && !isWholeRange(access.ranges[0]) ? access.index : undefined
  if (chosen !== undefined) for (const part of chosen.parts) read.add(part.column)
  const names = table.indexes
    .filter((index) => index.visible && read.has(index.parts[0]?.column ?? -1))
    .map((index) => index.name)
  return names.length === 0 ? undefined : names.join(',')
}

function refOf(ranges: readonly RangeBounds[]): string | undefined {
  const [only] = ranges
  if (ranges.length !== 1 || only?.lower === undefined || !isPoint(only)) return undefined
  return only.lower
    .map((bound) => (readsRow(bound) ? expressionText(bound).replaceAll('`', '') : 'const'))
    .join(',')
}

// ── Key lengths ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Bytes of the parts that are used, as MySQL counts them. */
function keyLength(index: IndexDefinition, ranges: readonly RangeBounds[], table: TableDefinition): string {
  const used = Math.max(...ranges.map(({ lower, upper }) => Math.max(lower?.length ?? 0, upper?.length ?? 0)))
  const parts = used === 0 ? index.parts : index.parts.slice(0, used)
  return String(parts.reduce((sum, part) => sum + partLength(part, table), 0))
}

/** MySQL's storage sizes of temporal types without their fractions (manual 13.7). */
const TEMPORAL_BYTES: Readonly<Record<string, number>> = { date: 3, time: 3, datetime: 5, timestamp: 4 }

function partLength({ column, prefixLength }: IndexPart, table: TableDefinition): number {
  const definition = table.columns[column]
  if (definition === undefined) return 0
  const { type, nullable } = definition
  const nullByte = nullable ? 1 : 0
  const length = prefixLength ?? type.length
  // CHAR and BINARY have no length bytes unless it is a prefix of a BLOB or TEXT.
  const lengthBytes = type.name === 'char' || type.name === 'binary' ? 0 : 2
  if (isText(type)) {
    const { charset } = requireCollation(type.collation)
    return length * charset.bytesPerCharMax + lengthBytes + nullByte
  }
  switch (representationOf(type)) {
    case 'approximate':
      return (type.name === 'float' ? 4 : 8) + nullByte
    case 'exact': {
      const temporal = TEMPORAL_BYTES[type.name]
      if (temporal !== undefined) return temporal + Math.ceil(type.scale / 2) + nullByte
      if (type.name === 'year') return 1 + nullByte
      return (
        (type.name === 'decimal' ? decimalBytes(type.length, type.scale) : exactLayoutOf(type).width) +
        nullByte
      )
    }
    default:
      return length + lengthBytes + nullByte
  }
}

/** MySQL packs nine digits into four bytes (manual 13.1.3). */
function decimalBytes(precision: number, scale: number): number {
  const bytes = (digits: number) => Math.floor(digits / 9) * 4 + Math.ceil((digits % 9) / 2)
  return bytes(precision - scale) + bytes(scale)
}

// ── Parts of a plan ─────────────────────────────────────────────────────────────────────────────────────────────

function subqueriesOf(node: LogicalNode): ReadonlySet<SubqueryExpression> {
  const found = new Set<SubqueryExpression>()
  visitExpressions(node, (expression) => {
    visitExpression(expression, (part) => {
      if (part.kind === 'subquery') found.add(part)
    })
  })
  return found
}

/** Whether the plan has more than one SELECT in it. */
function hasParts(node: LogicalNode): boolean {
  if (node.kind === 'set operation' || node.kind === 'shared' || node.kind === 'recursive') return true
  return subqueriesOf(node).size > 0 || inputs(node).some(hasParts)
}

function inputs(node: LogicalNode): readonly LogicalNode[] {
  if (node.kind === 'join') return [node.left, node.right]
  return 'input' in node ? [node.input] : []
}

function tablesOf(node: LogicalNode): readonly string[] {
  if (node.kind === 'scan') return [node.alias]
  if (node.kind === 'set operation') return node.inputs.flatMap(tablesOf)
  return inputs(node).flatMap(tablesOf)
}
