/** Long work in turns: between them the server's thread serves others. */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Longer than this nobody should have to wait for a block to be encoded. */
const TURN_MS = 3

export class ShortTurns {
  private startedMs = performance.now()

  /** Resolves at once as long as the turn is short. To be awaited between pieces of the work. */
  async pause(): Promise<void> {
    if (performance.now() - this.startedMs < TURN_MS) return
    await nextTurn()
    this.startedMs = performance.now()
  }
}
