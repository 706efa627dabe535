/**
 * What a statement inserts into one table and doesn't hold in memory: its rows and index entries go to stages of the storage, one
 * for each keyspace, while more are made; the commit adopts them. Nobody sees them before.
 *
 * A stage's entries are kept until they fill a chunk, which the storage then writes while the next one is filled. Who wants to know whether
 * a key is among them is answered without a search as long as keys ascend. The first other key makes a set of the keys of the chunks
 * in memory; those that are stored are looked up.
 */
import { ByteBuffer, compareBytes, compareRanges, copyRange } from '../common/bytes.js'
import type { MaybePromise } from '../common/value.js'
import {
  ENTRY_HEADER_BYTES,
  PUT,
  WriteSetReader,
  type WriteSet,
  type WriteSetBuilder,
} from '../common/write-set.js'
import type { KeyspaceSnapshot, KeyspaceStorage } from '../spi/storage.js'
import { EntryKeys } from './entry-keys.js'
import { PIECE_BYTES, pieces, SCATTERED_PIECE_BYTES, scatteredPieces } from './piece-pool.js'
import type { TableRuntime } from './table-runtime.js'

/** Tables may be small. */
const INITIAL_BYTES = 2 ** 18
const NOTHING = Buffer.alloc(0)
/** Chunks of one stage that are being written; then the statement waits. */
const WRITING_MAX = 2

/** What is being written, from memory that is used again afterwards. */
interface WritingChunk {
  readonly bytes: Buffer
  /** Its keys, if somebody has asked for them. */
  readonly keys: EntryKeys | undefined
  done: Promise<void>
}

/** The storage's side of `KeyspaceStorage.newStage`. */
export interface StagingStorage extends KeyspaceStorage {
  newStage(): number
}

export function canStage(storage: KeyspaceStorage): storage is StagingStorage {
  return storage.newStage !== undefined
}

/** Entries that will belong to one keyspace. */
export class StagedKeyspace {
  private readonly buffer = new ByteBuffer(INITIAL_BYTES)
  private entryCount = 0
  private entryStart = 0
  /** Whether an entry is under way. */
  private isOpen = false
  private valueStart = 0
  private greatest: Buffer = Buffer.alloc(0)
  private hasAny = false
  private isLastBehind = false
  private isScattered = false
  /** Of the chunk that is being filled. */
  private keys: EntryKeys | undefined
  private readonly writing: WritingChunk[] = []
  private failure: { readonly error: unknown } | undefined
  private stored: KeyspaceSnapshot | undefined
  private isDiscarded = false
  byteSize = 0

  /**
   * `stage`: where the entries are stored until they belong to `keyspace`, which nobody reads. `onRewritten` is called when a piece was stored that
   * may have changed what earlier ones had stored.
   */
  constructor(
    private readonly storage: KeyspaceStorage,
    readonly keyspace: number,
    private readonly stage: number,
    private readonly onRewritten: () => void = () => undefined,
  ) {}

  // ---- one entry: begin, write the key, endKey, write the value, end

  /** Begins an entry; answers the buffer that its key and then its value are to be appended to. */
  begin(): ByteBuffer {
    const { buffer } = this
    if (buffer.length >= INITIAL_BYTES) this.moveToPiece()
    buffer.reserve(ENTRY_HEADER_BYTES)
    this.entryStart = buffer.length
    this.isOpen = true
    buffer.length += ENTRY_HEADER_BYTES
    return buffer
  }

  get keyStart(): number {
    return this.entryStart + ENTRY_HEADER_BYTES
  }

  /** The key is written. Answers whether it is behind all others. */
  endKey(): boolean {
    const { buffer } = this
    this.valueStart = buffer.length
    const { greatest } = this
    this.isLastBehind =
      !this.hasAny ||
      compareRanges(buffer.bytes, this.keyStart, buffer.length, greatest, 0, greatest.length) > 0
    return this.isLastBehind
  }

  /** The key under way, as bytes of its own. */
  key(): Buffer {
    return copyRange(this.buffer.bytes, this.keyStart, this.valueStart)
  }

