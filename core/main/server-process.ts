/**
 * The running server as one thing: starts its parts in the order in which they need one another (data folder, storages,
 * engine, protocols) and stops them in reverse, after running statements have had their time.
 */
import { inject, injectable, injectAll } from 'tsyringe'
import { Lifecycle, type LifecycleStep } from '../loader/lifecycle.js'
import { messageOf, StartError } from '../loader/start-error.js'
import { Logger } from '../spi/logger.js'
import { Protocol } from '../spi/protocol.js'
import { ServerSettings } from '../spi/settings.js'
import { Storage } from '../spi/storage.js'
import { DataFolder } from './data-folder.js'
import { Engine } from './engine-parts.js'
import type { Listener } from './greeting.js'

@injectable()
export class ServerProcess {
  private readonly lifecycle: Lifecycle
  private stopping: Promise<void> | undefined

  constructor(
    @inject(ServerSettings) private readonly settings: ServerSettings,
    @inject(Logger) private readonly logger: Logger,
    @injectAll(Storage) private readonly storages: readonly Storage[],
    @inject(Engine) private readonly engine: Engine,
    @injectAll(Protocol, { isOptional: true }) private readonly protocols: readonly Protocol[],
  ) {
    this.lifecycle = new Lifecycle(logger)
  }

  /** Where clients can connect. */
  get listeners(): readonly Listener[] {
    return this.protocols.map(({ kind, addresses }) => ({ kind, addresses }))
  }

  /** Resolves when every protocol listens. Rejects with the first part's error when the parts before it have stopped. */
  async start(): Promise<void> {
    await this.lifecycle.start(this.steps())
  }

  /** Stops accepting, lets running statements end up to the limit, stops every part. Never rejects. */
  stop(): Promise<void> {
    this.stopping ??= this.lifecycle.stop()
    return this.stopping
  }

  private steps(): readonly LifecycleStep[] {
    const { engine, protocols } = this
    return [
      ...this.dataFolderSteps(),
      ...this.storages.map((storage) => ({
        name: `storage ${storage.name}`,
        start: () => explained(`storage ${storage.name}`, storage.start()),
        stop: () => storage.stop(),
      })),
      { name: 'engine', start: () => engine.start(), stop: () => engine.stop() },
      ...protocols.map((protocol) => ({
        name: `protocol ${protocol.name}`,
        start: () => explained(`protocol ${protocol.name}`, protocol.start(engine.server)),
        stop: () => protocol.stop(),
      })),
      // Last to start and therefore first to stop: all protocols fall silent before any is closed.
      { name: 'clients', start: () => undefined, stop: () => this.drain() },
    ]
  }

  /** A server whose storages are all in memory leaves no trace on disk. */
  private dataFolderSteps(): readonly LifecycleStep[] {
    if (!this.storages.some(({ capabilities }) => capabilities.durable)) return []
    const folder = new DataFolder(this.settings.dataFolder)
    return [{ name: 'data folder', start: () => folder.open(), stop: () => folder.close() }]
  }

  private async drain() {
    this.logger.info({ graceMs: this.settings.limits.shutdownGraceMs }, 'shutting down')
    await Promise.all(this.protocols.map((protocol) => protocol.stopAccepting()))
    await this.engine.drain(this.settings.limits.shutdownGraceMs)
  }
}

/** A plugin's part that fails to start says why in one line; its stack is in the log at level debug. */
async function explained(part: string, starting: Promise<void>): Promise<void> {
  try {
    await starting
  } catch (error) {
    throw new StartError(`${part}: ${messageOf(error)}`, { cause: error })
  }
}
