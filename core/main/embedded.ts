/**
 * # Switchyard inside of a Node program
 *
 * ```ts
 * import { openEngine } from '@switchyard/core/embedded'
 *
 * const engine = await openEngine({ storage: 'lmdb', dataDir: './data' })
 * await engine.attachRemote('hr', { host: 'db.example', user: 'app', password: secret })
 * const employees = await engine.loadTable('hr.employees')
 * const rows = await engine.query(
 *   'SELECT e.name, n.text FROM cache.employees e JOIN hr.employee_notes n ON n.employee = e.id WHERE e.salary > ?',
 *   [50_000],
 * )
 * for await (const row of rows) console.log(row.name, row.text)
 * await employees.refresh()
 * await engine.close()
 * ```
 *
 * There is no port, and nobody logs in: statements run as root. Neither files nor environment variables are read. Errors of SQL are
 * `SqlError`s with MySQL's `number` and `sqlState`; a configuration that is wrong is a `StartError` of one line.
 *
 * @module
 */
import 'reflect-metadata'
import { loadConfig } from '../loader/load-config.js'
import { EmbeddedEngine } from './embedded/embedded-engine.js'
import { Engine } from './engine-parts.js'
import { shippedConfigFolder } from './installation.js'
import { createLog } from './log.js'
import { ServerProcess } from './server-process.js'
import { wire } from './wire.js'

export { CachedTable, type LoadTableOptions } from './embedded/cached-table.js'
export { EmbeddedEngine, type RemoteOptions } from './embedded/embedded-engine.js'
export { EngineConnection } from './embedded/engine-connection.js'
export { RowStream, type ResultColumnInfo, type Row, type StatementStatus } from './embedded/row-stream.js'
export type { SqlParameter, SqlValue } from './embedded/values.js'
export { StartError } from '../loader/start-error.js'
export { SqlError } from '../common/sql-error.js'

/** As in a configuration file, whose manual is `config/default.yaml`; sizes and durations as numbers or texts ('64M', '10s'). */
export interface EngineConfig {
  /** The storage mode: `lmdb`, `memory`, `chdb`, `hybrid`, or the name of a plugin below. */
  readonly storage?: string
  readonly defaultStorage?: string
  /** The folder of everything that is kept; one engine at a time. Relative paths count from the current folder. */
  readonly dataDir?: string
  readonly secretKey?: string
  readonly init?: { readonly sample?: boolean; readonly folder?: string }
  readonly log?: {
    readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
    readonly format?: 'auto' | 'json' | 'pretty'
  }
  readonly files?: { readonly folder?: string; readonly local?: boolean }
  readonly limits?: Readonly<Record<string, number | string>>
  readonly plugins?: Readonly<
    Record<
      string,
      {
        readonly package?: string
        readonly enabled?: boolean
        readonly options?: Readonly<Record<string, unknown>>
      }
    >
  >
}

export interface OpenOptions {
  /** The current database of every connection. */
  readonly database?: string
  /** Where relative paths count from, and plugins are looked for. Default: the current folder. */
  readonly folder?: string
}

/** What a program wants otherwise than a server. */
const EMBEDDED = { init: { sample: false }, log: { level: 'warn' } } as const
const NO_PORT = { 'mysql-wire': { enabled: false } } as const

/** Rejects with a StartError whose one line says what is wrong. */
export async function openEngine(
  config: EngineConfig = {},
  options: OpenOptions = {},
): Promise<EmbeddedEngine> {
  const environment = {}
  const currentFolder = options.folder ?? process.cwd()
  const loaded = loadConfig({
    flags: { configFile: undefined, debug: false, verbose: false, help: false, version: false, values: {} },
    environment,
    currentFolder,
    shippedFolder: shippedConfigFolder(),
    values: {
      ...config,
      init: { ...EMBEDDED.init, ...config.init },
      log: { ...EMBEDDED.log, ...config.log },
      plugins: { ...NO_PORT, ...config.plugins },
    },
  })
  const logger = await createLog(loaded.log)
  const surroundings = { environment, currentFolder, requestStop: () => undefined, listens: false }
  const container = await wire(loaded, logger, surroundings)
  const parts = container.resolve(ServerProcess)
  await parts.start()
  const { server } = container.resolve<Engine>(Engine)
  return new EmbeddedEngine(server, () => parts.stop(), options.database)
}
