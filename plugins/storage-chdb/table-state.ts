/** What changes about a table while the server runs, as far as the driver has to know it. */
export class TableState {
  private tail: Promise<unknown> = Promise.resolve()

  constructor(
    /** How many rows it has; what other engines merge in the background makes it an estimate after a restart. */
    public rows: number,
    /** The highest version of a row; above 0, rows may have several versions. */
    private version: number,
    /** The highest row id, in a table without primary key. */
    private rowId: number,
    /** No key is above it, where the primary key is one integer; Infinity where that isn't known. */
    private keyMax: number,
  ) {}

  get hasVersions(): boolean {
    return this.version > 0
  }

  /** From now on readers look for versions, also if the write that takes this one fails. */
  nextVersion(): number {
    return ++this.version
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
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const before = this.tail
    let done: (() => void) | undefined
    this.tail = new Promise<void>((resolve) => {
      done = resolve
    })
    try {
      await before
      return await work()
    } finally {
      done?.()
    }
  }

  /** The table is empty again. */
  reset(): void {
    this.rows = 0
    this.version = 0
  }
}
