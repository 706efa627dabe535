/**
 * Checkpoints: now and then the storages make durable what they have applied, and the log forgets what no storage
 * needs any more. One runs at a time, in the background, when the log has grown or some time has passed.
 */
import type { KeyspaceStorage } from '../spi/storage.js'
import type { CommitLog } from './commit-log.js'
import type { TransactionSettings } from './environment.js'

export class Checkpointer {
  private readonly timer: NodeJS.Timeout
  private readonly durable: readonly KeyspaceStorage[]
  private running: Promise<void> | undefined
  private hasNewCommits = false
  private isStopped = false

  /** `prepare` may commit what shall be part of the checkpoint. */
  constructor(
    storages: readonly KeyspaceStorage[],
    private readonly log: CommitLog,
    private readonly settings: TransactionSettings,
    private readonly prepare: () => Promise<void>,
    private readonly onProblem: (problem: Error) => void,
  ) {
    this.durable = storages.filter((storage) => storage.capabilities.durable)
    this.timer = setInterval(() => {
      if (this.hasNewCommits) this.runInBackground()
    }, settings.checkpointIntervalMs)
    this.timer.unref()
  }

  noteCommits(): void {
    this.hasNewCommits = true
    if (this.log.byteSize > this.settings.checkpointLogBytes) this.runInBackground()
  }

  /** A whole checkpoint that begins now or after the one under way. */
  async run(): Promise<void> {
    while (this.running !== undefined) await this.running.catch(() => undefined)
    this.running = this.checkpoint()
    try {
      await this.running
    } finally {
      this.running = undefined
    }
  }

  async stop(withCheckpoint: boolean): Promise<void> {
    clearInterval(this.timer)
    this.isStopped = true
    if (withCheckpoint) await this.run()
    else await this.running?.catch(() => undefined)
  }

  private runInBackground(): void {
    if (this.running !== undefined || this.isStopped) return
    this.run().catch((problem: unknown) => {
      this.onProblem(problem instanceof Error ? problem : new Error('checkpoint failed', { cause: problem }))
    })
  }

  private async checkpoint(): Promise<void> {
    this.hasNewCommits = false
    await this.prepare()
    // The commit of the preparation is no reason for the next checkpoint.
    this.hasNewCommits = false
    if (this.durable.length === 0) return
    const reached = await Promise.all(this.durable.map((storage) => storage.checkpoint()))
    await this.log.truncateBefore(Math.min(...reached) + 1)
  }
}
