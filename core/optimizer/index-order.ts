/**
 * Reads rows in the order in which they are wanted (MySQL manual 10.2.1.16 "ORDER BY Optimization"): a Sort goes away where the
 * access path gives its order already, forwards or backwards, or where another index does and reading it until LIMIT is reached
 * costs less than sorting. The order of the first table survives joins, which go through their left side row by row.
 */
import { representationOf, isText } from '../common/sql-type.js'
import type { ColumnId, Expression, SortKey } from '../plan/expression.js'
import type { AccessPath, LogicalNode, RangeBounds, ScanNode, SortNode } from '../plan/logical.js'
import { primaryKeyOf, type IndexDefinition, type IndexPart, type TableDefinition } from '../plan/schema.js'
import { isCovering, rangesCost, tableRows } from './access-cost.js'
import { fullScan, rangeScan, usableIndexes, usableRanges, type PlannedScan } from './access-paths.js'
import { conjuncts } from './conditions.js'
import { hasIndexes, placementOf } from './placements.js'
import { estimateOf, sortCost } from './plan-estimates.js'
import { inputsOf } from '../plan/node-inputs.js'
import { mapInputs, withInputs } from './plan-nodes.js'
import type { RuleContext } from './rule.js'

/** A whole index, from one end to the other. */
export const WHOLE_RANGE: RangeBounds = Object.freeze({
  lower: undefined,
  lowerInclusive: true,
  upper: undefined,
  upperInclusive: true,
  nullSafeParts: [],
})

export function sortByIndex(plan: LogicalNode, context: RuleContext): LogicalNode {
  return visit(plan, undefined, context)
}

/** `wanted`: rows that a Limit above takes, if it is known. */
function visit(node: LogicalNode, wanted: number | undefined, context: RuleContext): LogicalNode {
  if (node.kind === 'limit') {
    const rows = node.countAll ? undefined : limitOf(node.count, node.offset, context)
    return mapInputs(node, (input) => visit(input, rows, context))
  }
  if (node.kind === 'project') return mapInputs(node, (input) => visit(input, wanted, context))
  const below = mapInputs(node, (input) => visit(input, undefined, context))
  return below.kind === 'sort' ? orderedInput(below, wanted, context) : below
}

function limitOf(
  count: Expression | undefined,
  offset: Expression | undefined,
  context: RuleContext,
): number | undefined {
  const rows = valueOf(count, context)
  return rows === undefined ? undefined : rows + (valueOf(offset, context) ?? 0)
}

function valueOf(expression: Expression | undefined, context: RuleContext): number | undefined {
  switch (expression?.kind) {
    case 'constant':
      return Number(expression.value)
    case 'parameter':
      return Number(context.parameter(expression.slot))
    case 'convert':
      return valueOf(expression.operand, context)
    default:
      return undefined
  }
}

/** The Sort's input in its order, without the Sort; the Sort itself if that isn't to be had or costs more. */
function orderedInput(sort: SortNode, wanted: number | undefined, context: RuleContext): LogicalNode {
  const found = drivingScan(sort.input, sort.keys)
  if (found === undefined || !hasIndexes(found.scan.table, context)) return sort
  const { scan, keys } = found
  const present = orderedAccess(scan.access, scan, keys)
  if (present !== undefined) return replaceScan(sort.input, scan, { ...scan, access: present })
  // What comes with a join is planned for the rows that the present path finds.
  if (!found.isAlone) return sort
  const other = cheaperOrder(sort, scan, keys, wanted, context)
  return other === undefined ? sort : replaceScan(sort.input, scan, other)
}

interface DrivingScan {
  readonly scan: ScanNode
  /** The sort keys as columns of the table. */
  readonly keys: readonly OrderKey[]
  /** Nothing but filters and projections stands above. */
  readonly isAlone: boolean
}

interface OrderKey {
  readonly column: number
  readonly descending: boolean
}

/** The scan whose order is that of the node's rows, if all keys are its columns. */
function drivingScan(node: LogicalNode, keys: readonly SortKey[]): DrivingScan | undefined {
  const columns: { column: ColumnId; key: SortKey }[] = []
  for (const key of keys) {
    if (key.expression.kind !== 'column') return undefined
    columns.push({ column: key.expression.column, key })
  }
  let isAlone = true
  for (let at = node; ;) {
    switch (at.kind) {
      case 'scan': {
        const found = tableKeys(at, columns)
        return found === undefined ? undefined : { scan: at, keys: found, isAlone }
      }
      case 'filter':
        at = at.input
        break
      case 'project':
        for (const each of columns) {
          const i = at.output.findIndex((column) => column.id === each.column)
          const expression = at.expressions[i]
          if (expression?.kind !== 'column') return undefined
          each.column = expression.column
        }
        at = at.input
        break
      case 'join':
        isAlone = false
        at = at.left
        break
      default:
        return undefined
    }
  }
}

function tableKeys(
  scan: ScanNode,
  columns: readonly { readonly column: ColumnId; readonly key: SortKey }[],
): readonly OrderKey[] | undefined {
  const keys: OrderKey[] = []
  for (const { column, key } of columns) {
    const i = scan.output.findIndex((each) => each.id === column)
    const position = i < 0 || column === scan.rowKey ? undefined : scan.columns[i]
    const definition = position === undefined ? undefined : scan.table.columns[position]
    if (position === undefined || definition === undefined) return undefined
    if (key.expression.type.collation !== definition.type.collation) return undefined
    keys.push({ column: position, descending: key.descending })
  }
  return keys
}

// ── The order of an access path ─────────────────────────────────────────────────────────────────────────────────

