/**
 * Goal: locks exclude what they must, are granted in the order of asking, and every wait ends: by grant, time-out, kill
 * or as a deadlock's victim. Method: owners without transactions, whose `abandon` releases their locks as a rollback does.
 */
import { sqlError } from '../common/sql-error.js'
import { LockManager } from './lock-manager.js'
import { LockOwner, type LockPatience } from './lock-owner.js'
import { MetadataLocks } from './metadata-locks.js'

const PATIENT: LockPatience = { wait: 'wait', timeoutMs: 5000, signal: undefined }
const KEYSPACE = 1000

let locks: LockManager
let abandoned: number[]

beforeEach(() => {
  locks = new LockManager()
  abandoned = []
})

function owner(id: number, writeCount = 0): LockOwner {
  const made = new LockOwner(id, () => {
    abandoned.push(id)
    locks.releaseAll(made)
  })
  made.writeCount = writeCount
  return made
}

const lock = (
  who: LockOwner,
  key: string,
  exclusive = true,
  patience = PATIENT,
): boolean | Promise<boolean> =>
  locks.lockKey(who, KEYSPACE, Buffer.from(key), 0, key.length, exclusive, patience)

/** Lets promises settle, and tells whether this one has. */
async function isPending(promise: boolean | Promise<boolean>): Promise<boolean> {
  let pending = true
  void Promise.resolve(promise).then(
    () => (pending = false),
    () => (pending = false),
  )
  await new Promise((resolve) => setImmediate(resolve))
  return pending
}

test('free locks are granted at once, again and again, and an only holder is upgraded at once', () => {
  const a = owner(1)
  expect(lock(a, 'x', false)).toBe(true)
  expect(lock(a, 'x', false)).toBe(true)
  expect(lock(a, 'x')).toBe(true)
  expect(lock(a, 'x', false)).toBe(true)
  expect(lock(owner(2), 'x', false, { ...PATIENT, wait: 'skip' })).toBe(false)
})

test('shared locks go together, an exclusive one waits for all of them', async () => {
  const [a, b, c] = [owner(1), owner(2), owner(3)]
  expect(lock(a, 'x', false)).toBe(true)
  expect(lock(b, 'x', false)).toBe(true)
  const wanted = lock(c, 'x')
  locks.releaseAll(a)
  expect(await isPending(wanted)).toBe(true)
  locks.releaseAll(b)
  expect(await wanted).toBe(true)
  expect(locks.heldCount(c)).toBe(1)
})

test('requests are served in order: a shared one does not pass a waiting exclusive one', async () => {
  const [a, b, c, d] = [owner(1), owner(2), owner(3), owner(4)]
  void lock(a, 'x', false)
  const order: number[] = []
  const waits = [lock(b, 'x'), lock(c, 'x', false), lock(d, 'x', false)].map((wait, i) =>
    Promise.resolve(wait).then(() => order.push(i)),
  )
  locks.releaseAll(a)
  await waits[0]
  expect(order).toEqual([0])
  locks.releaseAll(b)
  await Promise.all(waits)
  expect(order).toEqual([0, 1, 2])
})

test('an upgrade goes before those who hold nothing', async () => {
  const [a, b, c] = [owner(1), owner(2), owner(3)]
  void lock(a, 'x', false)
  void lock(b, 'x', false)
  const late = lock(c, 'x')
  const upgrade = lock(a, 'x')
  locks.releaseAll(b)
  expect(await upgrade).toBe(true)
  expect(await isPending(late)).toBe(true)
})

test('a wait times out, and those behind it move up', async () => {
  const [a, b, c] = [owner(1), owner(2), owner(3)]
  void lock(a, 'x', false)
  const tooLong = lock(b, 'x', true, { ...PATIENT, timeoutMs: 20 })
  const behind = lock(c, 'x', false)
  await expect(tooLong).rejects.toMatchObject({ code: 'ER_LOCK_WAIT_TIMEOUT' })
  expect(await behind).toBe(true)
  expect(abandoned).toEqual([])
})

test('a wait ends when its statement is killed', async () => {
  const [a, b] = [owner(1), owner(2)]
  void lock(a, 'x')
  const [kill, timeout] = [new AbortController(), new AbortController()]
  const killed = lock(b, 'x', true, { ...PATIENT, signal: kill.signal })
  kill.abort()
  await expect(killed).rejects.toMatchObject({ code: 'ER_QUERY_INTERRUPTED' })
  const late = lock(b, 'x', true, { ...PATIENT, signal: timeout.signal })
  timeout.abort(sqlError('ER_QUERY_TIMEOUT'))
  await expect(late).rejects.toMatchObject({ code: 'ER_QUERY_TIMEOUT' })
  locks.releaseAll(a)
  expect(lock(owner(3), 'x')).toBe(true)
})

