/**
 * ALTER TABLE: what becomes of foreign keys and checks, and what columns must stay for their sake.
 */
import { sqlError } from '../common/sql-error.js'
import type {
  CheckDefinition,
  ColumnDefinition,
  ForeignKeyDefinition,
  TableDefinition,
} from '../plan/schema.js'
import type { AlterAction } from '../plan/syntax/definition.js'
import type { ColumnPlan } from './alter-columns.js'
import type { TableDefinitionContext } from './definition-context.js'
import { CheckNames, defineCheck } from './define-check.js'
import {
  areCompatible,
  checkActions,
  defineForeignKey,
  ForeignKeyNames,
  hasColumnsInFront,
} from './define-foreign-key.js'
import { sameName } from './names.js'
import type { CatalogSnapshot } from './snapshot.js'
import { columnsNamed } from './syntax-walk.js'

// ---- Foreign keys ---------------------------------------------------------------------------------------------

/** Throws ER_CANT_DROP_FIELD_OR_KEY, ER_FK_COLUMN_CANNOT_DROP, ER_FK_COLUMN_CANNOT_CHANGE. */
export function alterForeignKeys(
  table: TableDefinition,
  plans: readonly ColumnPlan[],
  columns: readonly ColumnDefinition[],
  actions: readonly AlterAction[],
  context: TableDefinitionContext,
): readonly ForeignKeyDefinition[] {
  let kept = table.foreignKeys
  for (const action of actions) {
    const isDrop = action.kind === 'dropForeignKey'
    if (!isDrop && action.kind !== 'dropConstraint') continue
    const remaining = kept.filter((foreignKey) => !sameName(foreignKey.name, action.name))
    if (isDrop && remaining.length === kept.length) throw sqlError('ER_CANT_DROP_FIELD_OR_KEY', action.name)
    kept = remaining
  }
  const child = { database: table.database, name: table.name, columns }
  const moved = kept.map((foreignKey) => movedForeignKey(foreignKey, table, plans, columns, context))
  const names = new ForeignKeyNames(table.name, table.foreignKeys)
  const added = actions.flatMap((action) =>
    action.kind === 'addForeignKey'
      ? [defineForeignKey(action.foreignKey, child, action.foreignKey.name ?? names.next(), context)]
      : [],
  )
  return [...moved, ...added]
}

function movedForeignKey(
  foreignKey: ForeignKeyDefinition,
  table: TableDefinition,
  plans: readonly ColumnPlan[],
  columns: readonly ColumnDefinition[],
  context: TableDefinitionContext,
): ForeignKeyDefinition {
  const positions = foreignKey.columns.map((from) => {
    const position = plans.findIndex((plan) => plan.from === from)
    const [former, changed] = [table.columns[from], columns[position]]
    if (former === undefined) throw new Error('invariant: a foreign key names columns of its table')
    if (changed === undefined) throw sqlError('ER_FK_COLUMN_CANNOT_DROP', former.name, foreignKey.name)
    if (context.foreignKeyChecks && !areCompatible(former.type, changed.type)) {
      throw sqlError('ER_FK_COLUMN_CANNOT_CHANGE', former.name, foreignKey.name)
    }
    return position
  })
  const isSelf = foreignKey.referencedDatabase === table.database && foreignKey.referencedTable === table.name
  const moved: ForeignKeyDefinition = Object.freeze({
    ...foreignKey,
    columns: positions,
    referencedColumns: isSelf
      ? renamedColumns(foreignKey.referencedColumns, table, plans)
      : foreignKey.referencedColumns,
  })
  checkActions(moved, { columns })
  return moved
}

/** Names of the table's columns after the change. */
export function renamedColumns(
  names: readonly string[],
  table: TableDefinition,
  plans: readonly ColumnPlan[],
): readonly string[] {
  return names.map((name) => {
    const plan = plans.find(
      ({ from }) => from !== undefined && sameName(table.columns[from]?.name ?? '', name),
    )
    return plan?.name ?? name
  })
}

