/**
 * ClickHouse's HTTP interface over the engine's child process: the real engine where tests want a server. It understands what the
 * client sends: the query in the body, or in a parameter with a block behind it; settings and the query's id as parameters; a login; and
 * it fails as ClickHouse does, before the answer with a status and in the middle of it with a marked text.
 *
 * There is neither replication nor more than one shard in the child: of a cluster's statements it runs what is left of them. The
 * table that stands for all shards is then one that reads the others' by name.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { EngineError, type BlockStream } from '../column-engine.js'
import { SupervisedEngine } from '../supervised-engine.js'

export interface ClickHouseServerOptions {
  readonly user: string
  readonly password: string
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** The clusters that there are, with their shards. */
const SHARDS: Readonly<Record<string, number>> = { one: 1, two: 2 }
const TAG = 'testtesttesttest'

export class ClickHouseServer {
  /** Texts of the statements, as they came. */
  readonly statements: string[] = []
  /** Parameters of the last one that came. */
  lastParameters = new URLSearchParams()
  port = 0
  sentBytes = 0
  /** Whether somebody doesn't take what was sent. */
  isHeldUp = false
  private readonly running = new Map<string, AbortController>()
  private readonly server: Server

  constructor(
    readonly engine: SupervisedEngine,
    private readonly options: ClickHouseServerOptions = { user: 'default', password: '' },
  ) {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      this.answer(request, response).catch((error: unknown) => {
        fail(response, error)
      })
    }
    const { tls } = options
    this.server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  }

  async start(port = 0): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.listen(port, '127.0.0.1', resolve)
    })
    this.port = (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.options.tls === undefined ? 'http' : 'https'}://localhost:${this.port}`
  }

  /** As a server that was killed: what is open is cut off. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.server.closeAllConnections()
    await closed
  }

  get runningCount(): number {
    return this.running.size
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const body = await bodyOf(request)
    if (url.pathname === '/ping') {
      response.end('Ok.\n')
      return
    }
    if (!this.mayEnter(request)) {
      throw new EngineError(
        516,
        `Code: 516. DB::Exception: ${this.options.user}: Authentication failed: password is incorrect.`,
      )
    }
    const given = url.searchParams.get('query')
    const statement = { sql: given ?? body.toString(), block: given === null ? undefined : body }
    this.statements.push(statement.sql)
    this.lastParameters = url.searchParams
    const id = url.searchParams.get('query_id') ?? ''
    const abort = new AbortController()
    this.running.set(id, abort)
    response.setHeader('X-ClickHouse-Query-Id', id)
    response.setHeader('X-ClickHouse-Server-Display-Name', 'test')
    if (url.searchParams.get('cancel_http_readonly_queries_on_client_close') === '1') {
      response.once('close', () => {
        abort.abort()
      })
    }
    try {
      await this.run(statement, abort.signal, response)
    } finally {
      this.running.delete(id)
    }
  }

  private mayEnter({ headers }: IncomingMessage): boolean {
    const { user, password } = this.options
    const login = Buffer.from(`${user}:${password}`).toString('base64')
    if (headers.authorization === `Basic ${login}`) return true
    return headers['x-clickhouse-user'] === user && headers['x-clickhouse-key'] === password
  }

  private async run(
    { sql, block }: { readonly sql: string; readonly block: Buffer | undefined },
    signal: AbortSignal,
    response: ServerResponse,
  ): Promise<void> {
    const killed = /^KILL QUERY.* WHERE query_id = '([^']*)'/.exec(sql)?.[1]
    if (killed !== undefined) {
      this.running.get(killed)?.abort()
      response.end()
    } else if (block !== undefined) {
      await this.engine.insert(this.insertion(sql.replace(/ FORMAT Native$/, '')), [block], signal)
      response.end()
    } else if (sql.endsWith(' FORMAT Native')) {
      const query = sql.replace(/ FORMAT Native$/, '')
      await this.send(await this.engine.query(this.processes(query) ?? singled(query), signal), response)
    } else {
      await this.engine.run(this.insertion(forOne(sql)), signal)
      response.end()
    }
  }

  /** What stands for all shards takes no rows. */
  private insertion(sql: string): string {
    return sql.replace(/^INSERT INTO (\w+)/, (text, name: string) =>
      this.isSpread(name) ? `${text}_local` : text,
    )
  }

  private isSpread(name: string): boolean {
    return this.statements.some((each) => each.startsWith(`CREATE TABLE IF NOT EXISTS ${name} ON CLUSTER`))
  }

  /** What runs here is known here. */
  private processes(sql: string): string | undefined {
    if (!sql.includes('system.processes')) return undefined
    const ids = [...sql.matchAll(/'([0-9a-f-]{36})'/g)].map((match) => match[1] ?? '')
    return `SELECT '${ids.filter((id) => this.running.has(id)).length}'`
  }

  private async send(stream: BlockStream, response: ServerResponse): Promise<void> {
    response.setHeader('X-ClickHouse-Format', 'Native')
    response.setHeader('X-ClickHouse-Exception-Tag', TAG)
    const closed = once(response, 'close')
    try {
      for (let block = await stream.next(); block !== undefined; block = await stream.next()) {
        this.sentBytes += block.length
        if (!response.write(block)) {
          this.isHeldUp = true
          await Promise.race([once(response, 'drain'), closed])
          this.isHeldUp = false
        }
        if (response.destroyed) break
      }
    } finally {
      await stream.close()
    }
    response.end()
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function fail(response: ServerResponse, error: unknown): void {
  // A server that goes down says nothing any more.
  if (!(error instanceof EngineError)) {
    response.destroy()
    return
  }
  const message = error.message.replace(/^Query failed: /, '')
  const text = `${/^Code: \d/.test(message) ? message : `Code: ${error.number}. DB::Exception: ${message}. (ERROR)`}\n`
  if (response.headersSent) {
    const mark = '__exception__'
    response.end(`\r\n${mark}\r\n${TAG}\r\n${text}${Buffer.byteLength(text)} ${TAG}\r\n${mark}\r\n`)
    return
  }
  response.statusCode = error.number === 516 ? 403 : 500
  response.setHeader('X-ClickHouse-Exception-Code', error.number)
  response.end(text)
}

/** A cluster's statement as one for the one that there is. */
function forOne(sql: string): string {
  const one = sql.replace(/ ON CLUSTER \w+/, '').replace(/Replicated(\w+)\('[^']*', '[^']*', /, '$1(')
  const all = /^(CREATE TABLE IF NOT EXISTS \w+ AS (\w+)) ENGINE = Distributed\(.*\)$/.exec(one)
  return all === null ? one : `${all[1]} ENGINE = Merge(currentDatabase(), '^${all[2]}$')`
}

/** What reads or writes all shards' rows does it where they are. */
function singled(sql: string): string {
  return sql
    .replace(/cluster\('\w+', (system\.\w+)\)/, '$1')
    .replace(/SELECT toString\(uniqExact.* cluster = '(\w+)'$/, (_, name: string) => {
      return `SELECT '${SHARDS[name] ?? 0}'`
    })
}
