/**
 * Virtual databases: remote MySQL servers as if they were local. Databases come from SQL (CREATE SERVER, CREATE DATABASE … FROM
 * SERVER) or from the option `databases`.
 */
import { readFileSync } from 'node:fs'
import { definePlugin } from '@switchyard/core/spi'
import { checkDatabases, configuredDatabases } from './configured-databases.js'
import { RemoteCatalog } from './remote-catalog.js'
import { RemoteStorage } from './remote-storage.js'
import { RemoteTables } from './remote-table.js'

export { RemoteCatalog } from './remote-catalog.js'
export { RemoteStorage } from './remote-storage.js'

const CONNECTIONS_DEFAULT = 10
/** With less work than this, this thread isn't what there is too little of. */
const BUSY_SHARE_MIN = 0.7

export const plugin = definePlugin({
  name: '@switchyard/remote-mysql',
  spiVersion: '^0.1.0',
  provides: ['storage', 'catalog'],
  options: {
    databases: {
      type: 'map',
      default: {},
      description:
        'Virtual databases by name: host, port, socket, user, password (or passwordFile, passwordVariable), database, readOnly, tls, tlsAuthority, tlsVerify.',
      secret: true,
      check: checkDatabases,
    },
    mirror: {
      type: 'boolean',
      default: false,
      description: 'Whether every database of the server below is shown here, as storage mode mysql does.',
    },
    host: {
      type: 'string',
      default: 'localhost',
      description: 'Its host.',
      env: 'MYSQL_HOST',
    },
    port: {
      type: 'port',
      default: 3306,
      description: 'Its port.',
      env: 'MYSQL_PORT',
    },
    user: {
      type: 'string',
      default: 'root',
      description: 'The account there.',
      env: 'MYSQL_USER',
    },
    password: {
      type: 'string',
      default: '',
      description: "The account's password.",
      env: 'MYSQL_PASSWORD',
      secret: true,
    },
    database: {
      type: 'string',
      default: '',
      description: "The only database to show; '' for all.",
      env: 'MYSQL_DATABASE',
    },
    readOnly: {
      type: 'boolean',
      default: false,
      description: 'Refuse every change of them.',
      env: 'MYSQL_READ_ONLY',
    },
    connections: {
      type: 'integer',
      env: 'MYSQL_MAX_OPEN',
      default: CONNECTIONS_DEFAULT,
      description: 'Connections that are open to one remote at most.',
      check: (count) => (count >= 1 && count <= 1000 ? undefined : 'must be between 1 and 1000'),
    },
    readsPerConnection: {
      type: 'integer',
      default: 16,
      description:
        'Point reads that may be under way at once on one connection; 1 for a connection for each.',
      check: (count) => (count >= 1 && count <= 100 ? undefined : 'must be between 1 and 100'),
    },
    queue: {
      type: 'integer',
      default: 1000,
      description: 'Statements that wait for a connection to one remote; further ones fail.',
    },
    queueTimeout: {
      type: 'duration',
      default: 30_000,
      description: 'Time that a statement waits for a connection.',
    },
    idle: {
      type: 'integer',
      default: 1000,
      description: 'Unused connections that are kept at most.',
      env: 'MYSQL_MAX_IDLE',
    },
    idleTime: {
      type: 'duration',
      default: 60_000,
      description: 'Time after which an unused connection is closed.',
    },
    lifetime: {
      type: 'duration',
      env: 'MYSQL_LIFETIME',
      default: 30 * 60_000,
      description: 'Age at which a connection is replaced by a fresh one.',
    },
    connectTimeout: {
      type: 'duration',
      default: 5000,
      description: 'Time for the connection to a remote and the login there.',
    },
    queryTimeout: {
      type: 'duration',
      default: 5 * 60_000,
      description: 'Silence of a remote after which a statement fails; 0 for ever.',
    },
    failures: {
      type: 'integer',
      default: 3,
      description: 'Failed connections in a row after which a remote is left alone for a while.',
    },
    rest: {
      type: 'duration',
      default: 2000,
      description: 'How long; statements that need it fail at once meanwhile.',
    },
    refresh: {
      type: 'duration',
      default: 30_000,
      description: 'Time after which definitions of remote tables in use are read again.',
      check: (timeMs) => (timeMs >= 100 ? undefined : 'must be at least 100ms'),
    },
    tls: {
      type: 'boolean',
      default: false,
      description: 'Whether servers of CREATE SERVER are spoken to by TLS.',
    },
    tlsAuthority: {
      type: 'path',
      default: '',
      description: 'PEM file of the authorities that their certificates are checked against.',
    },
    tlsVerify: {
      type: 'boolean',
      default: true,
      description: 'Whether their certificates are checked.',
    },
  },
  create: ({ name, options }) => {
    const authority = options.tlsAuthority === '' ? undefined : readFileSync(options.tlsAuthority, 'utf8')
    const tables = new RemoteTables()
    const catalog = new RemoteCatalog(
      {
        storage: name,
        limits: {
          connectionsMax: options.connections,
          readsPerConnectionMax: options.readsPerConnection,
          busyShareMin: BUSY_SHARE_MIN,
          queueMax: options.queue,
          queueTimeoutMs: options.queueTimeout,
          idleMax: options.idle,
          idleMaxMs: options.idleTime,
          lifetimeMaxMs: options.lifetime,
          connectTimeoutMs: options.connectTimeout,
          queryTimeoutMs: options.queryTimeout,
          failuresMax: options.failures,
          restMs: options.rest,
        },
        refreshMs: options.refresh,
        configured: configuredDatabases(options.databases),
        mirrored: options.mirror
          ? {
              address: {
                host: options.host,
                port: options.port,
                socket: '',
                user: options.user,
                password: options.password,
                tls: options.tls ? { authority, verify: options.tlsVerify } : undefined,
              },
              database: options.database,
              readOnly: options.readOnly,
            }
          : undefined,
        tls: options.tls ? { authority, verify: options.tlsVerify } : undefined,
      },
      tables,
    )
    return { catalog, storage: new RemoteStorage(name, catalog, tables) }
  },
})
