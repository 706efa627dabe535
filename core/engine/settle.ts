/**
 * Continuations that stay synchronous where what they wait for is at hand.
 */
import type { MaybePromise } from '../common/value.js'

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
