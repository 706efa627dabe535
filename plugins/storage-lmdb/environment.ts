/**
 * The LMDB environment as this driver uses it: one database whose keys are the keyspace, four bytes big endian, and the
 * key; read transactions that are shared and counted; lookups and scans without a copy or an object per entry. This thread only
 * reads: everything is written by the writer thread (`writer-thread.js`), which opens the same environment.
 */
import type { EntryVisitor, KeyRange } from '@switchyard/core/spi'
import { open, type Transaction } from 'lmdb'
import { join } from 'node:path'

/** Longest key that LMDB takes at this page size, less the keyspace. */
export const KEY_BYTES_MAX = 4026 - 4
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

/** Behind the commit number and the sizes, which have shorter keys than any entry. */
const COMMIT_NUMBER_KEY = Buffer.from([0])
const SIZES_KEY = Buffer.from([0, 0])

/** Approximate number of entries and bytes of a keyspace. */
export interface KeyspaceSize {
  readonly entries: number
  readonly bytes: number
}

/** Where LMDB's callbacks leave what they saw of the current entry; one per process, reads of one thread don't overlap. */
class Current {
  keyBytes: Uint8Array = COMMIT_NUMBER_KEY
  keyStart = 0
  keyEnd = 0
  valueBytes: Uint8Array = COMMIT_NUMBER_KEY
  valueEnd = 0
}

/** What is used of LMDB's store. Its own declarations leave out the options of some reads. */
interface Store {
  getBinaryFast(key: Uint8Array, options: ReadOptions): Uint8Array | undefined
  getBinary(key: Uint8Array): Uint8Array | undefined
  getRange(options: object): { [Symbol.iterator](): RangeIterator }
  useReadTransaction(): Transaction
  resetReadTxn(): void
  readerCheck(): number
  close(): Promise<void>
}

/** A key as the encoder takes it: bytes as they are, or with a keyspace before them. */
const target = { keyspace: undefined as number | undefined }

export class Environment {
  readonly commitNumber: number
  readonly sizes = new Map<number, KeyspaceSize>()
  private readonly store: Store
  private readonly current = new Current()
  /** Scanners that are not in use: more than one is made only for scans within scans. */
  private readonly scanners: Scanner[] = []
  private sharedBytes: Uint8Array | undefined
  private sharedView: Uint8Array = COMMIT_NUMBER_KEY

  constructor(private readonly settings: EnvironmentSettings) {
    const { current } = this
    const options = {
      ...settings,
      keyEncoder: {
        writeKey: (key: Uint8Array, to: Buffer, start: number) => encodeKey(key, to, start),
        readKey(bytes: Uint8Array, start: number, end: number): true {
          current.keyBytes = bytes
          current.keyStart = start
          current.keyEnd = end
          return true
        },
      },
      encoder: {
        encode: (value: Uint8Array) => value,
        decode(bytes: Uint8Array, end: number): true {
          current.valueBytes = bytes
          current.valueEnd = end
          return true
        },
        copyBuffers: true,
      },
    }
    this.store = open(options) as unknown as Store
    this.releaseDeadReaders()
    this.commitNumber = this.readMeta(COMMIT_NUMBER_KEY)?.readDoubleLE() ?? 0
    readSizes(this.readMeta(SIZES_KEY), this.sizes)
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

  /** See `KeyspaceSnapshot.get`. */
  get(transaction: ReadOptions, keyspace: number, key: Uint8Array, visit: EntryVisitor): boolean {
    target.keyspace = keyspace
    const bytes = this.store.getBinaryFast(key, transaction)
    if (bytes === undefined) return false
    visit(key, 0, key.length, this.plainView(bytes), 0, bytes.length)
    return true
  }

  /** See `KeyspaceSnapshot.scan`. */
  scan(
    { transaction }: ReadOptions,
    keyspace: number,
    range: KeyRange,
    reverse: boolean,
    limit: number,
    visit: EntryVisitor,
  ): number {
    if (limit <= 0 || isEmpty(range)) return 0
    const scanner = this.scanners.pop() ?? new Scanner(this.store)
    const entries = scanner.start(transaction, keyspace, range, reverse)
    const { current } = this
    let visited = 0
    try {
      while (entries.next().done !== true) {
        visited++
        const { keyBytes, keyStart, keyEnd, valueEnd } = current
        const value = this.plainView(current.valueBytes)
        const goesOn = visit(keyBytes, keyStart + KEYSPACE_BYTES, keyEnd, value, 0, valueEnd)
        if (!goesOn || visited === limit) break
      }
    } finally {
      entries.return()
      this.scanners.push(scanner)
    }
    return visited
  }

  async close(): Promise<void> {
    await this.store.close()
  }

  /**
   * LMDB's shared buffer carries a `length` of its own, which slows all that reads it and misleads `Buffer.copy`: the
   * same memory without it.
   */
  private plainView(bytes: Uint8Array): Uint8Array {
    if (bytes === this.sharedBytes) return this.sharedView
    if (!Object.hasOwn(bytes, 'length')) return bytes
    this.sharedBytes = bytes
    this.sharedView = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
    return this.sharedView
  }

  private readMeta(key: Uint8Array): Buffer | undefined {
    target.keyspace = undefined
    const bytes = this.store.getBinary(key)
    return bytes && Buffer.from(bytes)
  }
}

/** What reads hand to LMDB; made once per transaction. */
export interface ReadOptions {
  readonly transaction: Transaction
}

/** The parts of LMDB's range that are used. */
interface RangeIterator {
  next(): { readonly done?: boolean }
  return(): unknown
}

/** One of LMDB's ranges, used again and again: making one costs more than a short scan. It reads its options when it starts. */
class Scanner {
  private readonly options: {
    start: Uint8Array | undefined
    end: Uint8Array | undefined
    reverse: boolean
    exclusiveStart: boolean
    inclusiveEnd: boolean
    transaction: Transaction | undefined
  } = {
    start: undefined,
    end: undefined,
    reverse: false,
    exclusiveStart: false,
    inclusiveEnd: false,
    transaction: undefined,
  }
  private readonly range: { [Symbol.iterator](): RangeIterator }

  constructor(store: Store) {
    this.range = store.getRange(this.options)
  }

  start(transaction: Transaction, keyspace: number, range: KeyRange, reverse: boolean): RangeIterator {
    const { options } = this
    // Bounds are whole keys here, keyspace included; an open end is the beginning of the next keyspace.
    const lower = boundOf(keyspace, range.lower)
    const upper =
      range.upper === undefined ? boundOf(keyspace + 1, undefined) : boundOf(keyspace, range.upper)
    target.keyspace = undefined
    options.start = reverse ? upper : lower
    options.end = reverse ? lower : upper
    options.reverse = reverse
    options.exclusiveStart = reverse
    options.inclusiveEnd = reverse
    options.transaction = transaction
    return this.range[Symbol.iterator]()
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

function isEmpty({ lower, upper }: KeyRange): boolean {
  return lower !== undefined && upper !== undefined && Buffer.compare(lower, upper) >= 0
}

function encodeKey(key: Uint8Array, to: Buffer, start: number): number {
  const { keyspace } = target
  if (keyspace !== undefined) start = to.writeUInt32BE(keyspace, start)
  const size = key.length
  // Short keys are quicker byte by byte. Forwards, because the key may lie in the same buffer a little behind.
  if (size <= 32) for (let at = 0; at < size; at++) to[start + at] = key[at] as number
  else to.set(key, start)
  return start + size
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
