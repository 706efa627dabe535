/**
 * The composition root: reads the configuration, wires what it names, and starts it. `startServer` is for programs that
 * run the server; `bin.ts` is the command; `embedded.ts` is for programs that want no port.
 */
import 'reflect-metadata'
import type { Environment } from '../loader/environment.js'
import { parseFlags, type Flags } from '../loader/flags.js'
import { loadConfig } from '../loader/load-config.js'
import type { Logger } from '../spi/logger.js'
import type { ServerSettings } from '../spi/settings.js'
import { Storage } from '../spi/storage.js'
import type { ComposeEngine } from './engine-parts.js'
import { greeting, type Listener } from './greeting.js'
import { installedVersion, shippedConfigFolder } from './installation.js'
import { createLog } from './log.js'
import { ServerProcess } from './server-process.js'
import { wire } from './wire.js'

export interface StartOptions {
  /** Command line flags, as behind the program's name: ['--port', '3307']. */
  readonly args?: readonly string[]
  /** Default: this process's. */
  readonly environment?: Environment
  /** Default: this process's. */
  readonly currentFolder?: string
  /** Replaces the engine; for tests of everything around it. */
  readonly composeEngine?: ComposeEngine
}

export interface RunningServer {
  readonly settings: ServerSettings
  readonly logger: Logger
  /** Where clients can connect. */
  readonly listeners: readonly Listener[]
  /** How to connect, as text for a terminal. */
  readonly greeting: string
  /** Resolves when a client has run SHUTDOWN: whoever started the server is to stop it then. */
  readonly stopRequested: Promise<void>
  /** Orderly shutdown; never rejects. */
  stop(): Promise<void>
}

/**
 * Starts a server; resolves when it listens. Rejects with an error whose one line tells what to change (a `StartError`, or
 * a `SqlError` of a storage); nothing is left running or locked then.
 */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  return start(parseFlags(options.args ?? []), options)
}

async function start(flags: Flags, options: StartOptions): Promise<RunningServer> {
  const environment = options.environment ?? process.env
  const currentFolder = options.currentFolder ?? process.cwd()
  const config = loadConfig({ flags, environment, currentFolder, shippedFolder: shippedConfigFolder() })
  const logger = await createLog(config.log)
  let requestStop = (): void => undefined
  const stopRequested = new Promise<void>((resolve) => {
    requestStop = resolve
  })
  const surroundings = { environment, currentFolder, requestStop, listens: true }
  const container = await wire(config, logger, surroundings, options.composeEngine)
  const server = container.resolve(ServerProcess)
  await server.start()
  for (const warning of config.warnings) logger.warn({}, warning)
  const { settings, mode } = config
  const { listeners } = server
  const version = installedVersion()
  logger.info({ version, storage: mode, listeners }, 'ready')
  const isDurable = container.resolveAll<Storage>(Storage).some(({ capabilities }) => capabilities.durable)
  return {
    settings,
    logger,
    listeners,
    greeting: greeting({ version, settings, mode, isDurable, listeners }),
    stopRequested,
    stop: () => server.stop(),
  }
}
