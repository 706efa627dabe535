/**
 * What a client knows of its rows: the state that the server has acknowledged, and, while an answer to a commit is
 * outstanding, the state that there will be if it succeeds. After a crash the server must be in one of the two, wholly.
 */
export class Book<T> {
  private outstanding: T | undefined

  constructor(private state: T) {}

  get acknowledged(): T {
    return this.state
  }

  /** Runs the step that makes `after` the state. A connection that ends meanwhile leaves it open whether it did. */
  async change(after: T, commit: () => Promise<unknown>): Promise<void> {
    this.outstanding = after
    try {
      await commit()
      this.state = after
      this.outstanding = undefined
    } catch (error) {
      if (!isConnectionLost(error)) this.outstanding = undefined
      throw error
    }
  }

  /** The states that the server may be in. */
  get possible(): readonly T[] {
    return this.outstanding === undefined ? [this.state] : [this.state, this.outstanding]
  }

  /** Goes on from what the server has. */
  settle(actual: T): void {
    this.state = actual
    this.outstanding = undefined
  }
}

/** Whether an error of mysql2 says that nobody knows what became of the statement. */
export function isConnectionLost(error: unknown): boolean {
  const { fatal, code, errno } = error as { fatal?: boolean; code?: string; errno?: number }
  return fatal === true || errno === 1053 || code === 'EPIPE' || code === 'ECONNRESET'
}

/** Whether the server rolled back a transaction so that another could go on (1213), or gave up waiting for one (1205). */
export function isLockConflict(error: unknown): boolean {
  const { errno } = error as { errno?: number }
  return errno === 1213 || errno === 1205
}
