/**
 * RENAME TABLE: several renames, one after the other, all or none (MySQL manual 15.1.36). Tables may swap names through a third.
 */
import { checkCheckNames } from '../../catalog/define-check.js'
import { checkForeignKeyNames } from '../../catalog/define-foreign-key.js'
import { renamed, withParentRenamed } from '../../catalog/rename-table.js'
import { sqlError } from '../../common/sql-error.js'
import type { RelationDefinition } from '../../plan/schema.js'
import type { RenameTable } from '../../plan/syntax/index.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { fullName, requireDatabase, requireTablePrivileges } from './named-objects.js'
import { publish } from './publish.js'
import type { StatementLocks, TableName } from './statement-locks.js'

export async function renameTable(
  statement: RenameTable,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const renames = statement.renames.map(({ from, to }) => ({
    from: fullName(from, context),
    to: fullName(to, context),
  }))
  for (const { from, to } of renames) {
    requireTablePrivileges(from, ['ALTER', 'DROP'], context)
    requireTablePrivileges(to, ['CREATE', 'INSERT'], context)
  }
  const names = renames.flatMap(({ from, to }) => [from, to])
  for (const database of [...new Set(names.map((name) => name.database))].sort()) {
    await locks.database(database, 'shared')
    await requireDatabase(database, context)
  }
  await locks.relations(names)
  const plan = new RenamePlan(context)
  for (const { from, to } of renames) plan.rename(from, to)
  await plan.lockChildren(locks)
  await publish(context, { relations: plan.changed() })
  return DONE
}

/** The names as they are after the renames so far. */
export class RenamePlan {
  /** What a name stands for, where that changed; undefined if it is free now. */
  private readonly names = new Map<string, RelationDefinition | undefined>()
  private readonly moved = new Map<number, RelationDefinition>()

  constructor(private readonly context: DefinitionContext) {}

  rename(from: TableName, to: TableName): void {
    const relation = this.find(from)
    if (relation === undefined) throw sqlError('ER_NO_SUCH_TABLE', from.database, from.name)
    if (this.find(to) !== undefined) throw sqlError('ER_TABLE_EXISTS_ERROR', to.name)
    if (relation.kind === 'view' && from.database !== to.database) {
      throw sqlError('ER_FORBID_SCHEMA_CHANGE', from.database, to.database)
    }
    // However often it is renamed, it is one change.
    const original = this.context.catalog.snapshot.relationById(relation.id) ?? relation
    const moved = renamed(original, to.database, to.name)
    this.names.set(keyOf(from), undefined)
    this.names.set(keyOf(to), moved)
    this.moved.set(moved.id, moved)
  }

  /** Children of renamed parents change with them. */
  async lockChildren(locks: StatementLocks): Promise<void> {
    const ids = new Set<number>()
    for (const { id } of this.moved.values()) {
      const original = this.context.catalog.snapshot.relationById(id)
      if (original?.kind !== 'table') continue
      for (const { child } of this.context.catalog.referencesTo(original)) {
        if (!this.moved.has(child.id)) ids.add(child.id)
      }
    }
    for (const id of [...ids].sort((a, b) => a - b)) await locks.exclusive(id)
  }

  /** All definitions that change. Throws ER_FK_DUP_NAME and ER_CHECK_CONSTRAINT_DUP_NAME. */
  changed(): readonly RelationDefinition[] {
    const { snapshot } = this.context.catalog
    const changed = new Map<number, RelationDefinition>(this.moved)
    for (const moved of this.moved.values()) {
      const original = snapshot.relationById(moved.id)
      if (original?.kind !== 'table' || moved.kind !== 'table') continue
      for (const { child } of snapshot.referencesTo(original.database, original.name)) {
        const present = changed.get(child.id) ?? { ...child, version: child.version + 1 }
        if (present.kind === 'table') changed.set(child.id, withParentRenamed(present, original, moved))
      }
    }
    for (const relation of this.moved.values()) {
      if (relation.kind !== 'table') continue
      checkForeignKeyNames(relation.foreignKeys, relation, snapshot)
      checkCheckNames(relation.checks, relation, snapshot)
    }
    return [...changed.values()]
  }

  private find(name: TableName): RelationDefinition | undefined {
    const key = keyOf(name)
    return this.names.has(key) ? this.names.get(key) : this.context.catalog.relation(name.database, name.name)
  }
}

function keyOf({ database, name }: TableName): string {
  return `${database}\0${name}`
}
