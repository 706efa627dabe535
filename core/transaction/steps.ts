/**
 * Work that waits seldom. A write asks for locks, reads and checks; nearly always each answers at once, and then no
 * promise must come up. So such work is a generator that yields only the promises it really has to wait for, and `run`
 * drives it: to its end at once, or behind the first promise.
 */
import type { MaybePromise } from '../common/value.js'

/** Yields promises, is resumed with their values, and returns a T. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>

export function run<T>(steps: Steps<T>): MaybePromise<T> {
  const first = steps.next()
  return first.done === true ? first.value : runOn(steps, first.value)
}

async function runOn<T>(steps: Steps<T>, pending: Promise<unknown>): Promise<T> {
  for (;;) {
    const result = await pending.then(
      (value) => steps.next(value),
      (error: unknown) => steps.throw(error),
    )
    if (result.done === true) return result.value
    pending = result.value
  }
}

/** Waits for a value inside of steps: `isPromise(x) ? yield* settled(x) : x`. */
export function* settled<T>(promise: Promise<T>): Steps<T> {
  return (yield promise) as T
}
