/**
 * The driver. Commits go into an overlay in memory, at once and on this thread; the writer thread writes whole
 * overlays into LMDB, durably, one transaction each. So LMDB only ever holds the state of some commit, on disk, without any of
 * the modes in which it trusts the operating system; what a crash takes from the overlay the commit log has.
 *
 *     apply ─ active overlay ─(full, or a checkpoint)─ frozen overlay ─ writer thread ─ LMDB
 *
 * `docs/decisions/009-lmdb-overlay.md` says why it isn’t done with LMDB's own unflushed commits.
 */
import { performance } from 'node:perf_hooks'
import {
  ADOPT,
  hasAdoptions,
  sqlError,
  WriteSetReader,
  type KeyspaceSnapshot,
  type KeyspaceStorage,
  type Logger,
  type MaybePromise,
  type SqlError,
  type WriteSet,
} from '@switchyard/core/spi'
import {
  Environment,
  FIRST_STAGE,
  settingsFor,
  type EnvironmentSettings,
  type KeyspaceSize,
} from './environment.js'
import { CHUNK_BYTES, ChunkPool, type Chunk } from './chunk-pool.js'
import { FolderLock } from './folder-lock.js'
import { LayerStack, OpenSnapshots } from './layers.js'
import { KEY_BYTES_MAX } from './leaf.js'
import { LeafCache } from './leaf-cache.js'
import { LmdbSnapshot } from './lmdb-snapshot.js'
import type { Overlay } from './overlay.js'
import { Writer, type Changed } from './writer.js'

export interface LmdbOptions {
  readonly folder: string
  /** Address space reserved for the file: the most that it can grow to. */
  readonly mapBytes: number
  /** Bytes of commits kept in memory before they are written to LMDB. */
  readonly overlayBytes: number
  /** Memory for leaves that were read; `CACHE_BYTES` if it isn't given. */
  readonly cacheBytes?: number
}

export const CACHE_BYTES = 128 * 1024 * 1024

/** Write sets that go to LMDB together with the overlay, and the commit that they make. */
interface DirectWrite {
  readonly chunks: readonly Chunk[]
  readonly commitNumber: number
  /** Stages that the commit adopts. */
  readonly stages: readonly number[]
}

/** Longest that one call keeps the event loop to itself. */
const SLICE_MS = 5
const SLICE_ENTRIES = 128
/** Changed leaves that are noted in one go. */
const SLICE_LEAVES = 4096
/** Copies let other work run after so many bytes. */
const COPY_BYTES = 8 * 1024 * 1024
/** Write sets beyond either go to LMDB directly: they would only pass through the overlay. */
const DIRECT_ENTRIES = 20_000
const DIRECT_BYTES = 8 * 1024 * 1024
/** Entries that an overlay takes before it is written: the objects that keep them weigh about as much as a short row. */
const OVERLAY_ENTRIES_MAX = 100_000
/**
 * Scans are faster over LMDB's leaves than over changes in memory, so that smaller overlays are written, too, as long as writing takes
 * no more than one part in `FLUSH_SHARE` of the time: where changes touch much of the data it takes long, and overlays grow to their full size.
 */
const FLUSHED_ENTRIES_MIN = 2000
const FLUSH_SHARE = 10
/** An overlay may grow to so many times its size while the one before it is being written; then commits wait. */
const OVERLAY_OVERRUN = 4
/** After a write that failed, commits go on in memory; the next attempt comes so much later at the earliest. */
const RETRY_MS = 500
/** Below this a smaller map is no use any more. */
const MAP_BYTES_MIN = 2 ** 32
const NOTHING: KeyspaceSize = { entries: 0, bytes: 0 }

export class LmdbStorage implements KeyspaceStorage {
  readonly comment = 'Transactional tables in LMDB, with row locks and snapshots'
  readonly capabilities = {
    shape: 'keyspace',
    durable: true,
    transactions: 'full',
    fragments: false,
    writable: true,
    keyBytesMax: KEY_BYTES_MAX,
  } as const
  appliedCommitNumber = 0

  private readonly settings: EnvironmentSettings
  private readonly writer: Writer
  private lock: FolderLock | undefined
  private readonly pool: ChunkPool
  private opened: LayerStack | undefined
  /** What LMDB holds on disk. */
  private durableCommitNumber = 0
  private flushing: Promise<void> | undefined
  /** A flush in the background was asked for and hasn't ended: many commits may ask before it begins. */
  private isFlushQueued = false
  /** An apply that takes more than one slice. */
  private slicing: Promise<void> | undefined
  private flushFailure: SqlError | undefined
  private flushFailedAtMs = 0
  /** When an overlay is written that isn't full. */
  private nextFlushMs = 0
  private readonly cache: LeafCache
  /** A store failed, and it isn't known what it has changed: until one succeeds nothing that was read outlasts its base. */
  private isCacheDoubtful = false
  private nextStage = FIRST_STAGE
  private readonly snapshots = new OpenSnapshots()
  private readonly sizeOf = (keyspace: number): KeyspaceSize => this.size(keyspace)
  private readonly onRelease = (commitNumber: number): void => this.snapshots.remove(commitNumber)