  /** Takes the entry under way back. */
  takeBack(): void {
    this.buffer.length = this.entryStart
    this.isOpen = false
  }

  /** The value is written. */
  end(): void {
    const { buffer, entryStart, valueStart, keyStart } = this
    const { bytes } = buffer
    bytes[entryStart] = PUT
    bytes.writeUInt32LE(this.stage, entryStart + 1)
    bytes.writeUInt32LE(valueStart - keyStart, entryStart + 5)
    bytes.writeUInt32LE(buffer.length - valueStart, entryStart + 9)
    this.entryCount++
    this.isOpen = false
    this.keys?.add(bytes, entryStart)
    if (this.isLastBehind) this.noteGreatest(bytes, keyStart, valueStart)
    else this.isScattered = true
  }

  /** Hands a full chunk to the storage: all of its entries have their values now. */
  writeIfLarge(): void {
    if (this.buffer.length >= (this.isScattered ? SCATTERED_PIECE_BYTES : PIECE_BYTES)) this.write()
  }

  /** Of the entries that wait: where values that were given a place can be filled in. */
  get bytes(): Buffer {
    return this.buffer.bytes
  }

  put(key: Uint8Array, value: Uint8Array, valueEnd = value.length): void {
    const buffer = this.begin()
    buffer.append(key, 0, key.length)
    this.endKey()
    buffer.append(value, 0, valueEnd)
    this.end()
    this.writeIfLarge()
  }

  /** The greatest key. */
  get lastKey(): Uint8Array {
    return this.greatest
  }

  private noteGreatest(bytes: Buffer, start: number, end: number): void {
    const size = end - start
    if (size !== this.greatest.length) this.greatest = copyRange(bytes, start, end)
    else for (let i = 0; i < size; i++) this.greatest[i] = bytes[start + i] as number
    this.hasAny = true
  }

  // ---- lookups

  /** Whether a key was put. */
  has(key: Buffer): MaybePromise<boolean> {
    if (!this.hasAny || compareBytes(key, this.greatest) > 0) return false
    this.keys ??= this.keysOfBuffer()
    if (this.keys.has(this.buffer.bytes, key)) return true
    let unknown: WritingChunk | undefined
    for (const chunk of this.writing) {
      if (chunk.keys === undefined) unknown = chunk
      else if (chunk.keys.has(chunk.bytes, key)) return true
    }
    // Whatever is put meanwhile is stored later.
    return unknown === undefined ? this.isStored(key) : unknown.done.then(() => this.isStored(key))
  }

  private isStored(key: Buffer): MaybePromise<boolean> {
    if (this.byteSize === 0) return false
    this.stored ??= this.storage.snapshot()
    return this.stored.get(this.stage, key, () => true)
  }

  private keysOfBuffer(): EntryKeys {
    const { buffer, entryCount, isOpen, entryStart } = this
    const keys = new EntryKeys()
    const byteLength = isOpen ? entryStart : buffer.length
    const reader = new WriteSetReader({ bytes: buffer.bytes, byteLength, entryCount })
    while (reader.next()) keys.add(reader.bytes, reader.entryStart)
    return keys
  }

  // ---- chunks

  get isFull(): boolean {
    // Larger pieces, of which the keys are held, too.
    return this.writing.length >= (this.isScattered ? 1 : WRITING_MAX)
  }

  /** Resolves when there is room for more. Rejects if chunks can't be stored. */
  async room(): Promise<void> {
    if (this.isFull) await this.writing[0]?.done
    this.throwFailure()
  }

  /** Stores what is left. Resolves when all is on disk. */
  async finish(): Promise<void> {
    if (this.entryCount > 0) this.write()
    await this.settle()
    this.giveBackMemory()
    this.throwFailure()
  }

  /** For the commit. */
  adopt(into: WriteSetBuilder): void {
    if (this.byteSize > 0) into.adopt(this.keyspace, this.stage)
  }

  /** Nothing is looked up any more. */
  close(): void {
    this.stored?.release()
    this.stored = undefined
  }

  /** Resolves when nothing more is being stored, nor will be. */
  async abandon(): Promise<void> {
    this.isDiscarded = true
    await this.settle()
    this.giveBackMemory()
    this.close()
  }

