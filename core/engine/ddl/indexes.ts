/**
 * CREATE INDEX and DROP INDEX: ALTER TABLE by other names (MySQL manual 15.1.15, 15.1.27), but with the INDEX privilege.
 */
import type { AlterAction, AlterTable, CreateIndex, DropIndex } from '../../plan/syntax/definition.js'
import { alterTable } from './alter-table.js'
import type { DefinitionContext, DefinitionResult } from './definition-context.js'
import type { StatementLocks } from './statement-locks.js'

export function createIndex(
  statement: CreateIndex,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const action: AlterAction = { kind: 'addIndex', index: statement.index }
  return alterTable(alteration(statement, action), context, locks, 'INDEX')
}

export function dropIndex(
  statement: DropIndex,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const action: AlterAction = { kind: 'dropIndex', name: statement.name }
  return alterTable(alteration(statement, action), context, locks, 'INDEX')
}

function alteration(statement: CreateIndex | DropIndex, action: AlterAction): AlterTable {
  const { table, algorithm, lock, start, end } = statement
  return {
    kind: 'alterTable',
    name: table,
    actions: [action],
    algorithm,
    lock,
    validation: undefined,
    start,
    end,
  }
}
