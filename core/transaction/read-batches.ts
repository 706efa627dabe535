/** Reads what a driver finds, as steps. */
import type { Batch } from '../common/batch.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { BatchCursor } from '../spi/storage.js'
import { settled, type Steps } from './steps.js'

/**
 * Hands batch after batch to `take` until it answers something, which is answered then; undefined if it never does. The cursor is closed
 * behind the reading, whether that went well or not.
 */
export function* readBatches<T>(
  opening: MaybePromise<BatchCursor>,
  take: (batch: Batch) => T | undefined,
): Steps<T | undefined> {
  const cursor = isPromise(opening) ? yield* settled(opening) : opening
  try {
    for (;;) {
      const next = cursor.next()
      const batch = isPromise(next) ? yield* settled(next) : next
      if (batch === undefined) return undefined
      const answer = take(batch)
      if (answer !== undefined) return answer
    }
  } finally {
    const closed = cursor.close()
    if (isPromise(closed)) yield closed
  }
}
