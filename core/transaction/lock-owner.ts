/**
 * Who holds and waits for locks, and the graph of who waits for whom. A deadlock is looked for when a wait
 * begins, because only a new wait can close a circle.
 */
import { isSqlError, sqlError } from '../common/sql-error.js'

/** How long and under what conditions a request for a lock may wait. */
export interface LockPatience {
  /** `skip` answers false at once, `nowait` throws ER_LOCK_NOWAIT at once. */
  readonly wait: 'wait' | 'nowait' | 'skip'
  readonly timeoutMs: number
  /** Aborted when the statement is killed. */
  readonly signal: AbortSignal | undefined
}

/** What a statement allows. Its signal is asked for only by who has to wait: making one costs more than most locks. */
export class StatementPatience implements LockPatience {
  constructor(
    readonly wait: LockPatience['wait'],
    readonly timeoutMs: number,
    private readonly statement: { readonly signal: AbortSignal } | undefined,
  ) {}

  get signal(): AbortSignal | undefined {
    return this.statement?.signal
  }
}

/** Of who takes what is free and does something else about the rest. */
export const AT_ONCE: LockPatience = new StatementPatience('skip', 0, undefined)

/** A held lock. One object per owner and mode serves all that it holds. */
export class Grant {
  constructor(
    readonly owner: LockOwner,
    readonly isExclusive: boolean,
  ) {}
}

/** Keys of lock tables: key bytes as a string of one unit a byte, or ids. */
export type LockKey = string | number

/** What an owner holds in one space of one lock table. A key may stand there twice, or after it was given back. */
export interface HeldKeys {
  readonly table: object
  readonly space: number
  readonly keys: LockKey[]
  /** How many of them it really holds. */
  count: number
}

/** A transaction, as lock tables see it. Waits for one lock at a time. */
export class LockOwner {
  readonly shared = new Grant(this, false)
  readonly exclusive = new Grant(this, true)
  readonly held: HeldKeys[] = []
  /** Keyspaces of which it has claimed keys. */
  readonly claimed: number[] = []
  /** What it waits for now. */
  waiting: LockWait | undefined
  /** Rows written: of the transactions in a deadlock the one with the fewest is rolled back. */
  writeCount = 0
  /** Its transaction is over: it gets no more locks. */
  isFinished = false

  /** `abandon` rolls the transaction back, at once, because a deadlock chose it. */
  constructor(
    readonly id: number,
    readonly abandon: () => void,
  ) {}
}

/** The largest delay of a timer in Node; about 24 days. */
const TIMER_MS_MAX = 0x7fffffff

/** One owner's wait. Ends exactly once: granted, timed out, killed, or chosen as a deadlock's victim. */
export abstract class LockWait {
  readonly promise: Promise<boolean>
  private resolve: (granted: boolean) => void = () => undefined
  private reject: (error: Error) => void = () => undefined
  private timer: NodeJS.Timeout | undefined
  private readonly onAbort = (): void => {
    const reason: unknown = this.patience.signal?.reason
    this.fail(isSqlError(reason) ? reason : sqlError('ER_QUERY_INTERRUPTED'))
  }

  constructor(
    readonly owner: LockOwner,
    private readonly patience: LockPatience,
  ) {
    this.promise = new Promise<boolean>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  /** Owners that must finish, or give way, before this wait can end. */
  abstract blockers(): readonly LockOwner[]
  /** Takes the wait out of the queue that it stands in, and lets those behind it move up. */
  protected abstract withdraw(): void

  /** Starts the clock and looks for a deadlock. The wait must stand in its queue already. */
  begin(): Promise<boolean> {
    const { signal, timeoutMs } = this.patience
    this.owner.waiting = this
    if (signal?.aborted === true) this.onAbort()
    else {
      signal?.addEventListener('abort', this.onAbort, { once: true })
      this.timer = setTimeout(
        () => {
          this.fail(sqlError('ER_LOCK_WAIT_TIMEOUT'))
        },
        Math.min(timeoutMs, TIMER_MS_MAX),
      )
      breakDeadlocks(this)
    }
    return this.promise
  }

  /** Called by the queue, which has taken the wait out already. */
  grant(): void {
    this.end()
    this.resolve(true)
  }

  fail(error: Error): void {
    if (this.owner.waiting !== this) return
    this.end()
    this.withdraw()
    this.reject(error)
  }

  private end(): void {
    this.owner.waiting = undefined
    clearTimeout(this.timer)
    this.patience.signal?.removeEventListener('abort', this.onAbort)
  }
}

/** Rolls back victims until the owner of `wait` waits in no circle any more. */
function breakDeadlocks(wait: LockWait): void {
  while (wait.owner.waiting === wait) {
    const circle = findCircle(wait.owner)
    if (circle === undefined) return
    let victim = wait.owner
    for (const owner of circle) if (owner.writeCount < victim.writeCount) victim = owner
    const lost = victim.waiting
    lost?.fail(sqlError('ER_LOCK_DEADLOCK'))
    victim.abandon()
  }
}

/** The owners on a path of waits that leads from `start` back to it. */
function findCircle(start: LockOwner): readonly LockOwner[] | undefined {
  const path: LockOwner[] = []
  const seen = new Set<LockOwner>()
  const leadsBack = (owner: LockOwner): boolean => {
    path.push(owner)
    for (const blocker of owner.waiting?.blockers() ?? []) {
      if (blocker === start) return true
      if (seen.has(blocker)) continue
      seen.add(blocker)
      if (leadsBack(blocker)) return true
    }
    path.pop()
    return false
  }
  return leadsBack(start) ? path : undefined
}
