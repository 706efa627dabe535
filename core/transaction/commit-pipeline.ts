/**
 * How commits become durable and visible. In the order of their numbers:
 *
 *     append to the log → the log's group is on disk → apply to the storages → new readers see it → locks go, commit answers
 *
 * Several groups are in flight at a time: while one is being applied the next is being written. What is ready when the
 * storages become free is applied together. A commit that needs no log and finds the pipeline empty goes through
 * within the call.
 *
 * A group that can't be logged never happened: its transactions fail. One that is in the log has happened: if a storage
 * can't apply it (disk full), it is tried again until it can, its sessions wait, and new commits are refused.
 */
import { sqlError, type SqlError } from '../common/sql-error.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { WriteSet } from '../common/write-set.js'
import type { CommitLog, CommitRecord } from './commit-log.js'
import type { ReadViews, StorageState } from './read-view.js'

/** What a transaction writes to one storage. */
export interface StorageWrites {
  readonly state: StorageState
  readonly writeSets: readonly WriteSet[]
}

/** A commit on its way. */
export interface PendingCommit {
  readonly writes: readonly StorageWrites[]
  /** Visible now. */
  committed(): void
  /** Not logged, undone. */
  failed(): void
}

interface QueuedCommit {
  readonly pending: PendingCommit
  readonly commitNumber: number
  /** Of the promise that the session waits for; none if the commit is over within the call. */
  resolve: (() => void) | undefined
  reject: ((error: unknown) => void) | undefined
}

/** Commits that the log writes together. */
interface Group {
  /** The log's promise; undefined if no log is needed. */
  readonly durable: Promise<void> | undefined
  readonly commits: QueuedCommit[]
  isDurable: boolean
}

const RETRY_FIRST_MS = 50
const RETRY_MS_MAX = 5000

export class CommitPipeline {
  /** Number of the last commit that new readers see. */
  publishedCommitNumber: number
  private assignedCommitNumber: number
  private readonly groups: Group[] = []
  private isApplying = false
  private advancesAll = false
  private isStopped = false
  private applyFailure: SqlError | undefined
  private idle: (() => void)[] = []

  constructor(
    private readonly states: readonly StorageState[],
    private readonly log: CommitLog,
    private readonly views: ReadViews,
    lastCommitNumber: number,
    private readonly onApplied: () => void = () => undefined,
  ) {
    this.publishedCommitNumber = lastCommitNumber
    this.assignedCommitNumber = lastCommitNumber
  }

  get hasPending(): boolean {
    return this.groups.length > 0
  }

  commit(pending: PendingCommit): MaybePromise<void> {
    const refusal = this.refusalOf(pending)
    if (refusal !== undefined) {
      pending.failed()
      throw refusal
    }
    const commitNumber = ++this.assignedCommitNumber
    const commit: QueuedCommit = { pending, commitNumber, resolve: undefined, reject: undefined }
    this.enqueue(commit, this.append(pending, commitNumber))
    if (!this.hasPending) return
    return new Promise<void>((resolve, reject) => {
      commit.resolve = resolve
      commit.reject = reject
    })
  }

  /**
   * With the next commit every durable storage takes its number, also those that it doesn't touch: else an idle storage would
   * keep the log from being truncated.
   */
  advanceAll(): void {
    this.advancesAll = true
  }

  /**
   * Resolves when every commit that was begun is over, or can't be applied: then the log has it for the next start. Nothing
   * is applied afterwards.
   */
  async stop(): Promise<void> {
    if (this.hasPending && this.applyFailure === undefined) {
      await new Promise<void>((resolve) => this.idle.push(resolve))
    }
    this.isStopped = this.applyFailure !== undefined
  }

  /** Whether a storage fails to apply what is logged. */
  get isStuck(): boolean {
    return this.applyFailure !== undefined
  }

  /** Why a commit must not be logged: a storage could not apply it. */
  private refusalOf({ writes }: PendingCommit): SqlError | undefined {
    if (this.applyFailure !== undefined) return this.applyFailure
    for (const { state } of writes) if (state.storage.refusal !== undefined) return state.storage.refusal
    return undefined
  }

  private append(pending: PendingCommit, commitNumber: number): Promise<void> | undefined {
    const durable = pending.writes.filter(({ state }) => state.storage.capabilities.durable)
    if (durable.length === 0) return undefined
    const timestampMicros = Date.now() * 1000
    const records = durable.map(({ state, writeSets }): CommitRecord => ({
      commitNumber,
      timestampMicros,
      storage: state.storage.name,
      writeSets,
    }))
    try {
      return this.log.append(records)
    } catch (error) {
      pending.failed()
      throw error
    }
  }

