/**
 * Entries of an `EntryTree`, and how they compare.
 */

/** `valueStart` of an entry that records a removal. */
const REMOVED = -1

/** One entry: where its key and its value lie. The bytes must never change. */
export class TreeEntry {
  constructor(
    readonly keyspace: number,
    readonly bytes: Uint8Array,
    readonly keyStart: number,
    readonly keyEnd: number,
    readonly valueStart: number,
    readonly valueEnd: number,
  ) {}

  /** A tombstone: says that the key is gone, to hide what a layer below may hold. */
  static removal(keyspace: number, bytes: Uint8Array, keyStart: number, keyEnd: number): TreeEntry {
    return new TreeEntry(keyspace, bytes, keyStart, keyEnd, REMOVED, REMOVED)
  }

  get isRemoval(): boolean {
    return this.valueStart === REMOVED
  }

  /** Bytes of key and value. */
  get byteSize(): number {
    return this.keyEnd - this.keyStart + this.valueEnd - this.valueStart
  }

  /** The key in bytes of its own, so that the entry's buffer need not be kept for it. */
  keyOnly(): TreeEntry {
    const key = Uint8Array.prototype.slice.call(this.bytes, this.keyStart, this.keyEnd)
    return TreeEntry.removal(this.keyspace, key, 0, key.length)
  }
}

/** Negative, 0 or positive as `entry` sorts before, at or behind the key. */
export function compareToKey(
  entry: TreeEntry,
  keyspace: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  if (entry.keyspace !== keyspace) return entry.keyspace - keyspace
  const bytes = entry.bytes
  const from = entry.keyStart
  const ownSize = entry.keyEnd - from
  const size = end - start
  const common = ownSize < size ? ownSize : size
  for (let i = 0; i < common; i++) {
    const difference = (bytes[from + i] as number) - (key[start + i] as number)
    if (difference !== 0) return difference
  }
  return ownSize - size
}
