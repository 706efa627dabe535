/**
 * An engine without a network around it: what tests of SQL run on.
 */
import { inspect } from 'node:util'
import { MemoryStorage } from '@switchyard/storage-memory'
import { PlacementRouter } from '@switchyard/router-placement'
import { LOCAL_CLIENT } from '../../core/engine/connections.js'
import { SwitchyardEngine } from '../../core/engine/engine.js'
import { textOf } from '../../core/common/conversion.js'
import type { Batch } from '../../core/common/batch.js'
import type { SqlError } from '../../core/common/sql-error.js'
import type { CatalogProvider } from '../../core/spi/catalog.js'
import type { FunctionLibrary } from '../../core/spi/functions.js'
import type { Logger } from '../../core/spi/logger.js'
import {
  sqlText,
  type ResultColumn,
  type ResultSink,
  type ResultStatus,
  type Session,
} from '../../core/spi/session.js'
import type { ServerSettings } from '../../core/spi/settings.js'
import type { Storage } from '../../core/spi/storage.js'

/** What one statement answered. */
export interface Answer {
  readonly columns: readonly ResultColumn[]
  /** Texts as the text protocol would send them. */
  readonly rows: readonly (readonly (string | null)[])[]
  readonly status: ResultStatus | undefined
  readonly error: SqlError | undefined
}

export class TestSession {
  constructor(readonly session: Session) {}

  /** Answers of all statements of the text. */
  async execute(sql: string, multiStatements = false): Promise<readonly Answer[]> {
    const sink = new CollectingSink()
    await this.session.execute(sqlText(sql), multiStatements, sink)
    return sink.answers
  }

  /** The answer of one statement; throws its error. */
  async run(sql: string): Promise<Answer> {
    const [answer] = await this.execute(sql)
    if (answer === undefined) throw new Error(`no answer to ${sql}`)
    if (answer.error !== undefined) throw answer.error
    return answer
  }

  async rows(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    return (await this.run(sql)).rows
  }
}

class CollectingSink implements ResultSink {
  readonly answers: Answer[] = []
  private current: { columns: readonly ResultColumn[]; rows: (string | null)[][] } | undefined

  ok(status: ResultStatus): void {
    this.answers.push({ columns: [], rows: [], status, error: undefined })
  }

  columns(columns: readonly ResultColumn[]): void {
    this.current = { columns, rows: [] }
  }

  rows(batch: Batch): void {
    const texts = batch.columns.map((column) => textOf(column.type))
    for (let row = 0; row < batch.rowCount; row++) {
      this.current?.rows.push(
        batch.columns.map((column, i) => {
          const value = column.get(row)
          return value === null ? null : (texts[i]?.(value) ?? null)
        }),
      )
    }
  }

  end(status: ResultStatus): void {
    const { columns = [], rows = [] } = this.current ?? {}
    this.answers.push({ columns, rows, status, error: undefined })
    this.current = undefined
  }

  fail(error: SqlError): void {
    this.answers.push({ columns: [], rows: [], status: undefined, error })
    this.current = undefined
  }
}

export const QUIET_LOGGER: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (...args: readonly unknown[]) => {
    process.stderr.write(`${inspect(args)}\n`)
  },
  isLevelEnabled: () => false,
  child: () => QUIET_LOGGER,
}

export const TEST_SETTINGS: ServerSettings = {
  storage: 'memory',
  port: 0,
  bind: '127.0.0.1',
  socket: '',
  dataFolder: '',
  init: { folders: [] },
  limits: {
    connectionsMax: 151,
    packetBytesMax: 64 * 2 ** 20,
    connectTimeoutMs: 10_000,
    queryMemoryBytesMax: 256 * 2 ** 20,
    operatorMemoryBytesMax: 32 * 2 ** 20,
    lockWaitTimeoutMs: 50_000,
    snapshotAgeMaxMs: 3_600_000,
    shutdownGraceMs: 1000,
  },
  rootPassword: '',
  rootHost: 'localhost',
  files: { folder: '', local: false },
}

export class TestEngine {
  private constructor(
    readonly engine: SwitchyardEngine,
    private readonly storages: readonly Storage[],
  ) {}

  static async start(
    storages: readonly Storage[] = [new MemoryStorage('memory')],
    settings: Partial<ServerSettings> = {},
    catalogs: readonly CatalogProvider[] = [],
    functions: readonly FunctionLibrary[] = [],
    logger: Logger = QUIET_LOGGER,
  ): Promise<TestEngine> {
    for (const storage of storages) await storage.start()
    const all = { ...TEST_SETTINGS, ...settings }
    const engine = new SwitchyardEngine({
      settings: all,
      logger,
      storages,
      catalogs,
      router: new PlacementRouter(all.storage),
      functions,
      authentication: [],
    })
    await engine.start()
    return new TestEngine(engine, storages)
  }

  /** A session in a database, of root or another account without password. */
  async session(database?: string, account = 'root@localhost'): Promise<TestSession> {
    const { server } = this.engine
    const user = account.slice(0, account.lastIndexOf('@'))
    const request = { user, database, client: LOCAL_CLIENT, nonce: new Uint8Array(20) }
    return new TestSession(await server.openSession(request, account, server.reserveConnection()))
  }

  async stop(): Promise<void> {
    await this.engine.stop()
    for (const storage of this.storages) await storage.stop()
  }
}
