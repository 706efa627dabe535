/**
 * Plugins as a stranger would write them, for tests of the loader and of the process: packages of plain JavaScript in a
 * temporary folder, installed in its node_modules, with a configuration beside them. They know nothing of this repository.
 */
import { temporaryFolder, writeFiles } from './temporary-folder.js'

/** A storage without rows; it says on standard error when it starts and stops, if its option `loud` is set. */
const STORAGE = `
export const plugin = {
  name: '@sample/archive',
  spiVersion: '^0.1.0',
  provides: ['storage'],
  options: {
    loud: { type: 'boolean', default: false, description: 'Say what happens.' },
    durable: { type: 'boolean', default: true, description: 'Pretend to keep rows.', env: 'ARCHIVE_DURABLE' },
    startError: { type: 'string', default: '', description: 'Fail to start with this text.' },
  },
  create({ name, options }) {
    const say = (text) => options.loud && process.stderr.write('[' + name + ' ' + text + ']\\n')
    return {
      storage: {
        name,
        comment: 'sample',
        capabilities: {
          shape: 'table', durable: options.durable, transactions: 'autocommit',
          fragments: false, writable: false, keyBytesMax: 0,
        },
        async start() {
          if (options.startError) throw new Error(options.startError)
          say('started')
        },
        async stop() { say('stopped') },
      },
    }
  },
}
`

/** Routes nothing. */
const ROUTER = `
exports.plugin = {
  name: '@sample/router',
  spiVersion: '0.1.0 || ^9.0.0',
  provides: ['router'],
  options: {},
  create: () => ({ router: { candidates: () => [], choose: () => ({ storage: '', reason: '' }) } }),
}
`

/** Answers each connection with the server's version. */
const PROTOCOL = `
import { createServer } from 'node:net'

export const plugin = {
  name: '@sample/hello',
  spiVersion: '~0.1.0',
  provides: ['protocol'],
  options: {},
  create({ name, settings }) {
    const addresses = []
    let listener
    return {
      protocol: {
        name,
        kind: 'hello',
        addresses,
        start(server) {
          return new Promise((resolve, reject) => {
            listener = createServer((socket) => {
              socket.on('error', () => undefined)
              socket.end(server.version)
            })
            listener.once('error', reject)
            listener.listen(settings.port, settings.bind, () => {
              addresses.push(settings.bind + ':' + listener.address().port)
              resolve()
            })
          })
        },
        stopAccepting: () => new Promise((resolve) => listener.close(() => resolve())),
        async stop() {},
      },
    }
  },
}
`

function packageFiles(name: string, entry: string, code: string, fields: object): Record<string, string> {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', ...fields }),
    [`node_modules/${name}/${entry}`]: code,
  }
}

/**
 * A folder with the three plugins and `server.yaml`, which makes them a whole server: storage `archive`, a port that the
 * system chooses. `extra` is added to the configuration as it is.
 */
export function sampleServerFolder(extra = ''): string {
  const esm = { type: 'module' }
  return writeFiles(temporaryFolder(), {
    ...packageFiles('@sample/archive', 'lib/main.js', STORAGE, {
      ...esm,
      exports: { '.': { types: './lib/main.d.ts', import: './lib/main.js' } },
    }),
    ...packageFiles('@sample/router', 'router.cjs', ROUTER, { main: './router.cjs' }),
    ...packageFiles('@sample/hello', 'index.js', PROTOCOL, { ...esm, exports: './index.js' }),
    'server.yaml': `${SERVER_YAML}${extra}`,
  })
}

const SERVER_YAML = `
storage: archive
port: 0
dataDir: ./kept
plugins:
  mysql-wire: { enabled: false }
  remote: { enabled: false }
  placement: { enabled: false }
  hello: { package: '@sample/hello' }
  router: { package: '@sample/router' }
  archive: { package: '@sample/archive' }
`
