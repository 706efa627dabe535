/** The blocks of a result that comes over HTTP, as far as the reader wants them: what it doesn't take stays with the server. */
import type { Readable } from 'node:stream'
import { EngineError, EngineErrorNumber, type BlockStream } from './column-engine.js'
import { NativeSplitter } from './native-splitter.js'

export interface HttpResponse {
  readonly stream: Readable
  /** What is left behind the last block, as an error. */
  readonly failureIn: (rest: Buffer) => Error
}

/** What the result tells whoever asked for it. */
export interface HttpResultOwner {
  /** End the query there and the request here. */
  cancel(): void
  /** Nothing more is expected. */
  over(): void
  heard(): void
  translate(error: unknown): Error
}

export class HttpResult implements BlockStream {
  readonly begun: Promise<void>
  private readonly splitter = new NativeSplitter()
  private pieces: AsyncIterator<Buffer> | undefined
  private isOver = false
  /** What ended it from here. */
  private failure: Error | undefined
  private readonly onAbort = (): void => {
    this.end()
  }

  constructor(
    private readonly response: Promise<HttpResponse>,
    private readonly signal: AbortSignal | undefined,
    private readonly owner: HttpResultOwner,
  ) {
    this.begun = response.then(
      () => undefined,
      () => undefined,
    )
    signal?.addEventListener('abort', this.onAbort)
  }

  async next(): Promise<Buffer | undefined> {
    try {
      return await this.nextBlock()
    } catch (error) {
      this.finish()
      throw this.failure ?? this.owner.translate(error)
    }
  }

  private async nextBlock(): Promise<Buffer | undefined> {
    if (this.failure !== undefined) throw this.failure
    const { stream, failureIn } = await this.response
    this.pieces ??= stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    for (;;) {
      const block = this.splitter.take()
      if (block !== undefined) return block
      if (this.isOver) return undefined
      const piece = await this.pieces.next()
      this.owner.heard()
      if (piece.done !== true) this.splitter.push(piece.value)
      else {
        this.finish()
        const rest = this.splitter.rest()
        if (rest.length > 0) throw failureIn(rest)
      }
    }
  }

  async close(): Promise<void> {
    if (!this.isOver) this.end()
    await this.begun
  }

  /** The server counts as gone: whoever waits for rows is told. */
  fail(failure: Error): void {
    this.failure ??= failure
    this.finish()
    this.response.then(
      ({ stream }) => stream.on('error', () => undefined).destroy(),
      () => undefined,
    )
  }

  private end(): void {
    this.fail(new EngineError(EngineErrorNumber.queryWasCancelled, 'the query was cancelled'))
    this.owner.cancel()
  }

  private finish(): void {
    this.isOver = true
    this.signal?.removeEventListener('abort', this.onAbort)
    this.owner.over()
  }
}
