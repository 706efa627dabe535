/**
 * Reads of one version of the map. Nothing needs to be released: a version that nobody holds is garbage.
 */
import {
  compareToKey,
  type EntryCursor,
  type EntryTreeSnapshot,
  type EntryVisitor,
  type KeyRange,
  type KeyspaceSnapshot,
  type TreeEntry,
} from '@switchyard/core/spi'
import type { KeyspaceSize } from './memory-storage.js'

/** Ranges up to this many entries are counted; of longer ones only the length of the keyspace is known. */
const COUNTED_ENTRIES_MAX = 1000

const NOTHING = new Uint8Array(0)

export class MemorySnapshot implements KeyspaceSnapshot {
  constructor(
    private readonly entries: EntryTreeSnapshot,
    readonly commitNumber: number,
    private readonly sizes: ReadonlyMap<number, Readonly<KeyspaceSize>>,
  ) {}

  get(keyspace: number, key: Uint8Array, visit: EntryVisitor): boolean {
    const entry = this.entries.find(keyspace, key, 0, key.length)
    if (entry === undefined) return false
    show(entry, visit)
    return true
  }

  scan(keyspace: number, range: KeyRange, reverse: boolean, limit: number, visit: EntryVisitor): number {
    const cursor = this.entries.cursor()
    if (reverse) seekEnd(cursor, keyspace, range)
    else seekStart(cursor, keyspace, range)
    let visited = 0
    while (
      visited < limit &&
      cursor.entry !== undefined &&
      isWithin(cursor.entry, keyspace, range, reverse)
    ) {
      visited++
      if (!show(cursor.entry, visit)) break
      if (reverse) cursor.previous()
      else cursor.next()
    }
    return visited
  }

  estimate(keyspace: number, range: KeyRange): number {
    const counted = this.scan(keyspace, range, false, COUNTED_ENTRIES_MAX, () => true)
    if (counted < COUNTED_ENTRIES_MAX) return counted
    const all = this.sizes.get(keyspace)?.entries ?? 0
    const isWhole = range.lower === undefined && range.upper === undefined
    return Math.max(counted, isWhole ? all : all / 2)
  }

  release(): void {
    // Memory is freed by the garbage collector.
  }
}

function show(entry: TreeEntry, visit: EntryVisitor): boolean {
  return visit(entry.bytes, entry.keyStart, entry.keyEnd, entry.bytes, entry.valueStart, entry.valueEnd)
}

function seekStart(cursor: EntryCursor, keyspace: number, { lower = NOTHING }: KeyRange): void {
  cursor.seek(keyspace, lower, 0, lower.length)
}

function seekEnd(cursor: EntryCursor, keyspace: number, { upper }: KeyRange): void {
  if (upper === undefined) cursor.seekBefore(keyspace + 1, NOTHING, 0, 0)
  else cursor.seekBefore(keyspace, upper, 0, upper.length)
}

/** Whether an entry that a walk came to lies before the range's far end. */
function isWithin(entry: TreeEntry, keyspace: number, { lower, upper }: KeyRange, reverse: boolean): boolean {
  if (entry.keyspace !== keyspace) return false
  if (reverse) return lower === undefined || compareToKey(entry, keyspace, lower, 0, lower.length) >= 0
  return upper === undefined || compareToKey(entry, keyspace, upper, 0, upper.length) < 0
}
