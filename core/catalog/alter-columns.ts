/**
 * ALTER TABLE: what becomes of the columns (MySQL manual 15.1.9). Actions name columns as they were before the statement.
 */
import { charsetOfCollation } from '../common/collations.js'
import { sqlError } from '../common/sql-error.js'
import { isText, LARGE_BYTES, type SqlType } from '../common/sql-type.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import type {
  AlterAction,
  ColumnDefaultClause,
  ColumnDefinition as ColumnSyntax,
  ColumnPosition,
} from '../plan/syntax/definition.js'
import type { TableDefinitionContext } from './definition-context.js'
import { defaultOf, defineColumn } from './define-column.js'
import type { ColumnExpressions } from './expression-columns.js'
import { checkColumnName, nameKey, sameName } from './names.js'

/** A column of the table as it will be. */
export interface ColumnPlan {
  /** Position in the table as it was; undefined for a new column. */
  readonly from: number | undefined
  readonly name: string
  /** How it is defined anew, by ADD, CHANGE or MODIFY. */
  readonly syntax: ColumnSyntax | undefined
  readonly default: ColumnDefaultClause | 'none' | undefined
  readonly visible: boolean | undefined
  /** CHANGE, MODIFY or RENAME COLUMN names it; it can't be dropped too. */
  readonly isChanged?: boolean
}

/** The collation that CONVERT TO CHARACTER SET gives to text columns. */
export interface ColumnConversion {
  readonly collation: string
}

/**
 * Throws ER_BAD_FIELD_ERROR, ER_CANT_DROP_FIELD_OR_KEY, ER_DUP_FIELDNAME, ER_CANT_REMOVE_ALL_FIELDS.
 */
export function planColumns(table: TableDefinition, actions: readonly AlterAction[]): readonly ColumnPlan[] {
  const planner = new ColumnPlanner(table)
  for (const action of actions) planner.apply(action)
  return planner.finish()
}

class ColumnPlanner {
  private plans: ColumnPlan[]

  constructor(private readonly table: TableDefinition) {
    this.plans = table.columns.map((column, from) => ({
      from,
      name: column.name,
      syntax: undefined,
      default: undefined,
      visible: undefined,
    }))
  }

  apply(action: AlterAction): void {
    switch (action.kind) {
      case 'addColumn':
        this.add(action.column, action.position)
        break
      case 'dropColumn':
        this.drop(action.name)
        break
      case 'changeColumn':
        this.change(action.name, action.column, action.position)
        break
      case 'renameColumn':
        checkColumnName(action.to)
        this.replace(action.from, (plan) => ({ ...plan, name: action.to, isChanged: true }))
        break
      case 'setDefault':
        this.replace(action.column, (plan) => ({ ...plan, default: action.default ?? 'none' }))
        break
      case 'setColumnVisibility':
        this.replace(action.column, (plan) => ({ ...plan, visible: action.visible }))
        break
      default:
    }
  }

  finish(): readonly ColumnPlan[] {
    if (this.plans.length === 0) throw sqlError('ER_CANT_REMOVE_ALL_FIELDS')
    const seen = new Set<string>()
    for (const { name } of this.plans) {
      if (seen.has(nameKey(name))) throw sqlError('ER_DUP_FIELDNAME', name)
      seen.add(nameKey(name))
    }
    return this.plans
  }

  private add(syntax: ColumnSyntax, position: ColumnPosition | undefined): void {
    const plan: ColumnPlan = {
      from: undefined,
      name: syntax.name,
      syntax,
      default: undefined,
      visible: undefined,
    }
    this.place(plan, position)
  }

  private drop(name: string): void {
    const at = this.plans.findIndex((plan) => this.wasNamed(plan, name))
    if (at < 0) throw sqlError('ER_CANT_DROP_FIELD_OR_KEY', name)
    if (this.plans[at]?.isChanged === true) throw sqlError('ER_BAD_FIELD_ERROR', name, this.table.name)
    this.plans.splice(at, 1)
  }

  private change(name: string, syntax: ColumnSyntax, position: ColumnPosition | undefined): void {
    const changed = this.replace(name, (plan) => ({ ...plan, name: syntax.name, syntax, isChanged: true }))
    if (position === undefined) return
    this.plans = this.plans.filter((plan) => plan !== changed)
    this.place(changed, position)
  }

  private place(plan: ColumnPlan, position: ColumnPosition | undefined): void {
    if (position === undefined) this.plans.push(plan)
    else if (position.kind === 'first') this.plans.unshift(plan)
    else {
      const { column } = position
      let at = this.plans.findIndex((other) => sameName(other.name, column))
      if (at < 0) at = this.plans.findIndex((other) => this.wasNamed(other, column))
      if (at < 0) throw sqlError('ER_BAD_FIELD_ERROR', column, this.table.name)
      this.plans.splice(at + 1, 0, plan)
    }
  }

