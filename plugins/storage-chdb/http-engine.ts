/**
 * A ClickHouse server, or a cluster of them, over HTTP: the same engine as in the child process, somewhere else. Where it can't be
 * reached its tables answer so, and nothing else of the server minds.
 *
 * Statements are known there by ids of ours, by which they are killed. A statement that writes is only over here when it is there: as
 * long as one whose connection broke may still run, the next one waits.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Batch, textType, type Logger } from '@switchyard/core/spi'
import { bytesSql } from './bytes-sql.js'
import {
  EngineError,
  EngineErrorNumber,
  EngineGone,
  type BlockStream,
  type ColumnEngine,
  type Layout,
} from './column-engine.js'
import { createClients, type Clients, type HttpClientOptions } from './http-clients.js'
import { engineErrorOf, failureInStream } from './http-error.js'
import { HttpResult } from './http-result.js'
import { BlockReader } from './block-reader.js'
import { onCluster } from './table-ddl.js'

export interface HttpEngineOptions extends HttpClientOptions {
  /** Name of the cluster that the tables are spread over; '' for none. */
  readonly cluster: string
  /** Where it is noted who we are. */
  readonly folder: string
  readonly partBytes: number
  /** Of each query. */
  readonly settings: Readonly<Record<string, string | number>>
  /** How long the server may be looked for. */
  readonly connectTimeoutMs: number
  readonly heartbeatMs: number
}

/** The first version that marks errors in the middle of a result. */
const VERSION_MIN = [25, 11] as const
const TEXT = textType(4096, 'utf8mb4_bin')
/** Keys to look for are part of the query's text. */
const QUERY_BYTES_MAX = 2 ** 30
const LOST_POLL_MS = 50
const KILL_AGAIN_MS = 500
/** The header that says how an error in the middle of a result is marked. */
const EXCEPTION_TAG = 'x-clickhouse-exception-tag'

/** A server's own limit, `low_cardinality_max_dictionary_size`, unless it was told otherwise. */
const SERVER_DICTIONARY_TEXTS = 8192

export class HttpEngine implements ColumnEngine {
  private clients: Promise<Clients> | undefined
  private contact: Promise<Layout> | undefined
  private isStopping = true
  /** What is under way, each with how to give it up. */
  private readonly pending = new Map<string, (failure: Error) => void>()
  /** Ids of statements that may still be running there, unseen. */
  private readonly lost = new Set<string>()
  private timer: NodeJS.Timeout | undefined
  private lastHeardMs = 0
  private readonly where: string
  private readonly settings: Readonly<Record<string, string | number>>

  constructor(
    private readonly options: HttpEngineOptions,
    private readonly logger: Logger,
  ) {
    this.where = new URL(options.url).host
    this.settings = { ...options.settings, max_query_size: QUERY_BYTES_MAX }
  }

  async start(): Promise<void> {
    this.isStopping = false
    await this.layout()
  }

  /** A server that isn't there now doesn't keep ours from starting. */
  async open(): Promise<boolean> {
    try {
      await this.start()
      return true
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.logger.warn(
        { reason },
        'the ClickHouse server is not available; it is tried again when it is needed',
      )
      return false
    }
  }

  async stop(): Promise<void> {
    this.isStopping = true
    for (const giveUp of [...this.pending.values()]) giveUp(new EngineGone('the server stops'))
    clearInterval(this.timer)
    this.timer = undefined
    const clients = await this.clients?.catch(() => undefined)
    await Promise.all([clients?.main.close(), clients?.control.close()])
    this.clients = undefined
    this.contact = undefined
  }

  get partBytes(): number {
    return this.options.partBytes
  }

  layout(): Promise<Layout> {
    if (this.contact === undefined) {
      const contact = this.meet()
      this.contact = contact
      // The next one who needs it tries again.
      contact.catch(() => {
        if (this.contact === contact) this.contact = undefined
      })
    }
    return this.contact
  }

  async run(sql: string, signal?: AbortSignal): Promise<void> {
    await this.layout()
    await this.settleLost()
    await this.command(sql, signal)
  }

  async query(sql: string, signal?: AbortSignal): Promise<BlockStream> {
    await this.layout()
    return this.select(sql, signal)
  }

  queryWith(block: Buffer, sqlOf: (source: string) => string, signal?: AbortSignal): Promise<BlockStream> {
    return this.query(sqlOf(`format(Native, ${bytesSql(block)})`), signal)
  }

  async insert(into: string, blocks: readonly Buffer[], signal?: AbortSignal): Promise<void> {
    await this.layout()
    await this.settleLost()
    await this.command(`${into} FORMAT Native`, signal, blocks)
  }

  /** Blocks and what is merged of them are flushed by the tables' settings; links to them by the whole system's files. */
  async flushTable(): Promise<void> {
    await this.run(`SYSTEM SYNC FILE CACHE${onCluster(this.options.cluster)}`)
  }

