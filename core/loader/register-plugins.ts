/**
 * Registers what the plugins made in the container, each part under the token of its extension point, and checks that
 * the server has what it can't work without.
 */
import type { DependencyContainer } from 'tsyringe'
import { AuthenticationMethod } from '../spi/authentication.js'
import { CatalogProvider } from '../spi/catalog.js'
import { FunctionLibrary } from '../spi/functions.js'
import { Protocol } from '../spi/protocol.js'
import { Router } from '../spi/router.js'
import { Storage } from '../spi/storage.js'
import type { LoadedPlugin } from './load-plugins.js'
import { StartError } from './start-error.js'

/** `storage` is the name of the one that new tables go to. Without `listens` a server may have no protocol. */
export function registerPlugins(
  container: DependencyContainer,
  plugins: readonly LoadedPlugin[],
  storage: string,
  listens = true,
): void {
  for (const { parts } of plugins) {
    // Instances are registered, never classes: a plugin with a copy of the injection library of its own works too.
    if (parts.storage) container.register(Storage, { useValue: parts.storage })
    if (parts.catalog) container.register(CatalogProvider, { useValue: parts.catalog })
    if (parts.router) container.register(Router, { useValue: parts.router })
    if (parts.protocol) container.register(Protocol, { useValue: parts.protocol })
    if (parts.functions) container.register(FunctionLibrary, { useValue: parts.functions })
    for (const method of parts.authentication ?? []) {
      container.register(AuthenticationMethod, { useValue: method })
    }
  }
  if (listens) requirePart(plugins, 'protocol')
  requirePart(plugins, 'router')
  const routers = plugins.filter(({ parts }) => parts.router !== undefined)
  if (routers.length > 1) {
    const names = routers.map(({ name }) => name).join(' and ')
    throw new StartError(`the plugins ${names} both provide a router; a server has one`)
  }
  if (plugins.find(({ name }) => name === storage)?.parts.storage === undefined) {
    throw new StartError(`plugin ${storage} provides no storage, but is configured as the storage`)
  }
}

function requirePart(plugins: readonly LoadedPlugin[], point: 'protocol' | 'router') {
  if (plugins.every(({ parts }) => parts[point] === undefined)) {
    throw new StartError(`no configured plugin provides a ${point}`)
  }
}
