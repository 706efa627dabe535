/**
 * The listener: accepts clients on TCP and a Unix socket, keeps the limits that hold before a login, and ends
 * connections whose time is up.
 */
import { connect, createServer, type ListenOptions, type Server as NetServer, type Socket } from 'node:net'
import { existsSync } from 'node:fs'
import { lstat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  directSocket,
  isSqlError,
  sqlError,
  type Logger,
  type Protocol,
  type Server,
  type Session,
} from '@switchyard/core/spi'
import { ClientConnection, ConnectionLost } from './connection/client-connection.js'
import { CommandPhase } from './connection/command-phase.js'
import { internalError } from './connection/internal-error.js'
import { logIn, loginError, type Peer } from './connection/login-phase.js'
import type { TlsAcceptor } from './tls-acceptor.js'

export interface MysqlProtocolOptions {
  readonly name: string
  /** Undefined: no TCP. Port 0 lets the system choose. */
  readonly tcp: { readonly host: string; readonly port: number } | undefined
  /** Path of the Unix socket. */
  readonly socketPath: string | undefined
  /** Called at the start; undefined answers mean: no TLS. */
  readonly loadTls: () => Promise<TlsAcceptor | undefined>
  readonly requireTls: boolean
  readonly localFiles: boolean
  readonly connectTimeoutMs: number
  /** Silence in the midst of a packet that ends a connection (net_read_timeout). */
  readonly readTimeoutMs: number
  /** Clients that are connected but not logged in yet. */
  readonly pendingLoginsMax: number
  readonly logger: Logger
}

/** A login needs a few hundred bytes; connection attributes can take more. */
const LOGIN_PAYLOAD_BYTES_MAX = 64 * 1024
const TICK_MS = 1000
/** Connections that the system accepts for us while we are busy. */
const BACKLOG = 512
const KEEP_ALIVE_MS = 60_000

/** One client, with what the listener has to know of it. */
interface Visitor {
  readonly connection: ClientConnection
  readonly acceptedAtMs: number
  session: Session | undefined
}

export class MysqlProtocol implements Protocol {
  readonly name: string
  readonly kind = 'mysql'
  private readonly logger: Logger
  private readonly listeners: NetServer[] = []
  private readonly visitors = new Set<Visitor>()
  private readonly closing = new Set<Promise<unknown>>()
  private readonly clock = { nowMs: performance.now() }
  private ticker: NodeJS.Timeout | undefined
  private acceptTls: TlsAcceptor | undefined
  private pendingLogins = 0
  private listening: string[] = []

  constructor(private readonly options: MysqlProtocolOptions) {
    this.name = options.name
    this.logger = options.logger
  }

  get addresses(): readonly string[] {
    return this.listening
  }

