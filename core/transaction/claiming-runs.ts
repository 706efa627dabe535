/** Takes rows of a locking scan by the run, where all that is walked is claimed (see `LockManager`). */
import { copyRange } from '../common/bytes.js'
import type { RunVisitor } from '../spi/storage.js'
import type { RunTaker } from './entry-scan.js'
import type { ReadView } from './read-view.js'
import { RunReader } from './run-reader.js'
import type { ScanOutput } from './scan-output.js'
import type { CoreTransaction } from './transaction.js'

export class ClaimingRuns implements RunTaker {
  /** Key of the first row that wasn't taken because the view isn't the last one any more. */
  interruptedAt: Buffer | undefined
  private readonly runs: RunReader
  private view: ReadView | undefined

  constructor(
    private readonly transaction: CoreTransaction,
    private readonly keyspace: number,
    output: ScanOutput,
  ) {
    this.runs = new RunReader(output)
  }

  /** A slice of `view` begins, which reads until then, as performance.now(). */
  begin(view: ReadView, untilMs: number): void {
    this.view = view
    this.runs.untilMs = untilMs
    this.interruptedAt = undefined
  }

  get isSated(): boolean {
    return this.runs.isSated
  }

  readonly takeRun: RunVisitor = (bytes, start, places, at, count) => {
    if (this.view !== this.transaction.environment.views.current) {
      this.interruptedAt = copyRange(
        bytes,
        start + (places[at] as number),
        start + (places[at + 2] as number),
      )
      return 0
    }
    const taken = this.runs.takeRun(bytes, start, places, at, count)
    // What lies between two keys that are claimed is claimed, too.
    if (taken > 0) this.claim(bytes, start, places, at)
    if (taken > 1) this.claim(bytes, start, places, at + 2 * (taken - 1))
    return taken
  }

  private claim(bytes: Buffer, start: number, places: Uint16Array, at: number): void {
    const { environment, locks } = this.transaction
    const keyStart = start + (places[at] as number)
    environment.locks.claimKey(locks, this.keyspace, bytes, keyStart, start + (places[at + 2] as number))
  }
}
