/**
 * What the driver needs of a ClickHouse: statements, results as blocks of columns, blocks to insert. Whether it runs in a child
 * process (`supervised-engine.ts`) or is a server somewhere (`http-engine.ts`) is behind this interface.
 */

/** A failure that the engine reports; `number` is ClickHouse's. */
export class EngineError extends Error {
  constructor(
    readonly number: number,
    message: string,
  ) {
    super(message)
    this.name = 'EngineError'
  }
}

/** ClickHouse's error numbers that mean something to the driver. */
export const EngineErrorNumber = {
  unknown: 0,
  timeoutExceeded: 159,
  memoryLimitExceeded: 241,
  notEnoughSpace: 243,
  queryWasCancelled: 394,
} as const

/** The engine's process ended, or the connection to it; or all of its sessions are busy. What was under way may or may not have happened. */
export class EngineGone extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'EngineGone'
  }
}

/** Blocks of a result, in ClickHouse's format Native. */
export interface BlockStream {
  /** Resolves when the query has answered or ended: what is written from then on doesn't concern it. Never rejects. */
  readonly begun: Promise<void>
  /** Undefined at the end. Rejects with EngineError or EngineGone. The bytes are the caller's. */
  next(): Promise<Buffer | undefined>
  /** Ends the query if it still runs; resolves when it has ended. */
  close(): Promise<void>
}

/** How tables lie there. */
export interface Layout {
  /** The cluster that they are spread over, if they are. */
  readonly cluster: string | undefined
  /** Over how many parts of it; a write is one block only within one of them. */
  readonly shardCount: number
  /** Different texts that a column's dictionary holds; 0 where columns have none. */
  readonly dictionaryTexts: number
}

export interface ColumnEngine {
  /** How many bytes it has the memory to make one part of; some more do no harm. */
  readonly partBytes: number
  /** Known as soon as the engine can be reached. */
  layout(): Promise<Layout>
  /** Rejects with an Error whose one line tells an operator what is wrong. */
  start(): Promise<void>
  /** As `start`, but one that has never kept anything starts with its first query. Answers whether it is started. */
  open(): Promise<boolean>
  /** Ends what is under way. */
  stop(): Promise<void>
  /** Runs a statement that gives no rows. When the signal aborts, it is killed. */
  run(sql: string, signal?: AbortSignal): Promise<void>
  query(sql: string, signal?: AbortSignal): Promise<BlockStream>
  /** Resolves when what was linked into the table is on disk. Blocks that are inserted are so without it. */
  flushTable(name: string): Promise<void>
  /** A query over a block that is sent along: `sqlOf` gets what it is called in FROM. */
  queryWith(block: Buffer, sqlOf: (source: string) => string, signal?: AbortSignal): Promise<BlockStream>
  /**
   * Inserts blocks in the format Native, given in pieces; `into` is the text `INSERT INTO table (columns)`, with SETTINGS or not. One block
   * becomes visible at once.
   */
  insert(into: string, blocks: readonly Buffer[], signal?: AbortSignal): Promise<void>
}
