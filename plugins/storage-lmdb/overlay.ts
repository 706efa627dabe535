/**
 * What was applied and is not yet in LMDB: every entry with the versions that open snapshots may still ask for, found by
 * key through a hash table and in order through a tree. One is filled while the one before it, if any, is being written
 * down; a snapshot looks through both before it looks into LMDB.
 *
 * The applied bytes are kept as they came, in shared memory, so that the writer thread stores them without another copy
 * or a word from this thread. Records and versions are rows of numbers and not objects: there are a hundred thousand of
 * them, and the garbage collector would stop queries to move them about.
 */
import { PUT, WriteSetReader, type EntryVisitor, type WriteSet } from '@switchyard/core/spi'
import { CHUNK_BYTES, type Chunk, type ChunkPool } from './chunk-pool.js'
import { OverlayIndex } from './overlay-index.js'

/** No record, no version. */
export const NONE = -1

/** Entries and bytes that one keyspace gains by an overlay, if it had none of them before. */
export interface KeyspaceGain {
  entries: number
  bytes: number
}

/** Of a key, only so many of its last bytes are hashed: there keys differ. */
const HASHED_BYTES_MAX = 32
const ROWS_MIN = 512

// Columns of a record: where its key is, its newest version, and the key's first eight bytes as two numbers, so that most comparisons needn't go
// to the bytes, which lie wherever they came in.
const RECORD_COLUMNS = 8
const KEYSPACE = 0
const CHUNK = 1
const KEY_START = 2
const KEY_END = 3
const HASH = 4
const LATEST = 5
const HEAD = 6
const HEAD_BYTES = 8

// Columns of a version: how many commits behind the overlay's first it came, where its value is (`VALUE_END` is NONE for
// a removal), and the version before it.
const VERSION_COLUMNS = 5
const COMMIT = 0
const VALUE_CHUNK = 1
const VALUE_START = 2
const VALUE_END = 3
const PREVIOUS = 4

export class Overlay {
  /** Number of the last commit in it. */
  commitNumber: number
  byteSize = 0
  readonly chunks: Chunk[] = []
  readonly gains = new Map<number, KeyspaceGain>()
  private readonly index = new OverlayIndex(this)
  /** Number of the first commit in it, from which versions count theirs. */
  private firstCommitNumber: number
  /** The chunks' bytes. */
  private readonly buffers: Buffer[] = []
  private recordCount = 0
  private records = new Int32Array(ROWS_MIN * RECORD_COLUMNS)
  private versionCount = 0
  private versions = new Int32Array(ROWS_MIN * VERSION_COLUMNS)
  /** Open addressing: 1 + number of a record, 0 for a free slot. The size is a power of two. */
  private slots = new Int32Array(ROWS_MIN * 2)

  /** The storage, while this is one of its layers, and the snapshots that look through it. */
  private references = 1

  constructor(
    commitNumber: number,
    private readonly pool: ChunkPool,
  ) {
    this.commitNumber = commitNumber
    this.firstCommitNumber = commitNumber
  }

  retain(): void {
    this.references++
  }

  release(): void {
    if (--this.references === 0) this.pool.giveBack(this.chunks)
  }

  /** Number of records. */
  get size(): number {
    return this.recordCount
  }

  /** The record of a key, or NONE. */
  find(keyspace: number, key: Uint8Array, start: number, end: number): number {
    if (this.recordCount === 0) return NONE
    return this.lookUp(hashOf(keyspace, key, start, end), keyspace, key, start, end)
  }

  /** The version of a record that a snapshot sees, or NONE if the key came later. */
  versionAt(record: number, commitNumber: number): number {
    const { versions } = this
    const distance = commitNumber - this.firstCommitNumber
    let version = this.records[record * RECORD_COLUMNS + LATEST] as number
    while (version !== NONE && (versions[version * VERSION_COLUMNS + COMMIT] as number) > distance) {
      version = versions[version * VERSION_COLUMNS + PREVIOUS] as number
    }
    return version
  }

  isRemoval(version: number): boolean {
    return this.versions[version * VERSION_COLUMNS + VALUE_END] === NONE
  }

  /** Shows a version that is not a removal; answers what the visitor answers. */
  show(record: number, version: number, visit: EntryVisitor): boolean {
    const { records, versions, buffers } = this
    const recordAt = record * RECORD_COLUMNS
    const versionAt = version * VERSION_COLUMNS
    return visit(
      buffers[records[recordAt + CHUNK] as number] as Buffer,
      records[recordAt + KEY_START] as number,
      records[recordAt + KEY_END] as number,
      buffers[versions[versionAt + VALUE_CHUNK] as number] as Buffer,
      versions[versionAt + VALUE_START] as number,
      versions[versionAt + VALUE_END] as number,
    )
  }

