/**
 * The storages that tests of SQL run on, by name.
 */
import { join } from 'node:path'
import { MemoryStorage } from '@switchyard/storage-memory'
import type { Storage } from '../../core/spi/storage.js'
import type { PluginManifest } from '../../core/spi/manifest.js'
import { TEST_SETTINGS } from './engine.js'

/** The storage of this name, and one beside it that keeps the catalog if it can't itself. */
export async function createStorages(name: string, folder: string): Promise<readonly Storage[]> {
  const storage = await createStorage(name, folder)
  return storage.capabilities.shape === 'keyspace' ? [storage] : [new MemoryStorage('memory'), storage]
}

/** A storage that isn't started; a durable one keeps its files in `folder`. */
export async function createStorage(name: string, folder: string): Promise<Storage> {
  if (name === 'memory') return new MemoryStorage(name)
  const { plugin } = (await import(`@switchyard/storage-${name}`)) as { readonly plugin: PluginManifest }
  const options = Object.fromEntries(
    Object.entries(plugin.options).map(([key, option]) => [key, option.default]),
  )
  const parts = await plugin.create({
    name,
    options: { ...options, folder: join(folder, name) },
    settings: { ...TEST_SETTINGS, dataFolder: folder },
    logger: console as never,
  })
  if (parts.storage === undefined) throw new Error(`the plugin of ${name} provides no storage`)
  return parts.storage
}
