/**
 * What the optimizer has to say of a plan beyond the plan itself, for EXPLAIN: why a storage doesn't run more of it.
 */
import type { LogicalNode } from '../plan/logical.js'

const NOTES = new WeakMap<LogicalNode, readonly string[]>()

export function keepNotes(plan: LogicalNode, notes: readonly string[]): void {
  if (notes.length > 0) NOTES.set(plan, [...new Set(notes)])
}

export function notesOf(plan: LogicalNode): readonly string[] {
  return NOTES.get(plan) ?? []
}
