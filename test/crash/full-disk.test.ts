/**
 * Goal: on a full disk clients get MySQL's error, what was acknowledged before stays, reading goes on, and when there is room again
 * writing goes on, without a restart; a restart in either state finds everything too.
 *
 * Method: the data folder lies on a small file system in memory, which a file fills. Mounting needs root; without it the tests are
 * skipped by name.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'

const MEGABYTE = 2 ** 20

const CONFIG = `
init: { sample: false }
plugins: { lmdb: { options: { overlayBytes: 256K } } }
`

const mounts: string[] = []

/** A file system of its own on a new folder; undefined where this process may not mount. */
function mountSmallDisk(megabytes: number): string | undefined {
  const folder = temporaryFolder()
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder])
  if (status !== 0) return undefined
  mounts.push(folder)
  return folder
}

function unmountAll(): void {
  for (const folder of mounts.splice(0)) spawnSync('umount', ['--lazy', folder])
}

const probe = mountSmallDisk(1)
unmountAll()
const testOnSmallDisk = probe === undefined ? test.skip : test
const title = (text: string) => (probe === undefined ? `${text} (needs the right to mount)` : text)

afterEach(async () => {
  await killServers()
  unmountAll()
})
afterAll(removeTemporaryFolders)

/** A disk with a server on it, and a file that takes all but a few megabytes. */
class SmallDisk {
  private readonly filler: string

  constructor(readonly folder: string) {
    this.filler = join(folder, 'filler')
  }

  fill(leaveBytes: number): void {
    const { bavail, bsize } = statfsSync(this.folder)
    try {
      writeFileSync(this.filler, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)))
    } catch (error) {
      // The server took some of the room meanwhile: the disk is full.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }

  free(): void {
    rmSync(this.filler, { force: true })
  }
}

/** Inserts rows until the server refuses one; answers how many it took and the error. */
async function insertUntilRefused(
  connection: Connection,
  from: number,
): Promise<{ readonly end: number; readonly errno: number | undefined }> {
  const payload = 'x'.repeat(60_000)
  for (let number = from; number < from + 20_000; number++) {
    try {
      await connection.query('INSERT INTO rowsOfText VALUES (?, ?, ?)', [number, number % 10, payload])
    } catch (error) {
      return { end: number, errno: (error as { errno?: number }).errno }
    }
  }
  throw new Error('the disk never became full')
}

async function expectRows(connection: Connection, end: number): Promise<void> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS count, MIN(id) AS first, MAX(id) AS last, SUM(LENGTH(payload)) AS bytes FROM rowsOfText`,
  )
  expect(row).toEqual({ count: end, first: 0, last: end - 1, bytes: String(end * 60_000) })
  const [[through]] = await connection.query<RowDataPacket[]>(
    'SELECT COUNT(*) AS count FROM rowsOfText FORCE INDEX (by_kind) WHERE kind >= 0',
  )
  expect(through?.count).toBe(end)
}

const FULL_ERRORS = [1021, 1114]

testOnSmallDisk(
  title('a full disk refuses writes, keeps what was acknowledged, and works again when there is room'),
  async () => {
    const folder = mountSmallDisk(160)
    if (folder === undefined) throw new Error('the disk could be mounted before')
    mkdirSync(join(folder, 'data'))
    const disk = new SmallDisk(folder)
    let server = await TestServer.start({ folder, config: CONFIG })
    let connection = await server.connect()
    await connection.query('CREATE DATABASE full')
    await connection.query('USE full')
    await connection.query(
      'CREATE TABLE rowsOfText (id INT PRIMARY KEY, kind INT, payload TEXT, KEY by_kind (kind))',
    )
    disk.fill(10 * MEGABYTE)
    const first = await insertUntilRefused(connection, 0)
    expect(FULL_ERRORS).toContain(first.errno)
    await expectRows(connection, first.end)
    // Refused again, in other words too, and the connection lives.
    const again = await insertUntilRefused(connection, first.end)
    expect(FULL_ERRORS).toContain(again.errno)
    await connection.query('START TRANSACTION')
    await connection.query('UPDATE rowsOfText SET payload = REVERSE(payload), kind = kind + 1')
    await expect(connection.query('COMMIT')).rejects.toMatchObject({ errno: expect.any(Number) })
    await expectRows(connection, again.end)

    disk.free()
    await writeAgain(connection, again.end)
    await expectRows(connection, again.end + 1)
    disk.fill(10 * MEGABYTE)
    const second = await insertUntilRefused(connection, again.end + 1)
    expect(FULL_ERRORS).toContain(second.errno)

    // Killed while the disk is full, started when there is room.
    await server.kill()
    disk.free()
    server = await TestServer.start({ folder })
    connection = await server.connect({ database: 'full' })
    await expectRows(connection, second.end)
    await connection.query('DELETE FROM rowsOfText')
    await expectRowsGone(connection)
    expect(await server.stop()).toEqual({ status: 0, signal: null })
  },
  90_000,
)

/** The first write that succeeds; a storage that waited for room may need a moment. */
async function writeAgain(connection: Connection, id: number): Promise<void> {
  const deadlineMs = performance.now() + 15_000
  for (;;) {
    try {
      await connection.query('INSERT INTO rowsOfText VALUES (?, 0, ?)', [id, 'x'.repeat(60_000)])
      return
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function expectRowsGone(connection: Connection): Promise<void> {
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS count FROM rowsOfText')
  expect(row?.count).toBe(0)
}
