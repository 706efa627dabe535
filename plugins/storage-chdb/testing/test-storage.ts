/** Storages over the real engine, as the configuration would make them. */
import { join } from 'node:path'
import type { Logger, ServerSettings } from '@switchyard/core/spi'
import { ChdbStorage } from '../chdb-storage.js'
import { plugin } from '../index.js'
import { spoolFolders, SupervisedEngine, type SupervisedEngineOptions } from '../supervised-engine.js'

export const QUIET: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  isLevelEnabled: () => false,
  child: () => QUIET,
}

type Options = Parameters<typeof plugin.create>[0]['options']

/** The engine's process alone, as tests want it. */
export function createTestEngine(
  folder: string,
  options: Partial<SupervisedEngineOptions> = {},
): SupervisedEngine {
  return new SupervisedEngine(
    {
      path: join(folder, 'engine'),
      partBytes: 32 * 2 ** 20,
      database: 'default',
      spoolPaths: spoolFolders(folder),
      sessionsMax: 6,
      connectionArgs: [],
      settings: 'max_block_size = 1000',
      startTimeoutMs: 60_000,
      heartbeatMs: 50,
      silenceMaxMs: 60_000,
      residentBytesMax: Infinity,
      stopGraceMs: 10_000,
      backOffMs: 10,
      backOffMaxMs: 100,
      waitMaxMs: 60_000,
      ...options,
    },
    QUIET,
  )
}

/** A storage that isn't started; its files are in `folder`. */
export function createTestStorage(folder: string, options: Partial<Options> = {}): ChdbStorage {
  const defaults = Object.fromEntries(
    Object.entries(plugin.options).map(([name, option]) => [name, option.default]),
  ) as Options
  const parts = plugin.create({
    name: 'chdb',
    options: { ...defaults, memory: 2 ** 30, ...options, folder: join(folder, 'chdb') },
    settings: {} as ServerSettings,
    logger: QUIET,
  })
  if (!('storage' in parts) || !(parts.storage instanceof ChdbStorage)) {
    throw new Error('the plugin provides no storage')
  }
  return parts.storage
}
