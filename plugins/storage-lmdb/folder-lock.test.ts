/**
 * Goal: a folder has one owner at a time, dead owners don't count, and the length of its path doesn't matter. Method: locks in
 * this process (a connection doesn't know whose socket it reaches) and a crowd that comes at once.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FolderLock } from './folder-lock.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-lock-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('is held by one, and free again when released', async () => {
  const first = await FolderLock.take(folder)
  expect(first).toBeDefined()
  expect(await FolderLock.take(folder)).toBeUndefined()
  await first!.release()
  const second = await FolderLock.take(folder)
  expect(second).toBeDefined()
  await second!.release()
  expect(readdirSync(folder)).toEqual([])
})

test('makes the folder if it is missing', async () => {
  const lock = await FolderLock.take(join(folder, 'a', 'b'))
  await lock!.release()
  expect(readdirSync(join(folder, 'a'))).toEqual(['b'])
})

test('does not count what dead owners left behind, and clears it away', async () => {
  // A socket whose process was killed refuses connections, as a plain file does.
  writeFileSync(join(folder, 'owner-dead.sock'), '')
  const lock = await FolderLock.take(folder)
  expect(lock).toBeDefined()
  expect(readdirSync(folder)).not.toContain('owner-dead.sock')
  expect(readdirSync(folder).length).toBe(1)
  await lock!.release()
})

test('has one owner, of many that come at once', async () => {
  for (let round = 0; round < 10; round++) {
    const locks = await Promise.all(Array.from({ length: 8 }, () => FolderLock.take(folder)))
    const owners = locks.filter((lock) => lock !== undefined)
    // All may step back before each other; two must never stay.
    expect(owners.length).toBeLessThanOrEqual(1)
    for (const owner of owners) await owner.release()
  }
  const lock = await FolderLock.take(folder)
  expect(lock).toBeDefined()
  await lock!.release()
})

test('works in a folder whose path is too long for a socket', async () => {
  const long = join(folder, 'x'.repeat(120))
  mkdirSync(long)
  const lock = await FolderLock.take(long)
  expect(lock).toBeDefined()
  expect(await FolderLock.take(long)).toBeUndefined()
  await lock!.release()
})