test('NOWAIT fails and SKIP LOCKED answers false, without a trace', () => {
  const [a, b] = [owner(1), owner(2)]
  void lock(a, 'x')
  expect(() => lock(b, 'x', true, { ...PATIENT, wait: 'nowait' })).toThrow(
    expect.objectContaining({ code: 'ER_LOCK_NOWAIT' }),
  )
  expect(lock(b, 'x', true, { ...PATIENT, wait: 'skip' })).toBe(false)
  locks.releaseAll(a)
  expect(lock(b, 'x')).toBe(true)
})

describe('deadlocks', () => {
  test('the one with fewer writes is rolled back, whoever closes the circle', async () => {
    for (const [writesOfA, writesOfB, victim] of [
      [5, 1, 2],
      [1, 5, 1],
      [3, 3, 2],
    ] as const) {
      locks = new LockManager()
      abandoned = []
      const [a, b] = [owner(1, writesOfA), owner(2, writesOfB)]
      void lock(a, 'x')
      void lock(b, 'y')
      const outcomes = Promise.allSettled([lock(a, 'y'), lock(b, 'x')])
      const [first, second] = await outcomes
      expect(abandoned).toEqual([victim])
      const lost = victim === 1 ? first : second
      expect(lost).toMatchObject({ status: 'rejected', reason: { code: 'ER_LOCK_DEADLOCK' } })
      expect(victim === 1 ? second : first).toEqual({ status: 'fulfilled', value: true })
    }
  })

  test('two upgrades of one shared lock', async () => {
    const [a, b] = [owner(1), owner(2)]
    void lock(a, 'x', false)
    void lock(b, 'x', false)
    const results = await Promise.allSettled([lock(a, 'x'), lock(b, 'x')])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected'])
  })

  test('a circle of many, through shared holders and queues', async () => {
    const owners = Array.from({ length: 6 }, (_, i) => owner(i, 10 - i))
    for (const [i, who] of owners.entries()) void lock(who, `k${i}`, i % 2 === 0)
    const waits = owners.map((who, i) => lock(who, `k${(i + 1) % 6}`))
    for (const wait of waits) void Promise.resolve(wait).catch(() => undefined)
    await expect(waits[5]).rejects.toMatchObject({ code: 'ER_LOCK_DEADLOCK' })
    expect(abandoned).toEqual([5])
    expect(await waits[4]).toBe(true)
  })

  test('a chain without a circle is none', async () => {
    const owners = Array.from({ length: 20 }, (_, i) => owner(i))
    for (const [i, who] of owners.entries()) void lock(who, `k${i}`)
    const waits = owners.slice(0, -1).map((who, i) => lock(who, `k${i + 1}`))
    expect(await isPending(waits[0] as Promise<boolean>)).toBe(true)
    for (const who of [...owners].reverse()) {
      locks.releaseAll(who)
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const wait of waits) expect(await wait).toBe(true)
    expect(abandoned).toEqual([])
  })
})

describe('range locks', () => {
  const range = (who: LockOwner, lower?: string, upper?: string): ReturnType<LockManager['lockRange']> =>
    locks.lockRange(
      who,
      KEYSPACE,
      lower === undefined ? undefined : Buffer.from(lower),
      upper === undefined ? undefined : Buffer.from(upper),
    )
  const put = (who: LockOwner, key: string, patience = PATIENT): boolean | Promise<boolean> =>
    locks.beforePut(who, KEYSPACE, Buffer.from(key), 0, key.length, patience)

  test('keep others from inserting into them, and nobody else', async () => {
    const [a, b] = [owner(1), owner(2)]
    range(a, 'b', 'd')
    range(b, 'c', 'e')
    expect(put(a, 'b')).toBe(true)
    expect(put(b, 'd')).toBe(true)
    const blocked = put(b, 'b')
    expect(await isPending(blocked)).toBe(true)
    locks.releaseAll(a)
    expect(await blocked).toBe(true)
    expect(put(a, 'f')).toBe(true)
  })

  test('let go what a shrunken range leaves', async () => {
    const [a, b] = [owner(1), owner(2)]
    const held = range(a, 'b', undefined)
    const blocked = put(b, 'x')
    expect(await isPending(blocked)).toBe(true)
    held.upper = Buffer.from('c')
    locks.rangeShrank()
    expect(await blocked).toBe(true)
  })

  test('two who both lock a gap and both insert are a deadlock', async () => {
    const [a, b] = [owner(1), owner(2)]
    range(a, 'a', 'z')
    range(b, 'a', 'z')
    const results = await Promise.allSettled([put(a, 'm'), put(b, 'n')])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected'])
  })
})

