/** Reads the rest of a cursor into a batch that others keep. */
import type { Batch } from '../common/batch.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { RowCursor } from '../spi/transaction.js'

/** Answers how many rows came; closing the cursor is left to the caller. */
export function drainInto(output: Batch, cursor: RowCursor): MaybePromise<number> {
  let count = 0
  const take = (batch: Batch | undefined): MaybePromise<number> => {
    if (batch === undefined) return count
    count += batch.rowCount
    for (let row = 0; row < batch.rowCount; row++) output.pushFrom(batch, row)
    return goOn()
  }
  const goOn = (): MaybePromise<number> => {
    const next = cursor.next()
    return isPromise(next) ? next.then(take) : take(next)
  }
  return goOn()
}
