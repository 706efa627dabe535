/**
 * WITH: common table expressions, recursive ones too (MySQL manual 15.2.20). Each is bound once; every reference reads the
 * same shared computation.
 */
import type { Evaluator } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { STRICT_MODES } from '../common/sql-mode.js'
import { isText, textType } from '../common/sql-type.js'
import { codePointCount, textLengthMax, textOf } from '../common/value-text.js'
import type { Expression } from '../plan/expression.js'
import type { LogicalNode, OutputColumn, RecursiveNode } from '../plan/logical.js'
import type {
  QueryBody,
  QueryExpression,
  SetOperation,
  TableReference,
  WithClause,
} from '../plan/syntax/index.js'
import type { Binding } from './binding.js'
import { convertTo, specialCall } from './calls.js'
import { bindLimit } from './limits.js'
import { sameName, type CommonTable, type WorkTable } from './scope.js'

/** The common tables visible behind a WITH clause. */
export function declareCommonTables(
  clause: WithClause,
  outer: readonly CommonTable[],
): readonly CommonTable[] {
  const visible: CommonTable[] = [...outer]
  const names = new Set<string>()
  for (const element of clause.elements) {
    const key = element.name.toLowerCase()
    if (names.has(key)) throw sqlError('ER_NONUNIQ_TABLE', element.name)
    names.add(key)
    visible.push({
      name: element.name,
      columns: element.columns,
      query: element.query,
      recursive: clause.recursive && namesTable(element.query, element.name),
      visible: [...visible],
      bound: undefined,
      work: undefined,
      binding: false,
    })
  }
  return visible
}

/** Plan and columns for one reference to a common table. */
export function bindCommonTable(
  binding: Binding,
  table: CommonTable,
): { readonly plan: LogicalNode; readonly columns: readonly OutputColumn[] } {
  if (table.work !== undefined) return workTableReference(binding, table.work)
  if (table.binding) throw sqlError('ER_NO_SUCH_TABLE', binding.environment.database ?? '', table.name)
  if (table.bound === undefined) {
    table.binding = true
    try {
      const { plan, columns } = table.recursive ? bindRecursive(binding, table) : bindPlain(binding, table)
      table.bound = { shareId: binding.newShareId(), plan, columns }
    } finally {
      table.binding = false
    }
  }
  const { shareId, plan, columns } = table.bound
  const output = columns.map((column) => ({ ...column, id: binding.newColumn() }))
  return {
    plan: { kind: 'shared', shareId, input: plan, columns: columns.map((column) => column.id), output },
    columns: output,
  }
}

function bindPlain(binding: Binding, table: CommonTable) {
  const bound = binding.query(table.query, undefined, table.visible)
  return { plan: bound.plan, columns: named(bound.columns, table) }
}

function named(columns: readonly OutputColumn[], table: CommonTable): readonly OutputColumn[] {
  if (table.columns.length !== 0 && table.columns.length !== columns.length)
    throw sqlError('ER_VIEW_WRONG_LIST')
  return columns.map((column, i) => ({ ...column, name: table.columns[i] ?? column.name }))
}

function workTableReference(binding: Binding, work: WorkTable) {
  work.references++
  const output = work.columns.map((column) => ({ ...column, id: binding.newColumn() }))
  const plan: LogicalNode = { kind: 'work table', workId: work.workId, output }
  return { plan, columns: output }
}

function bindRecursive(binding: Binding, table: CommonTable) {
  const body = setOperationOf(table)
  const isStep = (operand: QueryBody) => namesTable(operand, table.name)
  const seeds = body.operands.filter((operand) => !isStep(operand))
  const steps = body.operands.filter(isStep)
  if (seeds.length === 0 || body.operands.slice(0, seeds.length).some(isStep)) {
    throw sqlError('ER_CTE_RECURSIVE_REQUIRES_NONRECURSIVE_FIRST', table.name)
  }
  const seed = binding.query(asQuery(body, seeds), undefined, table.visible)
  // MySQL takes names and types from the non-recursive part; every column may be NULL.
  const columns = named(seed.columns, table).map((column) => ({
    ...column,
    // NULL alone makes a column that has room for nothing else.
    type: column.type.name === 'null' ? textType(0, binding.environment.connectionCollation) : column.type,
    nullable: true,
  }))
  const workId = binding.newShareId()
  const work: WorkTable = { workId, columns, references: 0 }
  const visible = [...table.visible, { ...table, work }]
  const bound = steps.map((step) => {
    work.references = 0
    checkStep(table.name, step)
    const query = binding.query(asQuery(body, [step]), undefined, visible)
    if (work.references > 1) throw sqlError('ER_CTE_RECURSIVE_REQUIRES_SINGLE_REFERENCE', table.name)
    if (hasAggregation(query.plan)) throw sqlError('ER_CTE_RECURSIVE_FORBIDS_AGGREGATION', table.name)
    if (query.columns.length !== columns.length) throw sqlError('ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT')
    return toTypes(binding, query.plan, query.columns, columns)
  })
  const first = bound[0]
  if (first === undefined) throw new Error('invariant: a recursive table has a recursive part')
  const step: LogicalNode =
    bound.length === 1
      ? first
      : { kind: 'set operation', operation: 'union', all: true, inputs: bound, output: first.output }
  const output = columns.map((column) => ({ ...column, id: binding.newColumn() }))
  const recursive: RecursiveNode = {
    kind: 'recursive',
    workId,
    name: table.name,
    seed: seed.plan,
    step,
    distinct: body.distinct,
    limit: undefined,
    seedColumns: seed.columns.map((column) => column.id),
    stepColumns: step.output.map((column) => column.id),
    output,
  }
  const { limit } = table.query
  const limited = bindLimit(binding, recursive, limit, false)
  if (limited.kind !== 'limit') return { plan: recursive, columns: output }
  return { plan: { ...limited, input: { ...recursive, limit: limited } }, columns: output }
}

