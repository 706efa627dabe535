/**
 * A layer: the values of one source (a file, an environment variable, a flag) in the shape of the schema, with relative
 * paths made absolute. Keys that the schema doesn't know are refused here, with the names that it does know.
 */
import { resolve } from 'node:path'
import { isMapping } from './config-formats.js'
import { CONFIG_SCHEMA, isLeaf, type SchemaLeaf } from './config-schema.js'
import { StartError } from './start-error.js'

export interface ConfigLayer {
  /** What messages call it: a file's path, a variable's name, `--port`. */
  readonly source: string
  /** Where its relative paths count from. */
  readonly folder: string
  /** Everything but `plugins`. */
  readonly values: Readonly<Record<string, unknown>>
  /** `plugins` as written, unchecked. */
  readonly plugins: unknown
}

/** Checks the keys of `values` and resolves its paths. A key without a value (YAML's empty) counts as absent. */
export function createLayer(
  source: string,
  folder: string,
  values: Readonly<Record<string, unknown>>,
): ConfigLayer {
  const { plugins, ...others } = values
  return { source, folder, values: fitGroup({ source, folder }, '', others, CONFIG_SCHEMA), plugins }
}

/** A layer of one value, named by its dotted key. */
export function createLayerOf(source: string, folder: string, key: string, value: string): ConfigLayer {
  const nested = key.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value)
  return createLayer(source, folder, nested as Record<string, unknown>)
}

type Origin = Pick<ConfigLayer, 'source' | 'folder'>

function fitGroup(
  origin: Origin,
  prefix: string,
  values: Readonly<Record<string, unknown>>,
  group: object,
): Record<string, unknown> {
  const known = new Map<string, object>(Object.entries(group))
  const fitted: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(values)) {
    const node = known.get(key)
    if (node === undefined) {
      throw new StartError(
        `${origin.source}: unknown key '${prefix}${key}' (there are ${[...known.keys()].join(', ')})`,
      )
    }
    if (value === null || value === undefined) continue
    fitted[key] = fitNode(origin, prefix + key, value, node)
  }
  return fitted
}

function fitNode(origin: Origin, key: string, value: unknown, node: object): unknown {
  if (isLeaf(node)) return fitLeaf(origin, value, node)
  if (!isMapping(value)) throw new StartError(`${origin.source}: ${key} must be a mapping of keys to values`)
  return fitGroup(origin, `${key}.`, value, node)
}

function fitLeaf(origin: Origin, value: unknown, leaf: SchemaLeaf): unknown {
  return leaf.format === 'path' && typeof value === 'string' && value !== ''
    ? resolve(origin.folder, value)
    : value
}
