/**
 * Continuations that stay synchronous where what they wait for is at hand.
 */
import type { MaybePromise } from './value.js'

/**
 * Runs `action`, then exactly one of `done` and `failed`; at once if the action is.
 */
export function settle<T, R>(
  action: () => MaybePromise<T>,
  done: (value: T) => MaybePromise<R>,
  failed: (error: unknown) => MaybePromise<R>,
): MaybePromise<R> {
  let result: MaybePromise<T>
  try {
    result = action()
  } catch (error) {
    return failed(error)
  }
  return result instanceof Promise ? result.then(done, failed) : done(result)
}

/** Calls `then` with a value that may still have to come. */
export function whenSettled<T, R>(
  value: MaybePromise<T>,
  then: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(then) : then(value)
}

/** Throws `error` when something that has to be closed first is. */
export function rethrowAfter(closed: MaybePromise<void>, error: unknown): MaybePromise<never> {
  if (closed instanceof Promise) {
    return closed.then(() => {
      throw error
    })
  }
  throw error
}
