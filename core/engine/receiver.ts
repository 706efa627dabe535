/** Where the rows of a query go: to the client, into variables, into a file. */
import type { Batch } from '../common/batch.js'
import type { MaybePromise } from '../common/value.js'
import type { RunningStatement } from './running-statement.js'

export interface Receiver {
  readonly hasTaken: boolean
  take(batch: Batch): MaybePromise<void>
  /** All rows were taken. */
  end?(): Promise<void>
  /** No more will come, because of an error; in the place of `end`, or when that failed. */
  abandon?(): Promise<void>
  /** Called when everything is done; answers the number of rows. */
  finish(running: RunningStatement): number
}
