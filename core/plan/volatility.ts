/**
 * Whether running a plan twice may give two answers although nothing it reads has changed.
 */
import type { Expression } from './expression.js'
import type { LogicalNode } from './logical.js'

/** Parts of plans that hold no expressions, and may be large. */
const OPAQUE: ReadonlySet<string> = new Set(['table', 'binding', 'type', 'source', 'placement', 'index'])

/** True if the plan calls a volatile function (RAND(), SLEEP(), an assignment) anywhere, sub-queries included. */
export function isVolatilePlan(plan: LogicalNode): boolean {
  return hasVolatileCall(plan)
}

/** As `isVolatilePlan`, of one expression. */
export function isVolatile(expression: Expression): boolean {
  return hasVolatileCall(expression)
}

function hasVolatileCall(part: unknown): boolean {
  if (Array.isArray(part)) return part.some(hasVolatileCall)
  if (typeof part !== 'object' || part === null || part instanceof Uint8Array) return false
  if ('kind' in part && part.kind === 'call' && 'volatility' in part && part.volatility === 'volatile')
    return true
  return Object.entries(part).some(([key, value]) => !OPAQUE.has(key) && hasVolatileCall(value))
}
