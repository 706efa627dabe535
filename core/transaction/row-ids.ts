/**
 * Hidden row ids of tables without a primary key: ascending numbers, eight bytes big endian. The next one is found behind
 * the table's last row when the table is first written to; transactions that come later only count on.
 */
import { isPromise, type MaybePromise } from '../common/value.js'
import type { ReadViews, StorageState } from './read-view.js'

const EVERYTHING = { lower: undefined, upper: undefined }

export class RowIds {
  /** The last id given, by keyspace. */
  private readonly last = new Map<number, number>()

  /** A fresh id as a row's key. */
  next(state: StorageState, views: ReadViews, keyspace: number): MaybePromise<Buffer> {
    const last = this.last.get(keyspace)
    if (last !== undefined) return this.give(keyspace, last)
    let found = 0
    const scanned = views.current.snapshot(state).scan(keyspace, EVERYTHING, true, 1, (key, start) => {
      found = Number(Buffer.from(key.subarray(start, start + 8)).readBigUInt64BE())
      return false
    })
    const give = (): Buffer => this.give(keyspace, Math.max(found, this.last.get(keyspace) ?? 0))
    return isPromise(scanned) ? scanned.then(give) : give()
  }

  private give(keyspace: number, last: number): Buffer {
    const id = last + 1
    this.last.set(keyspace, id)
    const key = Buffer.allocUnsafe(8)
    key.writeUInt32BE(Math.floor(id / 0x100000000), 0)
    key.writeUInt32BE(id >>> 0, 4)
    return key
  }
}
