/**
 * Wires everything that the configuration names in one container.
 */
import 'reflect-metadata'
import { container as rootContainer, type DependencyContainer } from 'tsyringe'
import type { Environment } from '../loader/environment.js'
import type { LoadedConfig } from '../loader/load-config.js'
import { loadPlugins } from '../loader/load-plugins.js'
import { registerPlugins } from '../loader/register-plugins.js'
import { AuthenticationMethod } from '../spi/authentication.js'
import { CatalogProvider } from '../spi/catalog.js'
import { FunctionLibrary } from '../spi/functions.js'
import { Logger } from '../spi/logger.js'
import { Router } from '../spi/router.js'
import { ServerSettings } from '../spi/settings.js'
import { Storage } from '../spi/storage.js'
import { composeEngine } from './compose-engine.js'
import { Engine, type ComposeEngine } from './engine-parts.js'

export interface Surroundings {
  readonly environment: Environment
  readonly currentFolder: string
  readonly requestStop: () => void
  /** Whether clients connect: then there must be a protocol. */
  readonly listens: boolean
}

export async function wire(
  config: LoadedConfig,
  logger: Logger,
  surroundings: Surroundings,
  compose: ComposeEngine = composeEngine,
): Promise<DependencyContainer> {
  // A child, so that one process can hold several servers.
  const container = rootContainer.createChildContainer()
  const { settings, plugins, pluginFolders } = config
  container.register(ServerSettings, { useValue: settings })
  container.register(Logger, { useValue: logger })
  const { environment, currentFolder, requestStop, listens } = surroundings
  const loaded = await loadPlugins({
    plugins,
    pluginFolders,
    settings,
    logger,
    environment,
    currentFolder,
  })
  registerPlugins(container, loaded, settings.storage, listens)
  container.register(Engine, { useValue: compose({ ...engineParts(container), requestStop }) })
  return container
}

function engineParts(container: DependencyContainer) {
  return {
    settings: container.resolve<ServerSettings>(ServerSettings),
    logger: container.resolve<Logger>(Logger),
    storages: container.resolveAll<Storage>(Storage),
    catalogs: allOf<CatalogProvider>(container, CatalogProvider),
    router: container.resolve<Router>(Router),
    functions: allOf<FunctionLibrary>(container, FunctionLibrary),
    authentication: allOf<AuthenticationMethod>(container, AuthenticationMethod),
  }
}

/** The container has no empty answer: it throws where nothing is registered. */
function allOf<T>(container: DependencyContainer, token: symbol): readonly T[] {
  return container.isRegistered(token) ? container.resolveAll<T>(token) : []
}
