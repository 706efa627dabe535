/**
 * Write sets: what a transaction changed, as one flat run of bytes. The same bytes are the transaction's overlay, what the
 * commit log stores, and what a keyspace driver applies, so they are written once and never re-encoded.
 *
 * Layout, little endian: per entry u8 operation (1 put, 2 remove, 3 adopt), u32 keyspace, u32 key length, u32 value length (0 for
 * remove), key bytes, value bytes. Later entries win over earlier ones of the same key.
 *
 * `adopt` stands for all entries of a stage, which a driver has stored already (see `KeyspaceStorage.newStage`): its key is the stage's
 * number, four bytes big endian. A write set with such entries begins with one.
 */
import { copyBytes } from './bytes.js'

/**
 * A flat list of puts and removes; transferable, and what the commit log stores. Use `WriteSetReader` to walk it.
 */
export interface WriteSet {
  /** Only `[0, byteLength)` counts. */
  readonly bytes: Buffer
  readonly byteLength: number
  readonly entryCount: number
}

export const PUT = 1
export const REMOVE = 2
export const ADOPT = 3

/** Bytes before the key of each entry: operation, keyspace, key length, value length. */
export const ENTRY_HEADER_BYTES = 13

const STAGE_KEY_BYTES = 4
const INITIAL_CAPACITY_BYTES = 1024
const EMPTY = Buffer.alloc(0)
/** A write set is one Buffer; beyond this a transaction starts its next one. Below Node's limit of 4 GiB on 64 bits. */
export const WRITE_SET_BYTES_MAX = 0x7fffffff

/** A point to which `WriteSetBuilder.truncate` goes back. */
export interface WriteSetMark {
  readonly byteLength: number
  readonly entryCount: number
}

/** Builds a write set in a buffer that grows by doubling. It is a `WriteSet` itself at every moment. */
export class WriteSetBuilder implements WriteSet {
  bytes: Buffer
  byteLength = 0
  entryCount = 0

  constructor(capacityBytes = INITIAL_CAPACITY_BYTES) {
    this.bytes = Buffer.allocUnsafe(capacityBytes)
  }

  /**
   * Adds a put. Answers the offset of the entry, for `WriteSetReader.seek`. Throws a RangeError when the set would pass
   * `WRITE_SET_BYTES_MAX`.
   */
  put(
    keyspace: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): number {
    const keyBytes = keyEnd - keyStart
    const valueBytes = valueEnd - valueStart
    const offset = this.startEntry(PUT, keyspace, keyBytes, valueBytes)
    const keyAt = offset + ENTRY_HEADER_BYTES
    copyBytes(key, keyStart, keyEnd, this.bytes, keyAt)
    copyBytes(value, valueStart, valueEnd, this.bytes, keyAt + keyBytes)
    return offset
  }

  /** As `put` of a value of so many bytes, which the caller writes before anybody reads: behind the key. */
  place(keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number, valueBytes: number): number {
    const offset = this.startEntry(PUT, keyspace, keyEnd - keyStart, valueBytes)
    copyBytes(key, keyStart, keyEnd, this.bytes, offset + ENTRY_HEADER_BYTES)
    return offset
  }

  /** Adds a remove. Answers the offset of the entry. */
  remove(keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number): number {
    const offset = this.startEntry(REMOVE, keyspace, keyEnd - keyStart, 0)
    copyBytes(key, keyStart, keyEnd, this.bytes, offset + ENTRY_HEADER_BYTES)
    return offset
  }

  /** Adds the entries of a stage. Only before all others. */
  adopt(keyspace: number, stage: number): void {
    const offset = this.startEntry(ADOPT, keyspace, STAGE_KEY_BYTES, 0)
    this.bytes.writeUInt32BE(stage, offset + ENTRY_HEADER_BYTES)
  }

  mark(): WriteSetMark {
    return { byteLength: this.byteLength, entryCount: this.entryCount }
  }

  /** Forgets every entry that was added after `mark` was taken (rollback to a savepoint, or of a statement). */
  truncate(mark: WriteSetMark): void {
    if (mark.byteLength > this.byteLength) throw new Error('invariant: a mark lies inside its write set')
    this.byteLength = mark.byteLength
    this.entryCount = mark.entryCount
  }

