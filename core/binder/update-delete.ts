/**
 * Binds UPDATE and DELETE, in one and in several tables (MySQL manual 15.2.17 and 15.2.2).
 */
import { sqlError } from '../common/sql-error.js'
import type { ColumnAssignment, DeletePlan, DeleteTarget, UpdatePlan, UpdateTarget } from '../plan/change.js'
import type { Expression, SortKey } from '../plan/expression.js'
import type { LogicalNode, OutputColumn, ScanNode } from '../plan/logical.js'
import { rewriteExpression } from '../plan/rewrite.js'
import { primaryKeyOf, type TableDefinition } from '../plan/schema.js'
import type {
  DeleteStatement,
  Expression as Syntax,
  Limit,
  OrderItem,
  QualifiedName,
  TableReference,
  UpdateStatement,
  WithClause,
} from '../plan/syntax/index.js'
import type { Binding, ExpressionContext } from './binding.js'
import { plainContext } from './binding.js'
import { refuseReadOf } from './changed-table.js'
import { spelled } from './columns.js'
import { declareCommonTables } from './common-tables.js'
import { bindFrom } from './from-clause.js'
import type { FromOptions } from './named-tables.js'
import { bindAssignmentTo } from './assignments.js'
import { bindLimit } from './limits.js'
import { functionalColumns } from './functional-columns.js'
import { filter } from './query-block.js'
import { defaultExpression, onUpdateNow, rowRules } from './row-rules.js'
import { sameName, Scope, type ScopeRelation } from './scope.js'
import { notUpdatable } from './targets.js'

interface BoundInput {
  readonly plan: LogicalNode
  readonly scope: Scope
  readonly scans: readonly { readonly scan: ScanNode; readonly relation: ScopeRelation }[]
}

interface ChangeClauses {
  readonly with: WithClause | undefined
  readonly tables: readonly TableReference[]
  readonly where: Syntax | undefined
  readonly orderBy: readonly OrderItem[]
  readonly limit: Limit | undefined
}

/** The rows to change; the scans of target tables lock their rows and yield row keys. */
function bindInput(
  binding: Binding,
  clauses: ChangeClauses,
  isTarget: (alias: string, table: TableDefinition) => boolean,
): BoundInput {
  const commonTables = clauses.with === undefined ? [] : declareCommonTables(clauses.with, [])
  const scope = new Scope(undefined, commonTables)
  const scans: { scan: ScanNode; relation: ScopeRelation }[] = []
  const options: FromOptions = {
    isTarget,
    lockOf: () => ({ mode: 'exclusive', wait: 'wait' }),
    onScan: (scan, relation) => scans.push({ scan, relation }),
  }
  let plan = bindFrom(binding, clauses.tables, scope, options, false)
  if (clauses.where !== undefined) {
    const where = binding.expression(clauses.where, plainContext(scope, 'where clause'))
    plan = filter(plan, functionalColumns(binding, scope, plan)?.(where) ?? where)
  }
  if (clauses.orderBy.length > 0) {
    const keys = clauses.orderBy.map((item): SortKey => ({
      expression: binding.expression(item.expression, plainContext(scope, 'order clause')),
      descending: item.descending,
    }))
    plan = { kind: 'sort', input: plan, keys, top: undefined, output: plan.output }
  }
  return { plan: bindLimit(binding, plan, clauses.limit, false), scope, scans }
}

