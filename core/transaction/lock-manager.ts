/**
 * Row locks and range locks (MySQL manual 17.7.1 "InnoDB Locking").
 *
 * A row lock is on a key of a keyspace, whether a row has it or not: whoever inserts takes the exclusive lock of each
 * unique key first, so two transactions can't both insert it, and a search for one key can lock its absence.
 *
 * A range lock keeps others from putting entries into a key range; range locks don't exclude one another. It makes
 * locking reads repeatable under REPEATABLE READ and SERIALIZABLE: it is taken before the range is read, and waits
 * for those who have put entries there that are not committed.
 *
 * A claim stands for many row locks, which would take more memory than the rows: who inserts very many of them, or walks them to lock all, claims
 * the keys between the least and the greatest. It is only to be had while nobody else has a lock in the keyspace; then others' locks of such keys wait for it.
 */
import { bytesToMapKey, compareBytes, compareRanges, copyRange } from '../common/bytes.js'
import { sqlError } from '../common/sql-error.js'
import { LockWait, type LockOwner, type LockPatience } from './lock-owner.js'
import { LockTable } from './lock-table.js'
import { isPromise } from '../common/value.js'

/** A key range that an owner has locked. `upper` can move down when a scan ends early. */
export interface RangeLock {
  readonly owner: LockOwner
  readonly keyspace: number
  lower: Uint8Array | undefined
  upper: Uint8Array | undefined
}

/** All keys from `lower` to `upper`, both included, are locked exclusively by one owner. */
interface Claim {
  readonly owner: LockOwner
  lower: Uint8Array
  upper: Uint8Array
}

export class LockManager {
  /** At most one for a keyspace. */
  private readonly claims = new Map<number, Claim>()
  private readonly rows = new LockTable()
  private readonly ranges = new Map<number, RangeLock[]>()
  private readonly rangesOf = new Map<LockOwner, RangeLock[]>()
  private readonly waits = new Set<ConditionWait>()

  /** Locks one key; answers and errors as `LockTable.acquire`. */
  lockKey(
    owner: LockOwner,
    keyspace: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    isExclusive: boolean,
    patience: LockPatience,
  ): boolean | Promise<boolean> {
    if (this.claims.size > 0) {
      const claimant = this.claimantOf(keyspace, key, keyStart, keyEnd)
      if (claimant === owner) return true
      if (claimant !== undefined) {
        return this.awaitClaim(owner, keyspace, copyRange(key, keyStart, keyEnd), isExclusive, patience)
      }
    }
    return this.rows.acquire(owner, keyspace, bytesToMapKey(key, keyStart, keyEnd), isExclusive, patience)
  }

  /** Whether an owner can claim keys of a keyspace: nobody else holds or wants a lock there. */
  canClaim(owner: LockOwner, keyspace: number): boolean {
    if (owner.isFinished) throw sqlError('ER_QUERY_INTERRUPTED')
    const claim = this.claims.get(keyspace)
    return (claim === undefined || claim.owner === owner) && this.rows.isAlone(owner, keyspace)
  }

  /** Makes a key part of the owner's claim, who can claim it. */
  claimKey(owner: LockOwner, keyspace: number, key: Uint8Array, start = 0, end = key.length): void {
    const claim = this.claims.get(keyspace)
    if (claim === undefined) {
      const kept = copyRange(key, start, end)
      this.claims.set(keyspace, { owner, lower: kept, upper: kept })
      owner.claimed.push(keyspace)
      return
    }
    const { lower, upper } = claim
    if (compareRanges(upper, 0, upper.length, key, start, end) < 0) claim.upper = copyRange(key, start, end)
    else if (compareRanges(key, start, end, lower, 0, lower.length) < 0)
      claim.lower = copyRange(key, start, end)
  }

  /** Who has claimed keys of a range. */
  claimantIn(
    keyspace: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
  ): LockOwner | undefined {
    const claim = this.claims.get(keyspace)
    if (claim === undefined) return undefined
    const isBefore = lower !== undefined && compareBytes(claim.upper, lower) < 0
    const isBehind = upper !== undefined && compareBytes(upper, claim.lower) <= 0
    return isBefore || isBehind ? undefined : claim.owner
  }

  private claimantOf(
    keyspace: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
  ): LockOwner | undefined {
    const claim = this.claims.get(keyspace)
    if (claim === undefined) return undefined
    const { lower, upper, owner } = claim
    const isInside =
      compareRanges(lower, 0, lower.length, key, keyStart, keyEnd) <= 0 &&
      compareRanges(key, keyStart, keyEnd, upper, 0, upper.length) <= 0
    return isInside ? owner : undefined
  }

  /** Locks a key that somebody else has claimed, when the claim is over. */
  private awaitClaim(
    owner: LockOwner,
    keyspace: number,
    key: Uint8Array,
    isExclusive: boolean,
    patience: LockPatience,
  ): boolean | Promise<boolean> {
    if (patience.wait === 'skip') return false
    const claimants = (): readonly LockOwner[] => {
      const claimant = this.claimantOf(keyspace, key, 0, key.length)
      return claimant === undefined ? [] : [claimant]
    }
    const cleared = this.whenClear(owner, claimants, patience)
    const goOn = (): boolean | Promise<boolean> =>
      this.lockKey(owner, keyspace, key, 0, key.length, isExclusive, patience)
    return isPromise(cleared) ? cleared.then(goOn) : goOn()
  }

