/**
 * Checks the options of one plugin instance against its declarations and fills in defaults. Sizes become bytes,
 * durations milliseconds, paths absolute.
 */
import { resolve } from 'node:path'
import type { OptionDeclaration, OptionDeclarations } from '../spi/manifest.js'
import { isMapping, parsePort, parseSwitch, parseWhole } from './config-formats.js'
import type { Environment } from './environment.js'
import type { ConfiguredOption } from './plugin-entries.js'
import { StartError } from './start-error.js'
import { parseBytes, parseDuration } from './units.js'

export interface OptionSources {
  /** Instance name, for messages. */
  readonly instance: string
  readonly options: ReadonlyMap<string, ConfiguredOption>
  /** Empty for all but the first instance of a package: one variable can't speak for several. */
  readonly environment: Environment
  readonly currentFolder: string
  readonly dataFolder: string
}

interface Reader {
  /** Answers undefined for a value that isn't of the form. */
  readonly read: (value: unknown) => unknown
  readonly form: string
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
const number = (value: unknown) => {
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined
}
/** In an environment variable a list is separated by commas. */
const texts = (value: unknown) => {
  const list: unknown = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value
  return Array.isArray(list) && list.every((part) => typeof part === 'string') ? list : undefined
}

const READERS: Readonly<Record<OptionDeclaration['type'], Reader>> = {
  string: { read: text, form: 'a text' },
  boolean: { read: parseSwitch, form: 'true or false' },
  integer: { read: parseWhole, form: 'a whole number of 0 or more' },
  number: { read: number, form: 'a number' },
  port: { read: parsePort, form: 'a port between 0 and 65535' },
  bytes: { read: parseBytes, form: "a size such as 1048576, '64M' or '2G'" },
  duration: { read: parseDuration, form: "a duration such as 500, '10s' or '5m'" },
  path: { read: text, form: 'a path' },
  strings: { read: texts, form: 'a list of texts' },
  map: { read: (value) => (isMapping(value) ? value : undefined), form: 'a mapping' },
}

/** Throws a StartError that names the source and the option of the first mistake. */
export function checkOptions(
  declarations: OptionDeclarations,
  sources: OptionSources,
): Record<string, unknown> {
  for (const [key, { source }] of sources.options) {
    if (!Object.hasOwn(declarations, key)) {
      const known = Object.keys(declarations).join(', ')
      throw new StartError(
        `${source}: plugin ${sources.instance} has no option '${key}' (${known === '' ? 'it has none' : `there are ${known}`})`,
      )
    }
  }
  return Object.fromEntries(
    Object.entries(declarations).map(([key, declaration]) => [key, optionValue(key, declaration, sources)]),
  )
}

function optionValue(key: string, declaration: OptionDeclaration, sources: OptionSources): unknown {
  const given = configuredValue(key, declaration, sources)
  if (given === undefined) return defaultValue(declaration, sources)
  const { read, form } = READERS[declaration.type]
  const value = read(given.value)
  const wrong = value === undefined ? `must be ${form}` : complaint(declaration, value)
  if (wrong !== undefined) {
    throw new StartError(`${given.source}: plugins.${sources.instance}.options.${key} ${wrong}`)
  }
  return declaration.type === 'path' && value !== '' ? resolve(given.folder, value as string) : value
}

function configuredValue(
  key: string,
  { env }: OptionDeclaration,
  { environment, currentFolder, options }: OptionSources,
): ConfiguredOption | undefined {
  const value = env === undefined ? undefined : environment[env]
  if (env !== undefined && value !== undefined && value !== '') {
    return { value, source: `environment variable ${env}`, folder: currentFolder }
  }
  const configured = options.get(key)
  return configured?.value === null ? undefined : configured
}

function defaultValue(declaration: OptionDeclaration, { dataFolder }: OptionSources): unknown {
  return declaration.type === 'path' && declaration.default !== ''
    ? resolve(dataFolder, declaration.default)
    : declaration.default
}

/** What the plugin's own check says of a value that has the right form. */
function complaint(declaration: OptionDeclaration, value: unknown): string | undefined {
  const check = declaration.check as ((value: unknown) => string | undefined) | undefined
  return check?.(value)
}
