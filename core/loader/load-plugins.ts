/**
 * Imports the plugins that the configuration names, checks what each says of itself and what was configured for it, and
 * makes their parts. Nothing listens and no file is open before all of it has succeeded.
 */
import type { Logger } from '../spi/logger.js'
import { SPI_VERSION, type ExtensionPoint, type PluginManifest, type PluginParts } from '../spi/manifest.js'
import type { ServerSettings } from '../spi/settings.js'
import { isMapping } from './config-formats.js'
import type { Environment } from './environment.js'
import type { ConfiguredPlugin } from './plugin-entries.js'
import { checkOptions } from './plugin-options.js'
import { resolvePlugin } from './resolve-plugin.js'
import { messageOf, StartError } from './start-error.js'
import { isInRange } from './version-range.js'

export interface LoadRequest {
  readonly plugins: readonly ConfiguredPlugin[]
  readonly pluginFolders: readonly string[]
  readonly settings: ServerSettings
  readonly logger: Logger
  readonly environment: Environment
  readonly currentFolder: string
}

/** One instance, made but not started. */
export interface LoadedPlugin {
  readonly name: string
  readonly manifest: PluginManifest
  readonly parts: PluginParts
}

const EXTENSION_POINTS: readonly ExtensionPoint[] = [
  'storage',
  'catalog',
  'router',
  'protocol',
  'functions',
  'authentication',
]

/** Throws a StartError that names the instance and what is wrong with it. */
export async function loadPlugins(request: LoadRequest): Promise<readonly LoadedPlugin[]> {
  const manifests = await Promise.all(
    request.plugins.map((plugin) => importManifest(plugin, request.pluginFolders)),
  )
  const seenPackages = new Set<string>()
  const prepared = request.plugins.map((plugin, index) => {
    const manifest = manifests[index] as PluginManifest
    const options = checkOptions(manifest.options, {
      instance: plugin.name,
      options: plugin.options,
      environment: seenPackages.has(manifest.name) ? {} : request.environment,
      currentFolder: request.currentFolder,
      dataFolder: request.settings.dataFolder,
    })
    seenPackages.add(manifest.name)
    return { plugin, manifest, options }
  })
  return Promise.all(
    prepared.map(async ({ plugin, manifest, options }) => ({
      name: plugin.name,
      manifest,
      parts: await createParts(plugin.name, manifest, options, request),
    })),
  )
}

async function importManifest(plugin: ConfiguredPlugin, folders: readonly string[]): Promise<PluginManifest> {
  const fail = (reason: string, cause?: unknown) =>
    new StartError(`plugin ${plugin.name}: ${reason}`, { cause })
  let module: unknown
  try {
    module = await import(resolvePlugin(plugin.package, folders))
  } catch (error) {
    throw fail(
      error instanceof StartError ? error.message : `can't import ${plugin.package}: ${messageOf(error)}`,
      error,
    )
  }
  const manifest = manifestOf(module)
  if (manifest === undefined) throw fail(`${plugin.package} exports no plugin manifest named 'plugin'`)
  const wrong = manifestMistake(manifest)
  if (wrong !== undefined) throw fail(`${plugin.package} ${wrong}`)
  return manifest as unknown as PluginManifest
}

/** The export `plugin`, also of a CommonJS module. */
function manifestOf(module: unknown): Record<string, unknown> | undefined {
  if (typeof module !== 'object' || module === null) return undefined
  const { plugin, default: whole } = module as { readonly plugin?: unknown; readonly default?: unknown }
  if (isMapping(plugin)) return plugin
  return isMapping(whole) && isMapping(whole.plugin) ? whole.plugin : undefined
}

function manifestMistake(manifest: Record<string, unknown>): string | undefined {
  const { name, spiVersion, provides, options, create } = manifest
  if (typeof name !== 'string' || typeof create !== 'function' || !isMapping(options)) {
    return 'has a manifest without name, options or create'
  }
  if (typeof spiVersion !== 'string') return 'has a manifest without spiVersion'
  const fits = isInRange(SPI_VERSION, spiVersion)
  if (fits === undefined) return `has an spiVersion that is no version range: '${spiVersion}'`
  if (!fits)
    return `was made for version ${spiVersion} of the plugin interface; this server has ${SPI_VERSION}`
  const points: readonly unknown[] = Array.isArray(provides) ? provides : []
  const unknown = points.find((point) => !EXTENSION_POINTS.some((known) => known === point))
  if (unknown !== undefined) return `provides the unknown extension point ${JSON.stringify(unknown)}`
  return points.length === 0 ? 'provides nothing' : undefined
}

async function createParts(
  name: string,
  manifest: PluginManifest,
  options: Record<string, unknown>,
  { settings, logger }: LoadRequest,
): Promise<PluginParts> {
  let parts: PluginParts
  try {
    parts = await manifest.create({
      name,
      // Checked against the same declarations that the type follows from.
      options: options as Parameters<PluginManifest['create']>[0]['options'],
      settings,
      logger: logger.child({ plugin: name }),
    })
  } catch (error) {
    throw new StartError(`plugin ${name}: ${messageOf(error)}`, { cause: error })
  }
  const missing = manifest.provides.find((point) => parts[point] === undefined)
  if (missing !== undefined)
    throw new StartError(`plugin ${name}: made no ${missing}, which its manifest promises`)
  if (parts.storage !== undefined && parts.storage.name !== name) {
    throw new StartError(`plugin ${name}: its storage calls itself '${parts.storage.name}'`)
  }
  return parts
}