  constructor(
    readonly name: string,
    private readonly options: LmdbOptions,
    private readonly logger?: Logger,
  ) {
    this.settings = settingsFor(options.folder, options.mapBytes)
    this.writer = new Writer(name, this.settings)
    this.pool = new ChunkPool(options.overlayBytes * (OVERLAY_OVERRUN + 1))
    this.cache = new LeafCache(options.cacheBytes ?? CACHE_BYTES)
  }

  async start(): Promise<void> {
    const { folder } = this.options
    this.lock = await this.takeLock(folder)
    try {
      const environment = this.openEnvironment()
      const { commitNumber, sizes, aliases } = environment
      for (const each of [...sizes.keys(), ...aliases.values()]) {
        if (each >= this.nextStage) this.nextStage = each + 1
      }
      this.opened = new LayerStack(environment, this.pool, this.cache)
      this.appliedCommitNumber = commitNumber
      this.durableCommitNumber = commitNumber
    } catch (error) {
      await this.lock.release()
      throw this.unavailable(`can't open ${this.settings.path}: ${messageOf(error)}`, error)
    }
  }

  /** Opens with as much address space as the system gives: some have far less than the usual 47 bits. */
  private openEnvironment(): Environment {
    for (;;) {
      try {
        return new Environment(this.settings)
      } catch (error) {
        if (!/allocate memory/i.test(messageOf(error)) || this.settings.mapSize < MAP_BYTES_MIN) throw error
        this.settings.mapSize /= 4
      }
    }
  }

  private async takeLock(folder: string): Promise<FolderLock> {
    let lock: FolderLock | undefined
    try {
      lock = await FolderLock.take(folder)
    } catch (error) {
      throw this.unavailable(`can't use the folder ${folder}: ${messageOf(error)}`, error)
    }
    if (lock === undefined) throw this.unavailable(`the folder ${folder} is in use by another process`)
    return lock
  }

  async stop(): Promise<void> {
    const { opened, lock } = this
    if (opened === undefined) return
    try {
      await this.checkpoint()
    } finally {
      this.opened = undefined
      await this.writer.close()
      opened.close()
      await opened.environment.close()
      await lock?.release()
    }
  }

  apply(writeSets: readonly WriteSet[], commitNumber: number): MaybePromise<void> {
    if (isLarge(writeSets)) return this.applyDirectly(writeSets, commitNumber)
    if (this.isOverfull) return this.applyLater(writeSets, commitNumber)
    return this.applyToOverlay(writeSets, commitNumber)
  }

  private applyToOverlay(writeSets: readonly WriteSet[], commitNumber: number): MaybePromise<void> {
    const { active } = this.layers.current
    const oldest = this.snapshots.oldest(this.appliedCommitNumber)
    const readers = writeSets.map((writeSet) => active.keep(writeSet))
    if (noteSlice(active, readers, commitNumber, oldest)) {
      this.publish(commitNumber)
      return
    }
    // Other work runs in between: it doesn't see versions of a commit that isn't published.
    const finish = async (): Promise<void> => {
      do await new Promise(setImmediate)
      while (!noteSlice(active, readers, commitNumber, oldest))
      this.slicing = undefined
      this.publish(commitNumber)
    }
    this.slicing = finish()
    return this.slicing
  }

  private publish(commitNumber: number): void {
    this.layers.current.active.commitNumber = commitNumber
    this.appliedCommitNumber = commitNumber
    if (this.isDue) this.flushInBackground()
  }

  /** The overlay has room for what was logged before its writer failed, not for a new commit after each failure. */
  get refusal(): SqlError | undefined {
    if (this.flushFailure === undefined || !this.isFull) return undefined
    this.flushInBackground()
    return this.flushFailure
  }

  /** Whether the overlay should be written. */
  private get isDue(): boolean {
    const { active } = this.layers.current
    return this.isFull || (active.size >= FLUSHED_ENTRIES_MIN && performance.now() >= this.nextFlushMs)
  }

  private get isFull(): boolean {
    const { active } = this.layers.current
    return active.byteSize >= this.options.overlayBytes || active.size >= OVERLAY_ENTRIES_MAX
  }

  /** Whether the overlay can't take more before the one under way is written. */
  private get isOverfull(): boolean {
    const { active } = this.layers.current
    return (
      active.byteSize > this.options.overlayBytes * OVERLAY_OVERRUN ||
      active.size > OVERLAY_ENTRIES_MAX * OVERLAY_OVERRUN
    )
  }

