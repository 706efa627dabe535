/**
 * Every key of the configuration, for convict: what it means, its default, its form, and the environment variable and
 * flag that overrule it. `config/default.yaml` is the manual of the same keys; a test keeps the two in step.
 */
import convict from 'convict'
import { addConfigFormats } from './config-formats.js'

/** One entry of `plugins`, keyed by instance name. */
export interface PluginEntry {
  /** An npm package name, or a path. */
  readonly package: string
  readonly enabled?: boolean
  readonly options?: Readonly<Record<string, unknown>>
}

export type LogLevelName = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
export type LogFormat = 'auto' | 'json' | 'pretty'

/** The configuration as its keys are written in a file. */
export interface ConfigValues {
  storage: string
  defaultStorage: string
  port: number
  bind: string
  socket: string
  dataDir: string
  rootPassword: string
  secretKey: string
  rootHost: string
  init: { sample: boolean; folder: string }
  log: { level: LogLevelName; format: LogFormat }
  files: { folder: string; local: boolean }
  limits: {
    connections: number
    packet: number
    connectTimeout: number
    queryMemory: number
    operatorMemory: number
    lockWaitTimeout: number
    snapshotAge: number
    shutdownGrace: number
  }
  plugins: Record<string, PluginEntry>
}

/** A leaf of the schema. `arg` is a flag without its dashes, `env` an environment variable. */
export interface SchemaLeaf {
  readonly doc: string
  readonly default: unknown
  readonly format: unknown
  readonly env?: string
  readonly arg?: string
  /** Its value never appears in messages. */
  readonly sensitive?: boolean
}

const LEVELS: readonly LogLevelName[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent']
const FORMATS: readonly LogFormat[] = ['auto', 'json', 'pretty']

export const CONFIG_SCHEMA = {
  storage: {
    doc: 'The storage mode: a file of that name beside default.yaml, or a storage of your own; auto is hybrid where chDB is installed, else lmdb.',
    default: 'auto',
    format: 'instance',
    env: 'STORAGE_BACKEND',
    arg: 'storage',
  },
  defaultStorage: {
    doc: "Storage of tables whose definition names none; '' for the one that bears the name of the mode.",
    default: '',
    format: 'instanceOrNone',
  },
  port: {
    doc: 'TCP port of the MySQL protocol; 0 lets the system choose.',
    default: 3306,
    format: 'tcpPort',
    env: 'PORT',
    arg: 'port',
  },
  bind: {
    doc: 'Address to listen on.',
    default: '127.0.0.1',
    format: 'address',
    env: 'BIND_ADDR',
    arg: 'bind',
  },
  socket: {
    doc: "Path of a Unix socket to listen on as well; '' for none.",
    default: '',
    format: 'path',
    arg: 'socket',
  },
  dataDir: {
    doc: 'Folder of everything that outlives the process.',
    default: './data',
    format: 'path',
    arg: 'data-dir',
  },
  rootPassword: {
    doc: "Password that root gets when the data folder is new; '' for none.",
    default: '',
    format: 'secret',
    env: 'MYSQL_ROOT_PASSWORD',
    sensitive: true,
  },
  secretKey: {
    doc: "Text from which the key is made that passwords of remote servers are encrypted with; '' for a key file in the data folder.",
    default: '',
    format: 'secret',
    env: 'SWITCHYARD_SECRET_KEY',
    sensitive: true,
  },
  rootHost: {
    doc: "Host, address or pattern that root may come from besides this machine when the data folder is new; '%' for anywhere.",
    default: 'localhost',
    format: 'accountHost',
    env: 'MYSQL_ROOT_HOST',
  },
  init: {
    sample: {
      doc: 'Whether a new data folder gets the sample database testdb.',
      default: true,
      format: 'switch',
    },
    folder: {
      doc: "Folder of SQL scripts that run once, in the order of their names, when the data folder is new; '' for none.",
      default: '',
      format: 'path',
    },
  },
  log: {
    level: { doc: 'Least important level that is logged.', default: 'info', format: LEVELS },
    format: {
      doc: 'JSON lines, lines for people, or auto: for people on a terminal.',
      default: 'auto',
      format: FORMATS,
    },
  },
  files: {
    folder: {
      doc: "Folder whose files LOAD DATA may read and SELECT … INTO OUTFILE may write (secure_file_priv); '' for none.",
      default: '',
      format: 'path',
    },
    local: {
      doc: 'Whether LOAD DATA LOCAL may ask clients for their files (local_infile).',
      default: false,
      format: 'switch',
    },
  },
  limits: {
    connections: { doc: 'Connections at one time.', default: 151, format: 'positive' },
    packet: { doc: 'Largest packet (max_allowed_packet).', default: 64 * 1024 ** 2, format: 'bytes' },
    connectTimeout: { doc: 'Time for a login.', default: 10_000, format: 'duration' },
    queryMemory: { doc: 'Memory that one statement may hold.', default: 256 * 1024 ** 2, format: 'bytes' },
    operatorMemory: {
      doc: 'Memory that a sort, join or grouping holds before it goes on on disk.',
      default: 32 * 1024 ** 2,
      format: 'bytes',
    },
    lockWaitTimeout: { doc: 'Time to wait for a row lock.', default: 50_000, format: 'duration' },
    snapshotAge: { doc: 'Age at which a snapshot is given up.', default: 3_600_000, format: 'duration' },
    shutdownGrace: {
      doc: 'Time that running statements get to end at shutdown.',
      default: 10_000,
      format: 'duration',
    },
  },
  // Options may hold secrets of plugins that aren't loaded yet when a mistake is reported.
  plugins: { doc: 'What to load, by instance name.', default: {}, format: 'plugins', sensitive: true },
} as const

/** A fresh configuration that holds the defaults and takes layers with `load`. */
export function createConfig(): convict.Config<ConfigValues> {
  addConfigFormats()
  const schema = CONFIG_SCHEMA as unknown as convict.Schema<ConfigValues>
  // Environment and flags come as layers of their own, so that a wrong value can be told by its source.
  return convict<ConfigValues>(schema, { env: {}, args: [] })
}

/** All leaves with their dotted keys, in the order of the schema. */
export function schemaLeaves(): readonly (readonly [key: string, leaf: SchemaLeaf])[] {
  return leavesOf(CONFIG_SCHEMA, '')
}

function leavesOf(node: object, prefix: string): readonly (readonly [string, SchemaLeaf])[] {
  return Object.entries(node).flatMap(([key, child]: [string, object]) =>
    isLeaf(child) ? [[prefix + key, child] as const] : leavesOf(child, `${prefix}${key}.`),
  )
}

/** Whether a node of the schema is a leaf, not a group. */
export function isLeaf(node: object): node is SchemaLeaf {
  return 'format' in node && 'default' in node && 'doc' in node
}
