/**
 * The forms that configuration values take. Convict's own are not used: they read '33x' as a port and any word but
 * 'false' as true.
 */
import convict from 'convict'
import { isIP } from 'node:net'
import { parseBytes, parseDuration } from './units.js'

const PLUGIN_ENTRY_KEYS = ['package', 'enabled', 'options']
const INSTANCE_NAME = /^[a-z][a-z0-9_-]{0,63}$/i
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i
const SWITCH_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True or false, also written as a word or digit (in the environment); undefined for anything else. */
export function parseSwitch(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  return typeof value === 'string' ? SWITCH_WORDS[value.toLowerCase()] : undefined
}

/** A whole number that isn't negative, also as digits; undefined for anything else. */
export function parseWhole(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined
}

/** A TCP port, or undefined. */
export function parsePort(value: unknown): number | undefined {
  const port = parseWhole(value)
  return port !== undefined && port <= 65_535 ? port : undefined
}

function parsePositive(value: unknown): number | undefined {
  const number = parseWhole(value)
  return number === 0 ? undefined : number
}

/** A convict format made of a parser that answers undefined for what it can't read. */
function parsed(parse: (value: unknown) => unknown, form: string) {
  return {
    validate: requireThat((value) => parse(value) !== undefined, form),
    coerce: (value: unknown) => parse(value) ?? value,
  }
}

function requireThat(accepts: (value: unknown) => boolean, form: string) {
  return (value: unknown) => {
    if (!accepts(value)) throw new Error(`must be ${form}`)
  }
}

let added = false

/** Makes the formats known to convict, which keeps them per process. */
export function addConfigFormats(): void {
  if (added) return
  added = true
  const isText = (value: unknown) => typeof value === 'string'
  convict.addFormats({
    bytes: parsed(parseBytes, "a size such as 1048576, '64M' or '2G'"),
    duration: parsed(parseDuration, "a duration such as 500, '10s' or '5m'"),
    tcpPort: parsed(parsePort, 'a port between 0 and 65535'),
    positive: parsed(parsePositive, 'a whole number above 0'),
    switch: parsed(parseSwitch, 'true or false'),
    path: { validate: requireThat(isText, 'a path') },
    accountHost: { validate: requireThat(isAccountHost, "a host such as 'localhost', '192.0.2.%' or '%'") },
    secret: { validate: requireThat(isText, 'a text') },
    address: { validate: requireThat(isAddress, "an address such as '127.0.0.1', '::' or 'localhost'") },
    instance: {
      validate: requireThat(isInstanceName, 'a name of letters, digits, _ and - that begins with a letter'),
    },
    instanceOrNone: {
      validate: requireThat(
        (value) => value === '' || isInstanceName(value),
        "a name of letters, digits, _ and - that begins with a letter, or ''",
      ),
    },
    plugins: { validate: requirePlugins },
  })
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && (isIP(value) !== 0 || HOST_NAME.test(value))
}

function isAccountHost(value: unknown): boolean {
  return typeof value === 'string' && /^[\w.%:/-]{1,255}$/.test(value)
}

function isInstanceName(value: unknown): boolean {
  return typeof value === 'string' && INSTANCE_NAME.test(value)
}

function requirePlugins(value: unknown) {
  if (!isMapping(value)) throw new Error('must map instance names to plugins')
  for (const [name, entry] of Object.entries(value)) requirePlugin(name, entry)
}

function requirePlugin(name: string, entry: unknown) {
  if (!INSTANCE_NAME.test(name)) throw new Error(`'${name}' isn't a name of letters, digits, _ and -`)
  if (!isMapping(entry)) throw new Error(`${name} must be a mapping with ${PLUGIN_ENTRY_KEYS.join(', ')}`)
  const unknown = Object.keys(entry).find((key) => !PLUGIN_ENTRY_KEYS.includes(key))
  if (unknown !== undefined) throw new Error(`${name} has an unknown key '${unknown}'`)
  if (typeof entry.package !== 'string' || entry.package === '') throw new Error(`${name} names no package`)
  if (entry.enabled !== undefined && typeof entry.enabled !== 'boolean') {
    throw new Error(`${name}.enabled must be true or false`)
  }
  if (entry.options !== undefined && !isMapping(entry.options)) {
    throw new Error(`${name}.options must be a mapping`)
  }
}