  holdsKey(owner: LockOwner, keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number): boolean {
    if (this.claims.size > 0 && this.claimantOf(keyspace, key, keyStart, keyEnd) === owner) return true
    return this.rows.holds(owner, keyspace, bytesToMapKey(key, keyStart, keyEnd))
  }

  /** Gives a row lock back that READ COMMITTED doesn't keep. */
  unlockKey(owner: LockOwner, keyspace: number, key: Uint8Array, keyStart: number, keyEnd: number): void {
    this.rows.release(owner, keyspace, bytesToMapKey(key, keyStart, keyEnd))
  }

  /** Registers a range lock. The caller then waits with `whenClear` for uncommitted entries of others in it. */
  lockRange(
    owner: LockOwner,
    keyspace: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
  ): RangeLock {
    const lock: RangeLock = { owner, keyspace, lower, upper }
    listIn(this.ranges, keyspace).push(lock)
    listIn(this.rangesOf, owner).push(lock)
    return lock
  }

  /** Some part of a range lock was given up: those who wait for it may go on. */
  rangeShrank(): void {
    this.recheck()
  }

  /** Whether anybody holds a range lock. */
  get hasRanges(): boolean {
    return this.ranges.size > 0
  }

  /** Whether anybody holds a range lock in a keyspace. */
  hasRangesIn(keyspace: number): boolean {
    return this.ranges.has(keyspace)
  }

  /** Whether anybody else holds a range lock in a keyspace. */
  hasOthersRangesIn(owner: LockOwner, keyspace: number): boolean {
    return this.ranges.get(keyspace)?.some((lock) => lock.owner !== owner) === true
  }

  /** Before an entry is put: waits for the range locks of others that hold its key. */
  beforePut(
    owner: LockOwner,
    keyspace: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    patience: LockPatience,
  ): boolean | Promise<boolean> {
    if (this.ranges.size === 0 || !this.ranges.has(keyspace)) return true
    const kept = Uint8Array.prototype.slice.call(key, keyStart, keyEnd)
    return this.whenClear(owner, () => this.rangeOwners(owner, keyspace, kept), patience)
  }

  /** Waits until `conflicts` answers nobody. It is asked anew whenever an owner has finished. */
  whenClear(
    owner: LockOwner,
    conflicts: () => readonly LockOwner[],
    patience: LockPatience,
  ): boolean | Promise<boolean> {
    if (conflicts().length === 0) return true
    if (patience.wait === 'nowait') throw sqlError('ER_LOCK_NOWAIT')
    // There is no row to skip: what isn't committed isn't there yet.
    if (patience.wait === 'skip') return true
    const wait = new ConditionWait(owner, patience, this.waits, conflicts)
    this.waits.add(wait)
    return wait.begin()
  }

  /** The owner is over. */
  releaseAll(owner: LockOwner): void {
    const own = this.rangesOf.get(owner)
    if (own !== undefined) {
      this.rangesOf.delete(owner)
      for (const keyspace of new Set(own.map((lock) => lock.keyspace))) this.dropRanges(owner, keyspace)
    }
    for (const keyspace of owner.claimed.splice(0)) this.claims.delete(keyspace)
    this.rows.releaseAll(owner)
    if (this.waits.size > 0) this.recheck()
  }

  heldCount(owner: LockOwner): number {
    return this.rows.heldCount(owner)
  }

  private dropRanges(owner: LockOwner, keyspace: number): void {
    const rest = (this.ranges.get(keyspace) ?? []).filter((lock) => lock.owner !== owner)
    if (rest.length === 0) this.ranges.delete(keyspace)
    else this.ranges.set(keyspace, rest)
  }

  private rangeOwners(owner: LockOwner, keyspace: number, key: Uint8Array): readonly LockOwner[] {
    const owners: LockOwner[] = []
    for (const lock of this.ranges.get(keyspace) ?? []) {
      if (lock.owner !== owner && isInside(key, lock)) owners.push(lock.owner)
    }
    return owners
  }

  private recheck(): void {
    for (const wait of [...this.waits]) if (this.waits.has(wait)) wait.grantIfClear()
  }
}

function isInside(key: Uint8Array, { lower, upper }: RangeLock): boolean {
  return (
    (lower === undefined || compareRanges(lower, 0, lower.length, key, 0, key.length) <= 0) &&
    (upper === undefined || compareRanges(key, 0, key.length, upper, 0, upper.length) < 0)
  )
}

function listIn<K, T>(map: Map<K, T[]>, key: K): T[] {
  let list = map.get(key)
  if (list === undefined) {
    list = []
    map.set(key, list)
  }
  return list
}

/** Waits for owners to finish rather than for a place in a queue. */
class ConditionWait extends LockWait {
  constructor(
    owner: LockOwner,
    patience: LockPatience,
    private readonly waits: Set<ConditionWait>,
    private readonly conflicts: () => readonly LockOwner[],
  ) {
    super(owner, patience)
  }

  override blockers(): readonly LockOwner[] {
    return this.conflicts()
  }

  grantIfClear(): void {
    if (this.conflicts().length > 0) return
    this.waits.delete(this)
    this.grant()
  }

  protected override withdraw(): void {
    this.waits.delete(this)
  }
}