  private async applyLater(writeSets: readonly WriteSet[], commitNumber: number): Promise<void> {
    await this.flush()
    await this.applyToOverlay(writeSets, commitNumber)
  }

  /** Writes large write sets to LMDB, together with what waits in the overlay: one transaction, one commit. */
  private async applyDirectly(writeSets: readonly WriteSet[], commitNumber: number): Promise<void> {
    const stages = writeSets.filter(hasAdoptions).flatMap(stagesOf)
    const chunks: Chunk[] = []
    for (const writeSet of writeSets) chunks.push(await copyToChunk(writeSet))
    // What an earlier failure left behind goes first.
    while (this.layers.current.frozen !== undefined) await this.flush()
    await this.flush({ chunks, commitNumber, stages })
  }

  newStage(): number {
    return this.nextStage++
  }

  async dropLostStages(): Promise<void> {
    const lost = [...this.environment.sizes.keys()].filter((keyspace) => keyspace >= FIRST_STAGE)
    for (const stage of lost) await this.dropKeyspace(stage)
  }

  /** What was copied out of stages; those that became keyspaces stay. In the background: what is left is lost at the next start. */
  private dropCopied(stages: readonly number[]): void {
    const kept = new Set(this.environment.aliases.values())
    for (const stage of stages) if (!kept.has(stage)) this.dropKeyspace(stage).catch(() => undefined)
  }

  async checkpoint(): Promise<number> {
    const wanted = this.appliedCommitNumber
    while (this.durableCommitNumber < wanted) {
      if (this.flushing === undefined) await this.flush()
      else await this.flushing.catch(() => undefined)
    }
    return this.durableCommitNumber
  }

  /** Writes the overlay when a flush or an apply under way is over. */
  private async flush(direct?: DirectWrite): Promise<void> {
    // Two flushes at once would each drop the frozen overlay, the second one perhaps a newer one that isn't stored. So nothing may
    // come between this loop's last look and the line behind it: no call of an asynchronous function either.
    for (let busy = this.busy; busy !== undefined; busy = this.busy) await busy.catch(() => undefined)
    this.flushing = this.writeOverlay(direct)
    try {
      await this.flushing
    } finally {
      this.flushing = undefined
    }
  }

  private get busy(): Promise<void> | undefined {
    return this.flushing ?? this.slicing
  }

  private async writeOverlay(direct: DirectWrite | undefined): Promise<void> {
    const startedMs = performance.now()
    const frozen = this.layers.freeze()
    const chunks = [...frozen.chunks, ...(direct?.chunks ?? [])]
    const commitNumber = direct?.commitNumber ?? frozen.commitNumber
    try {
      const changed = await this.writer.store(chunks, commitNumber)
      this.flushFailure = undefined
      this.noteChanged(changed)
      await this.noteTouched(changed.touched)
    } catch (error) {
      this.flushFailure = error as SqlError
      this.flushFailedAtMs = performance.now()
      this.isCacheDoubtful = true
      throw error
    }
    const endedMs = performance.now()
    this.nextFlushMs = endedMs + (FLUSH_SHARE - 1) * (endedMs - startedMs)
    this.durableCommitNumber = commitNumber
    this.renewBase(true)
    this.isCacheDoubtful = false
    this.environment.releaseDeadReaders()
    if (direct === undefined) return
    this.publish(commitNumber)
    this.dropCopied(direct.stages)
  }

  private flushInBackground(): void {
    if (this.flushing !== undefined || this.isFlushQueued) return
    const isRepeated = this.flushFailure !== undefined
    if (isRepeated && performance.now() < this.flushFailedAtMs + RETRY_MS) return
    this.isFlushQueued = true
    this.flush()
      .catch((error: unknown) => {
        if (isRepeated) return
        this.logger?.warn(
          { err: error },
          'commits stay in memory and in the log: they can not be written to LMDB',
        )
      })
      .finally(() => {
        this.isFlushQueued = false
      })
  }

  snapshot(): KeyspaceSnapshot {
    const number = this.appliedCommitNumber
    this.snapshots.add(number)
    return new LmdbSnapshot(this.layers.current, number, this.sizeOf, this.onRelease)
  }

  async load(keyspace: number, entries: WriteSet): Promise<void> {
    const chunk = sharedChunk(entries) ?? (await copyToChunk(entries))
    await this.changeUnseen(keyspace, () => this.writer.store([chunk], undefined))
  }

  async dropKeyspace(keyspace: number): Promise<void> {
    const { active, frozen } = this.layers.current
    // What is in memory would come back behind the removal.
    if (active.gains.has(keyspace) || frozen?.gains.has(keyspace) === true) await this.checkpoint()
    await this.changeUnseen(keyspace, () => this.writer.drop(keyspace))
  }

