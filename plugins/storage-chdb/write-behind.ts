/**
 * Where blocks of rows go. A stage's are acknowledged before they are inserted, since it is nothing before it is published: while the engine
 * inserts, the next block is made, and blocks of new rows become one part until that is large enough. What befell an insert is heard of with
 * the next call.
 */
import type { BlockStream, ColumnEngine } from './column-engine.js'

export interface BlockSink extends Pick<ColumnEngine, 'insert' | 'queryWith'> {
  /** For what isn't rows. */
  readonly engine: ColumnEngine
  /** As `insert`, for rows whose keys are nowhere else; they need not be a part of their own. */
  insertNew(into: string, block: readonly Buffer[], signal?: AbortSignal): Promise<void>
}

/** Straight into the table. */
export function directSink(engine: ColumnEngine): BlockSink {
  return {
    engine,
    insert: (into, block, signal) => engine.insert(into, block, signal),
    insertNew: (into, block, signal) => engine.insert(into, block, signal),
    queryWith: (block, sqlOf, signal) => engine.queryWith(block, sqlOf, signal),
  }
}

interface HeldBlocks {
  readonly into: string
  readonly pieces: Buffer[]
  readonly signal: AbortSignal | undefined
  bytes: number
}

export class WriteBehind implements BlockSink {
  /** How many parts were inserted. */
  partCount = 0
  private held: HeldBlocks | undefined
  private inserting: Promise<void> | undefined

  constructor(readonly engine: ColumnEngine) {}

  async insert(into: string, block: readonly Buffer[], signal?: AbortSignal): Promise<void> {
    await this.sendHeld()
    await this.send(into, block, signal)
  }

  async insertNew(into: string, block: readonly Buffer[], signal?: AbortSignal): Promise<void> {
    if (this.held?.into !== into) await this.sendHeld()
    const held = (this.held ??= { into, pieces: [], signal, bytes: 0 })
    for (const piece of block) {
      held.pieces.push(piece)
      held.bytes += piece.length
    }
    if (held.bytes >= this.engine.partBytes) await this.sendHeld()
  }

  async queryWith(
    block: Buffer,
    sqlOf: (source: string) => string,
    signal?: AbortSignal,
  ): Promise<BlockStream> {
    await this.settled()
    return this.engine.queryWith(block, sqlOf, signal)
  }

  /** Resolves when what was inserted is there; rejects with what befell it. */
  async settled(): Promise<void> {
    await this.sendHeld()
    await this.sent()
  }

  /** Resolves when nothing is under way, and forgets what isn't yet. */
  async abandon(): Promise<void> {
    this.held = undefined
    await this.sent().catch(() => undefined)
  }

  private async sendHeld(): Promise<void> {
    const { held } = this
    this.held = undefined
    if (held !== undefined) await this.send(held.into, held.pieces, held.signal)
  }

  private async send(into: string, block: readonly Buffer[], signal: AbortSignal | undefined): Promise<void> {
    await this.sent()
    this.partCount++
    this.inserting = this.engine.insert(into, block, signal)
    this.inserting.catch(() => undefined)
  }

  private async sent(): Promise<void> {
    const { inserting } = this
    this.inserting = undefined
    if (inserting !== undefined) await inserting
  }
}
