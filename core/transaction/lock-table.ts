/**
 * Shared and exclusive locks on keys, granted in the order of asking. A lock that one owner holds and nobody waits for
 * is one map entry that points to an object of its owner; only contended or shared ones get a queue of their own. Tables
 * whose few keys are locked all the time keep their queues instead: maps that grow and shrink make work for the garbage
 * collector (see `member-list.ts`).
 */
import { sqlError } from '../common/sql-error.js'
import {
  Grant,
  LockWait,
  type HeldKeys,
  type LockKey,
  type LockOwner,
  type LockPatience,
} from './lock-owner.js'

/** Keys released at one go; an owner of more of them lets others work in between. */
const RELEASED_PER_SLICE = 20_000
/** More locks than these may be released by clearing their space. */
const CLEARED_MIN = 1000

export class LockTable {
  private readonly spaces = new Map<number, LockSpace>()

  /** `queuesKept`: how many queues of a space stay when nobody holds them. */
  constructor(private readonly queuesKept = 0) {}

  /**
   * Answers true when the lock is held, false if `skip` was asked for and it isn't free. Throws or rejects with
   * ER_LOCK_NOWAIT, ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK or ER_QUERY_INTERRUPTED.
   */
  acquire(
    owner: LockOwner,
    space: number,
    key: LockKey,
    isExclusive: boolean,
    patience: LockPatience,
  ): boolean | Promise<boolean> {
    if (owner.isFinished) throw sqlError('ER_QUERY_INTERRUPTED')
    const { locks } = this.spaceOf(space)
    const present = locks.get(key)
    if (present === undefined) {
      const grant = isExclusive ? owner.exclusive : owner.shared
      if (locks.size < this.queuesKept) this.queueUp(space, key, grant)
      else locks.set(key, grant)
      this.remember(owner, space, key)
      return true
    }
    if (present instanceof Grant && present.owner === owner) {
      if (isExclusive && !present.isExclusive) locks.set(key, owner.exclusive)
      return true
    }
    const queue = present instanceof Grant ? this.queueUp(space, key, present) : present
    return queue.request(owner, isExclusive, patience)
  }

  holds(owner: LockOwner, space: number, key: LockKey): boolean {
    const present = this.spaces.get(space)?.locks.get(key)
    if (present === undefined) return false
    return present instanceof Grant ? present.owner === owner : present.isHeldBy(owner)
  }

  /** Whether nobody but an owner holds or wants a lock in a space. */
  isAlone(owner: LockOwner, space: number): boolean {
    const present = this.spaces.get(space)
    if (present === undefined || present.locks.size === 0) return true
    return present.queueCount === 0 && present.locks.size === this.heldIn(owner, space)?.count
  }

  /** Who holds a key exclusively. */
  holderOf(space: number, key: LockKey): LockOwner | undefined {
    const present = this.spaces.get(space)?.locks.get(key)
    const holder = present instanceof LockQueue ? present.firstHolder : present
    return holder?.isExclusive === true ? holder.owner : undefined
  }

  /** Gives one lock back before the owner's end. */
  release(owner: LockOwner, space: number, key: LockKey): void {
    const held = this.heldIn(owner, space)
    if (held === undefined || !this.holds(owner, space, key)) return
    this.releaseKey(owner, this.spaceOf(space), key)
    held.count--
    // Most often it is the last one taken.
    if (held.keys.at(-1) === key) held.keys.pop()
    if (held.count === 0) held.keys.length = 0
  }

  releaseAll(owner: LockOwner): void {
    const all = owner.held
    for (let i = all.length - 1; i >= 0; i--) {
      const held = all[i] as HeldKeys
      if (held.table !== this) continue
      // They have no order.
      const last = all.pop()
      if (last !== undefined && i < all.length) all[i] = last
      this.releaseHeld(owner, held)
    }
  }

  heldCount(owner: LockOwner): number {
    let count = 0
    for (const held of owner.held) if (held.table === this) count += held.count
    return count
  }

  /** For queues: `owner` holds the lock of `key` now. */
  remember(owner: LockOwner, space: number, key: LockKey): void {
    const held = this.heldIn(owner, space)
    if (held === undefined) owner.held.push({ table: this, space, keys: [key], count: 1 })
    else {
      held.keys.push(key)
      held.count++
    }
  }

  /** For queues: back to a plain entry, or to none, when nobody waits. */
  simplify(space: number, key: LockKey, queue: LockQueue, holder: Grant | undefined): void {
    const present = this.spaceOf(space)
    if (present.locks.size <= this.queuesKept || present.locks.get(key) !== queue) return
    present.queueCount--
    if (holder === undefined) present.locks.delete(key)
    else present.locks.set(key, holder)
  }

  private queueUp(space: number, key: LockKey, holder: Grant): LockQueue {
    const queue = new LockQueue(this, space, key, holder)
    const present = this.spaceOf(space)
    present.locks.set(key, queue)
    present.queueCount++
    return queue
  }

  private spaceOf(space: number): LockSpace {
    let present = this.spaces.get(space)
    if (present === undefined) {
      present = { locks: new Map(), queueCount: 0 }
      this.spaces.set(space, present)
    }
    return present
  }

  /** A transaction locks in few spaces: a walk is quicker than a map. */
  private heldIn(owner: LockOwner, space: number): HeldKeys | undefined {
    for (const held of owner.held) if (held.space === space && held.table === this) return held
    return undefined
  }

  private releaseHeld(owner: LockOwner, held: HeldKeys): void {
    const space = this.spaceOf(held.space)
    // Nobody else has anything there: a million locks go as quickly as one. A cleared map points to its next table,
    // which for the garbage collector is a chain; so few locks go one by one.
    if (held.count > CLEARED_MIN && held.count === space.locks.size && space.queueCount === 0) {
      space.locks.clear()
    } else this.releaseFrom(owner, held, 0)
  }

