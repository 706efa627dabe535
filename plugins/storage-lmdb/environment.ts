/**
 * The LMDB environment as this driver uses it: one database of leaves (`leaf.js`), whose keys are the keyspace, four bytes big
 * endian, and the leaf's lower bound; read transactions that are shared and counted. This thread only reads: everything is
 * written by the writer thread (`writer-thread.js`), which opens the same environment.
 */
import { copyBytes } from '@switchyard/core/spi'
import { open, type Transaction } from 'lmdb'
import { join } from 'node:path'

const KEYSPACE_BYTES = 4
/** Keys are at most about half of a page; MySQL's longest have 3072 bytes, to which an index adds the primary key. */
const PAGE_BYTES = 8192

/** What both threads open the environment with; they must agree. */
export interface EnvironmentSettings {
  readonly path: string
  readonly pageSize: number
  /** Lowered before the first open if the system has less. */
  mapSize: number
  readonly maxReaders: number
  readonly noMemInit: boolean
  /** False: a commit is on disk when it is done. It never waits for one on the event loop. */
  readonly overlappingSync: false
}

export function settingsFor(folder: string, mapBytes: number): EnvironmentSettings {
  return {
    path: join(folder, 'data.mdb'),
    pageSize: PAGE_BYTES,
    mapSize: mapBytes,
    maxReaders: 1024,
    noMemInit: true,
    overlappingSync: false,
  }
}

/** How the file is written. Version 1 had an entry of LMDB for each of ours; in version 2 each keyspace had its own number. */
export const FORMAT_VERSION = 3
const OLDEST_VERSION = 2
/** Keyspaces from here on are stages. */
export const FIRST_STAGE = 0xf0000000

/** Before all leaves: the commit number, the sizes, the version, which is followed by the aliases. */
const COMMIT_NUMBER_KEY = Buffer.from([0])
const SIZES_KEY = Buffer.from([0, 0])
const FORMAT_KEY = Buffer.from([0, 0, 0])

/** Approximate number of entries and bytes of a keyspace. */
export interface KeyspaceSize {
  readonly entries: number
  readonly bytes: number
}

/** What is used of LMDB's store. Its own declarations leave out the options of some reads. */
interface Store {
  getBinaryFast(key: Uint8Array, options: ReadOptions): Buffer | undefined
  getBinary(key: Uint8Array): Uint8Array | undefined
  getRange(options: object): { [Symbol.iterator](): RangeIterator }
  useReadTransaction(): Transaction
  resetReadTxn(): void
  readerCheck(): number
  close(): Promise<void>
}

/** A key as the encoder takes it: bytes as they are, or with a keyspace before them. */
const target = { keyspace: undefined as number | undefined, start: 0, end: undefined as number | undefined }

export class Environment {
  readonly commitNumber: number
  readonly sizes = new Map<number, KeyspaceSize>()
  /** By keyspace, the other number that its leaves have in the last state: that of the stage that was adopted as a whole. */
  aliases: ReadonlyMap<number, number>
  /** The memory of what was fetched last, as words. */
  words: Uint16Array = new Uint16Array(0)
  private readonly store: Store
  private readonly floorSearch: FloorSearch
  private sharedBytes: Buffer | undefined
  private sharedView: Buffer = COMMIT_NUMBER_KEY

  constructor(private readonly settings: EnvironmentSettings) {
    const found: Found = { bytes: COMMIT_NUMBER_KEY, end: 0 }
    const options = {
      ...settings,
      keyEncoder: { writeKey: encodeKey, readKey: () => true },
      encoder: {
        encode: (value: Uint8Array) => value,
        decode(bytes: Buffer, end: number): true {
          found.bytes = bytes
          found.end = end
          return true
        },
        copyBuffers: true,
      },
    }
    this.store = open(options) as unknown as Store
    this.floorSearch = new FloorSearch(this.store, found)
    this.releaseDeadReaders()
    const commitNumber = this.readMeta(COMMIT_NUMBER_KEY)
    const sizes = this.readMeta(SIZES_KEY)
    const isEmpty = commitNumber === undefined && sizes === undefined
    const format = this.readMeta(FORMAT_KEY)
    const formatVersion = format?.[0] ?? (isEmpty ? FORMAT_VERSION : 1)
    if (formatVersion < OLDEST_VERSION || formatVersion > FORMAT_VERSION) {
      void this.store.close()
      throw new Error(
        `it has format version ${formatVersion} and this server reads version ${FORMAT_VERSION}; start with a new folder and load a dump`,
      )
    }
    this.commitNumber = commitNumber?.readDoubleLE() ?? 0
    readSizes(sizes, this.sizes)
    this.aliases = readAliases(format)
  }

  /** Frees the snapshots of processes that were killed: they would keep old pages from being used again. */
  releaseDeadReaders(): void {
    this.store.readerCheck()
  }

  /** A read transaction on the last state that was committed; `done` ends it. */
  beginRead(): Transaction {
    this.store.resetReadTxn()
    return this.store.useReadTransaction()
  }

  /** The leaf with exactly this lower bound; valid until something else is fetched. */
  fetch(
    { options, aliases }: ReadState,
    keyspace: number,
    lower: Uint8Array,
    start: number,
    end: number,
  ): Buffer | undefined {
    target.keyspace = aliases.get(keyspace) ?? keyspace
    target.start = start
    target.end = end
    const bytes = this.store.getBinaryFast(lower, options)
    return bytes && this.plainView(bytes)
  }

