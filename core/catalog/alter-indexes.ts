/**
 * ALTER TABLE: what becomes of the indexes. Those that stay keep their ids as long as their entries stay what they are.
 */
import { sqlError } from '../common/sql-error.js'
import type { ColumnDefinition, IndexDefinition, TableDefinition } from '../plan/schema.js'
import type { AlterAction } from '../plan/syntax/definition.js'
import type { ColumnPlan } from './alter-columns.js'
import type { TableDefinitionContext } from './definition-context.js'
import { collationVersions, defineIndexes, defineParts, PRIMARY_NAME } from './define-index.js'
import {
  columnSpecification,
  foreignKeySpecification,
  specificationOf,
  withoutServed,
  type IndexSpecification,
} from './index-specification.js'
import { checkIndexName, nameKey, sameName } from './names.js'

/** An index that stays, by the names that its columns will have. */
export interface KeptIndex {
  readonly former: IndexDefinition
  readonly specification: IndexSpecification
}

export interface IndexPlan {
  readonly kept: readonly KeptIndex[]
  readonly added: readonly IndexSpecification[]
  /** The last index that an action dropped by its name, for messages. */
  readonly droppedName: string | undefined
}

/** Throws ER_CANT_DROP_FIELD_OR_KEY, ER_KEY_DOES_NOT_EXITS, ER_DUP_KEYNAME, ER_PK_INDEX_CANT_BE_INVISIBLE. */
export function planIndexes(
  table: TableDefinition,
  columns: readonly ColumnPlan[],
  actions: readonly AlterAction[],
): IndexPlan {
  let indexes = table.indexes
  let droppedName: string | undefined
  const drop = (name: string): void => {
    const remaining = indexes.filter((index) => !sameName(index.name, name))
    if (remaining.length === indexes.length) throw sqlError('ER_CANT_DROP_FIELD_OR_KEY', name)
    indexes = remaining
    droppedName = name
  }
  for (const action of actions) {
    switch (action.kind) {
      case 'dropIndex':
        drop(action.name)
        break
      case 'dropPrimaryKey':
        drop(PRIMARY_NAME)
        break
      case 'dropConstraint':
        if (indexes.some((index) => index.unique && sameName(index.name, action.name))) drop(action.name)
        break
      case 'renameIndex':
        indexes = withRenamed(table, indexes, action.from, action.to)
        break
      case 'setIndexVisibility':
        indexes = withVisibility(table, indexes, action.index, action.visible)
        break
      default:
    }
  }
  const kept = indexes.flatMap((former) => keptIndex(former, columns))
  const names = kept.map(({ specification }) => specification)
  const all = withoutServed([...names, ...addedSpecifications(actions)])
  return { kept, added: all.filter((specification) => !names.includes(specification)), droppedName }
}

function withRenamed(
  table: TableDefinition,
  indexes: readonly IndexDefinition[],
  from: string,
  to: string,
): readonly IndexDefinition[] {
  checkIndexName(to)
  const index = indexes.find((each) => sameName(each.name, from))
  if (index === undefined) throw sqlError('ER_KEY_DOES_NOT_EXITS', from, table.name)
  if (index.primary) throw sqlError('ER_WRONG_NAME_FOR_INDEX', from)
  if (indexes.some((each) => each !== index && sameName(each.name, to))) throw sqlError('ER_DUP_KEYNAME', to)
  return indexes.map((each) => (each === index ? { ...index, name: to } : each))
}

function withVisibility(
  table: TableDefinition,
  indexes: readonly IndexDefinition[],
  name: string,
  visible: boolean,
): readonly IndexDefinition[] {
  const index = indexes.find((each) => sameName(each.name, name))
  if (index === undefined) throw sqlError('ER_KEY_DOES_NOT_EXITS', name, table.name)
  if (index.primary && !visible) throw sqlError('ER_PK_INDEX_CANT_BE_INVISIBLE')
  return indexes.map((each) => (each === index ? { ...index, visible } : each))
}

/** Without the columns that go; an index of which nothing is left goes too. */
function keptIndex(former: IndexDefinition, columns: readonly ColumnPlan[]): readonly KeptIndex[] {
  const parts = former.parts.flatMap((part) => {
    const plan = columns.find((column) => column.from === part.column)
    return plan === undefined
      ? []
      : [{ column: plan.name, length: part.prefixLength, descending: part.descending }]
  })
  if (parts.length === 0) return []
  const kind = former.primary ? 'primary' : former.unique ? 'unique' : 'index'
  return [{ former, specification: { kind, name: former.name, parts, options: {}, isImplicit: false } }]
}

function addedSpecifications(actions: readonly AlterAction[]): readonly IndexSpecification[] {
  return actions.flatMap((action): readonly IndexSpecification[] => {
    switch (action.kind) {
      case 'addIndex':
        return [specificationOf(action.index)]
      case 'addForeignKey':
        return [foreignKeySpecification(action.foreignKey)]
      case 'addColumn':
      case 'changeColumn':
        return action.column.key === undefined
          ? []
          : [columnSpecification(action.column.name, action.column.key)]
      default:
        return []
    }
  })
}

/** Folded names of the columns that the primary key will have. */
export function primaryOf(plan: IndexPlan): ReadonlySet<string> {
  const all = [...plan.kept.map(({ specification }) => specification), ...plan.added]
  return new Set(
    all
      .filter((specification) => specification.kind === 'primary')
      .flatMap((specification) => specification.parts.map((part) => nameKey(part.column))),
  )
}

/** The indexes as they will be; those that stay have their ids, whether their entries can stay or not. */
export function defineAlteredIndexes(
  plan: IndexPlan,
  table: TableDefinition,
  columns: readonly ColumnDefinition[],
  context: TableDefinitionContext,
): readonly IndexDefinition[] {
  const kept = plan.kept.map(({ former, specification }): IndexDefinition => {
    const parts = defineParts(specification, columns, context)
    return Object.freeze({ ...former, parts, collationVersions: collationVersions(parts, columns) })
  })
  return defineIndexes(plan.added, columns, kept, table, context)
}