  private releaseFrom(owner: LockOwner, held: HeldKeys, from: number): void {
    const space = this.spaceOf(held.space)
    const { keys } = held
    const to = Math.min(keys.length, from + RELEASED_PER_SLICE)
    for (let i = from; i < to; i++) this.releaseKey(owner, space, keys[i] as LockKey)
    if (to < keys.length) {
      setImmediate(() => {
        this.releaseFrom(owner, held, to)
      })
    }
  }

  private releaseKey(owner: LockOwner, { locks }: LockSpace, key: LockKey): void {
    const present = locks.get(key)
    if (present instanceof LockQueue) present.release(owner)
    else if (present?.owner === owner) locks.delete(key)
  }
}

/** Locks of one keyspace. */
interface LockSpace {
  readonly locks: Map<LockKey, Grant | LockQueue>
  /** How many of the entries are queues. */
  queueCount: number
}

/** One key that several owners hold or want. */
class LockQueue {
  private readonly holders: Grant[]
  private readonly waits: QueuedWait[] = []

  constructor(
    private readonly table: LockTable,
    private readonly space: number,
    private readonly key: LockKey,
    first: Grant,
  ) {
    this.holders = [first]
  }

  get firstHolder(): Grant | undefined {
    return this.holders[0]
  }

  isHeldBy(owner: LockOwner): boolean {
    return this.positionOf(owner) >= 0
  }

  private positionOf(owner: LockOwner): number {
    const { holders } = this
    for (let i = 0; i < holders.length; i++) if ((holders[i] as Grant).owner === owner) return i
    return -1
  }

  request(owner: LockOwner, isExclusive: boolean, patience: LockPatience): boolean | Promise<boolean> {
    // Reading at -1 would look for a property of that name.
    const at = this.positionOf(owner)
    const own = at < 0 ? undefined : this.holders[at]
    if (own !== undefined && (own.isExclusive || !isExclusive)) return true
    const isUpgrade = own !== undefined
    if (this.isCompatible(owner, isExclusive) && (isUpgrade || this.waits.length === 0)) {
      this.give(owner, isExclusive)
      return true
    }
    if (patience.wait === 'wait') return this.enqueue(owner, isExclusive, isUpgrade, patience)
    this.simplify()
    if (patience.wait === 'nowait') throw sqlError('ER_LOCK_NOWAIT')
    return false
  }

  release(owner: LockOwner): void {
    const at = this.positionOf(owner)
    if (at < 0) return
    // Holders have no order.
    const last = this.holders.pop()
    if (last !== undefined && at < this.holders.length) this.holders[at] = last
    this.moveUp()
  }

  withdraw(wait: QueuedWait): void {
    const at = this.waits.indexOf(wait)
    if (at >= 0) this.waits.splice(at, 1)
    this.moveUp()
  }

  /**
   * Holders at odds with the wait, and the last of those who asked earlier and are: what blocks that one covers the
   * others, so that a long queue doesn't cost the square of its length.
   */
  blockersOf(wait: QueuedWait): readonly LockOwner[] {
    const blockers: LockOwner[] = []
    for (const holder of this.holders) {
      if (holder.owner !== wait.owner && (wait.isExclusive || holder.isExclusive)) blockers.push(holder.owner)
    }
    for (let i = this.waits.indexOf(wait) - 1; i >= 0; i--) {
      const earlier = this.waits[i] as QueuedWait
      if (!earlier.isExclusive && !wait.isExclusive) continue
      blockers.push(earlier.owner)
      break
    }
    return blockers
  }

  private isCompatible(owner: LockOwner, isExclusive: boolean): boolean {
    for (const holder of this.holders) {
      if (holder.owner !== owner && (isExclusive || holder.isExclusive)) return false
    }
    return true
  }

  private give(owner: LockOwner, isExclusive: boolean): void {
    const at = this.positionOf(owner)
    const grant = isExclusive ? owner.exclusive : owner.shared
    if (at >= 0) {
      this.holders[at] = grant
      return
    }
    this.holders.push(grant)
    this.table.remember(owner, this.space, this.key)
  }

  /** An upgrade goes before everybody who holds nothing: they could not be served before it anyway. */
  private enqueue(
    owner: LockOwner,
    isExclusive: boolean,
    isUpgrade: boolean,
    patience: LockPatience,
  ): Promise<boolean> {
    const wait = new QueuedWait(owner, patience, this, isExclusive, isUpgrade)
    const behindUpgrades = this.waits.findIndex((other) => !other.isUpgrade)
    if (isUpgrade && behindUpgrades >= 0) this.waits.splice(behindUpgrades, 0, wait)
    else this.waits.push(wait)
    return wait.begin()
  }

  private moveUp(): void {
    for (;;) {
      const next = this.waits[0]
      if (next === undefined || !this.isCompatible(next.owner, next.isExclusive)) break
      this.waits.shift()
      this.give(next.owner, next.isExclusive)
      next.grant()
    }
    this.simplify()
  }

  private simplify(): void {
    if (this.waits.length > 0 || this.holders.length > 1) return
    this.table.simplify(this.space, this.key, this, this.holders[0])
  }
}

class QueuedWait extends LockWait {
  constructor(
    owner: LockOwner,
    patience: LockPatience,
    private readonly queue: LockQueue,
    readonly isExclusive: boolean,
    readonly isUpgrade: boolean,
  ) {
    super(owner, patience)
  }

  override blockers(): readonly LockOwner[] {
    return this.queue.blockersOf(this)
  }

  protected override withdraw(): void {
    this.queue.withdraw(this)
  }
}
