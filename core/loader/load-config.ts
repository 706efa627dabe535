/**
 * Puts the configuration together: defaults, the shipped files `default.yaml` and `<storage>.yaml`, the operator's
 * file, environment, flags; later ones win, plugins are merged by instance name. Every layer is checked when it is
 * added, so that a message can say where the wrong value stands.
 */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { ServerSettings } from '../spi/settings.js'
import { readConfigFile } from './config-file.js'
import { createLayer, createLayerOf, type ConfigLayer } from './config-layer.js'
import { CONFIG_SCHEMA, createConfig, type ConfigValues } from './config-schema.js'
import { environmentValues, isSwitchedOn, type Environment } from './environment.js'
import type { Flags } from './flags.js'
import { PluginEntries, type ConfiguredPlugin } from './plugin-entries.js'
import { isPackageInstalled } from './resolve-plugin.js'
import { messageOf, StartError } from './start-error.js'

/** What the configuration is made from. */
export interface ConfigSources {
  readonly flags: Flags
  readonly environment: Environment
  /** The folder that relative paths of flags, environment and shipped files count from. */
  readonly currentFolder: string
  /** The folder of `default.yaml`. */
  readonly shippedFolder: string
  /** Keys and values as a file would have them, from a program; stronger than files, weaker than environment and flags. */
  readonly values?: Readonly<Record<string, unknown>> | undefined
  /** Whether a package is there; asked for those that a storage mode can't do without. */
  readonly isInstalled?: (name: string) => boolean
}

export interface LoadedConfig {
  readonly settings: ServerSettings
  /** The storage mode, `auto` resolved. */
  readonly mode: string
  readonly log: ConfigValues['log']
  readonly plugins: readonly ConfiguredPlugin[]
  /** Folders whose node_modules may hold plugins, besides the server's own: the configuration file's, then the current one. */
  readonly pluginFolders: readonly string[]
  /** Lines for the log that don't keep the server from starting. */
  readonly warnings: readonly string[]
}

/** The mode of those who ask for none: the first whose package is there. */
const AUTOMATIC = 'auto'
const FULL_MODE = 'hybrid'
const PLAIN_MODE = 'lmdb'
/** Packages that modes need besides our own. */
const NEEDED: Readonly<Record<string, string>> = { hybrid: 'chdb', chdb: 'chdb' }
const MODE_NAME = /^[a-z][a-z0-9_-]*$/i

/** Throws a StartError that names the source and the key of the first mistake. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const config = createConfig()
  const plugins = new PluginEntries()
  const { layers, mode, isAutomatic } = layersOf(sources)
  for (const layer of layers) {
    plugins.add(layer)
    addLayer(config, layer)
  }
  config.set('plugins', plugins.asConfigValue())
  validate(config, 'configuration')
  const values = config.getProperties()
  const enabled = plugins.enabled()
  const wanted = isAutomatic && mode !== undefined ? mode : values.storage
  const storage = values.defaultStorage === '' ? wanted : values.defaultStorage
  requireStorage(storage, enabled, sources.shippedFolder)
  requirePackage(wanted, sources)
  return {
    settings: settingsFrom({ ...values, storage }, sources),
    mode: wanted,
    log: { ...values.log, level: levelFrom(sources) ?? values.log.level },
    plugins: enabled,
    pluginFolders: pluginFoldersOf(sources),
    warnings: isAutomatic && mode === PLAIN_MODE ? [NO_COLUMNS] : [],
  }
}

/** All layers over the defaults, weakest first. */
function layersOf(sources: ConfigSources): {
  readonly layers: readonly ConfigLayer[]
  readonly mode: string | undefined
  readonly isAutomatic: boolean
} {
  const { currentFolder, shippedFolder } = sources
  const shipped = (name: string) => {
    const file = join(shippedFolder, `${name}.yaml`)
    return createLayer(file, currentFolder, readConfigFile(file))
  }
  const base = shipped('default')
  const own = [
    ...fileLayers(sources),
    ...valueLayers(sources),
    ...environmentLayers(sources),
    ...flagLayers(sources),
  ]
  const named = modeOf([base, ...own])
  const isAutomatic = named === AUTOMATIC
  const mode = isAutomatic ? automaticMode(sources) : named
  const hasFile = mode !== undefined && shippedModes(shippedFolder).includes(mode)
  return { layers: [base, ...(hasFile ? [shipped(mode)] : []), ...own], mode, isAutomatic }
}

const NO_COLUMNS =
  'storage mode lmdb: rows only, because the package chdb is not installed; npm install chdb (Linux, macOS) adds columns and the mode hybrid'

function automaticMode(sources: ConfigSources): string {
  return isInstalled(NEEDED[FULL_MODE] ?? '', sources) ? FULL_MODE : PLAIN_MODE
}

