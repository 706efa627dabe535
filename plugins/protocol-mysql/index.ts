/** The MySQL protocol as a plugin: TCP, Unix socket and TLS, for any MySQL client. */
import { definePlugin } from '@switchyard/core/spi'
import { MysqlProtocol } from './mysql-protocol.js'
import { loadTls } from './tls.js'

export { MysqlProtocol, type MysqlProtocolOptions } from './mysql-protocol.js'

const DEFAULT_READ_TIMEOUT_MS = 30_000

export const plugin = definePlugin({
  name: '@switchyard/protocol-mysql',
  spiVersion: '^0.1.0',
  provides: ['protocol'],
  options: {
    address: {
      type: 'string',
      default: '',
      description:
        "Where to listen, as host:port; empty for the server's `bind` and `port`, `none` for no TCP.",
      check: (value) =>
        value === '' || value === 'none' || parseAddress(value) !== undefined
          ? undefined
          : 'must look like 127.0.0.1:3306 or [::1]:3306',
    },
    socket: {
      type: 'path',
      default: '',
      description: "Path of a Unix socket; empty for the server's `socket`.",
    },
    tls: {
      type: 'boolean',
      default: true,
      description:
        'Offer TLS to clients on TCP; without tlsCertificate with a certificate of our own making.',
    },
    tlsCertificate: {
      type: 'path',
      default: '',
      description: 'File with the certificate chain in PEM form.',
    },
    tlsKey: {
      type: 'path',
      default: '',
      description: 'File with the private key of the certificate in PEM form.',
    },
    tlsAuthority: {
      type: 'path',
      default: '',
      description:
        'File with the certificates of the authorities that clients’ own certificates are checked against.',
    },
    requireTls: {
      type: 'boolean',
      default: false,
      description: 'Refuse clients on TCP that do not use TLS (require_secure_transport).',
    },
    localFiles: {
      type: 'boolean',
      default: true,
      description: 'Let LOAD DATA LOCAL ask clients for their files, if local_infile is on.',
    },
    readTimeout: {
      type: 'duration',
      default: DEFAULT_READ_TIMEOUT_MS,
      description: 'How long a client may pause in the midst of a packet (net_read_timeout).',
    },
    pendingLoginsMax: {
      type: 'integer',
      default: 500,
      description: 'Clients that may be connected without having logged in yet.',
    },
  },
  create({ name, options, settings, logger }) {
    if ((options.tlsCertificate === '') !== (options.tlsKey === '')) {
      throw new Error('tlsCertificate and tlsKey belong together; set both or neither')
    }
    if (options.requireTls && !options.tls) throw new Error('requireTls needs tls to be on')
    const socketPath = options.socket === '' ? settings.socket : options.socket
    const tcp =
      options.address === '' ? { host: settings.bind, port: settings.port } : parseAddress(options.address)
    return {
      protocol: new MysqlProtocol({
        name,
        tcp,
        socketPath: socketPath === '' ? undefined : socketPath,
        loadTls: () => loadTls(options, settings.dataFolder, logger),
        requireTls: options.requireTls,
        localFiles: options.localFiles,
        connectTimeoutMs: settings.limits.connectTimeoutMs,
        readTimeoutMs: options.readTimeout,
        pendingLoginsMax: options.pendingLoginsMax,
        logger,
      }),
    }
  },
})

function parseAddress(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) return undefined
  return { host: match[1] ?? match[2] ?? '', port }
}
