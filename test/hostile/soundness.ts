/**
 * What must hold after any attack: the server lives, others are served, nothing is left behind, and its log tells of no
 * fault of ours.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { Random } from '../crash/load/random.js'
import type { TestServer } from '../support/server.js'
import { WireClient, type LoginOptions } from '../support/wire-client.js'

export function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.next(256)))
}

/** Some bytes of `whole` changed, cut off, doubled or put in. */
export function mutated(random: Random, whole: Buffer): Buffer {
  const at = random.next(whole.length + 1)
  switch (random.next(5)) {
    case 0:
      return whole.subarray(0, at)
    case 1:
      return Buffer.concat([
        whole.subarray(0, at),
        randomBytes(random, 1 + random.next(9)),
        whole.subarray(at),
      ])
    case 2:
      return Buffer.concat([whole, whole.subarray(at)])
    case 3: {
      // Length prefixes of every size, and lengths beyond any packet.
      const lengths = [
        [0xfb],
        [0xfc, 0xff, 0xff],
        [0xfd, 0xff, 0xff, 0xff],
        [0xfe, ...Array(8).fill(0xff)],
        [0xff],
      ]
      const length = Buffer.from(random.pick(lengths) ?? [])
      return Buffer.concat([whole.subarray(0, at), length, whole.subarray(at + 1)])
    }
    default: {
      const copy = Buffer.from(whole)
      for (let i = random.next(4); i >= 0 && copy.length > 0; i--)
        copy[random.next(copy.length)] = random.next(256)
      return copy
    }
  }
}

/** Waits until `isSo` answers true. Rejects after some time. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (performance.now() > giveUpAtMs) throw new Error(`it has not come to that in ${PATIENCE_MS / 1000} s`)
    await delay(10)
  }
}

const PATIENCE_MS = 30_000

/** The answer of a query of one row and one column. */
export async function valueOf(connection: Connection, sql: string): Promise<unknown> {
  const [rows] = await connection.query<RowDataPacket[]>(sql)
  return Object.values(rows[0] ?? {})[0]
}

/** The number of the error that a promise rejects with. */
export async function errorNumber(promise: Promise<unknown>): Promise<number | undefined> {
  try {
    await promise
  } catch (error) {
    return (error as { errno?: number }).errno
  }
  return undefined
}

/** Sessions that the server counts, the asking one included. */
export async function sessionCount(connection: Connection): Promise<number> {
  return Number(await valueOf(connection, 'SELECT COUNT(*) FROM information_schema.PROCESSLIST'))
}

/** `connection`, which was there before the attack, is served; it is alone when the attackers have left; no fault was logged. */
export async function expectSound(server: TestServer, connection: Connection): Promise<void> {
  expect(await valueOf(connection, 'SELECT 6 * 7')).toBe(42)
  await eventually(async () => (await sessionCount(connection)) === 1)
  expect(faultsOf(server)).toEqual([])
}

/** A connection as root that looks at single packets. */
export function logIn(server: TestServer, options: LoginOptions = {}): Promise<WireClient> {
  return WireClient.login(server, { method: 'caching_sha2_password', ...options })
}

/** What the server logged above the level of warnings. */
export function faultsOf(server: TestServer): readonly string[] {
  return server.log.split('\n').filter((line) => /"level":"(?:error|fatal)"/.test(line))
}
