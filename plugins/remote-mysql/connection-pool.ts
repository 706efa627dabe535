/**
 * The connections to one remote. They are opened as they are needed, up to a number; who comes then waits in a queue of limited
 * length. A remote that can't be reached is left alone for a while (a circuit breaker): who asks meanwhile gets the last error at once.
 */
import { RemoteConnection, type ConnectionTimes, type RemoteAddress } from './connection.js'
import { ConnectionLost, RemoteAnswer, remoteError } from './remote-error.js'

export interface PoolLimits extends ConnectionTimes {
  readonly connectionsMax: number
  /** Point reads that may be under way at once on one connection. */
  readonly readsPerConnectionMax: number
  /** Share of its time that this thread has work to do, below which fewer share a connection. */
  readonly busyShareMin: number
  /** Statements that wait for a connection. */
  readonly queueMax: number
  readonly queueTimeoutMs: number
  /** Unused connections that are kept. */
  readonly idleMax: number
  /** Time after which an unused connection is closed. */
  readonly idleMaxMs: number
  /** Age at which a connection is replaced. */
  readonly lifetimeMaxMs: number
  /** Failures to connect in a row after which nobody tries for a while. */
  readonly failuresMax: number
  /** How long. */
  readonly restMs: number
}

interface Waiting {
  readonly resolve: (connection: RemoteConnection) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

export class ConnectionPool {
  private readonly idle: RemoteConnection[] = []
  private readonly waiting: Waiting[] = []
  /** All that are open or being opened. */
  private size = 0
  private readonly all = new Set<RemoteConnection>()
  private failures = 0
  private restUntilMs = 0
  private lastFailure: Error | undefined
  private sweep: NodeJS.Timeout | undefined
  private isClosed = false

  constructor(
    private readonly address: RemoteAddress,
    readonly limits: PoolLimits,
  ) {}

  /** Whether the next one to come would have to wait. */
  get isExhausted(): boolean {
    return this.idle.length === 0 && this.size >= this.limits.connectionsMax
  }

  /** Whether somebody waits for a connection. */
  get isWaitedFor(): boolean {
    return this.waiting.length > 0
  }

  /** One that is at hand; undefined if there is none. */
  take(): RemoteConnection | undefined {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (!this.isWorn(connection)) return connection
      this.drop(connection)
    }
    return undefined
  }

