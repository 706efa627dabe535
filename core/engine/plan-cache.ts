/**
 * The plans of all sessions: those of texts by what is left without literals, those of prepared statements by text and types of
 * parameters, both together with the settings that binding reads. A key may have several plans, which differ in the values that they are
 * tied to.
 */
import type { Value } from '../common/value.js'
import type { PreparedPlan } from './query-types.js'

/** Plans kept; the oldest go first. */
const PLANS_MAX = 2000
/** Plans of one key that differ by pinned values; beyond that the oldest is replaced. */
const VARIANTS_MAX = 8

/** Whether a plan still fits its objects, for a session. */
export interface PlanCheck {
  isCurrent(plan: PreparedPlan): boolean
}

export class PlanCache {
  private readonly plans = new Map<string, PreparedPlan[]>()

  /** The plan that fits these values and isn't outdated. */
  find(key: string, values: readonly (Value | undefined)[], check: PlanCheck): PreparedPlan | undefined {
    const variants = this.plans.get(key)
    if (variants === undefined) return undefined
    for (const plan of variants) if (fits(plan, values) && check.isCurrent(plan)) return plan
    return undefined
  }

  /** Also in place of a plan that is tied to the same values, which is outdated then. */
  add(key: string, plan: PreparedPlan): void {
    const variants = this.plans.get(key)
    if (variants === undefined) {
      if (this.plans.size >= PLANS_MAX) this.dropOldest()
      this.plans.set(key, [plan])
      return
    }
    const same = variants.findIndex((other) => isTiedAlike(other, plan))
    if (same >= 0) variants.splice(same, 1)
    else if (variants.length >= VARIANTS_MAX) variants.shift()
    variants.push(plan)
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

function fits({ pinned }: PreparedPlan, values: readonly (Value | undefined)[]): boolean {
  for (const { slot, value } of pinned) if (values[slot] !== value) return false
  return true
}

function isTiedAlike({ pinned: first }: PreparedPlan, { pinned: second }: PreparedPlan): boolean {
  return (
    first.length === second.length &&
    first.every(({ slot, value }) => second.some((other) => other.slot === slot && other.value === value))
  )
}
