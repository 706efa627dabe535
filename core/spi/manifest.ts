/**
 * # Plugin manifest
 *
 * What a plugin package exports, as `plugin`: who it is, which version of these interfaces it was written for, what it provides,
 * which options it understands, and how to make its parts. The configuration names the package under an instance name:
 *
 * ```yaml
 * plugins:
 *   archive:                       # the instance name; of a storage also its engine name (ENGINE=archive)
 *     package: my-csv-storage      # an npm package name, or a path
 *     options: { folder: ./csv }
 * ```
 *
 * The loader imports only packages that are named there. Before anything listens it checks `spiVersion`, checks the options
 * against `options` (unknown ones are refused), and calls `create` once per instance. Plugins take `@switchyard/core` as a
 * peer dependency.
 *
 * Stability: beta. Example: `plugins/storage-memory`.
 */
import type { MaybePromise } from '../common/value.js'
import type { AuthenticationMethod } from './authentication.js'
import type { CatalogProvider } from './catalog.js'
import type { FunctionLibrary } from './functions.js'
import type { Logger } from './logger.js'
import type { Protocol } from './protocol.js'
import type { Router } from './router.js'
import type { ServerSettings } from './settings.js'
import type { Storage } from './storage.js'

/** Version of the interfaces in this folder. Within one major version (before 1.0: one minor) plugins keep working. */
export const SPI_VERSION = '0.1.0'

export type ExtensionPoint = 'storage' | 'catalog' | 'router' | 'protocol' | 'functions' | 'authentication'

/** The parts of one plugin instance; a key for each extension point in the manifest's `provides`. */
export interface PluginParts {
  readonly storage?: Storage
  readonly catalog?: CatalogProvider
  readonly router?: Router
  readonly protocol?: Protocol
  readonly functions?: FunctionLibrary
  readonly authentication?: readonly AuthenticationMethod[]
}

/** What a plugin learns of the server when it makes its parts. */
export interface PluginContext<Options> {
  /** Instance name in the configuration; a storage must answer it as its `name`. */
  readonly name: string
  /** Checked, complete (defaults filled in), with sizes in bytes, durations in milliseconds and absolute paths. */
  readonly options: Options
  readonly settings: ServerSettings
  /** Carries the instance name in each line. */
  readonly logger: Logger
}

interface OptionOf<Type extends string, Value> {
  readonly type: Type
  readonly default: Value
  /** One sentence for the manual. */
  readonly description: string
  /** Environment variable that overrules the configuration file. */
  readonly env?: string
  /** Masked wherever the configuration is shown. */
  readonly secret?: boolean
  /** Returns what is wrong with a value, or undefined. */
  readonly check?: (value: Value) => string | undefined
}

/** One option of a plugin, in the form that the configuration file takes. */
export type OptionDeclaration =
  | OptionOf<'string', string>
  | OptionOf<'boolean', boolean>
  /** A whole number that isn't negative. */
  | OptionOf<'integer', number>
  | OptionOf<'number', number>
  /** 0 to 65535; 0 lets the system choose. */
  | OptionOf<'port', number>
  /** Number of bytes; in the file also '64K', '16M', '2G', '1T'. */
  | OptionOf<'bytes', number>
  /** Milliseconds; in the file also '500ms', '10s', '5m', '2h', '1d'. */
  | OptionOf<'duration', number>
  /** A path. Relative ones count from the configuration file's folder (a relative default: from the data folder); '' means none. */
  | OptionOf<'path', string>
  | OptionOf<'strings', readonly string[]>
  /** A mapping whose keys the plugin checks itself. */
  | OptionOf<'map', Readonly<Record<string, unknown>>>

export type OptionDeclarations = Readonly<Record<string, OptionDeclaration>>

/** The type of the options that declarations describe. */
export type OptionsOf<Declarations extends OptionDeclarations> = {
  readonly [Key in keyof Declarations]: ValueOf<Declarations[Key]['type']>
}

type ValueOf<Type extends OptionDeclaration['type']> = Extract<
  OptionDeclaration,
  { readonly type: Type }
>['default']

export interface PluginManifest<Declarations extends OptionDeclarations = OptionDeclarations> {
  /** The package's npm name. */
  readonly name: string
  /** Versions of `SPI_VERSION` that it works with, as an npm version range: '^0.1.0'. */
  readonly spiVersion: string
  readonly provides: readonly ExtensionPoint[]
  readonly options: Declarations
  /**
   * Makes the parts, without touching the outside world: files are opened and ports bound in the parts' `start`. Throws an
   * error whose one line tells an operator what to change when options contradict one another.
   */
  create(context: PluginContext<OptionsOf<Declarations>>): MaybePromise<PluginParts>
}

/** Gives a manifest its types: the options that `create` receives follow from the declarations. */
export function definePlugin<const Declarations extends OptionDeclarations>(
  manifest: PluginManifest<Declarations>,
): PluginManifest<Declarations> {
  return manifest
}
