/**
 * Starts parts one after the other and stops them in reverse. A part that fails to start makes those before it stop
 * again; a part that fails to stop doesn't keep the others from stopping.
 */
import type { Logger } from '../spi/logger.js'

export interface LifecycleStep {
  /** For the log and for messages: 'storage lmdb', 'protocol mysql'. */
  readonly name: string
  start(): Promise<void> | void
  stop(): Promise<void> | void
}

export class Lifecycle {
  private readonly started: LifecycleStep[] = []

  constructor(private readonly logger: Logger) {}

  /** Rejects with what the first failing step threw, when the steps before it have stopped. */
  async start(steps: readonly LifecycleStep[]): Promise<void> {
    for (const step of steps) {
      const startedAtMs = performance.now()
      try {
        await step.start()
      } catch (error) {
        this.logger.debug({ part: step.name, err: error }, 'part failed to start')
        await this.stop()
        throw error
      }
      this.started.push(step)
      this.logger.debug(
        { part: step.name, tookMs: Math.round(performance.now() - startedAtMs) },
        'part started',
      )
    }
  }

  /** Never rejects. Safe to call more than once. */
  async stop(): Promise<void> {
    for (let step = this.started.pop(); step !== undefined; step = this.started.pop()) {
      try {
        await step.stop()
        this.logger.debug({ part: step.name }, 'part stopped')
      } catch (error) {
        this.logger.error({ part: step.name, err: error }, 'part failed to stop')
      }
    }
  }
}
