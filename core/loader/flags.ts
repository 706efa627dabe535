/**
 * Command line flags. Those with a key in the configuration come from its schema; unknown ones are refused.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { schemaLeaves } from './config-schema.js'
import { messageOf, StartError } from './start-error.js'

export interface Flags {
  /** `--config`, as given. */
  readonly configFile: string | undefined
  readonly debug: boolean
  readonly verbose: boolean
  readonly help: boolean
  readonly version: boolean
  /** Values of flags with a key in the configuration, by dotted key. */
  readonly values: Readonly<Record<string, string>>
}

const settable = schemaLeaves().flatMap(([key, leaf]) =>
  leaf.arg === undefined ? [] : [{ key, flag: leaf.arg, doc: leaf.doc }],
)

const OTHER_FLAGS = [
  { flag: 'config', value: '<file>', doc: 'Configuration file, YAML or JSON.' },
  { flag: 'verbose', value: '', doc: 'Log more (level debug).' },
  { flag: 'debug', value: '', doc: 'Log the execution of each query as well (level trace).' },
  { flag: 'version', value: '', doc: 'Print the version.' },
  { flag: 'help', value: '', doc: 'Print this.' },
] as const

/** Reads the arguments behind the program's name. Throws a StartError for unknown flags and missing values. */
export function parseFlags(args: readonly string[]): Flags {
  const values = parse(args)
  const entries = settable.flatMap(({ key, flag }) => {
    const value = values[flag]
    return typeof value === 'string' ? [[key, value] as const] : []
  })
  return {
    configFile: typeof values.config === 'string' ? values.config : undefined,
    debug: values.debug === true,
    verbose: values.verbose === true,
    help: values.help === true,
    version: values.version === true,
    values: Object.fromEntries(entries),
  }
}

function parse(args: readonly string[]): Readonly<Record<string, unknown>> {
  const options: NonNullable<ParseArgsConfig['options']> = {
    config: { type: 'string' },
    verbose: { type: 'boolean' },
    debug: { type: 'boolean' },
    version: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  }
  for (const { flag } of settable) options[flag] = { type: 'string' }
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    // Node adds advice on positional arguments behind the first sentence.
    const sentence = messageOf(error).split(/\.\s/)[0] ?? ''
    throw new StartError(`${sentence}; --help lists the flags`, { cause: error })
  }
}

/** The text of `--help`. */
export function helpText(): string {
  const lines = [
    ...settable.map(({ flag, doc }) => [`--${flag} <value>`, doc]),
    ...OTHER_FLAGS.map(({ flag, value, doc }) => [`--${flag} ${value}`.trimEnd(), doc]),
  ]
  const width = Math.max(...lines.map(([flag = '']) => flag.length))
  return [
    'Usage: switchyard [flags]',
    '',
    ...lines.map(([flag = '', doc = '']) => `  ${flag.padEnd(width)}  ${doc}`),
    '',
    'Flags win over environment variables, these over the configuration file, and that over the defaults.',
  ].join('\n')
}