  private replace(name: string, change: (plan: ColumnPlan) => ColumnPlan): ColumnPlan {
    const at = this.plans.findIndex((plan) => this.wasNamed(plan, name))
    const plan = this.plans[at]
    if (plan === undefined) throw sqlError('ER_BAD_FIELD_ERROR', name, this.table.name)
    const changed = change(plan)
    this.plans[at] = changed
    return changed
  }

  private wasNamed(plan: ColumnPlan, name: string): boolean {
    const former = plan.from === undefined ? undefined : this.table.columns[plan.from]
    return former !== undefined && sameName(former.name, name)
  }
}

// ---- Definitions ----------------------------------------------------------------------------------------------

export interface ColumnsContext {
  readonly table: TableDefinition
  /** Of the table as it will be. */
  readonly tableCollation: string
  readonly conversion: ColumnConversion | undefined
  /** Folded names of the columns in the primary key as it will be. */
  readonly primary: ReadonlySet<string>
  readonly context: TableDefinitionContext
}

function isVirtual({ generated }: ColumnDefinition): boolean {
  return generated !== undefined && !generated.stored
}

export function defineAlteredColumn(plan: ColumnPlan, columns: ColumnsContext): ColumnDefinition {
  const { table, context } = columns
  const former = plan.from === undefined ? undefined : table.columns[plan.from]
  const isInPrimaryKey = columns.primary.has(nameKey(plan.name))
  if (plan.syntax !== undefined) {
    const { tableCollation } = columns
    const column = defineColumn(plan.syntax, { tableCollation, isInPrimaryKey, id: former?.id }, context)
    if (former !== undefined && isVirtual(former) !== isVirtual(column)) {
      throw sqlError('ER_UNSUPPORTED_ACTION_ON_GENERATED_COLUMN', 'Changing the STORED status')
    }
    const absentValue = former?.absentValue
    return absentValue === undefined ? column : Object.freeze({ ...column, absentValue })
  }
  if (former === undefined) throw new Error('invariant: a column is old or defined anew')
  const type = columns.conversion === undefined ? former.type : convertedType(former.type, columns.conversion)
  const nullable = former.nullable && !isInPrimaryKey
  return Object.freeze({
    ...former,
    name: plan.name,
    type,
    nullable,
    default: alteredDefault(plan, { ...former, type, nullable }, context),
    invisible: plan.visible === undefined ? former.invisible : !plan.visible,
  })
}

function alteredDefault(
  plan: ColumnPlan,
  column: ColumnDefinition,
  context: TableDefinitionContext,
): ColumnDefinition['default'] {
  if (plan.default === 'none') return { kind: 'none' }
  if (plan.default !== undefined) {
    if (column.autoIncrement || column.generated !== undefined) {
      throw sqlError('ER_INVALID_DEFAULT', column.name)
    }
    return defaultOf(plan.default, column, context)
  }
  const isNull = column.default.kind === 'value' && column.default.value === null
  return isNull && !column.nullable ? { kind: 'none' } : column.default
}

const LARGE_TEXT = ['tinytext', 'text', 'mediumtext', 'longtext'] as const

/** CONVERT TO CHARACTER SET: a TEXT type that couldn't hold the longer encoding becomes the next larger one. */
function convertedType(type: SqlType, conversion: ColumnConversion): SqlType {
  const isMember = type.name === 'enum' || type.name === 'set'
  if (!isText(type) && !isMember) return type
  const from = charsetOfCollation(type.collation).bytesPerCharMax
  const to = charsetOfCollation(conversion.collation).bytesPerCharMax
  const size = LARGE_TEXT.find((name) => name === type.name)
  if (size === undefined || to <= from) return Object.freeze({ ...type, collation: conversion.collation })
  const needed = Math.ceil((LARGE_BYTES[size] / from) * to)
  const name = LARGE_TEXT.find((each) => LARGE_BYTES[each] >= needed) ?? 'longtext'
  return Object.freeze({ ...type, name, length: LARGE_BYTES[name], collation: conversion.collation })
}

/** The expressions of all columns, parsed again where they haven't changed: what they name may have. */
export function expressionsOf(
  plans: readonly ColumnPlan[],
  columns: readonly ColumnDefinition[],
  context: TableDefinitionContext,
): ReadonlyMap<string, ColumnExpressions> {
  const expressions = new Map<string, ColumnExpressions>()
  plans.forEach((plan, i) => {
    const column = columns[i]
    if (column === undefined) return
    const { generated } = column
    const missing = column.default
    expressions.set(nameKey(column.name), {
      generated: generated && {
        expression: context.expressions.parse(generated.sql),
        stored: generated.stored,
        start: 0,
        end: 0,
      },
      default:
        missing.kind === 'expression'
          ? { value: context.expressions.parse(missing.sql), parenthesised: true, start: 0, end: 0 }
          : undefined,
    })
  })
  return expressions
}