  /**
   * The leaf with the greatest lower bound that is before a key, or equal to it if that is wanted; without a key the last leaf.
   * Valid until something else is fetched.
   */
  fetchFloor(
    { options, aliases }: ReadState,
    keyspace: number,
    key: Uint8Array | undefined,
    orEqual: boolean,
  ): Buffer | undefined {
    const { floorSearch } = this
    const stored = aliases.get(keyspace) ?? keyspace
    if (!floorSearch.run(options.transaction, stored, key, orEqual)) return undefined
    const { bytes, end } = floorSearch.found
    return this.plainView(bytes, end)
  }

  async close(): Promise<void> {
    await this.store.close()
  }

  /**
   * LMDB's shared buffer carries a `length` of its own, which slows all that reads it and misleads `Buffer.copy`: the
   * same memory without it. It is longer than what was fetched.
   */
  private plainView(bytes: Buffer, size = bytes.length): Buffer {
    if (bytes === this.sharedBytes) return this.sharedView
    if (Object.hasOwn(bytes, 'length')) {
      this.sharedBytes = bytes
      this.sharedView = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
    } else {
      this.sharedBytes = undefined
      this.sharedView = isAligned(bytes)
        ? bytes
        : Buffer.from(Uint8Array.from(bytes.subarray(0, size)).buffer)
    }
    const { buffer, byteOffset, byteLength } = this.sharedView
    this.words = new Uint16Array(buffer, byteOffset, byteLength >>> 1)
    return this.sharedView
  }

  private readMeta(key: Uint8Array): Buffer | undefined {
    setWhole()
    const bytes = this.store.getBinary(key)
    return bytes && Buffer.from(bytes)
  }
}

function isAligned({ byteOffset }: Uint8Array): boolean {
  return byteOffset % 2 === 0
}

/** What reads hand to LMDB; made once per transaction. */
export interface ReadOptions {
  readonly transaction: Transaction
}

/** A state of LMDB. */
interface ReadState {
  readonly options: ReadOptions
  readonly aliases: ReadonlyMap<number, number>
}

/** The parts of LMDB's range that are used. */
interface RangeIterator {
  next(): { readonly done?: boolean }
  return(): unknown
}

/** Where LMDB's callback leaves a value. */
interface Found {
  bytes: Buffer
  end: number
}

/** One of LMDB's ranges, used again and again: making one costs more than its first entry. It reads its options when it starts. */
class FloorSearch {
  private readonly options: {
    start: Uint8Array | undefined
    end: Uint8Array | undefined
    reverse: true
    exclusiveStart: boolean
    inclusiveEnd: true
    transaction: Transaction | undefined
  } = {
    start: undefined,
    end: undefined,
    reverse: true,
    exclusiveStart: false,
    inclusiveEnd: true,
    transaction: undefined,
  }
  private readonly range: { [Symbol.iterator](): RangeIterator }

  constructor(
    store: Store,
    readonly found: Found,
  ) {
    this.range = store.getRange(this.options)
  }

  /** Answers whether there is one; then `found` has it. */
  run(transaction: Transaction, keyspace: number, key: Uint8Array | undefined, orEqual: boolean): boolean {
    const { options } = this
    // Bounds are whole keys here, keyspace included; an open end is the beginning of the next keyspace.
    options.start = key === undefined ? boundOf(keyspace + 1, undefined) : boundOf(keyspace, key)
    options.end = boundOf(keyspace, undefined)
    options.exclusiveStart = !orEqual
    options.transaction = transaction
    setWhole()
    const entries = this.range[Symbol.iterator]()
    const isFound = entries.next().done !== true
    entries.return()
    return isFound
  }
}

/** Undefined behind the last keyspace. */
function boundOf(keyspace: number, key: Uint8Array | undefined): Uint8Array | undefined {
  if (keyspace > 0xffffffff) return undefined
  const bound = Buffer.allocUnsafe(KEYSPACE_BYTES + (key?.length ?? 0))
  bound.writeUInt32BE(keyspace)
  if (key !== undefined) bound.set(key, KEYSPACE_BYTES)
  return bound
}

/** The next keys are taken as they are. */
function setWhole(): void {
  target.keyspace = undefined
  target.start = 0
  target.end = undefined
}

function encodeKey(key: Uint8Array, to: Buffer, at: number): number {
  const { keyspace, start, end = key.length } = target
  if (keyspace !== undefined) at = to.writeUInt32BE(keyspace, at)
  copyBytes(key, start, end, to, at)
  return at + end - start
}

/** Behind the version: per alias u32 keyspace, u32 stage, little endian; see `writer-thread.js`. */
function readAliases(format: Buffer | undefined): ReadonlyMap<number, number> {
  const aliases = new Map<number, number>()
  for (let at = 1; format !== undefined && at < format.length; at += 8) {
    aliases.set(format.readUInt32LE(at), format.readUInt32LE(at + 4))
  }
  return aliases
}

/** Layout: per keyspace u32 id, f64 entries, f64 bytes, little endian; see `writer-thread.js`. */
function readSizes(bytes: Buffer | undefined, sizes: Map<number, KeyspaceSize>): void {
  for (let at = 0; bytes !== undefined && at < bytes.length; at += 20) {
    sizes.set(bytes.readUInt32LE(at), {
      entries: bytes.readDoubleLE(at + 4),
      bytes: bytes.readDoubleLE(at + 12),
    })
  }
}