/** Columns that foreign keys of other tables refer to must stay what they are. */
export function checkReferenced(
  table: TableDefinition,
  plans: readonly ColumnPlan[],
  columns: readonly ColumnDefinition[],
  snapshot: CatalogSnapshot,
  context: TableDefinitionContext,
): void {
  for (const { child, foreignKey } of snapshot.referencesTo(table.database, table.name)) {
    for (const [i, name] of foreignKey.referencedColumns.entries()) {
      const from = table.columns.findIndex((column) => sameName(column.name, name))
      const former = table.columns[from]
      if (former === undefined) continue
      const changed = columns[plans.findIndex((plan) => plan.from === from)]
      const childName = `${child.database}.${child.name}`
      if (changed === undefined) {
        if (child.id === table.id) throw sqlError('ER_FK_COLUMN_CANNOT_DROP', name, foreignKey.name)
        throw sqlError('ER_FK_COLUMN_CANNOT_DROP_CHILD', name, foreignKey.name, childName)
      }
      if (context.foreignKeyChecks && !areCompatible(former.type, changed.type)) {
        const own = child.columns[foreignKey.columns[i] ?? -1]?.name ?? ''
        throw sqlError('ER_FK_INCOMPATIBLE_COLUMNS', own, changed.name, foreignKey.name)
      }
    }
  }
}

/** Foreign keys need an index on their columns, in the child and in the parent. Throws ER_DROP_INDEX_FK. */
export function checkNeededIndexes(
  table: TableDefinition,
  droppedName: string | undefined,
  former: TableDefinition,
  plans: readonly ColumnPlan[],
  snapshot: CatalogSnapshot,
): void {
  const isServed = (columns: readonly number[]): boolean =>
    table.indexes.some((index) => hasColumnsInFront(index, columns))
  const refuse = (): never => {
    throw sqlError('ER_DROP_INDEX_FK', droppedName ?? table.name)
  }
  for (const foreignKey of table.foreignKeys) if (!isServed(foreignKey.columns)) refuse()
  for (const { child, foreignKey } of snapshot.referencesTo(former.database, former.name)) {
    // An own foreign key that this statement drops needs nothing any more.
    if (child.id === former.id && !table.foreignKeys.some((each) => each.id === foreignKey.id)) continue
    const names = renamedColumns(foreignKey.referencedColumns, former, plans)
    const positions = names.map((name) => table.columns.findIndex((column) => sameName(column.name, name)))
    const wasServed = former.indexes.some((index) =>
      hasColumnsInFront(
        index,
        foreignKey.referencedColumns.map((name) => {
          return former.columns.findIndex((column) => sameName(column.name, name))
        }),
      ),
    )
    if (wasServed && !isServed(positions)) refuse()
  }
}

// ---- Checks ---------------------------------------------------------------------------------------------------

/** Throws ER_CHECK_CONSTRAINT_NOT_FOUND, ER_CONSTRAINT_NOT_FOUND, ER_DEPENDENT_BY_CHECK_CONSTRAINT. */
export function alterChecks(
  table: TableDefinition,
  plans: readonly ColumnPlan[],
  columns: readonly ColumnDefinition[],
  actions: readonly AlterAction[],
  context: TableDefinitionContext,
): readonly CheckDefinition[] {
  let kept = table.checks
  for (const action of actions) {
    if (action.kind === 'dropCheck') {
      requireCheck(kept, action.name)
      kept = kept.filter((check) => !sameName(check.name, action.name))
    } else if (action.kind === 'dropConstraint') {
      kept = kept.filter((check) => !sameName(check.name, action.name))
    } else if (action.kind === 'setEnforced') {
      if (action.constraintKind === 'check' || !isOtherConstraint(table, action.name)) {
        requireCheck(kept, action.name)
      }
      kept = kept.map((check) =>
        sameName(check.name, action.name) ? { ...check, enforced: action.enforced } : check,
      )
    }
  }
  const staying = kept.filter((check) => staysWith(check, table, plans, context))
  return [...staying, ...addedChecks(table, columns, actions, context)]
}

function requireCheck(checks: readonly CheckDefinition[], name: string): void {
  if (checks.some((check) => sameName(check.name, name))) return
  throw sqlError('ER_CHECK_CONSTRAINT_NOT_FOUND', name)
}

/** ALTER CONSTRAINT can't enforce other constraints than checks. */
function isOtherConstraint(table: TableDefinition, name: string): boolean {
  if (table.checks.some((check) => sameName(check.name, name))) return true
  if (constraintKinds(table, name) === 0) throw sqlError('ER_CONSTRAINT_NOT_FOUND', name)
  throw sqlError('ER_ALTER_CONSTRAINT_ENFORCEMENT_NOT_SUPPORTED', name)
}