/** The path, turned round if need be, if it reads in the order of the keys. */
function orderedAccess(
  access: AccessPath | undefined,
  scan: ScanNode,
  keys: readonly OrderKey[],
): AccessPath | undefined {
  if (access === undefined) return undefined
  if (access.kind === 'full') {
    const primary = primaryKeyOf(scan.table)
    const reverse = primary === undefined ? undefined : direction(primary, 0, scan.table, keys)
    return reverse === undefined ? undefined : { ...access, reverse }
  }
  if (access.unique && access.ranges.length === 1) return access
  const [only] = access.ranges
  const fixed = access.ranges.length === 1 && only !== undefined ? equalParts(only) : 0
  const reverse = direction(access.index, fixed, scan.table, keys)
  return reverse === undefined ? undefined : { ...access, reverse }
}

/** Leading parts that have one value within the range. */
function equalParts({ lower, upper }: RangeBounds): number {
  let count = 0
  while (lower?.[count] !== undefined && lower[count] === upper?.[count]) count++
  return count
}

/**
 * Whether the index must be read backwards (true) or forwards (false) to give the order of the keys; undefined if neither does. The
 * first `fixed` parts have one value each.
 */
function direction(
  index: IndexDefinition,
  fixed: number,
  table: TableDefinition,
  keys: readonly OrderKey[],
): boolean | undefined {
  const parts = orderedParts(index, table)
  if (index.parts.slice(0, fixed).some((part) => part.prefixLength !== undefined)) return undefined
  const constant = new Set(index.parts.slice(0, fixed).map((part) => part.column))
  // Entries that also have the row's key in them are all different.
  const tellsRows = index.unique ? isNeverNull(index, table) : parts.length > index.parts.length
  let at = fixed
  let reverse: boolean | undefined
  const seen = new Set<number>()
  for (const key of keys) {
    if (constant.has(key.column) || seen.has(key.column)) continue
    // Once a whole unique key is passed, no two rows are left to be told apart.
    if (at >= parts.length && tellsRows) break
    while (constant.has(parts[at]?.column ?? -1) || seen.has(parts[at]?.column ?? -1)) at++
    const part = parts[at]
    if (part?.column !== key.column || part.prefixLength !== undefined) return undefined
    const turned = part.descending !== key.descending
    if (reverse !== undefined && reverse !== turned) return undefined
    reverse = turned
    seen.add(key.column)
    at++
  }
  return reverse ?? false
}

function isNeverNull(index: IndexDefinition, table: TableDefinition): boolean {
  return index.parts.every(
    (part) => part.prefixLength === undefined && table.columns[part.column]?.nullable === false,
  )
}

/** Texts up to this length leave the row's key its place in the entry whatever they are. */
const SHORT_TEXT_MAX = 40

/** The parts of an index, then those of the primary key, by which entries with equal parts are ordered. */
function orderedParts(index: IndexDefinition, table: TableDefinition): readonly IndexPart[] {
  const primary = primaryKeyOf(table)
  if (index.primary || index.unique || primary === undefined) return index.parts
  const isShort = ({ column, prefixLength }: IndexPart) => {
    const type = table.columns[column]?.type
    if (type === undefined) return false
    return isText(type) ? (prefixLength ?? type.length) <= SHORT_TEXT_MAX : representationOf(type) !== 'bytes'
  }
  const all = [...index.parts, ...primary.parts]
  return all.length <= 8 && all.every(isShort) ? all : index.parts
}

// ── Another index for the order ─────────────────────────────────────────────────────────────────────────────────

function cheaperOrder(
  sort: SortNode,
  scan: ScanNode,
  keys: readonly OrderKey[],
  wanted: number | undefined,
  context: RuleContext,
): ScanNode | undefined {
  const rows = Math.max(0.01, estimateOf(sort.input).rows)
  const plain = context.unplanned.get(scan) ?? scan
  const present = estimateOf(scan).cost + sortCost(rows, wanted)
  let best: { readonly scan: ScanNode; readonly cost: number } | undefined
  for (const planned of orderedScans(plain, context)) {
    const access = orderedAccess(planned.scan.access, planned.scan, keys)
    if (access === undefined) continue
    const part = wanted === undefined ? 1 : Math.min(1, wanted / Math.max(planned.rows, 0.01))
    const cost = planned.cost * part
    if (cost < (best?.cost ?? present)) best = { scan: { ...planned.scan, access }, cost }
  }
  return best?.scan
}

/** All ways to read the table, whole indexes among them. */
function orderedScans(scan: ScanNode, context: RuleContext): readonly PlannedScan[] {
  const conditions = conjuncts(scan.filter)
  const full = fullScan(scan, context)
  const rows = tableRows(scan.table, context)
  const found = usableRanges(scan, conditions, context)
  const ranged = found.map((each) => rangeScan(scan, each, conditions, context))
  const whole = usableIndexes(scan)
    .filter((index) => !index.primary && !found.some((each) => each.index === index))
    .map((index): PlannedScan => {
      const ranges = [WHOLE_RANGE]
      const access: AccessPath = {
        kind: 'ranges',
        placement: placementOf(scan, context),
        index,
        ranges,
        reverse: false,
        unique: false,
        rows,
      }
      const cost = rangesCost({ index, ranges }, rows, isCovering(index, scan))
      return { scan: { ...scan, access }, cost, rows: full.rows, found: undefined }
    })
  return [full, ...ranged, ...whole]
}

function replaceScan(node: LogicalNode, scan: ScanNode, by: ScanNode): LogicalNode {
  if (node === scan) return by
  const [first, ...others] = inputsOf(node)
  return first === undefined ? node : withInputs(node, [replaceScan(first, scan, by), ...others])
}