  /** Forgets all of it. */
  async discard(): Promise<void> {
    await this.abandon()
    await this.storage.dropKeyspace(this.stage)
  }

  private async settle(): Promise<void> {
    while (this.writing.length > 0) await this.writing[0]?.done
  }

  private giveBackMemory(): void {
    const { bytes } = this.buffer
    this.buffer.bytes = NOTHING
    this.buffer.clear()
    pieces.giveBack(bytes)
    scatteredPieces.giveBack(bytes)
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.error
  }

  private write(): void {
    const { buffer, entryCount, keys } = this
    this.byteSize += buffer.length
    const chunk: WritingChunk = { bytes: buffer.bytes, keys, done: Promise.resolve() }
    this.writing.push(chunk)
    chunk.done = this.store({ bytes: buffer.bytes, byteLength: buffer.length, entryCount }, chunk)
    buffer.bytes = pieces.take()
    buffer.length = 0
    this.entryCount = 0
    if (keys !== undefined) this.keys = new EntryKeys()
  }

  /** What outgrows the memory at hand goes on in a larger one. */
  private moveToPiece(): void {
    const { buffer } = this
    const { bytes, length } = buffer
    const isLarger = length >= PIECE_BYTES
    if (bytes.length > (isLarger ? SCATTERED_PIECE_BYTES : PIECE_BYTES)) return
    buffer.bytes = (isLarger ? scatteredPieces : pieces).take()
    bytes.copy(buffer.bytes, 0, 0, length)
    pieces.giveBack(bytes)
  }

  private async store(writeSet: WriteSet, chunk: WritingChunk): Promise<void> {
    try {
      if (!this.isDiscarded) await this.storage.load(this.stage, writeSet)
    } catch (error) {
      this.failure ??= { error }
    }
    this.writing.splice(this.writing.indexOf(chunk), 1)
    pieces.giveBack(writeSet.bytes)
    scatteredPieces.giveBack(writeSet.bytes)
    // The next lookup has to see it.
    this.close()
    if (this.isScattered) this.onRewritten()
  }
}

/** Rows and index entries of one table. */
export class StagedTable {
  readonly rows: StagedKeyspace
  /** In the order of the table's runtime. */
  readonly indexes: readonly StagedKeyspace[]
  private readonly all: readonly StagedKeyspace[]
  /** Whether everything is on disk. */
  isFinished = false

  /** `onRewritten`: see `StagedKeyspace`. */
  constructor(
    storage: StagingStorage,
    readonly runtime: TableRuntime,
    onRewritten: () => void,
  ) {
    const staged = (keyspace: number): StagedKeyspace =>
      new StagedKeyspace(storage, keyspace, storage.newStage(), onRewritten)
    this.rows = staged(runtime.rowKeyspace)
    this.indexes = runtime.indexes.map((index) => staged(index.keyspace))
    this.all = [this.rows, ...this.indexes]
  }

  /** The stage of one of the table's keyspaces. */
  of(keyspace: number): StagedKeyspace {
    for (const each of this.all) if (each.keyspace === keyspace) return each
    throw new Error('invariant: every keyspace of a table has its stage')
  }

  get isFull(): boolean {
    for (const each of this.all) if (each.isFull) return true
    return false
  }

  get byteSize(): number {
    let size = 0
    for (const each of this.all) size += each.byteSize
    return size
  }

  /** Resolves when there is room for more rows. Rejects if what was put can't be stored. */
  async room(): Promise<void> {
    for (const each of this.all) await each.room()
  }

  /** Resolves when everything is on disk; nothing may follow but the commit. */
  async finish(): Promise<void> {
    for (const each of this.all) await each.finish()
    this.isFinished = true
  }

  adopt(into: WriteSetBuilder): void {
    for (const each of this.all) each.adopt(into)
  }

  close(): void {
    for (const each of this.all) each.close()
  }

  /** Forgets all of it, in the background. */
  discard(): void {
    // What can't be dropped now is nobody's at the next start.
    for (const each of this.all) each.discard().catch(() => undefined)
  }
}
