/**
 * The storages that tests of SQL run on, by name.
 */
import { join } from 'node:path'
import { MemoryStorage } from '@switchyard/storage-memory'
import type { Storage } from '../../core/spi/storage.js'
import type { PluginManifest } from '../../core/spi/manifest.js'
import { TEST_SETTINGS } from './engine.js'

/**
 * Options in place of the defaults: tables of tests are so small that all of them would stay in memory. With these, some rows
 * come from the data file, some from memory, and some from what is being written.
 */
const TEST_OPTIONS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  lmdb: { overlayBytes: 4096 },
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
  const options = Object.fromEntries(
    Object.entries(plugin.options).map(([key, option]) => [key, option.default]),
  )
  const parts = await plugin.create({
    name,
    options: { ...options, ...TEST_OPTIONS[name], folder: join(folder, name) },
    settings: { ...TEST_SETTINGS, dataFolder: folder },
    logger: console as never,
  })
  if (parts.storage === undefined) throw new Error(`the plugin of ${name} provides no storage`)
  return parts.storage
}
