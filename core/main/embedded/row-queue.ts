/**
 * Takes the answer of one statement from the engine, and holds it up while nobody reads: a large result is never in memory as a
 * whole.
 */
import type { Batch } from '../../common/batch.js'
import { sqlError } from '../../common/sql-error.js'
import type { MaybePromise } from '../../common/value.js'
import type { Vector } from '../../common/vector.js'
import type { ResultColumn, ResultSink, ResultStatus } from '../../spi/session.js'
import { valueReader, type SqlValue, type ValueReader } from './values.js'

export class RowQueue {
  /** What the engine is given; it makes objects of its own that inherit from it. */
  readonly sink: ResultSink = {
    ok: (status) => {
      this.end(status)
    },
    columns: (columns) => {
      this.resultColumns = columns
      this.readers = columns.map(({ type }) => valueReader(type))
    },
    rows: (batch) => this.rows(batch),
    end: (status) => {
      this.end(status)
    },
    fail: (error) => {
      this.fail(error)
    },
  }
  resultColumns: readonly ResultColumn[] = []
  status: ResultStatus | undefined
  private readers: readonly ValueReader[] = []
  private ready: Record<string, SqlValue>[] = []
  private error: Error | undefined
  private isEnded = false
  private isAbandoned = false
  /** Lets the engine go on. */
  private taken: (() => void) | undefined
  /** Lets the reader go on. */
  private come: (() => void) | undefined

  // ── For the reader ──────────────────────────────────────────────────────────────────────────────────────────

  /** Resolves when there are rows to take, or none will come; throws the statement's error. */
  async arrived(): Promise<void> {
    while (this.ready.length === 0 && !this.isEnded) {
      this.letGoOn()
      await new Promise<void>((resolve) => {
        this.come = resolve
      })
    }
    if (this.ready.length === 0 && this.error !== undefined) throw this.error
  }

  /** Empty behind the last row. */
  take(): readonly Record<string, SqlValue>[] {
    const rows = this.ready
    this.ready = []
    return rows
  }

  /** The rest isn't wanted: the statement ends with its next rows. */
  abandon(): void {
    this.isAbandoned = true
    this.ready = []
    this.letGoOn()
  }

  private letGoOn(): void {
    this.taken?.()
    this.taken = undefined
  }

  private wake(): void {
    this.come?.()
    this.come = undefined
  }

  // ── For the engine ──────────────────────────────────────────────────────────────────────────────────────────

  private rows(batch: Batch): MaybePromise<void> {
    if (this.isAbandoned) throw sqlError('ER_QUERY_INTERRUPTED')
    const { ready, readers, resultColumns } = this
    for (let row = 0; row < batch.rowCount; row++) {
      const made: Record<string, SqlValue> = {}
      for (let i = 0; i < readers.length; i++) {
        const value = (batch.columns[i] as Vector).get(row)
        setProperty(made, (resultColumns[i] as ResultColumn).name, (readers[i] as ValueReader)(value))
      }
      ready.push(made)
    }
    this.wake()
    return new Promise((resolve) => {
      this.taken = resolve
    })
  }

  private end(status: ResultStatus): void {
    this.status = status
    this.isEnded = true
    this.wake()
  }

  /** The statement fails, or it didn't begin. */
  fail(error: Error): void {
    this.error = error
    this.isEnded = true
    this.wake()
  }
}

/** Columns may be called as they like: `__proto__` would be no property otherwise. */
function setProperty(row: Record<string, SqlValue>, name: string, value: SqlValue): void {
  if (name !== '__proto__') row[name] = value
  else Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true })
}
