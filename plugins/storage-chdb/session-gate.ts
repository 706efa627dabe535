/**
 * No more queries are open at an engine than it has sessions for. Who comes then waits its turn, for so long at most; a statement whose
 * own queries hold all sessions would wait for itself and is refused at once.
 */
import {
  EngineError,
  EngineErrorNumber,
  EngineGone,
  type BlockStream,
  type ColumnEngine,
  type Layout,
} from './column-engine.js'

export interface SessionGateOptions {
  readonly sessionsMax: number
  readonly waitMaxMs: number
}

interface Waiting {
  enter(): void
}

export class SessionGate implements ColumnEngine {
  /** Sessions in use, by the statement that uses them: its signal. */
  private readonly held = new Map<AbortSignal | undefined, number>()
  private openCount = 0
  private readonly waiting = new Set<Waiting>()

  constructor(
    private readonly engine: ColumnEngine,
    private readonly options: SessionGateOptions,
  ) {}

  get partBytes(): number {
    return this.engine.partBytes
  }

  layout(): Promise<Layout> {
    return this.engine.layout()
  }

  start(): Promise<void> {
    return this.engine.start()
  }

  open(): Promise<boolean> {
    return this.engine.open()
  }

  stop(): Promise<void> {
    return this.engine.stop()
  }

  run(sql: string, signal?: AbortSignal): Promise<void> {
    return this.within(signal, () => this.engine.run(sql, signal))
  }

  insert(into: string, blocks: readonly Buffer[], signal?: AbortSignal): Promise<void> {
    return this.within(signal, () => this.engine.insert(into, blocks, signal))
  }

  flushTable(name: string): Promise<void> {
    return this.engine.flushTable(name)
  }

  query(sql: string, signal?: AbortSignal): Promise<BlockStream> {
    return this.opened(signal, () => this.engine.query(sql, signal))
  }

  queryWith(block: Buffer, sqlOf: (source: string) => string, signal?: AbortSignal): Promise<BlockStream> {
    return this.opened(signal, () => this.engine.queryWith(block, sqlOf, signal))
  }

  private async within<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    await this.enter(signal)
    try {
      return await work()
    } finally {
      this.leave(signal)
    }
  }

  /** A query holds its session until it is read or closed. */
  private async opened(
    signal: AbortSignal | undefined,
    work: () => Promise<BlockStream>,
  ): Promise<BlockStream> {
    await this.enter(signal)
    let isOpen = true
    const leave = (): void => {
      if (isOpen) this.leave(signal)
      isOpen = false
    }
    try {
      const stream = await work()
      return {
        begun: stream.begun,
        next: async () => {
          const block = await stream.next()
          if (block === undefined) leave()
          return block
        },
        close: () => stream.close().finally(leave),
      }
    } catch (error) {
      leave()
      throw error
    }
  }

  private async enter(signal: AbortSignal | undefined): Promise<void> {
    const { sessionsMax, waitMaxMs } = this.options
    if (this.openCount >= sessionsMax) {
      if (signal !== undefined && this.held.get(signal) === sessionsMax) {
        throw new EngineGone(
          `the statement needs more than ${sessionsMax} queries at one time (option sessions)`,
        )
      }
      await this.turn(signal, waitMaxMs)
    } else this.take(signal)
  }

  private take(signal: AbortSignal | undefined): void {
    this.openCount++
    this.held.set(signal, (this.held.get(signal) ?? 0) + 1)
  }

  private async turn(signal: AbortSignal | undefined, waitMaxMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        this.waiting.delete(entry)
        done()
      }
      const entry: Waiting = {
        enter: () => {
          // Nobody may slip in between.
          this.take(signal)
          settle(resolve)
        },
      }
      const timer = setTimeout(() => {
        settle(() => {
          reject(new EngineGone(`all of its ${this.options.sessionsMax} sessions are busy`))
        })
      }, waitMaxMs)
      const abort = (): void => {
        settle(() => {
          reject(new EngineError(EngineErrorNumber.queryWasCancelled, 'the statement has ended'))
        })
      }
      if (signal?.aborted === true) abort()
      else {
        signal?.addEventListener('abort', abort)
        this.waiting.add(entry)
      }
    })
  }

  private leave(signal: AbortSignal | undefined): void {
    this.openCount--
    const held = (this.held.get(signal) ?? 1) - 1
    if (held === 0) this.held.delete(signal)
    else this.held.set(signal, held)
    for (const first of this.waiting) {
      first.enter()
      return
    }
  }
}
