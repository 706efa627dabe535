/**
 * Small words for keyspace tests: write sets made from strings, snapshots read back as text, random changes with a
 * model beside them.
 */
import {
  WriteSetBuilder,
  type KeyRange,
  type KeyspaceSnapshot,
  type KeyspaceStorage,
  type WriteSet,
} from '@switchyard/core/spi'

/** Makes and starts a storage for one test. */
export type OpenStorage = () => Promise<KeyspaceStorage>

export type Bytes = string | Uint8Array

/** A put, or a removal if `value` is undefined. */
export interface Change {
  readonly keyspace: number
  readonly key: Bytes
  readonly value: Bytes | undefined
}

export function bytesOf(text: Bytes): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text
}

export function writeSetOf(changes: Iterable<Change>): WriteSet {
  const builder = new WriteSetBuilder()
  for (const { keyspace, key, value } of changes) {
    const keyBytes = bytesOf(key)
    if (value === undefined) builder.remove(keyspace, keyBytes, 0, keyBytes.length)
    else {
      const valueBytes = bytesOf(value)
      builder.put(keyspace, keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes.length)
    }
  }
  return builder.take()
}

/** One put per pair. */
export function puts(keyspace: number, pairs: Readonly<Record<string, Bytes>>): WriteSet {
  return writeSetOf(Object.entries(pairs).map(([key, value]) => ({ keyspace, key, value })))
}

/** `number` as a key that sorts like it. */
export function numberKey(number: number): Buffer {
  const key = Buffer.alloc(4)
  key.writeUInt32BE(number)
  return key
}

export const EVERYTHING: KeyRange = { lower: undefined, upper: undefined }

export function rangeOf(lower: Bytes | undefined, upper: Bytes | undefined): KeyRange {
  return {
    lower: lower === undefined ? undefined : bytesOf(lower),
    upper: upper === undefined ? undefined : bytesOf(upper),
  }
}

export interface ScanOptions {
  readonly range?: KeyRange
  readonly reverse?: boolean
  readonly limit?: number
  /** Answer false to the visitor's entry of this number, counted from 1. */
  readonly stopAt?: number
}

/** What a scan visits, as `key=value` in latin1, and what it answers. */
export async function scan(
  snapshot: KeyspaceSnapshot,
  keyspace: number,
  {
    range = EVERYTHING,
    reverse = false,
    limit = Number.MAX_SAFE_INTEGER,
    stopAt = Infinity,
  }: ScanOptions = {},
): Promise<{ readonly entries: string[]; readonly visited: number }> {
  const entries: string[] = []
  const visited = await snapshot.scan(
    keyspace,
    range,
    reverse,
    limit,
    (key, keyStart, keyEnd, value, start, end) => {
      entries.push(`${latin1(key, keyStart, keyEnd)}=${latin1(value, start, end)}`)
      return entries.length < stopAt
    },
  )
  return { entries, visited }
}

/** As `scan`, forwards, with a visitor that takes runs. Stops when it has `stopAt` entries. */
export async function scanRuns(
  snapshot: KeyspaceSnapshot,
  keyspace: number,
  { range = EVERYTHING, limit = Number.MAX_SAFE_INTEGER, stopAt = Infinity }: ScanOptions = {},
): Promise<string[]> {
  const entries: string[] = []
  await snapshot.scan(
    keyspace,
    range,
    false,
    limit,
    (key, keyStart, keyEnd, value, start, end) => {
      if (entries.length >= stopAt) return false
      entries.push(`${latin1(key, keyStart, keyEnd)}=${latin1(value, start, end)}`)
      return entries.length < stopAt
    },
    (bytes, start, places, at, count) => {
      expect(count).toBeGreaterThan(0)
      const place = (index: number): number => start + (places[at + index] as number)
      const taken = Math.min(count, stopAt - entries.length)
      for (let i = 0; i < taken; i++) {
        const key = latin1(bytes, place(2 * i), place(2 * i + 2))
        entries.push(`${key}=${latin1(bytes, place(2 * i + 1), place(2 * i + 3))}`)
      }
      return taken
    },
  )
  return entries
}

