/**
 * Which columns have one value per group although they aren't grouped (MySQL manual 14.19.4 "Detection of Functional Dependence"):
 * those fixed by equalities with constants or with other known columns, and all columns of a table whose key is known.
 */
import { Coercibility } from '../common/collation-coercion.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import { isMadeOf } from '../plan/generated-columns.js'
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import type { GroupItem } from './grouping.js'
import { isConstant } from '../plan/rewrite.js'
import type { Scope } from './scope.js'

export function dependentColumns(
  input: LogicalNode,
  scope: Scope,
  items: readonly GroupItem[],
): ReadonlySet<ColumnId> {
  const known = new Set<ColumnId>()
  for (const { expression } of items) {
    // A column with COLLATE is an expression, which says nothing of the column.
    const isPlain = expression.kind === 'column' && expression.coercibility !== Coercibility.explicit
    if (isPlain) known.add(expression.column)
  }
  const facts: Facts = { constants: [], equalities: [], neverNull: new Set(), tables: [], derived: [] }
  collect(input, facts)
  for (const column of facts.constants) known.add(column)
  for (let before = -1; before !== known.size;) {
    before = known.size
    for (const [a, b] of facts.equalities) {
      if (known.has(a)) known.add(b)
      if (known.has(b)) known.add(a)
    }
    for (const table of facts.tables) {
      if (table.keys.some((key) => decides(key, known, facts))) {
        for (const column of table.columns) known.add(column)
      }
    }
    for (const { from, to } of facts.derived) if (from.every((column) => known.has(column))) known.add(to)
  }
  return known
}

function decides(key: readonly KeyColumn[], known: ReadonlySet<ColumnId>, { neverNull }: Facts): boolean {
  return key.every(({ column, nullable }) => known.has(column) && (!nullable || neverNull.has(column)))
}

interface KeyColumn {
  readonly column: ColumnId
  /** Rows that have NULL here can be many, unless a condition leaves none. */
  readonly nullable: boolean
}

interface Facts {
  readonly constants: ColumnId[]
  readonly equalities: [ColumnId, ColumnId][]
  /** No row that has NULL there meets the conditions. */
  readonly neverNull: Set<ColumnId>
  readonly tables: {
    readonly keys: readonly (readonly KeyColumn[])[]
    readonly columns: readonly ColumnId[]
  }[]
  /** `to` is computed from `from`. */
  readonly derived: { readonly from: readonly ColumnId[]; readonly to: ColumnId }[]
}

function collect(node: LogicalNode, facts: Facts): void {
  switch (node.kind) {
    case 'scan': {
      const idOf = (position: number) => node.output[node.columns.indexOf(position)]?.id ?? -1
      const keys = node.table.indexes
        .filter((index) => index.unique && index.parts.every((part) => part.prefixLength === undefined))
        .map((index) =>
          index.parts.map((part) => ({
            column: idOf(part.column),
            nullable: node.table.columns[part.column]?.nullable !== false,
          })),
        )
      facts.tables.push({ keys, columns: node.output.map((column) => column.id) })
      generatedColumns(node, idOf, facts)
      break
    }
    case 'filter':
      conditions(node.condition, facts)
      collect(node.input, facts)
      break
    case 'join':
      if (node.condition !== undefined) {
        if (node.type === 'inner') conditions(node.condition, facts)
        // A row that is supplied is NULL in all columns: one value of each.
        else if (node.type === 'left')
          notNull(node.condition, new Set(node.right.output.map(({ id }) => id)), facts)
      }
      collect(node.left, facts)
      // Rows that a left join supplies are NULL in all columns, so dependencies within the right side hold still.
      if (node.type === 'inner' || node.type === 'left') collect(node.right, facts)
      break
    case 'rename':
    case 'shared':
      node.columns.forEach((column, i) => {
        const output = node.output[i]
        if (output !== undefined) facts.equalities.push([column, output.id])
      })
      collect(node.input, facts)
      break
    case 'project':
      node.expressions.forEach((expression, i) => {
        const output = node.output[i]
        if (output === undefined) return
        if (expression.kind === 'column') facts.equalities.push([expression.column, output.id])
        else if (isConstant(expression)) facts.constants.push(output.id)
      })
      collect(node.input, facts)
      break
    case 'aggregate': {
      const group = node.groupBy.map((each) => ({ column: each.output, nullable: false }))
      facts.tables.push({ keys: node.rollup ? [] : [group], columns: node.output.map((column) => column.id) })
      break
    }
    case 'sort':
    case 'limit':
    case 'window':
      collect(node.input, facts)
      break
    case 'distinct':
      facts.tables.push({
        keys: [node.output.map(({ id }) => ({ column: id, nullable: false }))],
        columns: [],
      })
      collect(node.input, facts)
      break
    default:
  }
}

/** Generated columns follow from those that their expression names. */
function generatedColumns(node: ScanNode, idOf: (position: number) => ColumnId, facts: Facts): void {
  const { columns } = node.table
  columns.forEach((column, position) => {
    const to = idOf(position)
    if (column.generated === undefined || to < 0) return
    const from = columns.flatMap(({ name }, i) => (isMadeOf(column, name) ? [idOf(i)] : []))
    facts.derived.push({ from, to })
  })
}

/** Calls that are never true for a NULL in any of their arguments. */
const REFUSE_NULL: ReadonlySet<string> = new Set([
  ...['=', '<', '<=', '>', '>=', '<>', 'is not null', 'between', 'like'],
])

/** Columns, of `among` if it is given, that can't be NULL where the condition is true. */
function notNull(condition: Expression, among: ReadonlySet<ColumnId> | undefined, facts: Facts): void {
  if (condition.kind !== 'call') return
  const [first] = condition.arguments
  if (condition.name === 'and') for (const part of condition.arguments) notNull(part, among, facts)
  const isNotNull = condition.name === 'not' && first?.kind === 'call' && first.name === 'is null'
  const refused = isNotNull ? first.arguments : REFUSE_NULL.has(condition.name) ? condition.arguments : []
  for (const part of refused) {
    if (part.kind === 'column' && among?.has(part.column) !== false) facts.neverNull.add(part.column)
  }
}

function conditions(condition: Expression, facts: Facts): void {
  notNull(condition, undefined, facts)
  equalities(condition, facts)
}

function equalities(condition: Expression, facts: Facts): void {
  if (condition.kind !== 'call') return
  if (condition.name === 'and') {
    for (const part of condition.arguments) equalities(part, facts)
    return
  }
  if (condition.name !== '=') return
  const [left, right] = condition.arguments
  if (left === undefined || right === undefined) return
  if (left.kind === 'column' && right.kind === 'column') facts.equalities.push([left.column, right.column])
  else if (left.kind === 'column' && isOuterConstant(right)) facts.constants.push(left.column)
  else if (right.kind === 'column' && isOuterConstant(left)) facts.constants.push(right.column)
}

/** Constant for one execution of the block: also what an enclosing query hands in. */
function isOuterConstant(expression: Expression): boolean {
  return expression.kind === 'correlated' || isConstant(expression)
}
