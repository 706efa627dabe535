/**
 * What was applied and is not yet in LMDB: every entry with the versions that open snapshots may still ask for, found by
 * key through a hash table and in order through a tree. One is filled while the one before it, if any, is being written
 * down; a snapshot looks through both before it looks into LMDB.
 *
 * The applied bytes are kept as they came, in shared memory, so that the writer thread stores them without another copy
 * or a word from this thread.
 */
import { EntryTree, PUT, TreeEntry, WriteSetReader, type WriteSet } from '@switchyard/core/spi'

/** `valueStart` of a version that is a removal. */
const REMOVED = -1

/** What one commit made of an entry. */
export class Version {
  constructor(
    readonly commitNumber: number,
    readonly bytes: Buffer,
    readonly valueStart: number,
    readonly valueEnd: number,
    public previous: Version | undefined,
  ) {}

  get isRemoval(): boolean {
    return this.valueStart === REMOVED
  }
}

/** A key and its versions, newest first. */
export class OverlayRecord extends TreeEntry {
  constructor(
    keyspace: number,
    bytes: Buffer,
    keyStart: number,
    keyEnd: number,
    readonly hash: number,
    public latest: Version,
  ) {
    super(keyspace, bytes, keyStart, keyEnd, keyEnd, keyEnd)
  }

  /** The version that a snapshot sees; undefined if the key came later. */
  versionAt(commitNumber: number): Version | undefined {
    let version: Version | undefined = this.latest
    while (version !== undefined && version.commitNumber > commitNumber) version = version.previous
    return version
  }
}

/** Bytes in shared memory, of which `[0, byteLength)` are write sets one behind the other. */
export interface Chunk {
  readonly memory: SharedArrayBuffer
  byteLength: number
}

const CHUNK_BYTES = 1024 * 1024
const SLOTS_MIN = 1024
/** Of a key, only so many of its last bytes are hashed: there keys differ. */
const HASHED_BYTES_MAX = 32

/** Entries and bytes that one keyspace gains by an overlay, if it had none of them before. */
export interface KeyspaceGain {
  entries: number
  bytes: number
}

export class Overlay {
  /** Number of the last commit in it. */
  commitNumber: number
  byteSize = 0
  readonly chunks: Chunk[] = []
  readonly index = new EntryTree()
  readonly gains = new Map<number, KeyspaceGain>()
  private readonly records: OverlayRecord[] = []
  /** Open addressing: 1 + index into `records`, 0 for a free slot. The size is a power of two. */
  private slots = new Int32Array(SLOTS_MIN)
  private chunkBytes: Buffer = Buffer.alloc(0)

  constructor(commitNumber: number) {
    this.commitNumber = commitNumber
  }

  get size(): number {
    return this.records.length
  }

  find(keyspace: number, key: Uint8Array, start: number, end: number): OverlayRecord | undefined {
    if (this.records.length === 0) return undefined
    return this.lookUp(hashOf(keyspace, key, start, end), keyspace, key, start, end)
  }

  /** Keeps a write set's bytes, and answers a reader that walks them. */
  keep(writeSet: WriteSet): WriteSetReader {
    const { byteLength } = writeSet
    let chunk = this.chunks[this.chunks.length - 1]
    if (chunk === undefined || chunk.byteLength + byteLength > this.chunkBytes.length) {
      chunk = { memory: new SharedArrayBuffer(Math.max(CHUNK_BYTES, byteLength)), byteLength: 0 }
      this.chunks.push(chunk)
      this.chunkBytes = Buffer.from(chunk.memory)
    }
    const start = chunk.byteLength
    writeSet.bytes.copy(this.chunkBytes, start, 0, byteLength)
    chunk.byteLength = start + byteLength
    this.byteSize += byteLength
    const reader = new WriteSetReader({ bytes: this.chunkBytes, byteLength: chunk.byteLength, entryCount: 0 })
    reader.skipTo(start)
    return reader
  }

  /**
   * Notes the entry that a reader of `keep` stands on as the newest version of its key, made by `commitNumber`. Of the older
   * versions those stay that a snapshot at `oldestNeeded` or later sees.
   */
  note(reader: WriteSetReader, commitNumber: number, oldestNeeded: number): void {
    const { keyspace, bytes, keyStart, keyEnd } = reader
    const isPut = reader.operation === PUT
    const hash = hashOf(keyspace, bytes, keyStart, keyEnd)
    const valueStart = isPut ? reader.valueStart : REMOVED
    const valueEnd = isPut ? reader.valueEnd : REMOVED
    const record = this.lookUp(hash, keyspace, bytes, keyStart, keyEnd)
    if (record === undefined) {
      const version = new Version(commitNumber, bytes, valueStart, valueEnd, undefined)
      this.addRecord(new OverlayRecord(keyspace, bytes, keyStart, keyEnd, hash, version))
      const gain = this.gainOf(keyspace)
      gain.entries += isPut ? 1 : -1
      gain.bytes += isPut ? valueEnd - keyStart : keyStart - keyEnd
      return
    }
    // Within one commit only the last change of a key counts.
    const before = record.latest.commitNumber === commitNumber ? record.latest.previous : record.latest
    record.latest = new Version(commitNumber, bytes, valueStart, valueEnd, before)
    for (let needed = before; needed !== undefined; needed = needed.previous) {
      if (needed.commitNumber <= oldestNeeded) needed.previous = undefined
    }
  }

  private lookUp(
    hash: number,
    keyspace: number,
    key: Uint8Array,
    start: number,
    end: number,
  ): OverlayRecord | undefined {
    const mask = this.slots.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = this.slots[at] as number
      if (slot === 0) return undefined
      const record = this.records[slot - 1] as OverlayRecord
      if (record.hash === hash && isKey(record, keyspace, key, start, end)) return record
    }
  }

  private addRecord(record: OverlayRecord): void {
    this.records.push(record)
    this.index.put(record)
    // At most half full.
    if (this.records.length * 2 > this.slots.length) this.rehash()
    else this.occupySlot(record.hash, this.records.length)
  }

  private occupySlot(hash: number, slot: number): void {
    const mask = this.slots.length - 1
    let at = hash & mask
    while (this.slots[at] !== 0) at = (at + 1) & mask
    this.slots[at] = slot
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2)
    for (let index = 0; index < this.records.length; index++) {
      this.occupySlot((this.records[index] as OverlayRecord).hash, index + 1)
    }
  }

  private gainOf(keyspace: number): KeyspaceGain {
    let gain = this.gains.get(keyspace)
    if (gain === undefined) this.gains.set(keyspace, (gain = { entries: 0, bytes: 0 }))
    return gain
  }
}

function hashOf(keyspace: number, key: Uint8Array, start: number, end: number): number {
  const from = end - start > HASHED_BYTES_MAX ? end - HASHED_BYTES_MAX : start
  // FNV-1a, with a last mix because slots are taken from the low bits.
  let hash = Math.imul(keyspace ^ (end - start), 0x9e3779b1)
  for (let at = from; at < end; at++) hash = Math.imul(hash ^ (key[at] as number), 0x01000193)
  return hash ^ (hash >>> 15)
}

function isKey(
  record: OverlayRecord,
  keyspace: number,
  key: Uint8Array,
  start: number,
  end: number,
): boolean {
  const size = end - start
  if (record.keyspace !== keyspace || record.keyEnd - record.keyStart !== size) return false
  const { bytes, keyStart } = record
  for (let at = 0; at < size; at++) if (bytes[keyStart + at] !== key[start + at]) return false
  return true
}