  private enqueue(commit: QueuedCommit, logged: Promise<void> | undefined): void {
    const last = this.groups.at(-1)
    if (last !== undefined && logged !== undefined && last.durable === logged) {
      last.commits.push(commit)
      return
    }
    const group: Group = { durable: logged, commits: [commit], isDurable: logged === undefined }
    this.groups.push(group)
    if (logged === undefined) this.applyReady()
    else {
      logged.then(
        () => {
          group.isDurable = true
          this.applyReady()
        },
        (error: unknown) => {
          this.fail(group, error)
        },
      )
    }
  }

  private fail(group: Group, error: unknown): void {
    this.groups.splice(this.groups.indexOf(group), 1)
    for (const commit of group.commits) {
      commit.pending.failed()
      commit.reject?.(error)
    }
    this.applyReady()
    this.tellIdle()
  }

  /** Applies what is on disk, in order, until it comes to a group that isn't, or has to wait for a storage. */
  private applyReady(): void {
    while (!this.isApplying) {
      let count = 0
      while (this.groups[count]?.isDurable === true) count++
      if (count === 0) return
      const ready = this.groups.slice(0, count)
      const commits =
        ready.length === 1 ? (ready[0] as Group).commits : ready.flatMap((group) => group.commits)
      this.isApplying = true
      const applied = this.apply(commits, RETRY_FIRST_MS)
      if (isPromise(applied)) {
        applied.then(
          () => {
            this.publish(count, commits)
            this.applyReady()
          },
          (error: unknown) => {
            // Stopped while it was tried again: the log has these commits, their sessions are gone.
            for (const commit of commits) commit.reject?.(error)
          },
        )
        return
      }
      this.publish(count, commits)
    }
  }

  private publish(groupCount: number, commits: readonly QueuedCommit[]): void {
    this.groups.splice(0, groupCount)
    this.isApplying = false
    this.applyFailure = undefined
    for (const commit of commits) {
      commit.pending.committed()
      commit.resolve?.()
    }
    this.onApplied()
    this.tellIdle()
  }

  /** Applies commits and publishes the number of the last one; tries again as long as a storage fails. */
  private apply(commits: readonly QueuedCommit[], retryMs: number): MaybePromise<void> {
    const states = this.advancesAll ? this.states : statesOf(commits)
    this.advancesAll = false
    const { commitNumber } = commits[commits.length - 1] as QueuedCommit
    const done = (): void => {
      this.publishedCommitNumber = commitNumber
      this.views.afterApply(states, commitNumber)
    }
    const retry = (error: unknown): Promise<void> => this.retry(commits, error, retryMs)
    try {
      this.views.beforeApply(states)
      const applied = applyTo(states, commits, commitNumber)
      if (isPromise(applied)) return applied.then(done).catch(retry)
      done()
    } catch (error) {
      return retry(error)
    }
  }

  /** Applying is idempotent, so the same sets may be applied again to those storages that had taken them. */
  private async retry(commits: readonly QueuedCommit[], error: unknown, retryMs: number): Promise<void> {
    this.applyFailure = sqlError(
      'ER_STORAGE_UNAVAILABLE',
      namesOf(commits),
      'a commit can not be applied, trying again',
    )
    this.applyFailure.cause = error
    this.tellIdle()
    await new Promise((resolve) => setTimeout(resolve, retryMs).unref())
    if (this.isStopped) throw this.applyFailure
    await this.apply(commits, Math.min(retryMs * 2, RETRY_MS_MAX))
  }

  private tellIdle(): void {
    if (this.hasPending && this.applyFailure === undefined) return
    const waiting = this.idle
    this.idle = []
    for (const tell of waiting) tell()
  }
}

function statesOf(commits: readonly QueuedCommit[]): readonly StorageState[] {
  const states: StorageState[] = []
  for (const commit of commits) {
    for (const { state } of commit.pending.writes) if (!states.includes(state)) states.push(state)
  }
  return states
}

function applyTo(
  states: readonly StorageState[],
  commits: readonly QueuedCommit[],
  commitNumber: number,
): MaybePromise<void> {
  const [only] = states
  if (only !== undefined && states.length === 1)
    return only.storage.apply(setsFor(only, commits), commitNumber)
  const applied: Promise<void>[] = []
  for (const state of states) {
    const done = state.storage.apply(setsFor(state, commits), commitNumber)
    if (isPromise(done)) applied.push(done)
  }
  return applied.length === 0 ? undefined : Promise.all(applied).then(() => undefined)
}

function setsFor(state: StorageState, commits: readonly QueuedCommit[]): readonly WriteSet[] {
  const sets: WriteSet[] = []
  for (const commit of commits) {
    for (const writes of commit.pending.writes) if (writes.state === state) sets.push(...writes.writeSets)
  }
  return sets
}

function namesOf(commits: readonly QueuedCommit[]): string {
  return statesOf(commits)
    .map((state) => state.storage.name)
    .join(', ')
}