  /** Negative, 0 or positive as a record sorts before, at or behind a key. */
  compare(record: number, keyspace: number, key: Uint8Array, start: number, end: number): number {
    const { records } = this
    const at = record * RECORD_COLUMNS
    const ownKeyspace = (records[at + KEYSPACE] as number) >>> 0
    if (ownKeyspace !== keyspace) return ownKeyspace - keyspace
    const order =
      ((records[at + HEAD] as number) >>> 0) - wordAt(key, start, end) ||
      ((records[at + HEAD + 1] as number) >>> 0) - wordAt(key, start + 4, end)
    if (order !== 0) return order
    const from = records[at + KEY_START] as number
    const ownSize = (records[at + KEY_END] as number) - from
    const size = end - start
    const common = ownSize < size ? ownSize : size
    if (common <= HEAD_BYTES) return ownSize - size
    const bytes = this.buffers[records[at + CHUNK] as number] as Buffer
    for (let i = HEAD_BYTES; i < common; i++) {
      const difference = (bytes[from + i] as number) - (key[start + i] as number)
      if (difference !== 0) return difference
    }
    return ownSize - size
  }

  /** Compares the keys of two records, of which the other may be another overlay's. */
  compareRecords(record: number, other: Overlay, otherRecord: number): number {
    const at = otherRecord * RECORD_COLUMNS
    const { records } = other
    return this.compare(
      record,
      (records[at + KEYSPACE] as number) >>> 0,
      other.buffers[records[at + CHUNK] as number] as Buffer,
      records[at + KEY_START] as number,
      records[at + KEY_END] as number,
    )
  }

  cursor(): ReturnType<OverlayIndex['cursor']> {
    return this.index.cursor()
  }

  /** Keeps a write set's bytes, at most `CHUNK_BYTES`, and answers a reader that walks them, for `note`. */
  keep(writeSet: WriteSet): WriteSetReader {
    const { byteLength } = writeSet
    let chunk = this.chunks.at(-1)
    if (chunk === undefined || chunk.byteLength + byteLength > CHUNK_BYTES) {
      chunk = this.pool.take()
      this.chunks.push(chunk)
      this.buffers.push(Buffer.from(chunk.memory))
    }
    const bytes = this.buffers[this.buffers.length - 1] as Buffer
    const start = chunk.byteLength
    writeSet.bytes.copy(bytes, start, 0, byteLength)
    chunk.byteLength = start + byteLength
    this.byteSize += byteLength
    const reader = new WriteSetReader({
      bytes,
      byteLength: chunk.byteLength,
      entryCount: writeSet.entryCount,
    })
    reader.skipTo(start)
    return reader
  }

  /**
   * Notes the entry that a reader of `keep` stands on as the newest version of its key, made by `commitNumber`. Of the older
   * versions those stay that a snapshot at `oldestNeeded` or later sees.
   */
  note(reader: WriteSetReader, commitNumber: number, oldestNeeded: number): void {
    const { keyspace, bytes, keyStart, keyEnd } = reader
    if (this.versionCount === 0) this.firstCommitNumber = commitNumber
    const hash = hashOf(keyspace, bytes, keyStart, keyEnd)
    const record = this.lookUp(hash, keyspace, bytes, keyStart, keyEnd)
    if (record === NONE) {
      this.addRecord(reader, hash, this.addVersion(reader, commitNumber, NONE))
      return
    }
    const at = record * RECORD_COLUMNS + LATEST
    const latest = (this.records[at] as number) * VERSION_COLUMNS
    const distance = commitNumber - this.firstCommitNumber
    // Within one commit only the last change of a key counts.
    const isRepeated = this.versions[latest + COMMIT] === distance
    const before = isRepeated ? (this.versions[latest + PREVIOUS] as number) : latest / VERSION_COLUMNS
    this.records[at] = this.addVersion(reader, commitNumber, before)
    this.forgetBehind(before, oldestNeeded - this.firstCommitNumber)
  }

