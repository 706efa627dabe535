/**
 * The entries of one node of an `EntryTree`, in order. Beside each stand the first bytes of its key as two numbers, so
 * that a search stays within this node's memory and looks at an entry and its bytes, which lie anywhere, only where the numbers
 * are equal.
 */
import { compareToKey, type TreeEntry } from './tree-entry.js'

export class SortedEntries {
  constructor(
    private readonly entries: TreeEntry[] = [],
    /** Keyspace and the first two bytes of each key. */
    private readonly heads: number[] = [],
    /** The six bytes behind them. */
    private readonly tails: number[] = [],
  ) {}

  get length(): number {
    return this.entries.length
  }

  at(index: number): TreeEntry | undefined {
    return this.entries[index]
  }

  copy(): SortedEntries {
    return new SortedEntries(this.entries.slice(), this.heads.slice(), this.tails.slice())
  }

  /** How many entries are < a key: the index of the first that isn't. */
  countBelow(keyspace: number, key: Uint8Array, start: number, end: number): number {
    return this.count(keyspace, key, start, end, 0)
  }

  /** How many entries are ≤ a key. */
  countUpTo(keyspace: number, key: Uint8Array, start: number, end: number): number {
    return this.count(keyspace, key, start, end, 1)
  }

  insert(index: number, entry: TreeEntry): void {
    insertAt(this.entries, index, entry)
    insertAt(this.heads, index, headOf(entry.keyspace, entry.bytes, entry.keyStart, entry.keyEnd))
    insertAt(this.tails, index, tailOf(entry.bytes, entry.keyStart, entry.keyEnd))
  }

  /** Puts an entry in the place of one with the same key. */
  replace(index: number, entry: TreeEntry): void {
    this.entries[index] = entry
  }

  remove(index: number): void {
    removeAt(this.entries, index)
    removeAt(this.heads, index)
    removeAt(this.tails, index)
  }

  /** Takes the entries from `index` on away and answers them. */
  cutOff(index: number): SortedEntries {
    return new SortedEntries(this.entries.splice(index), this.heads.splice(index), this.tails.splice(index))
  }

  /** Adds entries that all come behind these. */
  append(following: SortedEntries): void {
    this.entries.push(...following.entries)
    this.heads.push(...following.heads)
    this.tails.push(...following.tails)
  }

  /** Number of entries whose order to the key is below `limit`. */
  private count(keyspace: number, key: Uint8Array, start: number, end: number, limit: 0 | 1): number {
    const { entries, heads, tails } = this
    const head = headOf(keyspace, key, start, end)
    const tail = tailOf(key, start, end)
    let low = 0
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      let order = (heads[middle] as number) - head
      if (order === 0) order = (tails[middle] as number) - tail
      if (order === 0) order = compareToKey(entries[middle] as TreeEntry, keyspace, key, start, end)
      if (order < limit) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Bytes that a short key lacks count as 0; whole keys are compared where that makes two equal. */
function headOf(keyspace: number, key: Uint8Array, start: number, end: number): number {
  const first = start < end ? (key[start] as number) : 0
  const second = start + 1 < end ? (key[start + 1] as number) : 0
  return keyspace * 0x10000 + first * 0x100 + second
}

function tailOf(key: Uint8Array, start: number, end: number): number {
  let tail = 0
  for (let at = start + 2; at < start + 8; at++) tail = tail * 0x100 + (at < end ? (key[at] as number) : 0)
  return tail
}

export function insertAt<T>(list: T[], at: number, item: T): void {
  // A loop: `splice` allocates the array of what it removed.
  list.push(item)
  for (let i = list.length - 1; i > at; i--) list[i] = list[i - 1] as T
  list[at] = item
}

export function removeAt(list: unknown[], at: number): void {
  for (let i = at + 1; i < list.length; i++) list[i - 1] = list[i]
  list.pop()
}