  // ── The first contact ───────────────────────────────────────────────────────────────────────────────────────

  private async meet(): Promise<Layout> {
    if (this.isStopping) throw new EngineGone('it is not started')
    const { database, cluster, connectTimeoutMs } = this.options
    const abort = AbortSignal.timeout(connectTimeoutMs)
    try {
      const version = await this.text('SELECT version()', abort)
      if (!isNewEnough(version)) {
        throw new EngineGone(
          `ClickHouse ${version} is too old: ${VERSION_MIN.join('.')} is the first that will do`,
        )
      }
      const shardCount = await this.shardCount(abort)
      const owner = `switchyard ${await this.identity()}`
      const comment = `COMMENT '${owner}'`
      const create = `CREATE DATABASE IF NOT EXISTS ${database}${onCluster(cluster)} ${comment}`
      await this.command(create, abort, undefined, 'control')
      await this.claim(owner, abort)
      return cluster === ''
        ? { cluster: undefined, shardCount, dictionaryTexts: SERVER_DICTIONARY_TEXTS }
        : { cluster, shardCount, dictionaryTexts: 0 }
    } catch (error) {
      if (error instanceof EngineGone) throw error
      if (abort.aborted) throw new EngineGone(`${this.where} did not answer in time`)
      throw new EngineGone(`${this.where}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** Two servers whose tables have the same names would overwrite each other's. */
  private async claim(owner: string, signal: AbortSignal): Promise<void> {
    const { database, cluster } = this.options
    const read = `SELECT comment FROM system.databases WHERE name = '${database}'`
    const comment = await this.text(read, signal)
    if (comment === owner) return
    if (comment !== '') {
      throw new EngineGone(
        `the database ${database} at ${this.where} is another server's; choose another one (option database)`,
      )
    }
    await this.command(`ALTER DATABASE ${database}${onCluster(cluster)} MODIFY COMMENT '${owner}'`, signal)
  }

  /** Kept beside the catalog that knows the tables. */
  private async identity(): Promise<string> {
    const { folder } = this.options
    const file = join(folder, 'identity')
    const known = await readFile(file, 'utf8').catch(() => '')
    // One that was cut off by a crash was never told to anybody.
    if (known.endsWith('\n')) return known.trim()
    const identity = randomUUID()
    await mkdir(folder, { recursive: true })
    await writeFile(file, `${identity}\n`, { flush: true })
    return identity
  }

  private async shardCount(signal: AbortSignal): Promise<number> {
    const { cluster } = this.options
    if (cluster === '') return 1
    const sql = `SELECT toString(uniqExact(shard_num)) FROM system.clusters WHERE cluster = '${cluster}'`
    const count = Number(await this.text(sql, signal))
    if (count === 0) throw new EngineGone(`there is no cluster ${cluster} at ${this.where}`)
    return count
  }

  /** The one text that a query answers; '' if it answers nothing. */
  private async text(sql: string, signal: AbortSignal): Promise<string> {
    // There may be no database of ours yet.
    const stream = this.select(sql, signal, 'control')
    const batch = Batch.ofTypes([TEXT])
    try {
      for (let block = await stream.next(); block !== undefined; block = await stream.next()) {
        batch.rowCount += new BlockReader(block).next(batch.columns)
      }
    } finally {
      await stream.close()
    }
    return batch.rowCount === 0 ? '' : String(batch.row(0)[0])
  }

  // ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────

  private select(sql: string, signal?: AbortSignal, client: keyof Clients = 'main'): HttpResult {
    if (signal?.aborted === true) throw CANCELLED()
    const id = randomUUID()
    const request = new AbortController()
    const answer = async () => {
      const clients = await this.connect()
      const { stream, response_headers: headers } = await clients[client].exec({
        query: `${sql} FORMAT Native`,
        query_id: id,
        abort_signal: request.signal,
        clickhouse_settings: { ...this.settings, cancel_http_readonly_queries_on_client_close: 1 },
      })
      return { stream, failureIn: (rest: Buffer) => failureInStream(rest, headers[EXCEPTION_TAG]) }
    }
    const result = new HttpResult(answer(), signal, {
      cancel: () => {
        request.abort()
        void this.kill(id)
      },
      over: () => this.pending.delete(id),
      heard: () => {
        this.lastHeardMs = performance.now()
      },
      translate: (error) => engineErrorOf(error, this.where),
    })
    this.pending.set(id, (failure) => {
      result.fail(failure)
      request.abort()
    })
    this.watch()
    return result
  }