  /** Cuts a chain of versions behind the first one that a snapshot at `distance` sees. */
  private forgetBehind(version: number, distance: number): void {
    const { versions } = this
    while (version !== NONE) {
      const at = version * VERSION_COLUMNS
      if ((versions[at + COMMIT] as number) <= distance) versions[at + PREVIOUS] = NONE
      version = versions[at + PREVIOUS] as number
    }
  }

  private addVersion(reader: WriteSetReader, commitNumber: number, previous: number): number {
    const version = this.versionCount++
    const at = version * VERSION_COLUMNS
    if (at >= this.versions.length) this.versions = doubled(this.versions)
    const isPut = reader.operation === PUT
    this.versions[at + COMMIT] = commitNumber - this.firstCommitNumber
    this.versions[at + VALUE_CHUNK] = this.chunkOf(reader)
    this.versions[at + VALUE_START] = reader.valueStart
    this.versions[at + VALUE_END] = isPut ? reader.valueEnd : NONE
    this.versions[at + PREVIOUS] = previous
    return version
  }

  private addRecord(reader: WriteSetReader, hash: number, version: number): void {
    const { keyspace, bytes, keyStart, keyEnd } = reader
    const record = this.recordCount++
    const at = record * RECORD_COLUMNS
    if (at >= this.records.length) this.records = doubled(this.records)
    this.records[at + KEYSPACE] = keyspace
    this.records[at + CHUNK] = this.chunkOf(reader)
    this.records[at + KEY_START] = keyStart
    this.records[at + KEY_END] = keyEnd
    this.records[at + HASH] = hash
    this.records[at + LATEST] = version
    this.records[at + HEAD] = wordAt(bytes, keyStart, keyEnd)
    this.records[at + HEAD + 1] = wordAt(bytes, keyStart + 4, keyEnd)
    this.index.insert(record, keyspace, bytes, keyStart, keyEnd)
    // At most half full.
    if (this.recordCount * 2 > this.slots.length) this.rehash()
    else this.occupySlot(hash, record)
    this.noteGain(keyspace, reader)
  }

  /** Readers of one apply may stand in different chunks: the last, or the one before it. */
  private chunkOf(reader: WriteSetReader): number {
    return this.buffers.lastIndexOf(reader.bytes)
  }

  private lookUp(hash: number, keyspace: number, key: Uint8Array, start: number, end: number): number {
    const { slots, records } = this
    const mask = slots.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const record = (slots[at] as number) - 1
      if (record === NONE) return NONE
      if (records[record * RECORD_COLUMNS + HASH] !== hash) continue
      if (this.compare(record, keyspace, key, start, end) === 0) return record
    }
  }

  private occupySlot(hash: number, record: number): void {
    const mask = this.slots.length - 1
    let at = hash & mask
    while (this.slots[at] !== 0) at = (at + 1) & mask
    this.slots[at] = record + 1
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2)
    for (let record = 0; record < this.recordCount; record++) {
      this.occupySlot(this.records[record * RECORD_COLUMNS + HASH] as number, record)
    }
  }

  private noteGain(keyspace: number, { operation, keyStart, keyEnd, valueEnd }: WriteSetReader): void {
    let gain = this.gains.get(keyspace)
    if (gain === undefined) this.gains.set(keyspace, (gain = { entries: 0, bytes: 0 }))
    gain.entries += operation === PUT ? 1 : -1
    gain.bytes += operation === PUT ? valueEnd - keyStart : keyStart - keyEnd
  }
}

function doubled(rows: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(rows.length * 2)
  grown.set(rows)
  return grown
}

/** Four bytes from `at` on as an unsigned number that sorts as they do; those from `end` on count as 0. */
function wordAt(bytes: Uint8Array, at: number, end: number): number {
  const first = at < end ? (bytes[at] as number) : 0
  const second = at + 1 < end ? (bytes[at + 1] as number) : 0
  const third = at + 2 < end ? (bytes[at + 2] as number) : 0
  const fourth = at + 3 < end ? (bytes[at + 3] as number) : 0
  return ((first << 24) | (second << 16) | (third << 8) | fourth) >>> 0
}

function hashOf(keyspace: number, key: Uint8Array, start: number, end: number): number {
  const from = end - start > HASHED_BYTES_MAX ? end - HASHED_BYTES_MAX : start
  // FNV-1a, with a last mix because slots are taken from the low bits.
  let hash = Math.imul(keyspace ^ (end - start), 0x9e3779b1)
  for (let at = from; at < end; at++) hash = Math.imul(hash ^ (key[at] as number), 0x01000193)
  return hash ^ (hash >>> 15)
}
