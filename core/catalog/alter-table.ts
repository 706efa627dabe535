/**
 * ALTER TABLE as a change of definitions: what the table will be, and where each column comes from. How the stored rows get
 * there is for `alteration-work.ts` to say and for the engine to do.
 */
import { requireCharset } from '../common/charsets.js'
import { sqlError } from '../common/sql-error.js'
import type { ExactValue } from '../common/value.js'
import type { TableDefinition } from '../plan/schema.js'
import type { AlterAction, AlterTable, TableOptions } from '../plan/syntax/definition.js'
import type { QualifiedName } from '../plan/syntax/node.js'
import {
  defineAlteredColumn,
  expressionsOf,
  planColumns,
  type ColumnConversion,
  type ColumnPlan,
} from './alter-columns.js'
import {
  alterChecks,
  alterForeignKeys,
  checkDependents,
  checkDroppedConstraints,
  checkNeededIndexes,
  checkReferenced,
} from './alter-constraints.js'
import { defineAlteredIndexes, planIndexes, primaryOf } from './alter-indexes.js'
import { chosenCollation } from './column-type.js'
import type { TableDefinitionContext } from './definition-context.js'
import { checkTable } from './define-table.js'
import { checkAgainstActions } from './define-check.js'
import { functionalParts, refuseHiddenNames, withHiddenDrops } from './functional-parts.js'
import { checkColumnReferences } from './expression-columns.js'
import type { CatalogSnapshot } from './snapshot.js'
import { autoIncrementOption, keptOptions, refuseOptions, tableComment } from './table-options.js'

export interface AlteredTable {
  readonly former: TableDefinition
  /** The table as it will be, under its present name; ids of what stays are kept. */
  readonly table: TableDefinition
  /** For each column of `table`, in order. */
  readonly columns: readonly ColumnPlan[]
  readonly renameTo: QualifiedName | undefined
  /** ENGINE as written. */
  readonly engine: string | undefined
  readonly autoIncrement: ExactValue | undefined
  /** FORCE: the rows are to be written anew whether they have to or not. */
  readonly isForced: boolean
}

/** Throws whatever is wrong with the statement, before anything is done. */
export function alteredTable(
  statement: AlterTable,
  former: TableDefinition,
  databaseCollation: string,
  snapshot: CatalogSnapshot,
  context: TableDefinitionContext,
): AlteredTable {
  refuseHiddenNames(statement.actions, former)
  const actions = withHiddenDrops(statement.actions, former)
  for (const action of actions) refuseAction(action)
  checkDroppedConstraints(former, actions)
  const options = mergedOptions(actions)
  refuseOptions(options)
  const kept = planColumns(former, actions)
  checkDependents(former, kept, context)
  const planned = planIndexes(former, kept, actions)
  const conversion = conversionOf(actions, databaseCollation)
  const collation = tableCollation(former, options, conversion)
  const surroundings = {
    table: former,
    tableCollation: collation,
    conversion,
    primary: primaryOf(planned),
    context,
  }
  const named = kept.map((plan) => defineAlteredColumn(plan, surroundings))
  const present = planned.kept.map((index) => index.former)
  const functional = functionalParts(planned.added, named, present, context)
  const indexes = { ...planned, added: functional.specifications }
  const columns = [...named, ...functional.hidden]
  const plans = [...kept, ...functional.hidden.map(({ name }) => newColumnPlan(name))]
  const table: TableDefinition = Object.freeze({
    ...former,
    version: former.version + 1,
    columns,
    indexes: defineAlteredIndexes(indexes, former, columns, context),
    foreignKeys: alterForeignKeys(former, plans, columns, actions, context),
    checks: alterChecks(former, plans, columns, actions, context),
    charset: chosenCollation(undefined, collation, collation).charset.name,
    collation,
    comment: tableComment(options, former.name) ?? former.comment,
    options: keptOptions(options, former.options),
  })
  checkTable(table)
  checkAgainstActions(
    table.checks.map(({ name, sql }) => ({ name, expression: context.expressions.parse(sql) })),
    table.foreignKeys,
    columns,
  )
  checkColumnReferences(expressionsOf(plans, columns, context), columns)
  checkReferenced(former, plans, columns, snapshot, context)
  checkNeededIndexes(table, indexes.droppedName, former, plans, snapshot)
  return {
    former,
    table,
    columns: plans,
    renameTo: actions.findLast((action) => action.kind === 'renameTable')?.to,
    engine: options.engine,
    autoIncrement: autoIncrementOption(options),
    isForced: actions.some((action) => action.kind === 'force'),
  }
}

/** A column that the statement doesn't write itself. */
function newColumnPlan(name: string): ColumnPlan {
  return { from: undefined, name, syntax: undefined, default: undefined, visible: undefined }
}

/** Throws for actions that we don't have, and for those on partitions, which no table has. */
function refuseAction(action: AlterAction): void {
  switch (action.kind) {
    case 'setPartitioning':
      throw sqlError('ER_NOT_SUPPORTED_YET', 'PARTITION BY')
    case 'removePartitioning':
    case 'addPartitions':
    case 'coalescePartitions':
    case 'reorganizePartitions':
    case 'exchangePartition':
    case 'managePartitions':
      throw sqlError('ER_PARTITION_MGMT_ON_NONPARTITIONED')
    case 'importTablespace':
      throw sqlError('ER_NOT_SUPPORTED_YET', 'IMPORT TABLESPACE')
    case 'discardTablespace':
      throw sqlError('ER_NOT_SUPPORTED_YET', 'DISCARD TABLESPACE')
    case 'secondaryLoad':
      throw sqlError('ER_NOT_SUPPORTED_YET', 'SECONDARY_LOAD')
    case 'secondaryUnload':
      throw sqlError('ER_NOT_SUPPORTED_YET', 'SECONDARY_UNLOAD')
    default:
  }
}

function mergedOptions(actions: readonly AlterAction[]): TableOptions {
  let merged: TableOptions = {}
  for (const action of actions) if (action.kind === 'setOptions') merged = { ...merged, ...action.options }
  return merged
}

function conversionOf(
  actions: readonly AlterAction[],
  databaseCollation: string,
): ColumnConversion | undefined {
  const action = actions.findLast((each) => each.kind === 'convertCharset')
  if (action === undefined) return undefined
  const { charset, collation } = action
  if (charset !== undefined) requireCharset(charset)
  return { collation: chosenCollation(charset, collation, databaseCollation).name }
}

/** DEFAULT CHARACTER SET alone changes what new columns get; CONVERT TO changes the old ones with it. */
function tableCollation(
  former: TableDefinition,
  options: TableOptions,
  conversion: ColumnConversion | undefined,
): string {
  const inherited = conversion?.collation ?? former.collation
  return chosenCollation(options.charset, options.collation, inherited).name
}