  /** Empties the set; the buffer stays for the next entries. */
  clear(): void {
    this.byteLength = 0
    this.entryCount = 0
  }

  /** Hands out what was built and starts anew with another buffer, so that the set never changes again. */
  take(): WriteSet {
    const taken = { bytes: this.bytes, byteLength: this.byteLength, entryCount: this.entryCount }
    this.bytes = Buffer.allocUnsafe(INITIAL_CAPACITY_BYTES)
    this.clear()
    return taken
  }

  private startEntry(operation: number, keyspace: number, keyBytes: number, valueBytes: number): number {
    const offset = this.byteLength
    const end = offset + ENTRY_HEADER_BYTES + keyBytes + valueBytes
    if (end > this.bytes.length) this.grow(end)
    const bytes = this.bytes
    bytes[offset] = operation
    bytes.writeUInt32LE(keyspace, offset + 1)
    bytes.writeUInt32LE(keyBytes, offset + 5)
    bytes.writeUInt32LE(valueBytes, offset + 9)
    this.byteLength = end
    this.entryCount++
    return offset
  }

  private grow(neededBytes: number): void {
    if (neededBytes > WRITE_SET_BYTES_MAX) throw new RangeError('write set beyond 2 GiB')
    const capacity = Math.min(Math.max(this.bytes.length * 2, neededBytes), WRITE_SET_BYTES_MAX)
    const grown = Buffer.allocUnsafe(capacity)
    this.bytes.copy(grown, 0, 0, this.byteLength)
    this.bytes = grown
  }
}

/**
 * Walks a write set without allocating: after `next` answers true, the fields describe one entry, whose key is
 * `bytes[keyStart, keyEnd)` and whose value is `bytes[valueStart, valueEnd)`. Throws if the bytes are no write set.
 */
export class WriteSetReader {
  bytes: Buffer = EMPTY
  operation: typeof PUT | typeof REMOVE | typeof ADOPT = PUT
  keyspace = 0
  /** Where the entry starts: what the builder answered when it was added. */
  entryStart = 0
  keyStart = 0
  keyEnd = 0
  valueStart = 0
  valueEnd = 0
  private limit = 0
  private following = 0

  constructor(writeSet?: WriteSet) {
    if (writeSet !== undefined) this.reset(writeSet)
  }

  /** Starts over at the first entry of a set. */
  reset(writeSet: WriteSet): void {
    this.bytes = writeSet.bytes
    this.limit = writeSet.byteLength
    this.following = 0
  }

  /** Goes to the next entry; false at the end. */
  next(): boolean {
    if (this.following >= this.limit) return false
    this.readEntry(this.following)
    return true
  }

  /** Of an `adopt`: the stage. */
  get stage(): number {
    return this.bytes.readUInt32BE(this.keyStart)
  }

  /** Goes to the entry that starts at `offset`; `next` continues behind it. */
  seek(offset: number): void {
    this.readEntry(offset)
  }

  /** Makes the entry that starts at `offset` the one that `next` goes to. */
  skipTo(offset: number): void {
    this.following = offset
  }

  private readEntry(offset: number): void {
    const keyStart = offset + ENTRY_HEADER_BYTES
    if (keyStart > this.limit) throw new Error('invariant: a write set ends behind an entry')
    const bytes = this.bytes
    const operation = bytes[offset]
    const keyEnd = keyStart + bytes.readUInt32LE(offset + 5)
    const valueEnd = keyEnd + bytes.readUInt32LE(offset + 9)
    if (!isOperation(operation) || valueEnd > this.limit) {
      throw new Error('invariant: a write set holds whole entries')
    }
    this.operation = operation
    this.keyspace = bytes.readUInt32LE(offset + 1)
    this.entryStart = offset
    this.keyStart = keyStart
    this.keyEnd = keyEnd
    this.valueStart = keyEnd
    this.valueEnd = valueEnd
    this.following = valueEnd
  }
}

function isOperation(operation: number | undefined): operation is WriteSetReader['operation'] {
  return operation === PUT || operation === REMOVE || operation === ADOPT
}

/** Whether a write set has stages to adopt. */
export function hasAdoptions({ bytes, entryCount }: WriteSet): boolean {
  return entryCount > 0 && bytes[0] === ADOPT
}