function isInstalled(name: string, sources: ConfigSources): boolean {
  return sources.isInstalled?.(name) ?? isPackageInstalled(name, pluginFoldersOf(sources))
}

/** Refuses a mode whose package is missing. */
function requirePackage(mode: string, sources: ConfigSources) {
  const needed = NEEDED[mode]
  if (needed === undefined || isInstalled(needed, sources)) return
  throw new StartError(
    `storage mode ${mode} needs the package ${needed}, which is not installed: npm install ${needed} (Linux, macOS), or --storage ${PLAIN_MODE}`,
  )
}

/** The storage that the strongest layer asks for. */
function modeOf(layers: readonly ConfigLayer[]): string | undefined {
  const named = layers.map(({ values }) => values.storage).filter((value) => value !== undefined)
  const mode: unknown = named.at(-1) ?? CONFIG_SCHEMA.storage.default
  return typeof mode === 'string' && MODE_NAME.test(mode) ? mode : undefined
}

function shippedModes(shippedFolder: string): readonly string[] {
  return readdirSync(shippedFolder)
    .filter((file) => file.endsWith('.yaml') && file !== 'default.yaml')
    .map((file) => basename(file, '.yaml'))
}

function fileLayers({ flags, currentFolder }: ConfigSources): readonly ConfigLayer[] {
  if (flags.configFile === undefined) return []
  const file = resolve(currentFolder, flags.configFile)
  return [createLayer(file, dirname(file), readConfigFile(file))]
}

function valueLayers({ values, currentFolder }: ConfigSources): readonly ConfigLayer[] {
  return values === undefined ? [] : [createLayer('configuration', currentFolder, values)]
}

function environmentLayers({ environment, currentFolder }: ConfigSources): readonly ConfigLayer[] {
  return environmentValues(environment).map(({ key, variable, value }) =>
    createLayerOf(`environment variable ${variable}`, currentFolder, key, value),
  )
}

function flagLayers({ flags, currentFolder }: ConfigSources): readonly ConfigLayer[] {
  return Object.entries(flags.values).map(([key, value]) =>
    createLayerOf('command line', currentFolder, key, value),
  )
}

function addLayer(config: ReturnType<typeof createConfig>, layer: ConfigLayer) {
  config.load(layer.values)
  validate(config, layer.source)
}

function validate(config: ReturnType<typeof createConfig>, source: string) {
  try {
    config.validate({ allowed: 'strict' })
  } catch (error) {
    throw new StartError(`${source}: ${messageOf(error).replaceAll('\n', '; ')}`, { cause: error })
  }
}

/** Refuses a storage that no plugin instance bears the name of. */
function requireStorage(storage: string, plugins: readonly ConfiguredPlugin[], shippedFolder: string) {
  if (plugins.some(({ name }) => name === storage)) return
  const modes = shippedModes(shippedFolder).join(', ')
  throw new StartError(
    `there is no storage ${storage}: this version has ${modes}, and no plugin of that name is configured`,
  )
}

function levelFrom({ flags, environment }: ConfigSources): 'trace' | 'debug' | undefined {
  if (flags.debug) return 'trace'
  if (flags.verbose) return 'debug'
  if (isSwitchedOn(environment, 'DEBUG')) return 'trace'
  return isSwitchedOn(environment, 'VERBOSE') ? 'debug' : undefined
}

function pluginFoldersOf({ flags, currentFolder }: ConfigSources): readonly string[] {
  if (flags.configFile === undefined) return [currentFolder]
  return [...new Set([dirname(resolve(currentFolder, flags.configFile)), currentFolder])]
}

function settingsFrom(values: ConfigValues, { currentFolder, shippedFolder }: ConfigSources): ServerSettings {
  const { limits, init, files } = values
  const sample = join(shippedFolder, 'sample')
  return {
    storage: values.storage,
    port: values.port,
    bind: values.bind,
    socket: values.socket,
    // The schema's default is the one path that came through no layer.
    dataFolder: resolve(currentFolder, values.dataDir),
    rootPassword: values.rootPassword,
    secretKey: values.secretKey,
    rootHost: values.rootHost,
    init: {
      folders: [
        ...(init.sample && existsSync(sample) ? [sample] : []),
        ...(init.folder === '' ? [] : [init.folder]),
      ],
    },
    files,
    limits: {
      connectionsMax: limits.connections,
      packetBytesMax: limits.packet,
      connectTimeoutMs: limits.connectTimeout,
      queryMemoryBytesMax: limits.queryMemory,
      operatorMemoryBytesMax: limits.operatorMemory,
      lockWaitTimeoutMs: limits.lockWaitTimeout,
      snapshotAgeMaxMs: limits.snapshotAge,
      shutdownGraceMs: limits.shutdownGrace,
    },
  }
}
