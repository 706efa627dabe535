/**
 * The `plugins` of all layers as one list: instances merged by name, options merged by key, each option remembering
 * which layer it came from.
 */
import { isAbsolute, resolve } from 'node:path'
import { isMapping } from './config-formats.js'
import type { ConfigLayer } from './config-layer.js'
import type { PluginEntry } from './config-schema.js'
import { StartError } from './start-error.js'

/** One option as written, and where. */
export interface ConfiguredOption {
  readonly value: unknown
  readonly source: string
  /** Where a relative path counts from. */
  readonly folder: string
}

/** One plugin instance as configured; its options are not checked yet. */
export interface ConfiguredPlugin {
  /** Instance name. */
  readonly name: string
  /** npm package name or absolute path. */
  readonly package: string
  readonly options: ReadonlyMap<string, ConfiguredOption>
}

interface MergedEntry {
  readonly fields: Record<string, unknown>
  readonly options: Map<string, ConfiguredOption>
}

export class PluginEntries {
  private readonly merged = new Map<string, MergedEntry>()

  /** Merges a layer over those before it. */
  add(layer: ConfigLayer): void {
    if (layer.plugins === undefined || layer.plugins === null) return
    if (!isMapping(layer.plugins)) {
      throw new StartError(`${layer.source}: plugins must map instance names to plugins`)
    }
    for (const [name, entry] of Object.entries(layer.plugins)) this.addEntry(layer, name, entry)
  }

  private addEntry(layer: ConfigLayer, name: string, entry: unknown) {
    const where = `${layer.source}: plugins.${name}`
    if (!isMapping(entry)) throw new StartError(`${where} must be a mapping with package, enabled, options`)
    const { options, ...fields } = entry
    const target = this.merged.get(name) ?? { fields: {}, options: new Map() }
    this.merged.set(name, target)
    Object.assign(target.fields, fields, packageFrom(layer, fields.package))
    if (options === undefined || options === null) return
    if (!isMapping(options)) throw new StartError(`${where}.options must be a mapping`)
    for (const [key, value] of Object.entries(options)) {
      target.options.set(key, { value, source: layer.source, folder: layer.folder })
    }
  }

  /** The merged entries in the form of the schema, for its check. */
  asConfigValue(): Record<string, PluginEntry> {
    const entries = [...this.merged].map(([name, { fields }]) => [name, fields] as const)
    return Object.fromEntries(entries) as unknown as Record<string, PluginEntry>
  }

  /** The instances that aren't switched off, in the order of their first mention; valid after the schema's check. */
  enabled(): readonly ConfiguredPlugin[] {
    return [...this.merged]
      .filter(([, { fields }]) => fields.enabled !== false)
      .map(([name, { fields, options }]) => ({ name, package: String(fields.package), options }))
  }
}

/** Paths (`./x`, `../x`, absolute) are told from package names by their beginning, as in an import. */
function packageFrom(layer: ConfigLayer, name: unknown): { readonly package?: string } {
  if (typeof name !== 'string') return {}
  const isPath = isAbsolute(name) || /^\.{1,2}([/\\]|$)/.test(name)
  return { package: isPath ? resolve(layer.folder, name) : name }
}