  /** Resolves when it is done there. */
  private async command(
    sql: string,
    signal?: AbortSignal,
    blocks?: readonly Buffer[],
    client: keyof Clients = 'main',
  ): Promise<void> {
    if (signal?.aborted === true) throw CANCELLED()
    const id = randomUUID()
    let killing: NodeJS.Timeout | undefined
    const kill = (): void => {
      void this.kill(id)
      // It may not have begun yet.
      killing = setTimeout(kill, KILL_AGAIN_MS)
    }
    signal?.addEventListener('abort', kill, { once: true })
    try {
      await this.request(id, sql, blocks, client)
    } catch (error) {
      const failure = engineErrorOf(error, this.where)
      if (failure instanceof EngineGone) this.lost.add(id)
      throw failure
    } finally {
      signal?.removeEventListener('abort', kill)
      clearTimeout(killing)
    }
  }

  /** Ends with its answer, or when the server counts as gone. */
  private async request(
    id: string,
    sql: string,
    blocks: readonly Buffer[] | undefined,
    client: keyof Clients,
  ): Promise<void> {
    const request = new AbortController()
    const gone = new Promise<never>((_, reject) => {
      this.pending.set(id, (failure) => {
        reject(failure)
        request.abort()
      })
    })
    const answer = async (): Promise<void> => {
      const clients = await this.connect()
      const { stream } = await clients[client].exec({
        query: sql,
        query_id: id,
        abort_signal: request.signal,
        // Not before it is all done it says how it went.
        clickhouse_settings: { ...this.settings, wait_end_of_query: 1 },
        ...(blocks === undefined ? {} : { values: Readable.from(blocks, { objectMode: false }) }),
      })
      // What else it says is nothing.
      await finished(stream.resume())
    }
    this.watch()
    try {
      await Promise.race([answer(), gone])
      this.lastHeardMs = performance.now()
    } finally {
      this.pending.delete(id)
    }
  }

  /** As long as something is under way the server must answer something. */
  private watch(): void {
    if (this.timer !== undefined || this.isStopping) return
    const { heartbeatMs, silenceMaxMs } = this.options
    this.lastHeardMs = performance.now()
    let lastLookMs = performance.now()
    this.timer = setInterval(() => {
      const now = performance.now()
      // If this process itself stood still, the answers still wait to be read.
      const wasHeldUp = now - lastLookMs > heartbeatMs * 3
      lastLookMs = now
      if (this.pending.size === 0) {
        clearInterval(this.timer)
        this.timer = undefined
      } else if (!wasHeldUp && now - this.lastHeardMs > silenceMaxMs) {
        const reason = `${this.where} did not answer for ${Math.round(silenceMaxMs / 1000)} s`
        for (const giveUp of [...this.pending.values()]) giveUp(new EngineGone(reason))
      } else this.ping().catch(() => undefined)
    }, heartbeatMs)
    this.timer.unref()
  }

  private async ping(): Promise<void> {
    const { control } = await this.connect()
    const { success } = await control.ping()
    if (success) this.lastHeardMs = performance.now()
  }

  /** Behind a balancer the statement may run on another member of the cluster than the one that is asked. */
  private async kill(id: string): Promise<void> {
    const { cluster } = this.options
    for (const where of cluster === '' ? [''] : ['', onCluster(cluster)]) {
      const query = `KILL QUERY${where} WHERE query_id = '${id}' ASYNC`
      try {
        await (await this.connect()).control.command({ query })
      } catch {
        // It is gone, or its connection is: whoever waits for it is told.
      }
    }
  }

  /** Resolves when nothing runs there any more that nobody here knows the end of. */
  private async settleLost(): Promise<void> {
    const { cluster, connectTimeoutMs } = this.options
    const deadlineMs = performance.now() + connectTimeoutMs
    const from = cluster === '' ? 'system.processes' : `clusterAllReplicas('${cluster}', system.processes)`
    while (this.lost.size > 0) {
      const ids = [...this.lost]
      await Promise.all(ids.map((id) => this.kill(id)))
      const condition = `query_id IN (${ids.map((id) => `'${id}'`).join()})`
      const running = `SELECT toString(count()) FROM ${from} WHERE ${condition}`
      if ((await this.text(running, AbortSignal.timeout(connectTimeoutMs))) === '0') {
        for (const id of ids) this.lost.delete(id)
        return
      }
      if (performance.now() > deadlineMs)
        throw new EngineGone('a statement before this one has not ended there')
      await new Promise((resolve) => setTimeout(resolve, LOST_POLL_MS))
    }
  }

  private connect(): Promise<Clients> {
    if (this.isStopping) return Promise.reject(new EngineGone('it is not started'))
    this.clients ??= createClients(this.options)
    return this.clients
  }
}

const CANCELLED = (): Error => new EngineError(EngineErrorNumber.queryWasCancelled, 'the statement has ended')

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [majorMin, minorMin] = VERSION_MIN
  return major > majorMin || (major === majorMin && minor >= minorMin)
}
