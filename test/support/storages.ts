/**
 * The storages that tests of SQL run on, by name.
 */
import { join } from 'node:path'
import { MemoryStorage } from '@switchyard/storage-memory'
import type { Storage } from '../../core/spi/storage.js'
import type { PluginManifest, PluginParts } from '../../core/spi/manifest.js'
import { TEST_SETTINGS } from './engine.js'

/**
 * Options in place of the defaults: tables of tests are so small that all of them would stay in memory. With these, some rows
 * come from the data file, some from memory, and some from what is being written.
 */
const TEST_OPTIONS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  lmdb: { overlayBytes: 4096 },
  // Definitions are read again while they are used.
  remote: { refresh: 100 },
}

/** The storage of this name, and one beside it that keeps the catalog if it can't itself. */
export async function createStorages(name: string, folder: string): Promise<readonly Storage[]> {
  const storage = await createStorage(name, folder)
  return storage.capabilities.shape === 'keyspace' ? [storage] : [new MemoryStorage('memory'), storage]
}

/** A storage that isn't started; a durable one keeps its files in `folder`. */
export async function createStorage(name: string, folder: string): Promise<Storage> {
  if (name === 'memory') return new MemoryStorage(name)
  const { plugin } = (await import(`@switchyard/storage-${name}`)) as { readonly plugin: PluginManifest }
  const { storage } = await createParts(plugin, name, folder, { folder: join(folder, name) })
  if (storage === undefined) throw new Error(`the plugin of ${name} provides no storage`)
  return storage
}

/** Storage and catalog of virtual databases. */
export async function createRemoteParts(): Promise<Required<Pick<PluginParts, 'storage' | 'catalog'>>> {
  const { plugin } = (await import('@switchyard/remote-mysql')) as { readonly plugin: PluginManifest }
  const { storage, catalog } = await createParts(plugin, 'remote', '', {})
  if (storage === undefined || catalog === undefined) throw new Error('remotes are storage and catalog')
  return { storage, catalog }
}

async function createParts(
  plugin: PluginManifest,
  name: string,
  folder: string,
  more: Readonly<Record<string, string>>,
): Promise<PluginParts> {
  const defaults = Object.fromEntries(
    Object.entries(plugin.options).map(([key, option]) => [key, option.default]),
  )
  return plugin.create({
    name,
    options: { ...defaults, ...TEST_OPTIONS[name], ...more },
    settings: { ...TEST_SETTINGS, dataFolder: folder },
    logger: console as never,
  })
}