export function bindUpdate(binding: Binding, syntax: UpdateStatement): UpdatePlan {
  const single = syntax.tables.length === 1 && syntax.tables[0]?.kind === 'table'
  if (!single && syntax.orderBy.length > 0) throw sqlError('ER_WRONG_USAGE', 'UPDATE', 'ORDER BY')
  if (!single && syntax.limit !== undefined) throw sqlError('ER_WRONG_USAGE', 'UPDATE', 'LIMIT')
  const input = bindInput(binding, syntax, () => true)
  const context: ExpressionContext = plainContext(input.scope, 'field list')
  const byScan = new Map<ScanNode, ColumnAssignment[]>()
  const owners = syntax.assignments.map((assignment) =>
    ownerOf(input, assignment.column.table, assignment.column.name),
  )
  syntax.assignments.forEach((assignment, i) => {
    const owner = owners[i]
    if (owner === undefined) {
      const { column } = assignment
      // A column that exists but belongs to no stored table (view, derived table) can't be updated.
      const known = input.scope.findLocal(column.database, column.table, column.name, 'field list')
      const relation = input.scope.relations.find(
        (each) => known !== undefined && each.columns.includes(known),
      )
      if (relation !== undefined) throw notUpdatable(binding, relation, 'UPDATE')
      throw sqlError('ER_BAD_FIELD_ERROR', spelled(column), 'field list')
    }
    const { table } = owner.scan
    const withDefaults: ExpressionContext = {
      ...context,
      defaultOf: (name) => {
        const definition = table.columns.find((each) => sameName(each.name, name))
        return definition === undefined ? undefined : defaultExpression(binding, definition, owner.relation)
      },
    }
    const list = byScan.get(owner.scan) ?? []
    list.push(bindAssignmentTo(binding, assignment, table, owner.relation, withDefaults))
    byScan.set(owner.scan, list)
  })
  const targets = [...byScan].map(([scan, assignments]): UpdateTarget => {
    const relation = input.scans.find((each) => each.scan === scan)?.relation
    if (relation === undefined || scan.rowKey === undefined)
      throw new Error('invariant: a target is scanned with keys')
    return {
      rules: rowRules(binding, scan.table, relation),
      alias: scan.alias,
      rowKey: scan.rowKey,
      assignments,
      onUpdate: onUpdateNow(binding, scan.table, assignments),
    }
  })
  refuseKeysOfTwins(targets)
  refuseReads(binding, input, [...byScan.keys()], [syntax.where, syntax.assignments, syntax.orderBy])
  const plan = lockOnly(input.plan, new Set(byScan.keys()))
  return { kind: 'update', ...withSubqueryValues(binding, plan, targets), ignore: syntax.ignore }
}

/** A row that is updated under two names must be found by its primary key both times. */
function refuseKeysOfTwins(targets: readonly UpdateTarget[]): void {
  targets.forEach((target, i) => {
    const twin = targets.slice(i + 1).find(({ rules }) => rules.table.id === target.rules.table.id)
    if (twin === undefined) return
    const key = primaryKeyOf(target.rules.table)?.parts.map(({ column }) => column) ?? []
    const isWritten = [...target.assignments, ...twin.assignments].some(({ column }) => key.includes(column))
    if (isWritten) throw sqlError('ER_MULTI_UPDATE_KEY_CONFLICT', target.alias, twin.alias)
  })
}

function refuseReads(
  binding: Binding,
  { scope }: BoundInput,
  scans: readonly ScanNode[],
  syntax: readonly unknown[],
): void {
  refuseReadOf(scans, syntax, binding.environment.database, scope.commonTables)
}

/** Sub-queries in assigned expressions are computed with the rows, before any row changes. */
function withSubqueryValues(
  binding: Binding,
  plan: LogicalNode,
  targets: readonly UpdateTarget[],
): Pick<UpdatePlan, 'input' | 'targets'> {
  const values: { readonly column: OutputColumn; readonly expression: Expression }[] = []
  const hoist = (part: Expression): Expression | undefined => {
    if (part.kind !== 'subquery') return undefined
    const { type, nullable, coercibility, text } = part
    const id = binding.newColumn()
    values.push({ column: { id, name: text, type, nullable }, expression: part })
    return { kind: 'column', column: id, type, nullable, coercibility, text }
  }
  const hoisted = targets.map((target) => ({
    ...target,
    assignments: target.assignments.map((assignment) => ({
      ...assignment,
      expression: rewriteExpression(assignment.expression, hoist),
    })),
  }))
  if (values.length === 0) return { input: plan, targets }
  const input: LogicalNode = {
    kind: 'project',
    input: plan,
    expressions: [
      ...plan.output.map(({ id, type, nullable, name }): Expression => {
        return { kind: 'column', column: id, type, nullable, coercibility: 2, text: name }
      }),
      ...values.map((value) => value.expression),
    ],
    output: [...plan.output, ...values.map((value) => value.column)],
  }
  return { input, targets: hoisted }
}

