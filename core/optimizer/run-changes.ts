/**
 * Hands statements that change rows to a driver as a whole, if all of their tables have their primary copies in its storage and it says
 * that it would change what MySQL would.
 */
import { SqlMode } from '../common/sql-mode.js'
import type { ChangePlan, ForeignChangePlan } from '../plan/change.js'
import type { LogicalNode } from '../plan/logical.js'
import { primaryPlacementOf, type TableDefinition } from '../plan/schema.js'
import { planTables } from '../spi/fragment.js'
import { isTableStorage, type TableStorage } from '../spi/storage.js'
import type { OptimizerContext } from './context.js'
import { notesOf, keepNotes } from './plan-notes.js'
import { isPortable } from './run-fragments.js'

/** The storage that has all tables that the change writes to, if it runs changes. */
export function changeStorage(
  plan: ChangePlan,
  { storage: find }: OptimizerContext,
): TableStorage | undefined {
  const names = new Set(targetsOf(plan).map((table) => primaryPlacementOf(table).storage))
  const [name] = names
  if (name === undefined || names.size > 1) return undefined
  const storage = find?.(name)
  return storage !== undefined && isTableStorage(storage) && storage.capabilities.changes === true
    ? storage
    : undefined
}

/** `plan` is as it was before joins were ordered, `here` as our executor runs it. */
export function foreignChange(
  storage: TableStorage,
  plan: ChangePlan,
  here: ChangePlan,
  { evaluation }: OptimizerContext,
): ForeignChangePlan | undefined {
  const input = plan.kind === 'insert' ? plan.source : plan.input
  if (evaluation === undefined || !readsOnly(input, storage.name)) return undefined
  const change = {
    plan,
    isStrict: evaluation.strict,
    keepsZero: (evaluation.sqlMode & SqlMode.NO_AUTO_VALUE_ON_ZERO) !== 0,
  }
  const answer = storage.planChange?.(change)
  if (answer === undefined) return undefined
  if (!answer.accepted) {
    const shown = here.kind === 'insert' ? here.source : here.input
    keepNotes(shown, [...notesOf(shown), `storage ${storage.name} doesn't run the whole: ${answer.reason}`])
    return undefined
  }
  const { isStrict, keepsZero } = change
  return {
    kind: 'foreign change',
    storage: storage.name,
    change: plan,
    isStrict,
    keepsZero,
    text: answer.text,
    here,
  }
}

/** The tables that a change writes to. */
export function targetsOf(plan: ChangePlan): readonly TableDefinition[] {
  switch (plan.kind) {
    case 'insert':
      return [plan.rules.table]
    case 'update':
      return plan.targets.map((target) => target.rules.table)
    case 'delete':
      return plan.targets.map((target) => target.table)
  }
}

function readsOnly(input: LogicalNode, storage: string): boolean {
  const tables = planTables(input)
  return (
    tables.length > 0 &&
    isPortable(input, [], true) &&
    tables.every((table) => primaryPlacementOf(table).storage === storage)
  )
}
