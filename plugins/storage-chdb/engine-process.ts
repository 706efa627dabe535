/**
 * One life of the engine's child process: it is started once, runs queries until it ends or is killed, and then is done
 * with. Its owner starts another one.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { EngineError, EngineGone, type BlockStream } from './column-engine.js'
import { frame, FrameKind, FrameReader } from './frames.js'
import { residentBytes } from './resident-bytes.js'

export interface EngineProcessOptions {
  /** The engine's data folder. */
  readonly path: string
  /** The database that its queries speak of; made if there is none. */
  readonly database: string
  readonly sessionsMax: number
  /** In the form of `clickhouse local`'s command line. */
  readonly connectionArgs: readonly string[]
  /** For SET, as SQL text: of each session. */
  readonly settings: string
  readonly startTimeoutMs: number
  readonly heartbeatMs: number
  /** Silence after which it counts as hung. */
  readonly silenceMaxMs: number
  /** Resident memory at which it is killed. */
  readonly residentBytesMax: number
  /** Time that it has to end when it is told to. */
  readonly stopGraceMs: number
}

/** Bytes of a result that may be on the way to a reader. */
const WINDOW_BYTES = 4 * 2 ** 20
/** Lines of what the child says on standard error that are kept for the message about its end. */
const LAST_WORDS_BYTES = 2000

/** What came of the child's end. */
export interface EngineEnd {
  readonly reason: string
}

interface Pending {
  block(bytes: Buffer): void
  end(): void
  fail(error: Error): void
}

export class EngineProcess {
  /** Resolves when the process has ended; never rejects. */
  readonly ended: Promise<EngineEnd>
  private readonly child: ChildProcess
  private readonly socket: Socket
  private readonly queries = new Map<number, Pending>()
  private lastId = 0
  private lastHeardMs = performance.now()
  private killReason: string | undefined
  private lastWords = ''
  private openFailure: string | undefined
  private timer: NodeJS.Timeout | undefined
  private isOver = false
  private settleReady: ((failure: Error | undefined) => void) | undefined

