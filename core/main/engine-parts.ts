/**
 * What the composition root gives to the engine and expects of it. The engine itself knows neither the container nor
 * the configuration.
 */
import type { AuthenticationMethod } from '../spi/authentication.js'
import type { CatalogProvider } from '../spi/catalog.js'
import type { FunctionLibrary } from '../spi/functions.js'
import type { Logger } from '../spi/logger.js'
import type { Router } from '../spi/router.js'
import type { Server } from '../spi/session.js'
import type { ServerSettings } from '../spi/settings.js'
import type { Storage } from '../spi/storage.js'
import { token, type Token } from '../spi/token.js'

/** Everything that plugins and configuration bring, started storages included. */
export interface EngineParts {
  readonly settings: ServerSettings
  readonly logger: Logger
  /** In the order of the configuration. */
  readonly storages: readonly Storage[]
  readonly catalogs: readonly CatalogProvider[]
  readonly router: Router
  readonly functions: readonly FunctionLibrary[]
  readonly authentication: readonly AuthenticationMethod[]
  /** Called when a client runs SHUTDOWN. */
  readonly requestStop: () => void
}

export interface Engine {
  /** What protocols drive; used after `start`. */
  readonly server: Server
  /** Recovers, opens the catalog, runs the init scripts of a new data folder. Storages have started. */
  start(): Promise<void>
  /**
   * Refuses new statements with ER_SERVER_SHUTDOWN and resolves when running ones have ended, or when `graceMs` have
   * passed and the rest was cancelled.
   */
  drain(graceMs: number): Promise<void>
  /** Rolls back what is open and makes everything durable. Storages are still running. */
  stop(): Promise<void>
}

export type ComposeEngine = (parts: EngineParts) => Engine

export const Engine: Token<Engine> = token('engine')