function ownerOf(input: BoundInput, table: string | undefined, name: string) {
  const owners = input.scans.filter(
    ({ relation }) =>
      (table === undefined || sameName(relation.alias, table)) &&
      relation.columns.some((column) => sameName(column.name, name)),
  )
  if (owners.length < 2) return owners[0]
  // A column that USING made of several is that of the first table; anything else named twice is ambiguous.
  const merged = input.scope.findLocal(undefined, table, name, 'field list')
  return owners.find(({ relation }) => relation.columns.some((column) => column.id === merged?.id))
}

export function bindDelete(binding: Binding, syntax: DeleteStatement): DeletePlan {
  if (syntax.targets === undefined) {
    const input = bindInput(binding, { ...syntax, tables: syntax.from }, () => true)
    const [relation] = input.scope.relations
    if (input.scans.length === 0 && relation !== undefined) throw notUpdatable(binding, relation, 'DELETE')
    const scans = input.scans.map(({ scan }) => scan)
    refuseReads(binding, input, scans, [syntax.where, syntax.orderBy])
    return { kind: 'delete', input: input.plan, targets: input.scans.map(asTarget), ignore: syntax.ignore }
  }
  if (syntax.orderBy.length > 0) throw sqlError('ER_WRONG_USAGE', 'DELETE', 'ORDER BY')
  if (syntax.limit !== undefined) throw sqlError('ER_WRONG_USAGE', 'DELETE', 'LIMIT')
  const names = syntax.targets
  names.forEach((name, i) => {
    const isTwice =
      names.findIndex((other) => sameName(other.name, name.name) && other.database === name.database) < i
    if (isTwice) throw sqlError('ER_NONUNIQ_TABLE', name.name)
  })
  const input = bindInput(binding, { ...syntax, tables: syntax.from }, (alias, table) =>
    names.some((name) => namesTarget(name, alias, table)),
  )
  const scans = names.map((name) => {
    const found = input.scans.find(({ scan }) => namesTarget(name, scan.alias, scan.table))
    if (found !== undefined) return found
    const relation = input.scope.relations.find(({ alias }) => sameName(alias, name.name))
    if (relation !== undefined) throw notUpdatable(binding, relation, 'DELETE')
    throw sqlError('ER_UNKNOWN_TABLE', name.name, 'MULTI DELETE')
  })
  const deleted = scans.map(({ scan }) => scan)
  refuseReads(binding, input, deleted, [syntax.where])
  const plan = lockOnly(input.plan, new Set(deleted))
  return { kind: 'delete', input: plan, targets: scans.map(asTarget), ignore: syntax.ignore }
}

function namesTarget(name: QualifiedName, alias: string, table: TableDefinition): boolean {
  return sameName(alias, name.name) && (name.database === undefined || name.database === table.database)
}

function asTarget({ scan }: { readonly scan: ScanNode }): DeleteTarget {
  if (scan.rowKey === undefined) throw new Error('invariant: a target is scanned with keys')
  return { table: scan.table, alias: scan.alias, rowKey: scan.rowKey }
}

/** Takes lock and row key off the scans that turned out to be only read. */
function lockOnly(plan: LogicalNode, targets: ReadonlySet<ScanNode>): LogicalNode {
  switch (plan.kind) {
    case 'scan': {
      if (targets.has(plan)) return plan
      const output = plan.output.filter((column): boolean => column.id !== plan.rowKey)
      return { ...plan, lock: undefined, rowKey: undefined, output }
    }
    case 'join': {
      const left = lockOnly(plan.left, targets)
      const right = lockOnly(plan.right, targets)
      const kept = new Set([...left.output, ...right.output].map((column) => column.id))
      return { ...plan, left, right, output: plan.output.filter((column) => kept.has(column.id)) }
    }
    case 'filter':
    case 'sort':
    case 'limit': {
      const input = lockOnly(plan.input, targets)
      return { ...plan, input, output: input.output }
    }
    default:
      return plan
  }
}
