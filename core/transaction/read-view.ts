/**
 * What readers see: one view per commit number, shared by all who began at it. A view holds a snapshot of each storage that
 * is read through it, taken when it is first needed and, at the latest, before the next change of that storage; so all of
 * them belong to the view's commit number.
 */
import { performance } from 'node:perf_hooks'
import { MemberList, type Member } from './member-list.js'
import { sqlError } from '../common/sql-error.js'
import type { KeyspaceSnapshot, KeyspaceStorage } from '../spi/storage.js'

/** A snapshot that several views share. */
class SharedSnapshot {
  private references = 1

  constructor(readonly snapshot: KeyspaceSnapshot) {}

  retain(): this {
    this.references++
    return this
  }

  release(): void {
    if (--this.references === 0) this.snapshot.release()
  }
}

/** A keyspace storage, and the snapshot of its present state if somebody has taken it. */
export class StorageState {
  private present: SharedSnapshot | undefined

  constructor(
    readonly storage: KeyspaceStorage,
    /** Position among the keyspace storages; overlays and views are arrays over it. */
    readonly ordinal: number,
  ) {}

  acquire(): SharedSnapshot {
    this.present ??= new SharedSnapshot(this.storage.snapshot())
    return this.present.retain()
  }

  /** The storage has changed. */
  forgetPresent(): void {
    this.present?.release()
    this.present = undefined
  }
}

export class ReadView implements Member {
  listPosition = -1
  private snapshots: (SharedSnapshot | undefined)[] = []
  private references = 1
  /** When a later view took its place, in milliseconds of `performance.now()`. */
  supersededAtMs: number | undefined
  private givenUpAfterSeconds: number | undefined

  constructor(
    readonly commitNumber: number,
    /** Ascends from view to view. */
    readonly generation: number,
    private readonly onUnused: (view: ReadView) => void,
  ) {}

  /** Whether anybody besides the registry uses it. */
  get isShared(): boolean {
    return this.references > 1
  }

  retain(): this {
    this.references++
    return this
  }

  release(): void {
    if (--this.references > 0) return
    this.releaseSnapshots()
    this.onUnused(this)
  }

  /** Throws ER_SNAPSHOT_TOO_OLD when the view was given up. */
  snapshot(state: StorageState): KeyspaceSnapshot {
    if (this.givenUpAfterSeconds !== undefined)
      throw sqlError('ER_SNAPSHOT_TOO_OLD', this.givenUpAfterSeconds)
    const present = this.snapshots[state.ordinal] ?? (this.snapshots[state.ordinal] = state.acquire())
    return present.snapshot
  }

  giveUp(ageSeconds: number): void {
    this.givenUpAfterSeconds = ageSeconds
    this.releaseSnapshots()
  }

  get isGivenUp(): boolean {
    return this.givenUpAfterSeconds !== undefined
  }

  private releaseSnapshots(): void {
    for (const snapshot of this.snapshots) snapshot?.release()
    this.snapshots = []
  }
}

export class ReadViews {
  /** What new readers get. Retain it before keeping it beyond the present call. */
  current: ReadView
  private readonly live = new MemberList<ReadView>()
  private lastGeneration = 0

  constructor(
    commitNumber: number,
    private readonly ageMsMax: number,
  ) {
    this.current = this.create(commitNumber)
  }

  /** The oldest commit number that a reader may still look at. */
  get oldestCommitNumber(): number {
    let oldest = this.current.commitNumber
    for (const view of this.live) if (!view.isGivenUp) oldest = Math.min(oldest, view.commitNumber)
    return oldest
  }

  /**
   * Called before changes are applied to `states`. Views in use take the snapshots that they lack. If several storages
   * change, the current one does so too, lest a reader who comes meanwhile sees one changed and the other not.
   */
  beforeApply(states: readonly StorageState[]): void {
    for (const view of this.live) {
      if (view.isGivenUp || (view === this.current && !view.isShared && states.length === 1)) continue
      for (const state of states) view.snapshot(state)
    }
  }

  /** Changes were applied: new readers get a new view. */
  afterApply(states: readonly StorageState[], commitNumber: number): void {
    for (const state of states) state.forgetPresent()
    const former = this.current
    this.current = this.create(commitNumber)
    former.supersededAtMs = performance.now()
    former.release()
  }

  /** Gives up the views that are older than snapshot_max_age: a forgotten transaction must not make stores grow. */
  giveUpOld(nowMs: number): void {
    for (const view of this.live) {
      if (view.isGivenUp || view.supersededAtMs === undefined) continue
      if (nowMs - view.supersededAtMs > this.ageMsMax) view.giveUp(this.ageMsMax / 1000)
    }
  }

  close(states: readonly StorageState[]): void {
    for (const view of this.live) if (!view.isGivenUp) view.giveUp(0)
    for (const state of states) state.forgetPresent()
  }

  private create(commitNumber: number): ReadView {
    const view = new ReadView(commitNumber, ++this.lastGeneration, (unused) => {
      this.live.remove(unused)
    })
    this.live.add(view)
    return view
  }
}