  constructor(private readonly options: EngineProcessOptions) {
    const { path, database, sessionsMax, connectionArgs, settings } = options
    const script = fileURLToPath(new URL('./engine-child.js', import.meta.url))
    const argument = JSON.stringify({ path, database, sessionsMax, connectionArgs, settings })
    const { PATH = '', HOME = '', TZ } = process.env
    this.child = spawn(process.execPath, [script, argument], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      // Each session keeps a thread of libuv's pool; files and name look-ups need some beside them.
      env: {
        PATH,
        HOME,
        ...(TZ === undefined ? {} : { TZ }),
        UV_THREADPOOL_SIZE: String(sessionsMax + 5),
      },
    })
    this.socket = this.child.stdio[3] as Socket
    const reader = new FrameReader((kind, id, payload) => {
      this.take(kind, id, payload)
    })
    this.socket.on('data', (bytes: Buffer) => {
      this.lastHeardMs = performance.now()
      reader.push(bytes)
    })
    this.socket.on('error', () => undefined)
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.lastWords = (this.lastWords + bytes.toString()).slice(-LAST_WORDS_BYTES)
    })
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        resolve(this.end(error.message))
      })
      this.child.once('close', (status, signal) => {
        resolve(this.end(this.endReason(status, signal)))
      })
    })
  }

  get processId(): number | undefined {
    return this.child.pid
  }

  /** Resolves when the engine is open; rejects with what keeps it from opening. */
  async ready(): Promise<void> {
    const timer = setTimeout(() => {
      this.kill('it did not start in time')
    }, this.options.startTimeoutMs)
    try {
      const failure = await new Promise<Error | undefined>((resolve) => {
        this.settleReady = resolve
      })
      if (failure !== undefined) throw failure
    } finally {
      clearTimeout(timer)
    }
    this.watch()
  }

  run(sql: string, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = this.begin(sql, false, {
        block: () => undefined,
        end: () => {
          signal?.removeEventListener('abort', cancel)
          resolve()
        },
        fail: (error) => {
          signal?.removeEventListener('abort', cancel)
          reject(error)
        },
      })
      const cancel = (): void => {
        this.write(frame(FrameKind.cancel, id))
      }
      if (signal?.aborted === true) cancel()
      else signal?.addEventListener('abort', cancel)
    })
  }

  query(sql: string, signal?: AbortSignal): BlockStream {
    const stream = new QueryStream(
      () => {
        this.write(frame(FrameKind.cancel, id))
      },
      (bytes) => {
        const count = Buffer.allocUnsafe(4)
        count.writeUInt32LE(bytes)
        this.write(frame(FrameKind.credit, id, count))
      },
      signal,
    )
    const id = this.begin(sql, true, stream)
    stream.watch()
    return stream
  }

  /** Asks it to end; kills it if it doesn't. */
  async stop(): Promise<void> {
    this.write(frame(FrameKind.stop, 0))
    const timer = setTimeout(() => {
      this.kill('it did not stop in time')
    }, this.options.stopGraceMs)
    await this.ended
    clearTimeout(timer)
  }

  kill(reason: string): void {
    this.killReason ??= reason
    this.child.kill('SIGKILL')
  }

  private begin(sql: string, hasRows: boolean, pending: Pending): number {
    const id = ++this.lastId
    if (this.isOver) {
      pending.fail(new EngineGone(this.killReason ?? 'it has ended'))
      return id
    }
    this.queries.set(id, pending)
    const request = JSON.stringify({ sql, hasRows, windowBytes: WINDOW_BYTES })
    this.write(frame(FrameKind.query, id, Buffer.from(request)))
    return id
  }

  private write(bytes: Buffer): void {
    if (!this.isOver && this.socket.writable) this.socket.write(bytes)
  }

  private take(kind: number, id: number, payload: Buffer): void {
    switch (kind) {
      case FrameKind.ready:
        this.settleReady?.(undefined)
        return
      case FrameKind.block:
        this.queries.get(id)?.block(payload)
        return
      case FrameKind.end: {
        const query = this.queries.get(id)
        this.queries.delete(id)
        query?.end()
        return
      }
      case FrameKind.error: {
        const { code, message } = JSON.parse(payload.toString()) as { code: number; message: string }
        if (id === 0) {
          this.openFailure = message
          return
        }
        const query = this.queries.get(id)
        this.queries.delete(id)
        query?.fail(new EngineError(code, message))
        return
      }
      default:
    }
  }

  /** Looks whether it still answers, and how much memory it takes. */
  private watch(): void {
    const { heartbeatMs, silenceMaxMs, residentBytesMax } = this.options
    this.lastHeardMs = performance.now()
    let lastLookMs = performance.now()
    this.timer = setInterval(() => {
      const now = performance.now()
      // If this process itself stood still, the child's answers still wait to be read.
      const wasHeldUp = now - lastLookMs > heartbeatMs * 3
      lastLookMs = now
      if (!wasHeldUp && now - this.lastHeardMs > silenceMaxMs) {
        this.kill(`it did not answer for ${Math.round(silenceMaxMs / 1000)} s`)
        return
      }
      this.write(frame(FrameKind.ping, 0))
      void residentBytes(this.child.pid ?? 0).then((bytes) => {
        if (bytes > residentBytesMax) {
          this.kill(`it took ${Math.round(bytes / 2 ** 20)} MiB of memory`)
        }
      })
    }, heartbeatMs)
    this.timer.unref()
  }

  private endReason(status: number | null, signal: NodeJS.Signals | null): string {
    const said = this.openFailure ?? this.lastWords.trim().split('\n').at(-1) ?? ''
    if (this.killReason !== undefined) return this.killReason
    if (said !== '') return said
    return signal === null ? `it ended with status ${status ?? 0}` : `it was ended by ${signal}`
  }

  private end(reason: string): EngineEnd {
    this.isOver = true
    clearInterval(this.timer)
    this.socket.destroy()
    const gone = new EngineGone(reason)
    this.settleReady?.(gone)
    for (const query of this.queries.values()) query.fail(gone)
    this.queries.clear()
    return { reason }
  }
}

/** Blocks that have arrived, and whoever waits for the next. */
class QueryStream implements Pending, BlockStream {
  readonly begun: Promise<void>
  private begin: () => void = () => undefined
  private readonly blocks: Buffer[] = []
  private failure: Error | undefined
  private isEnded = false
  private wake: (() => void) | undefined
  private readonly onAbort = (): void => {
    this.cancel()
  }

  constructor(
    private readonly cancel: () => void,
    private readonly credit: (bytes: number) => void,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.begun = new Promise((resolve) => {
      this.begin = resolve
    })
  }

  watch(): void {
    if (this.isEnded) return
    if (this.signal?.aborted === true) this.cancel()
    else this.signal?.addEventListener('abort', this.onAbort)
  }

  block(bytes: Buffer): void {
    this.begin()
    this.blocks.push(bytes)
    this.wakeAll()
  }

  end(): void {
    this.begin()
    this.isEnded = true
    this.signal?.removeEventListener('abort', this.onAbort)
    this.wakeAll()
  }

  fail(error: Error): void {
    this.failure = error
    this.end()
  }

  async next(): Promise<Buffer | undefined> {
    while (this.blocks.length === 0 && !this.isEnded) await this.change()
    const block = this.blocks.shift()
    if (block !== undefined) {
      this.credit(block.length)
      return block
    }
    if (this.failure !== undefined) throw this.failure
    return undefined
  }

  async close(): Promise<void> {
    this.blocks.length = 0
    if (!this.isEnded) this.cancel()
    while (!this.isEnded) await this.change()
    this.blocks.length = 0
  }

  private change(): Promise<void> {
    const others = this.wake
    return new Promise((resolve) => {
      // Who closes it may come beside who waits for a block.
      this.wake = () => {
        others?.()
        resolve()
      }
    })
  }

  private wakeAll(): void {
    const { wake } = this
    this.wake = undefined
    wake?.()
  }
}