  /** Changes a keyspace that nobody reads, and lets later snapshots see it. */
  private async changeUnseen(keyspace: number, change: () => Promise<Changed>): Promise<void> {
    if (this.opened === undefined) throw this.unavailable('it is stopped')
    this.cache.suspend(keyspace)
    try {
      this.noteChanged(await change())
      // They must not see, before its time, a commit that is just being written.
      for (let busy = this.busy; busy !== undefined; busy = this.busy) await busy.catch(() => undefined)
      this.renewBase(false)
    } catch (error) {
      this.isCacheDoubtful = true
      throw error
    } finally {
      this.cache.resume(keyspace)
    }
  }

  private renewBase(isFrozenWritten: boolean): void {
    if (this.isCacheDoubtful) this.cache.clear()
    this.cache.isClosingState = false
    this.layers.renewBase(isFrozenWritten)
  }

  /** Takes note of the leaves that the next base will have otherwise than this one. */
  private async noteTouched(touched: Buffer): Promise<void> {
    this.cache.isClosingState = true
    for (let at = 0; at < touched.length;) {
      if (at > 0) await new Promise(setImmediate)
      at = this.cache.invalidate(touched, at, SLICE_LEAVES)
    }
  }

  size(keyspace: number): KeyspaceSize {
    const { active, frozen } = this.layers.current
    let { entries, bytes } = this.environment.sizes.get(keyspace) ?? NOTHING
    for (const gain of [active.gains.get(keyspace), frozen?.gains.get(keyspace)]) {
      entries += gain?.entries ?? 0
      bytes += gain?.bytes ?? 0
    }
    return { entries: Math.max(0, entries), bytes: Math.max(0, Math.round(bytes)) }
  }

  /** What the next base shows and this one doesn't. */
  private noteChanged({ sizes: changed, aliases }: Changed): void {
    const { environment } = this
    for (const [keyspace, size] of changed) {
      if (size.entries > 0) environment.sizes.set(keyspace, size)
      else environment.sizes.delete(keyspace)
    }
    if (aliases !== undefined) environment.aliases = aliases
  }

  private get environment(): Environment {
    return this.layers.environment
  }

  private get layers(): LayerStack {
    if (this.opened === undefined)
      throw new Error(`invariant: storage ${this.name} is started when it is used`)
    return this.opened
  }

  private unavailable(reason: string, cause?: unknown): Error {
    const error = sqlError('ER_STORAGE_UNAVAILABLE', this.name, reason)
    error.cause = cause
    return error
  }
}

/** The stages that a write set begins with. */
function stagesOf(writeSet: WriteSet): number[] {
  const stages: number[] = []
  const reader = new WriteSetReader(writeSet)
  while (reader.next() && reader.operation === ADOPT) stages.push(reader.stage)
  return stages
}

/** Whether write sets are better stored directly, or too large for an overlay. */
function isLarge(writeSets: readonly WriteSet[]): boolean {
  let entries = 0
  let bytes = 0
  for (const writeSet of writeSets) {
    const { entryCount, byteLength } = writeSet
    if (byteLength > CHUNK_BYTES || hasAdoptions(writeSet)) return true
    entries += entryCount
    bytes += byteLength
  }
  return entries > DIRECT_ENTRIES || bytes > DIRECT_BYTES
}

/** Notes entries for a while; answers whether none are left. */
function noteSlice(
  overlay: Overlay,
  readers: WriteSetReader[],
  commitNumber: number,
  oldestNeeded: number,
): boolean {
  let endMs = 0
  for (let count = 1; ; count++) {
    const reader = readers[0]
    if (reader === undefined) return true
    if (!reader.next()) {
      readers.shift()
      continue
    }
    overlay.note(reader, commitNumber, oldestNeeded)
    if (count % SLICE_ENTRIES !== 0) continue
    // The clock is first read when there are many.
    if (endMs === 0) endMs = performance.now() + SLICE_MS
    else if (performance.now() > endMs) return false
  }
}

/** The memory itself, where the writer thread can see it. */
function sharedChunk({ bytes, byteLength }: WriteSet): Chunk | undefined {
  const { buffer: memory, byteOffset } = bytes
  return memory instanceof SharedArrayBuffer && byteOffset === 0 ? { memory, byteLength } : undefined
}

async function copyToChunk({ bytes, byteLength }: WriteSet): Promise<Chunk> {
  const memory = new ArrayBuffer(byteLength)
  const target = Buffer.from(memory)
  for (let at = 0; at < byteLength; at += COPY_BYTES) {
    if (at > 0) await new Promise(setImmediate)
    bytes.copy(target, at, at, Math.min(byteLength, at + COPY_BYTES))
  }
  return { memory, byteLength }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
