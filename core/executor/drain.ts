/**
 * Pulls an operator dry, and looks for KILL in between. Stays synchronous as long as every batch is at hand and the receiver
 * keeps up: a short query then runs without a promise.
 */
import type { Batch } from '../common/batch.js'
import type { MaybePromise } from '../common/value.js'
import type { Execution, Operator } from './execution.js'

export function drain(
  operator: Operator,
  execution: Execution,
  take: (batch: Batch) => MaybePromise<void>,
): MaybePromise<void> {
  for (;;) {
    const next = operator.next()
    if (next instanceof Promise) return drainFrom(next, operator, execution, take)
    if (next === undefined) return undefined
    const taken = next.rowCount === 0 ? undefined : take(next)
    if (taken instanceof Promise)
      return taken.then(() => drainFrom(operator.next(), operator, execution, take))
    const pause = execution.pause()
    if (pause instanceof Promise)
      return pause.then(() => drainFrom(operator.next(), operator, execution, take))
  }
}

async function drainFrom(
  first: MaybePromise<Batch | undefined>,
  operator: Operator,
  execution: Execution,
  take: (batch: Batch) => MaybePromise<void>,
): Promise<void> {
  let next = first
  for (;;) {
    const batch = next instanceof Promise ? await next : next
    if (batch === undefined) return
    const taken = batch.rowCount === 0 ? undefined : take(batch)
    if (taken instanceof Promise) await taken
    const pause = execution.pause()
    if (pause instanceof Promise) await pause
    next = operator.next()
  }
}