  /** Rejects with a `ConnectionLost` or a `RemoteAnswer` (a wrong password, say). */
  async acquire(): Promise<RemoteConnection> {
    if (this.isClosed) throw new ConnectionLost('its connections are closed', false)
    const idle = this.take()
    if (idle !== undefined) return idle
    if (this.size < this.limits.connectionsMax) return this.open()
    const { queueMax, queueTimeoutMs, connectionsMax } = this.limits
    if (this.waiting.length >= queueMax) {
      throw new ConnectionLost(
        `its ${connectionsMax} connections are in use and ${queueMax} statements wait for one`,
        false,
      )
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const at = this.waiting.findIndex((each) => each.timer === timer)
        this.waiting.splice(at, 1)
        const message = `its ${connectionsMax} connections are in use; none came free within ${queueTimeoutMs} ms`
        reject(new ConnectionLost(message, false))
      }, queueTimeoutMs)
      this.waiting.push({ resolve, reject, timer })
    })
  }

  /** Gives a connection back that nothing runs on. */
  release(connection: RemoteConnection): void {
    if (this.isClosed || this.isWorn(connection)) {
      this.drop(connection)
      this.replace()
      return
    }
    const next = this.waiting.shift()
    if (next !== undefined) {
      clearTimeout(next.timer)
      next.resolve(connection)
      return
    }
    if (this.idle.length >= this.limits.idleMax) {
      this.drop(connection)
      return
    }
    connection.idleSinceMs = performance.now()
    this.idle.push(connection)
    this.sweep ??= setInterval(() => {
      this.closeIdle()
    }, SWEEP_MS).unref()
  }

  /** Takes a connection out of use, whatever runs on it. */
  discard(connection: RemoteConnection): void {
    connection.destroy()
    this.drop(connection)
    this.replace()
  }

  /** Ends what runs on a connection; resolves when the remote has done so, or can't be told. */
  kill(connection: RemoteConnection): Promise<void> {
    return this.tell(connection.killStatement, connection)
  }

  /** Ends a connection, and there all that waits on it. */
  async end(connection: RemoteConnection): Promise<void> {
    // First here: it might come free meanwhile, and be given to somebody.
    connection.destroy()
    await this.tell(connection.endStatement, connection)
  }

  private async tell(sql: string, connection: RemoteConnection): Promise<void> {
    try {
      const times = {
        queryTimeoutMs: KILL_TIMEOUT_MS,
        connectTimeoutMs: Math.min(this.limits.connectTimeoutMs, KILL_TIMEOUT_MS),
      }
      const other = await RemoteConnection.open(this.address, times)
      try {
        await other.run(sql)
      } finally {
        other.end()
      }
    } catch (error) {
      // A statement that has just ended can't be killed; who can't be told loses the connection instead.
      if (!(remoteError(error, true) instanceof RemoteAnswer)) connection.destroy()
    }
  }

  close(): void {
    this.isClosed = true
    clearInterval(this.sweep)
    for (const { timer, reject } of this.waiting.splice(0)) {
      clearTimeout(timer)
      reject(new ConnectionLost('its connections are closed', false))
    }
    for (const connection of this.idle.splice(0)) this.drop(connection)
  }

  /** Also what is in use. */
  destroy(): void {
    this.close()
    for (const connection of this.all) connection.destroy()
  }

  /** Connections that nobody uses are forgotten: the remote has gone away in between. */
  dropIdle(): void {
    for (const connection of this.idle.splice(0)) this.drop(connection)
  }

  private async open(): Promise<RemoteConnection> {
    if (performance.now() < this.restUntilMs && this.lastFailure !== undefined) throw this.lastFailure
    this.size++
    let connection: RemoteConnection
    try {
      connection = await RemoteConnection.open(this.address, this.limits)
    } catch (error) {
      this.size--
      const failure = error as Error
      this.noteFailure(failure)
      this.refuseWaiting(failure)
      throw failure
    }
    this.failures = 0
    this.restUntilMs = 0
    this.all.add(connection)
    if (!this.isClosed) return connection
    this.drop(connection)
    throw new ConnectionLost('its connections are closed', false)
  }

  private noteFailure(failure: Error): void {
    this.lastFailure = failure
    if (++this.failures >= this.limits.failuresMax) this.restUntilMs = performance.now() + this.limits.restMs
  }

  /** Nobody who waits is left behind when the connections that they wait for go. */
  private refuseWaiting(failure: Error): void {
    if (this.all.size > 0) return
    for (const { timer, reject } of this.waiting.splice(0)) {
      clearTimeout(timer)
      reject(failure)
    }
  }

  private replace(): void {
    const next = this.waiting.shift()
    if (next === undefined) return
    clearTimeout(next.timer)
    this.open().then(next.resolve, next.reject)
  }

  /** Whether it is given back for good. */
  isWorn(connection: RemoteConnection): boolean {
    return connection.isBroken || performance.now() - connection.openedAtMs > this.limits.lifetimeMaxMs
  }

  private drop(connection: RemoteConnection): void {
    if (this.all.delete(connection)) this.size--
    connection.end()
  }

  private closeIdle(): void {
    const nowMs = performance.now()
    const kept = this.idle.filter((connection) => {
      const isKept = !this.isWorn(connection) && nowMs - connection.idleSinceMs <= this.limits.idleMaxMs
      if (!isKept) this.drop(connection)
      return isKept
    })
    this.idle.splice(0, this.idle.length, ...kept)
    if (kept.length > 0) return
    clearInterval(this.sweep)
    this.sweep = undefined
  }
}

const SWEEP_MS = 1000
const KILL_TIMEOUT_MS = 5000
