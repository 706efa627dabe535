/**
 * An engine whose inserts are acknowledged before they are done: while it inserts one block, the next one is made. What befell an insert
 * is heard of with the next call. For stages, which are nothing before they are published.
 */
import type { BlockStream, ColumnEngine } from './column-engine.js'

export class WriteBehind implements Pick<ColumnEngine, 'insert' | 'queryWith'> {
  private inserting: Promise<void> | undefined

  constructor(private readonly engine: ColumnEngine) {}

  async insert(into: string, block: Buffer, signal?: AbortSignal): Promise<void> {
    await this.settled()
    this.inserting = this.engine.insert(into, block, signal)
    this.inserting.catch(() => undefined)
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
    const { inserting } = this
    this.inserting = undefined
    if (inserting !== undefined) await inserting
  }
}
