/** The options of the plugin, in the configuration's form. */
import { totalmem } from 'node:os'
import type { OptionsOf } from '@switchyard/core/spi'

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

export const options = {
  folder: {
    type: 'path',
    default: 'chdb',
    description: 'Folder of the tables; relative to the data folder.',
    env: 'CHDB_PATH',
  },
  memory: {
    type: 'bytes',
    default: Math.max(2 ** 30, Math.floor(totalmem() / 4)),
    description:
      'Memory that the engine may take for all its queries; a query that needs more spills to disk or fails.',
    env: 'CHDB_MEMORY',
    check: (bytes: number) => (bytes >= 2 ** 28 ? undefined : 'must be at least 256M'),
  },
  queryMemory: {
    type: 'bytes',
    default: 0,
    description: 'Memory that one query may take; 0 for half of all, or what a server of `url` allows.',
  },
  threads: {
    type: 'integer',
    default: 0,
    description: 'Threads that one query may take; 0 for as many as there are processors.',
  },
  sessions: {
    type: 'integer',
    default: 32,
    description: 'Queries that are open at one time; further ones wait.',
    check: (count: number) => (count >= 2 && count <= 512 ? undefined : 'must be between 2 and 512'),
  },
  sessionWait: {
    type: 'duration',
    default: 30_000,
    description: 'How long they wait.',
  },
  heartbeat: {
    type: 'duration',
    default: 1000,
    description: 'Time between two looks at whether the engine still answers and how much memory it takes.',
    check: (timeMs: number) => (timeMs >= 50 ? undefined : 'must be at least 50ms'),
  },
  silence: {
    type: 'duration',
    default: 15_000,
    description:
      'Time without any answer after which the engine is killed and started again, or a server of `url` counts as gone.',
  },
  url: {
    type: 'string',
    default: '',
    description:
      'A ClickHouse server to use instead of an engine of our own: http://host:8123 or https://host:8443.',
    env: 'CHDB_URL',
    check: urlFault,
  },
  user: {
    type: 'string',
    default: 'default',
    description: 'Account at that server.',
    env: 'CHDB_USER',
  },
  password: {
    type: 'string',
    default: '',
    description: 'Its password.',
    env: 'CHDB_PASSWORD',
    secret: true,
  },
  passwordFile: {
    type: 'path',
    default: '',
    description: 'A file that has the password.',
  },
  database: {
    type: 'string',
    default: 'switchyard',
    description: 'Database of the tables there, of this server alone.',
    check: (name: string) => (IDENTIFIER.test(name) ? undefined : 'must be letters, digits and _'),
  },
  cluster: {
    type: 'string',
    default: '',
    description: 'Name of the cluster, as that server knows it, over which tables are spread and replicated.',
    check: (name: string) =>
      name === '' || IDENTIFIER.test(name) ? undefined : 'must be letters, digits and _',
  },
  tlsAuthority: {
    type: 'path',
    default: '',
    description:
      'PEM file of the authorities that its certificate is checked against; else those of Node.js.',
  },
  tlsCertificate: {
    type: 'path',
    default: '',
    description: 'PEM file of the certificate that we show it.',
  },
  tlsKey: {
    type: 'path',
    default: '',
    description: 'PEM file of the key to it.',
  },
  connectTimeout: {
    type: 'duration',
    default: 5000,
    description: 'Time for the first contact with that server.',
  },
} as const

export type Options = OptionsOf<typeof options>

/** Tells nothing of what stands there: it may be a password. */
function urlFault(text: string): string | undefined {
  if (text === '') return undefined
  if (!URL.canParse(text)) return 'must be a URL'
  const { protocol, username, password, search } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') return 'must begin with http:// or https://'
  if (username !== '' || password !== '')
    return 'must have neither user nor password: they are options of their own'
  return search === '' ? undefined : 'must have no parameters'
}
