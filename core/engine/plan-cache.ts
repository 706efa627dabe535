/**
 * Plans by statement text without its literals and by the settings that binding reads. A key may have several plans, which differ in
 * the literals that they are tied to.
 */
import type { Value } from '../common/value.js'
import type { PreparedPlan } from './query-types.js'

/** Plans kept; the oldest go first. */
const PLANS_MAX = 2000
/** Plans of one text that differ by pinned literals; beyond that the oldest is replaced. */
const VARIANTS_MAX = 8

export class PlanCache {
  private readonly plans = new Map<string, PreparedPlan[]>()

  find(key: string, literals: readonly (Value | undefined)[]): PreparedPlan | undefined {
    const variants = this.plans.get(key)
    if (variants === undefined) return undefined
    for (const plan of variants) if (fits(plan, literals)) return plan
    return undefined
  }

  add(key: string, plan: PreparedPlan): void {
    const variants = this.plans.get(key)
    if (variants === undefined) {
      if (this.plans.size >= PLANS_MAX) this.dropOldest()
      this.plans.set(key, [plan])
      return
    }
    if (variants.length >= VARIANTS_MAX) variants.shift()
    variants.push(plan)
  }

  remove(key: string, plan: PreparedPlan): void {
    const variants = this.plans.get(key)
    const at = variants?.indexOf(plan) ?? -1
    if (variants === undefined || at < 0) return
    variants.splice(at, 1)
    if (variants.length === 0) this.plans.delete(key)
  }

  clear(): void {
    this.plans.clear()
  }

  /** A tenth of the keys, in the order in which they came; recency isn't worth a write per look-up. */
  private dropOldest(): void {
    let left = PLANS_MAX / 10
    for (const key of this.plans.keys()) {
      if (left-- <= 0) break
      this.plans.delete(key)
    }
  }
}

function fits(plan: PreparedPlan, literals: readonly (Value | undefined)[]): boolean {
  for (const { slot, value } of plan.pinned) if (literals[slot] !== value) return false
  return true
}