/** DROP CONSTRAINT names exactly one. Throws ER_CONSTRAINT_NOT_FOUND, ER_MULTIPLE_CONSTRAINTS_WITH_SAME_NAME. */
export function checkDroppedConstraints(table: TableDefinition, actions: readonly AlterAction[]): void {
  for (const action of actions) {
    if (action.kind !== 'dropConstraint') continue
    const kinds = constraintKinds(table, action.name)
    if (kinds === 0) throw sqlError('ER_CONSTRAINT_NOT_FOUND', action.name)
    if (kinds > 1) throw sqlError('ER_MULTIPLE_CONSTRAINTS_WITH_SAME_NAME', action.name)
  }
}

/** How many kinds of constraints (unique, foreign key, check) have this name. */
function constraintKinds(table: TableDefinition, name: string): number {
  const found = [
    table.indexes.some((index) => index.unique && sameName(index.name, name)),
    table.foreignKeys.some((foreignKey) => sameName(foreignKey.name, name)),
    table.checks.some((check) => sameName(check.name, name)),
  ]
  return found.filter(Boolean).length
}

/** A check goes with the only column that it names; of others that go or change their name it holds on to them. */
function staysWith(
  check: CheckDefinition,
  table: TableDefinition,
  plans: readonly ColumnPlan[],
  context: TableDefinitionContext,
): boolean {
  const names = new Set(
    columnsNamed(context.expressions.parse(check.sql)).map((reference) => reference.name.toLowerCase()),
  )
  let remaining = 0
  let gone: string | undefined
  for (const name of names) {
    const from = table.columns.findIndex((column) => sameName(column.name, name))
    const plan = plans.find((each) => each.from === from)
    if (plan === undefined) gone = table.columns[from]?.name ?? name
    else if (sameName(plan.name, name)) remaining++
    else throw sqlError('ER_DEPENDENT_BY_CHECK_CONSTRAINT', check.name, table.columns[from]?.name ?? name)
  }
  if (gone === undefined) return true
  if (remaining > 0) throw sqlError('ER_DEPENDENT_BY_CHECK_CONSTRAINT', check.name, gone)
  return false
}

function addedChecks(
  table: TableDefinition,
  columns: readonly ColumnDefinition[],
  actions: readonly AlterAction[],
  context: TableDefinitionContext,
): readonly CheckDefinition[] {
  const names = new CheckNames(table.name, table.checks)
  return actions.flatMap((action) => {
    switch (action.kind) {
      case 'addCheck':
        return [defineCheck(action.check, action.check.name ?? names.next(), undefined, columns, context)]
      case 'addColumn':
      case 'changeColumn': {
        const { checks, name } = action.column
        return checks.map((check) => defineCheck(check, check.name ?? names.next(), name, columns, context))
      }
      default:
        return []
    }
  })
}

// ---- Expressions of columns -----------------------------------------------------------------------------------

/**
 * Columns that a generated column or a default names can't go or change their name. Throws
 * ER_DEPENDENT_BY_GENERATED_COLUMN, ER_DEPENDENT_BY_DEFAULT_GENERATED_VALUE.
 */
export function checkDependents(
  table: TableDefinition,
  plans: readonly ColumnPlan[],
  context: TableDefinitionContext,
): void {
  for (const plan of plans) {
    // One that is defined anew names the columns as they will be.
    if (plan.from === undefined || plan.syntax !== undefined) continue
    const column = table.columns[plan.from]
    if (column?.generated !== undefined) {
      const lost = lostColumn(column.generated.sql, table, plans, context)
      if (lost !== undefined) {
        const isHidden = column.hidden === true
        throw sqlError(
          isHidden ? 'ER_DEPENDENT_BY_FUNCTIONAL_INDEX' : 'ER_DEPENDENT_BY_GENERATED_COLUMN',
          lost,
        )
      }
    }
    if (column?.default.kind === 'expression' && plan.default === undefined) {
      const lost = lostColumn(column.default.sql, table, plans, context)
      if (lost !== undefined) throw sqlError('ER_DEPENDENT_BY_DEFAULT_GENERATED_VALUE', lost, table.name)
    }
  }
}

function lostColumn(
  sql: string,
  table: TableDefinition,
  plans: readonly ColumnPlan[],
  context: TableDefinitionContext,
): string | undefined {
  for (const { name } of columnsNamed(context.expressions.parse(sql))) {
    const from = table.columns.findIndex((column) => sameName(column.name, name))
    const plan = plans.find((each) => each.from === from)
    if (plan === undefined || !sameName(plan.name, name)) return table.columns[from]?.name ?? name
  }
  return undefined
}