  async start(server: Server): Promise<void> {
    this.acceptTls = await this.options.loadTls()
    const { tcp, socketPath } = this.options
    this.clock.nowMs = performance.now()
    this.ticker = setInterval(() => this.tick(), TICK_MS)
    this.ticker.unref()
    try {
      if (tcp !== undefined) await this.listen(server, tcp)
      if (socketPath !== undefined) {
        await removeStaleSocket(socketPath)
        // As MySQL's own socket: open to all users of the machine, who then have to log in.
        await this.listen(server, { path: socketPath, readableAll: true, writableAll: true })
      }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async stopAccepting(): Promise<void> {
    // The callbacks of `close` wait for the connections; listening ends at once.
    for (const listener of this.listeners) listener.close()
    this.listeners.length = 0
    this.listening = []
  }

  async stop(): Promise<void> {
    await this.stopAccepting()
    clearInterval(this.ticker)
    for (const { connection } of this.visitors) {
      if (connection.isBusy) connection.destroy()
      else connection.closeWith(sqlError('ER_SERVER_SHUTDOWN'))
    }
    await this.visitorsGone()
    await Promise.allSettled(this.closing)
  }

  /** Gives the goodbyes a moment to leave, then hangs up. */
  private async visitorsGone(): Promise<void> {
    const goodbyeMs = 200
    const until = performance.now() + goodbyeMs
    while (this.visitors.size > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 5))
    for (const { connection } of this.visitors) connection.destroy()
    while (this.visitors.size > 0) await new Promise((resolve) => setImmediate(resolve))
  }

  private listen(server: Server, where: ListenOptions): Promise<void> {
    const listener = createServer({
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      pauseOnConnect: true,
    })
    const isUnixSocket = where.path !== undefined
    listener.on('connection', (accepted) => {
      const socket = directSocket(accepted)
      this.accept(server, socket, isUnixSocket)
      socket.resume()
    })
    return new Promise((resolve, reject) => {
      listener.once('error', (error) => reject(listenError(error, where)))
      listener.listen({ ...where, backlog: BACKLOG }, () => {
        listener.on('error', (error) => this.logger.error({ err: error }, 'The listener failed'))
        this.listeners.push(listener)
        this.listening.push(addressOf(listener))
        resolve()
      })
    })
  }

  private accept(server: Server, socket: Socket, isUnixSocket: boolean): void {
    const visitor: Visitor = {
      connection: new ClientConnection(socket, LOGIN_PAYLOAD_BYTES_MAX, this.clock, {
        closed: () => this.leave(visitor),
        fault: (error) => this.reportFault(error),
      }),
      acceptedAtMs: this.clock.nowMs,
      session: undefined,
    }
    this.visitors.add(visitor)
    this.pendingLogins++
    // Nothing is awaited in `leave`, so the promise is the login's own and never rejects.
    void this.receive(server, visitor, peerOf(socket, isUnixSocket)).finally(() => this.pendingLogins--)
  }

  /** The login of one client; what goes wrong becomes its answer. */
  private async receive(server: Server, visitor: Visitor, peer: Peer): Promise<void> {
    const { connection } = visitor
    let connectionId: number | undefined
    let hasGreeted = false
    try {
      if (this.pendingLogins > this.options.pendingLoginsMax) throw sqlError('ER_CON_COUNT_ERROR')
      connectionId = server.reserveConnection()
      hasGreeted = true
      const { client, session } = await logIn(connection, connectionId, peer, {
        server,
        acceptTls: this.acceptTls,
        requireTls: this.options.requireTls,
        offersLocalFiles: this.options.localFiles,
      })
      // The session gives the connection back from here on.
      connectionId = undefined
      this.enter(visitor, session)
      if (connection.isClosed) return
      const commands = new CommandPhase({
        connection,
        server,
        client,
        session,
        sessionChanged: (changed) => this.enter(visitor, changed),
        fault: (error) => this.reportFault(error),
      })
      commands.welcome()
      connection.serve(commands.handle)
    } catch (error) {
      if (connectionId !== undefined) server.releaseConnection(connectionId)
      this.refuse(connection, loginError(error), hasGreeted)
    }
  }

  private refuse(connection: ClientConnection, error: unknown, hasGreeted: boolean): void {
    if (error instanceof ConnectionLost) {
      connection.close()
      return
    }
    if (!isSqlError(error)) this.reportFault(error)
    connection.closeWith(isSqlError(error) ? error : internalError(), hasGreeted)
  }

  /** The visitor has a session now. It is ours to close, also if its client left while it was made. */
  private enter(visitor: Visitor, session: Session): void {
    visitor.session = session
    const { connection } = visitor
    if (connection.isClosed) {
      this.closeSession(session)
      return
    }
    const hangUp = (): void => {
      if (visitor.session === session) connection.closeWhenDone()
    }
    if (session.closed.aborted) hangUp()
    else session.closed.addEventListener('abort', hangUp, { once: true })
  }

  private leave(visitor: Visitor): void {
    this.visitors.delete(visitor)
    if (visitor.session !== undefined) this.closeSession(visitor.session)
  }

  private closeSession(session: Session): void {
    const closed = Promise.resolve()
      .then(() => session.close())
      .catch((error: unknown) => this.reportFault(error))
      .finally(() => this.closing.delete(closed))
    this.closing.add(closed)
  }

  private reportFault(error: unknown): void {
    this.logger.error({ err: error }, 'A connection met an internal error')
  }

  private tick(): void {
    const now = performance.now()
    this.clock.nowMs = now
    for (const visitor of this.visitors) {
      const { session, connection } = visitor
      if (session === undefined && now - visitor.acceptedAtMs > this.options.connectTimeoutMs) {
        connection.destroy()
        continue
      }
      connection.checkTime({
        idleMs: session === undefined ? Infinity : session.waitTimeoutSeconds * 1000,
        stalledMs:
          session === undefined ? this.options.connectTimeoutMs : session.netWriteTimeoutSeconds * 1000,
        partialMs: this.options.readTimeoutMs,
        idleError: IDLE_ERROR,
      })
    }
  }
}

const IDLE_ERROR = sqlError('ER_CLIENT_INTERACTION_TIMEOUT')
const MAPPED_IPV4 = '::ffff:'

function peerOf(socket: Socket, isUnixSocket: boolean): Peer {
  if (isUnixSocket) return { host: 'localhost', port: 0, isLoopback: true, isUnixSocket }
  const address = socket.remoteAddress ?? ''
  const host = address.startsWith(MAPPED_IPV4) ? address.slice(MAPPED_IPV4.length) : address
  return {
    host,
    port: socket.remotePort ?? 0,
    isLoopback: host === '::1' || host.startsWith('127.'),
    isUnixSocket,
  }
}

function addressOf(listener: NetServer): string {
  const address = listener.address()
  if (address === null || typeof address === 'string') return address ?? ''
  return address.family === 'IPv6'
    ? `[${address.address}]:${String(address.port)}`
    : `${address.address}:${String(address.port)}`
}

/** One line that tells an operator what to do. */
function listenError(error: NodeJS.ErrnoException, where: ListenOptions): Error {
  const place = where.path ?? `${where.host ?? ''}:${String(where.port)}`
  // The system's word for a missing folder is EACCES.
  const code = where.path === undefined || existsSync(dirname(where.path)) ? error.code : 'ENOENT'
  const reasons: Record<string, string> = {
    EADDRINUSE: `${place} is in use by another program; choose another port or socket path`,
    EACCES: `no permission to listen on ${place}`,
    EADDRNOTAVAIL: `${place} is no address of this machine`,
    ENOENT: `the folder of ${place} does not exist`,
  }
  return new Error(reasons[code ?? ''] ?? `cannot listen on ${place}: ${error.message}`, {
    cause: error,
  })
}

/** A socket file that nobody listens behind is left over from a crash. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} exists and is no socket; choose another socket path`)
  const isStale = await new Promise<boolean>((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(false)
    })
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
  if (isStale) await unlink(path)
}
