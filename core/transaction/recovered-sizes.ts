/**
 * How many entries keyspaces have after a replay of the log. A storage counts what it has made durable; what the log puts on
 * top is counted here, entry by entry, because an entry of the log doesn't say whether it is new or takes the place of another.
 */
import { bytesToMapKey } from '../common/bytes.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import { ADOPT, PUT, WriteSetReader, type WriteSet } from '../common/write-set.js'
import type { KeyspaceStorage } from '../spi/storage.js'

export interface KeyspaceSize {
  readonly entries: number
  readonly bytes: number
}

interface CountedKeyspace {
  entries: number
  bytes: number
  /** Nothing was there before the batch at hand: no key has to be looked up. */
  wasEmpty: boolean
  /** Keys of the batch at hand, and whether they are there behind it. */
  readonly present: Map<string, boolean>
}

/** The keyspaces of one storage. */
export class RecoveredSizes {
  private readonly keyspaces = new Map<number, CountedKeyspace>()
  private readonly reader = new WriteSetReader()

  constructor(private readonly storage: KeyspaceStorage) {}

  /** The size of a keyspace that the log had entries for. */
  sizeOf(keyspace: number): KeyspaceSize | undefined {
    return this.keyspaces.get(keyspace)
  }

  /** Counts what is about to be applied. */
  async add(writeSets: readonly WriteSet[]): Promise<void> {
    const { reader, storage } = this
    const snapshot = storage.snapshot()
    try {
      for (const writeSet of writeSets) {
        reader.reset(writeSet)
        while (reader.next()) {
          const counted = this.counted(reader.keyspace)
          if (counted === undefined) continue
          if (reader.operation === ADOPT) {
            this.noteAdoption(counted)
            continue
          }
          const key = bytesToMapKey(reader.bytes, reader.keyStart, reader.keyEnd)
          let wasPresent = counted.present.get(key) ?? (counted.wasEmpty ? false : undefined)
          if (wasPresent === undefined) {
            const wanted = Buffer.from(reader.bytes.subarray(reader.keyStart, reader.keyEnd))
            const found: MaybePromise<boolean> = snapshot.get(reader.keyspace, wanted, () => true)
            wasPresent = isPromise(found) ? await found : found
          }
          this.note(counted, wasPresent)
          counted.present.set(key, reader.operation === PUT)
        }
      }
    } finally {
      snapshot.release()
    }
  }

  /** The batch is in the storage now, where its keys can be looked up. */
  applied(): void {
    for (const counted of this.keyspaces.values()) {
      counted.present.clear()
      counted.wasEmpty = counted.entries === 0
    }
  }

  /** What was staged are new rows. */
  private noteAdoption(counted: CountedKeyspace): void {
    const staged = this.storage.size(this.reader.stage)
    counted.entries += staged?.entries ?? 0
    counted.bytes += staged?.bytes ?? 0
    counted.wasEmpty = false
  }

  private note(counted: CountedKeyspace, wasPresent: boolean): void {
    const { operation, keyStart, valueEnd } = this.reader
    if (operation === PUT && !wasPresent) {
      counted.entries++
      counted.bytes += valueEnd - keyStart
    } else if (operation !== PUT && wasPresent) {
      // How long the value was isn't known: as long as they are on average.
      counted.bytes -= counted.bytes / Math.max(1, counted.entries)
      counted.entries--
    }
  }

  /** Undefined if the storage doesn't count. */
  private counted(keyspace: number): CountedKeyspace | undefined {
    const known = this.keyspaces.get(keyspace)
    if (known !== undefined) return known
    const before = this.storage.size(keyspace)
    if (before === undefined) return undefined
    const counted = { ...before, wasEmpty: before.entries === 0, present: new Map<string, boolean>() }
    this.keyspaces.set(keyspace, counted)
    return counted
  }
}