export async function entriesOf(snapshot: KeyspaceSnapshot, keyspace: number): Promise<string[]> {
  return (await scan(snapshot, keyspace)).entries
}

/** The value of a key, in bytes of its own. */
export async function valueOf(
  snapshot: KeyspaceSnapshot,
  keyspace: number,
  key: Bytes,
): Promise<Buffer | undefined> {
  let found: Buffer | undefined
  const wanted = Buffer.from(bytesOf(key))
  const answered = await snapshot.get(keyspace, wanted, (bytes, keyStart, keyEnd, value, start, end) => {
    expect(Buffer.compare(bytes.subarray(keyStart, keyEnd), wanted)).toBe(0)
    found = Buffer.from(value.subarray(start, end))
    return true
  })
  expect(answered).toBe(found !== undefined)
  return found
}

/** Runs `read` over a fresh snapshot. */
export async function withSnapshot<T>(
  storage: KeyspaceStorage,
  read: (snapshot: KeyspaceSnapshot) => Promise<T>,
): Promise<T> {
  const snapshot = storage.snapshot()
  try {
    return await read(snapshot)
  } finally {
    snapshot.release()
  }
}

export function latest(storage: KeyspaceStorage, keyspace: number): Promise<string[]> {
  return withSnapshot(storage, (snapshot) => entriesOf(snapshot, keyspace))
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1')
}

/** Numbers that come again for the same seed: `random(n)` is in [0, n). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/**
 * The changes of commit `number` in a history that anyone can compute: which state belongs to which commit number is
 * then known without asking the storage. Every commit also writes its number under `commit`.
 */
export function changesOfCommit(number: number, keyspaces = 3): Change[] {
  const random = randomNumbers(number * 7919)
  const changes: Change[] = [{ keyspace: 1, key: 'commit', value: String(number) }]
  for (let count = 1 + random(6); count > 0; count--) {
    const keyspace = 1 + random(keyspaces)
    const key = `k${String(random(400)).padStart(4, '0')}`
    const isRemoval = random(4) === 0
    changes.push({ keyspace, key, value: isRemoval ? undefined : `${number}:${'v'.repeat(random(300))}` })
  }
  return changes
}

/** The whole state after commit `number`, per keyspace in key order, as `entriesOf` shows it. */
export class HistoryModel {
  private readonly state = new Map<number, Map<string, string>>()
  private reached = 0

  /** Entries of a keyspace after commit `number`; ask in ascending order of numbers. */
  entriesAfter(number: number, keyspace: number): string[] {
    while (this.reached < number) {
      this.reached++
      for (const change of changesOfCommit(this.reached)) this.note(change)
    }
    const entries = [...(this.state.get(keyspace) ?? [])]
    return entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([key, value]) => `${key}=${value}`)
  }

  private note({ keyspace, key, value }: Change): void {
    let entries = this.state.get(keyspace)
    if (entries === undefined) this.state.set(keyspace, (entries = new Map()))
    if (value === undefined) entries.delete(String(key))
    else entries.set(String(key), String(value))
  }
}

/** What differs from the state of the commit number that a storage claims; undefined if nothing does. */
export async function historyMismatch(storage: KeyspaceStorage): Promise<string | undefined> {
  const number = storage.appliedCommitNumber
  const model = new HistoryModel()
  for (const keyspace of [1, 2, 3]) {
    const found = await latest(storage, keyspace)
    const expected = model.entriesAfter(number, keyspace)
    const different = expected.findIndex((entry, index) => entry !== found[index])
    if (different >= 0 || found.length !== expected.length) {
      const at = different >= 0 ? different : expected.length
      return `at commit ${number}, keyspace ${keyspace}, entry ${at}: ${found[at]} instead of ${expected[at]}`
    }
  }
  return undefined
}

/** Fails unless the storage holds exactly the state of the commit number that it claims, which is answered. */
export async function expectHistoryState(storage: KeyspaceStorage): Promise<number> {
  expect(await historyMismatch(storage)).toBeUndefined()
  return storage.appliedCommitNumber
}
