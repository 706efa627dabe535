/**
 * What changes about a table while the server runs, as far as the driver has to know it.
 */
import { sqlError, type StatementContext } from '@switchyard/core/spi'

/** What a writer has to know, and notes. */
export interface WriterState {
  rows: number
  readonly hasVersions: boolean
  /** Whether a row may be in the stage and, in another version, in the table. */
  readonly hasStagedVersions: boolean
  nextVersion(): number
  reserveRowIds(count: number): number
  isAbove(first: number): boolean
  noteKey(key: number): void
  /** Ids of the columns that have dictionaries. */
  readonly dictionaries: ReadonlySet<number>
  noteDictionaries(columnIds: readonly number[]): void
  /** To be told before a text is written that isn't compared by itself. */
  noteException(columnId: number): void
  /** Resolves when no read that has yet to begin relies on what wasn't so before. To be awaited before rows can be seen. */
  readersKnow(): Promise<void>
}

export class TableState implements WriterState {
  readonly hasStagedVersions = false
  private tail: Promise<void> = Promise.resolve()
  /** Reads that have yet to begin. */
  private readonly beginning = new Set<Promise<void>>()
  /** Whether reads may have to be made otherwise than some that have yet to begin. */
  private isNews = false

  constructor(
    /** How many rows it has; what other engines merge in the background makes it an estimate after a restart. */
    public rows: number,
    /** The highest version of a row; above 0, rows may have several versions. */
    private version: number,
    /** The highest row id, in a table without primary key. */
    private rowId: number,
    /** No key is above it, where the primary key is one integer; Infinity where that isn't known. */
    private keyMax: number,
    /** Ids of the columns that have texts that aren't compared by themselves (`text-form.ts`). */
    readonly exceptions: Set<number>,
    /** Ids of the columns that have dictionaries. Nothing depends on it but how long queries take. */
    readonly dictionaries: Set<number>,
  ) {}

  noteDictionaries(columnIds: readonly number[]): void {
    for (const id of columnIds) this.dictionaries.add(id)
  }

  noteException(columnId: number): void {
    if (this.exceptions.has(columnId)) return
    this.exceptions.add(columnId)
    this.isNews = true
  }

  /** The table was written anew. */
  replaceDictionaries(columnIds: ReadonlySet<number>): void {
    this.dictionaries.clear()
    this.noteDictionaries([...columnIds])
  }

  /** A read whose SQL is made of what is known now; `begun` is to be called when it can see no further rows, or has failed. */
  beginRead(): () => void {
    let begun: () => void = () => undefined
    const promise = new Promise<void>((resolve) => {
      begun = () => {
        this.beginning.delete(promise)
        resolve()
      }
    })
    this.beginning.add(promise)
    return begun
  }

  async readersKnow(): Promise<void> {
    if (!this.isNews) return
    await Promise.all(this.beginning)
    this.isNews = false
  }

  get hasVersions(): boolean {
    return this.version > 0
  }

  /** Whether surely nothing is in the table. */
  get isEmpty(): boolean {
    return this.rows === 0 && !this.hasVersions
  }

  /** From now on readers look for versions, also if the write that takes this one fails. */
  nextVersion(): number {
    this.raiseVersion(this.version + 1)
    return this.version
  }

  /** The first of `count` new ids. */
  reserveRowIds(count: number): number {
    const first = this.rowId + 1
    this.rowId += count
    return first
  }

  /** Whether ascending keys from `first` on are all new. */
  isAbove(first: number): boolean {
    return first > this.keyMax
  }

  /** To be told before the key is written. */
  noteKey(key: number): void {
    if (key > this.keyMax) this.keyMax = key
  }

  /** Runs one write after the other: what is unique is looked up first and written then. */
  async exclusively<T>(statement: StatementContext, work: () => Promise<T>): Promise<T> {
    const release = await this.acquire(statement)
    try {
      return await work()
    } finally {
      release()
    }
  }

  /**
   * Resolves when nobody else writes, and nobody may until the function that it resolves to is called. Rejects with
   * ER_LOCK_WAIT_TIMEOUT, or when the statement is killed.
   */
  async acquire(statement: StatementContext): Promise<() => void> {
    const before = this.tail
    let release: () => void = () => undefined
    const done = new Promise<void>((resolve) => {
      release = resolve
    })
    // Whoever comes behind waits for both, also if this one gives up.
    this.tail = before.then(() => done)
    try {
      await withinPatience(before, statement)
    } catch (error) {
      release()
      throw error
    }
    return release
  }

  /** Versions up to this one are in the table, or about to be. */
  raiseVersion(version: number): void {
    if (this.version === 0 && version > 0) this.isNews = true
    this.version = Math.max(this.version, version)
  }

  get lastVersion(): number {
    return this.version
  }

  /** No row has a version any more. */
  forgetVersions(): void {
    this.version = 0
  }

  /** The table is empty again. */
  reset(): void {
    this.rows = 0
    this.version = 0
    this.exceptions.clear()
  }
}

/** What a stage's writer notes: the table's state follows when the stage is published. */
export class StageState implements WriterState {
  private version: number
  private readonly rowsBefore: number
  rows: number

  constructor(private readonly table: TableState) {
    this.version = table.lastVersion
    this.rows = table.rows
    this.rowsBefore = table.rows
  }

  get hasVersions(): boolean {
    return this.version > 0
  }

  get hasStagedVersions(): boolean {
    return this.version > this.table.lastVersion
  }

  get dictionaries(): ReadonlySet<number> {
    return this.table.dictionaries
  }

  noteDictionaries(columnIds: readonly number[]): void {
    this.table.noteDictionaries(columnIds)
  }

  nextVersion(): number {
    return ++this.version
  }

  reserveRowIds(count: number): number {
    return this.table.reserveRowIds(count)
  }

  isAbove(first: number): boolean {
    return this.table.isAbove(first)
  }

  noteKey(key: number): void {
    this.table.noteKey(key)
  }

  noteException(columnId: number): void {
    this.table.noteException(columnId)
  }

  /** Nobody sees a stage. */
  readersKnow(): Promise<void> {
    return Promise.resolve()
  }

  /** To be awaited before readers may see the rows. */
  async publish(): Promise<void> {
    this.table.raiseVersion(this.version)
    this.table.rows += this.rows - this.rowsBefore
    await this.table.readersKnow()
  }
}

/** As long as MySQL waits for a row's lock, where the statement doesn't say. */
const PATIENCE_MS = 50_000

async function withinPatience(turn: Promise<void>, statement: StatementContext): Promise<void> {
  const { signal, rowLockTimeoutMs = PATIENCE_MS } = statement
  let giveUp: () => void = () => undefined
  const given = new Promise<boolean>((resolve) => {
    giveUp = () => {
      resolve(true)
    }
  })
  const timer = setTimeout(giveUp, rowLockTimeoutMs)
  signal.addEventListener('abort', giveUp)
  try {
    if (await Promise.race([turn.then(() => false), given])) {
      statement.checkKilled()
      throw sqlError('ER_LOCK_WAIT_TIMEOUT')
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}