function setOperationOf(table: CommonTable): SetOperation {
  const { body, orderBy, limit } = table.query
  const inner = body.kind === 'query' && orderBy.length === 0 && limit === undefined ? body.body : body
  if (inner.kind !== 'setOperation' || inner.operator !== 'union') {
    throw sqlError('ER_CTE_RECURSIVE_REQUIRES_UNION', table.name)
  }
  if (orderBy.length > 0)
    throw sqlError('ER_NOT_SUPPORTED_YET', 'ORDER BY over UNION in recursive Common Table Expression')
  return inner
}

/** What the recursive part may not be, by its form (MySQL manual 15.2.20 "Recursive Common Table Expressions"). */
function checkStep(name: string, step: QueryBody): void {
  if (step.kind !== 'select') return
  if (step.distinct)
    throw sqlError(
      'ER_NOT_SUPPORTED_YET',
      'ORDER BY / LIMIT / SELECT DISTINCT in recursive query block of Common Table Expression',
    )
  const count = step.from.reduce((sum, reference) => sum + directReferences(reference, name), 0)
  if (count !== 1) throw sqlError('ER_CTE_RECURSIVE_REQUIRES_SINGLE_REFERENCE', name)
}

/** How often a join names the table itself, not in a sub-query. Throws if it stands where an outer join fills in NULL. */
function directReferences(reference: TableReference, name: string): number {
  if (reference.kind === 'join') {
    const left = directReferences(reference.left, name)
    const right = directReferences(reference.right, name)
    const isFilledIn = (reference.type === 'left' && right > 0) || (reference.type === 'right' && left > 0)
    if (isFilledIn) throw sqlError('ER_CTE_RECURSIVE_FORBIDDEN_JOIN_ORDER', name)
    return left + right
  }
  return reference.kind === 'table' && namesTable(reference, name) ? 1 : 0
}

function asQuery(body: SetOperation, operands: readonly QueryBody[]): QueryExpression {
  const first = operands[0]
  const inner = operands.length === 1 && first !== undefined ? first : { ...body, operands }
  return {
    kind: 'query',
    with: undefined,
    body: inner,
    orderBy: [],
    limit: undefined,
    locking: [],
    into: undefined,
    start: body.start,
    end: body.end,
  }
}

/** A text that is longer than the column that the seed gave is an error in strict mode; otherwise it is cut. */
function refuseLongText(value: Expression, column: OutputColumn): Expression {
  const { type } = column
  if (!isText(type) || textLengthMax(value.type) <= type.length) return value
  const text = textOf(value.type)
  return specialCall('store', value.text, [value], { ...value, volatility: 'immutable' }, ([operand]) => {
    const evaluate = operand as Evaluator
    return (batch, row, context) => {
      const each = evaluate(batch, row, context)
      const isStrict = (context.sqlMode & STRICT_MODES) !== 0
      if (each !== null && isStrict && codePointCount(text(each, context)) > type.length) {
        throw sqlError('ER_DATA_TOO_LONG', column.name, 1)
      }
      return each
    }
  })
}

function toTypes(
  binding: Binding,
  plan: LogicalNode,
  from: readonly OutputColumn[],
  to: readonly OutputColumn[],
): LogicalNode {
  const output = to.map((column) => ({ ...column, id: binding.newColumn() }))
  const expressions = from.map((column, i) => {
    const value: Expression = {
      kind: 'column',
      column: column.id,
      type: column.type,
      nullable: column.nullable,
      coercibility: 2,
      text: column.name,
    }
    const target = to[i]
    return convertTo(target === undefined ? value : refuseLongText(value, target), target?.type)
  })
  return { kind: 'project', input: plan, expressions, output }
}

/** Aggregation in the step's own block; what a derived table inside it does is its own affair. */
function hasAggregation(plan: LogicalNode): boolean {
  if (plan.kind === 'aggregate' || plan.kind === 'window') return true
  if (plan.kind === 'project' || plan.kind === 'filter' || plan.kind === 'sort' || plan.kind === 'limit') {
    return hasAggregation(plan.input)
  }
  return false
}

/** Whether FROM somewhere inside names the table without a database. */
function namesTable(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((each) => namesTable(each, name))
  if (typeof node !== 'object' || node === null) return false
  if ('kind' in node && node.kind === 'table' && 'name' in node) {
    const qualified = node.name as { readonly database?: string; readonly name: string }
    return qualified.database === undefined && sameName(qualified.name, name)
  }
  return Object.values(node).some((each) => namesTable(each, name))
}
