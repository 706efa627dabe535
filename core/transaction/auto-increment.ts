/**
 * AUTO_INCREMENT counters (MySQL manual 17.6.1.6): in memory while the server runs, so that nobody waits for
 * another's transaction to draw a number, and written by every commit that drew some. After a crash a counter is
 * therefore above every committed value; only numbers that were drawn and rolled back may come again.
 */
import { isPromise, type MaybePromise } from '../common/value.js'
import { sqlError } from '../common/sql-error.js'
import type { Overlay } from './overlay.js'
import type { ReadViews, StorageState } from './read-view.js'
import { AUTO_INCREMENT_KEYSPACE, tableIdKey } from './system-keyspaces.js'

/** Beyond it BIGINT UNSIGNED is exhausted. */
const COUNTER_MAX = 18446744073709551615n

export class AutoIncrementCounters {
  /** The next value to give, by table id. */
  private readonly counters = new Map<number, number | bigint>()
  private readonly loading = new Map<number, Promise<void>>()

  constructor(
    private readonly system: StorageState,
    private readonly views: ReadViews,
  ) {}

  /** The first of `count` consecutive values. Throws ER_AUTOINC_READ_FAILED when there are no more. */
  reserve(tableId: number, count: number): MaybePromise<number | bigint> {
    const next = this.counters.get(tableId)
    if (next === undefined) return this.afterLoad(tableId, () => this.reserve(tableId, count))
    const following = typeof next === 'number' ? next + count : next + BigInt(count)
    if (typeof following === 'number' && Number.isSafeInteger(following)) {
      this.counters.set(tableId, following)
      return next
    }
    const wide = BigInt(next) + BigInt(count)
    if (wide > COUNTER_MAX + 1n) throw sqlError('ER_AUTOINC_READ_FAILED')
    this.counters.set(tableId, wide)
    return next
  }

  /** Later values will be above `value`. */
  note(tableId: number, value: number | bigint): MaybePromise<void> {
    if (value < 1) return
    const next = this.counters.get(tableId)
    if (next === undefined) {
      return this.afterLoad(tableId, () => {
        void this.note(tableId, value)
      })
    }
    if (value < next) return
    const above = typeof value === 'number' ? value + 1 : value + 1n
    this.counters.set(tableId, Number.isSafeInteger(above) ? above : BigInt(value) + 1n)
  }

  /** The next value, without drawing it: SHOW CREATE TABLE, INFORMATION_SCHEMA.TABLES. */
  peek(tableId: number): MaybePromise<number | bigint> {
    const next = this.counters.get(tableId)
    return next ?? this.afterLoad(tableId, () => this.peek(tableId))
  }

  /** CREATE TABLE or ALTER TABLE … AUTO_INCREMENT = n, and TRUNCATE. The caller has the table for itself. */
  set(tableId: number, next: number | bigint): void {
    this.counters.set(tableId, next)
  }

  forget(tableId: number): void {
    this.counters.delete(tableId)
  }

  /** Writes the present value of a counter into a transaction that is about to commit. */
  persist(tableId: number, overlay: Overlay): void {
    const next = this.counters.get(tableId)
    if (next === undefined) return
    const key = tableIdKey(tableId)
    const value = Buffer.allocUnsafe(8)
    value.writeBigUInt64LE(BigInt.asUintN(64, BigInt(next)))
    overlay.put(AUTO_INCREMENT_KEYSPACE, key, 0, key.length, value, 0, 8)
  }

  private afterLoad<T>(tableId: number, then: () => MaybePromise<T>): MaybePromise<T> {
    const present = this.loading.get(tableId)
    if (present !== undefined) return present.then(then)
    const loaded = this.load(tableId)
    if (!isPromise(loaded)) return then()
    this.loading.set(tableId, loaded)
    return loaded.finally(() => this.loading.delete(tableId)).then(then)
  }

  private load(tableId: number): MaybePromise<void> {
    let next: number | bigint = 1
    const found = this.views.current
      .snapshot(this.system)
      .get(
        AUTO_INCREMENT_KEYSPACE,
        tableIdKey(tableId),
        (_key, _start, _end, value, valueStart, valueEnd) => {
          const stored = Buffer.from(value.subarray(valueStart, valueEnd)).readBigUInt64LE()
          next = stored <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(stored) : stored
          return true
        },
      )
    const keep = (): void => {
      if (!this.counters.has(tableId)) this.counters.set(tableId, next)
    }
    if (isPromise(found)) return found.then(keep)
    keep()
  }
}
