/**
 * What readers look through. A set of layers never changes: a flush, a load or a drop makes the next one, and open
 * snapshots keep theirs.
 */
import type { Transaction } from 'lmdb'
import type { ChunkPool } from './chunk-pool.js'
import type { Environment, ReadOptions } from './environment.js'
import type { LeafCache } from './leaf-cache.js'
import { LeafReader } from './leaf-reader.js'
import { Overlay } from './overlay.js'

/** A read transaction, shared by all snapshots that begin between two flushes. */
export class Base {
  readonly options: ReadOptions
  readonly aliases: ReadonlyMap<number, number>
  /** Keyspaces of which a search has shown that they have no leaves. */
  readonly empty = new Set<number>()
  private references = 1
  private readonly transaction: Transaction

  constructor(
    environment: Environment,
    readonly reader: LeafReader,
    /** Counts the states of LMDB that this process has seen. */
    readonly sequence: number,
  ) {
    this.transaction = environment.beginRead()
    this.aliases = environment.aliases
    this.options = { transaction: this.transaction }
  }

  retain(): void {
    this.references++
  }

  release(): void {
    if (--this.references === 0) this.transaction.done()
  }
}

/** The layers, newest first. */
export class Layers {
  constructor(
    readonly active: Overlay,
    /** What is being written to LMDB right now. */
    readonly frozen: Overlay | undefined,
    readonly base: Base,
  ) {}

  /** A snapshot that holds the layers. */
  retain(): void {
    this.active.retain()
    this.frozen?.retain()
    this.base.retain()
  }

  release(): void {
    this.active.release()
    this.frozen?.release()
    this.base.release()
  }
}

/** The layers that new snapshots get, and how they change. */
export class LayerStack {
  current: Layers

  private readonly reader: LeafReader

  constructor(
    readonly environment: Environment,
    private readonly pool: ChunkPool,
    readonly cache: LeafCache,
  ) {
    const active = new Overlay(environment.commitNumber, pool)
    this.reader = new LeafReader(environment, cache)
    this.current = new Layers(active, undefined, this.newBase())
  }

  /** Makes the active overlay the one to be written, unless an earlier one still is. Answers that one. */
  freeze(): Overlay {
    const { active, frozen, base } = this.current
    if (frozen !== undefined) return frozen
    this.current = new Layers(new Overlay(active.commitNumber, this.pool), active, base)
    return active
  }

  /** Lets later snapshots see what is in LMDB now; if the frozen overlay is, it goes. */
  renewBase(isFrozenWritten: boolean): void {
    const { active, frozen, base } = this.current
    this.current = new Layers(active, isFrozenWritten ? undefined : frozen, this.newBase())
    base.release()
    if (isFrozenWritten) frozen?.release()
  }

  close(): void {
    this.current.base.release()
  }

  private newBase(): Base {
    return new Base(this.environment, this.reader, ++this.cache.sequence)
  }
}

/** Which commits open snapshots see. */
export class OpenSnapshots {
  /** How many there are of each commit number; the numbers ascend, because each new one is the latest. */
  private readonly counts = new Map<number, number>()

  add(commitNumber: number): void {
    this.counts.set(commitNumber, (this.counts.get(commitNumber) ?? 0) + 1)
  }

  remove(commitNumber: number): void {
    const count = (this.counts.get(commitNumber) ?? 0) - 1
    if (count > 0) this.counts.set(commitNumber, count)
    else this.counts.delete(commitNumber)
  }

  /** The oldest commit that one of them sees, or a snapshot of `latest` that may still be taken. */
  oldest(latest: number): number {
    const first = this.counts.keys().next()
    return first.done === true ? latest : Math.min(first.value, latest)
  }
}