test('metadata locks: DDL waits for users of the table, later users wait for the DDL', async () => {
  const metadata = new MetadataLocks()
  const [reader, ddl, later] = [owner(1), owner(2), owner(3)]
  const table = { kind: 'table', id: 5 } as const
  expect(metadata.acquire(reader, table, 'shared', 1000, undefined)).toBeUndefined()
  const changing = metadata.acquire(ddl, table, 'exclusive', 1000, undefined)
  const reading = metadata.acquire(later, table, 'shared', 1000, undefined)
  const order: string[] = []
  const both = [
    Promise.resolve(changing).then(() => order.push('ddl')),
    Promise.resolve(reading).then(() => order.push('later')),
  ]
  metadata.releaseAll(reader)
  await both[0]
  expect(order).toEqual(['ddl'])
  metadata.releaseAll(ddl)
  await both[1]
  expect(metadata.holds(later, table)).toBe(true)
  await expect(metadata.acquire(ddl, table, 'exclusive', 10, undefined)).rejects.toMatchObject({
    code: 'ER_LOCK_WAIT_TIMEOUT',
  })
})

test('a hundred thousand locks of one owner are all given back at once', () => {
  const a = owner(1)
  const key = Buffer.alloc(4)
  for (let i = 0; i < 100_000; i++) {
    key.writeUInt32BE(i)
    void locks.lockKey(a, KEYSPACE, key, 0, 4, true, PATIENT)
  }
  expect(locks.heldCount(a)).toBe(100_000)
  locks.releaseAll(a)
  expect(locks.heldCount(a)).toBe(0)
  const b = owner(2)
  for (const number of [0, 50_000, 99_999]) {
    key.writeUInt32BE(number)
    expect(locks.lockKey(b, KEYSPACE, key, 0, 4, true, { ...PATIENT, wait: 'skip' })).toBe(true)
  }
})

test('many locks among those of others are released in slices, and all of them', async () => {
  const [a, b] = [owner(1), owner(2)]
  expect(lock(b, 'of another')).toBe(true)
  let granted = 0
  for (let i = 0; i < 50_000; i++) if (lock(a, `k${i}`) === true) granted++
  expect(granted).toBe(50_000)
  const waiting = lock(b, 'k49999')
  locks.releaseAll(a)
  expect(await waiting).toBe(true)
  for (const key of ['k0', 'k25000', 'k49998']) expect(lock(owner(3), key)).toBe(true)
})

test('a claim locks all keys between its ends, and is only to be had where nobody else holds a lock', async () => {
  const [a, b] = [owner(1), owner(2)]
  expect(lock(b, 'z')).toBe(true)
  expect(locks.canClaim(a, KEYSPACE)).toBe(false)
  locks.releaseAll(b)
  const claimed = owner(3)
  expect(locks.canClaim(claimed, KEYSPACE)).toBe(true)
  for (const key of ['f', 'k', 'd']) locks.claimKey(claimed, KEYSPACE, Buffer.from(key))
  expect(locks.canClaim(claimed, KEYSPACE)).toBe(true)
  expect(locks.canClaim(a, KEYSPACE)).toBe(false)
  expect(lock(claimed, 'g')).toBe(true)
  expect(locks.holdsKey(claimed, KEYSPACE, Buffer.from('g'), 0, 1)).toBe(true)
  // Outside of it others go on; then it can't grow.
  expect(lock(a, 'c')).toBe(true)
  expect(lock(a, 'l')).toBe(true)
  expect(locks.canClaim(claimed, KEYSPACE)).toBe(false)
  expect(locks.claimantIn(KEYSPACE, Buffer.from('e'), undefined)).toBe(claimed)
  expect(locks.claimantIn(KEYSPACE, Buffer.from('l'), undefined)).toBeUndefined()
  expect(locks.claimantIn(KEYSPACE, undefined, Buffer.from('d'))).toBeUndefined()
  expect(lock(a, 'd', false, { ...PATIENT, wait: 'skip' })).toBe(false)
  expect(() => lock(a, 'k', true, { ...PATIENT, wait: 'nowait' })).toThrow(sqlError('ER_LOCK_NOWAIT'))
  const waiting = lock(a, 'g')
  expect(await isPending(waiting)).toBe(true)
  locks.releaseAll(claimed)
  expect(await waiting).toBe(true)
  expect(lock(owner(4), 'g', false, { ...PATIENT, wait: 'skip' })).toBe(false)
})

test('waiting for a claim can close a circle, whose member with the fewest writes gives way', async () => {
  const [a, b] = [owner(1, 1), owner(2, 10)]
  locks.claimKey(b, KEYSPACE, Buffer.from('d'))
  expect(locks.lockKey(a, KEYSPACE + 1, Buffer.from('x'), 0, 1, true, PATIENT)).toBe(true)
  const first = lock(a, 'd')
  const second = locks.lockKey(b, KEYSPACE + 1, Buffer.from('x'), 0, 1, true, PATIENT)
  await expect(first).rejects.toMatchObject({ code: 'ER_LOCK_DEADLOCK' })
  expect(await second).toBe(true)
  expect(abandoned).toEqual([1])
})
