/**
 * Goal: point reads that share a connection are as if each had its own, whatever happens to one of them. Method: sessions that read at the same
 * time from a MariaDB behind a door that can be cut, while a table there is locked, a row is huge, a reader is killed, a statement is unknown or fails;
 * how many connections there are says whether they were shared.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { MARIADB_PROGRAMS } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { Door } from './testing/door.js'
import {
  addressOf,
  direct,
  startOnMariaDb,
  type OnMariaDb,
  type RemoteSetup,
} from './testing/remote-databases.js'

const ROWS = 2000
/** More reads than it takes to have them prepared. */
const TIMES = 8
const HUGE_BYTES = 20 * 1024 * 1024

describeWithCommand(MARIADB_PROGRAMS, 'point reads on one connection', () => {
  let started: OnMariaDb
  let there: Connection
  let door: Door
  let setup: RemoteSetup
  let sessions: readonly TestSession[]

  beforeAll(async () => {
    started = await startOnMariaDb(
      `CREATE DATABASE d; USE d; SET GLOBAL max_allowed_packet = 64 * 1024 * 1024;
        CREATE TABLE t (id INT PRIMARY KEY, a INT, code VARCHAR(20)); INSERT INTO t SELECT seq, seq * 7, CONCAT('c', seq) FROM seq_1_to_${ROWS};
        CREATE TABLE locked (id INT PRIMARY KEY, a INT); INSERT INTO locked SELECT seq, seq FROM seq_1_to_10;
        CREATE TABLE altered (id INT PRIMARY KEY, a INT); INSERT INTO altered VALUES (2, 2);
        CREATE TABLE huge (id INT PRIMARY KEY, a LONGTEXT); INSERT INTO huge VALUES (2, 'y')`,
      async (port) => {
        door = await Door.open(port)
        return { d: { address: addressOf(door.port) } }
      },
      // As many share as may, whatever else this thread has to do.
      { connectionsMax: 10, connectTimeoutMs: 2000, queryTimeoutMs: 8000, busyShareMin: 0 },
    )
    ;({ there, setup } = started)
    // The length that is allowed is one of the connection.
    const filler = await direct(started.mariadb.port)
    await filler.query(`INSERT INTO d.huge VALUES (1, REPEAT('x', ${HUGE_BYTES}))`)
    await filler.end()
    sessions = await Promise.all(Array.from({ length: 200 }, () => setup.engine.session('d')))
  }, 60_000)
  afterAll(async () => {
    await door.shut()
    await started.stop()
  })
  beforeEach(begin)

  /** There is one connection, which has everything prepared. */
  async function begin(): Promise<void> {
    door.cut()
    for (let i = 0; i < TIMES; i++) {
      for (const table of ['t', 'locked', 'huge']) await first().rows(readOf(table, 2))
    }
  }

  const first = (): TestSession => at(0)

  function at(place: number): TestSession {
    const session = sessions[place]
    if (session === undefined) throw new Error(`there are ${sessions.length} sessions`)
    return session
  }

  function readOf(table: string, id: number): string {
    return `SELECT a FROM ${table} WHERE id = ${id}`
  }

  /** Each reads rows of its own. */
  async function readAll(count: number, times: number): Promise<void> {
    await Promise.all(
      sessions.slice(0, count).map(async (session, i) => {
        for (let k = 0; k < times; k++) {
          const id = 1 + ((i * 31 + k * 17) % (ROWS + 5))
          const expected = id > ROWS ? [] : [[String(id * 7)]]
          expect(await session.rows(readOf('t', id))).toEqual(expected)
        }
      }),
    )
  }

  async function connectionsOfOurs(): Promise<number> {
    const [rows] = await there.query<RowDataPacket[]>(
      "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND COMMAND <> 'Daemon'",
    )
    return Number((rows[0] as unknown as readonly unknown[])[0])
  }

  async function withLocked(work: () => Promise<void>): Promise<void> {
    const locker = await direct(started.mariadb.port)
    await locker.query('LOCK TABLES d.locked WRITE')
    try {
      await work()
    } finally {
      await locker.query('UNLOCK TABLES')
      await locker.end()
    }
  }

  /** The remote has it, and doesn't answer. */
  async function untilWaiting(count: number): Promise<void> {
    for (;;) {
      const [rows] = await there.query<RowDataPacket[]>(
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for%lock'",
      )
      if (Number((rows[0] as unknown as readonly unknown[])[0]) === count) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  test('have each its own answer', async () => {
    await readAll(8, 200)
  })

  test('that come at once need one connection', async () => {
    // Who waits for this thread too long goes elsewhere.
    do {
      await begin()
      // It takes the remote a while to notice that the others have gone.
      while ((await connectionsOfOurs()) > 1) await new Promise((resolve) => setTimeout(resolve, 10))
      await readAll(12, 1)
    } while ((await connectionsOfOurs()) > 1)
  })

  test('of two hundred clients need no more than ten connections', async () => {
    await readAll(200, 20)
    expect(await connectionsOfOurs()).toBeLessThanOrEqual(10)
  })

  test('don’t wait behind one that the remote holds up', async () => {
    let held: Promise<unknown> | undefined
    await withLocked(async () => {
      let isAnswered = false
      held = first()
        .rows(readOf('locked', 3))
        .finally(() => (isAnswered = true))
      await readAll(20, 20)
      // Also those that come later.
      await untilWaiting(1)
      await readAll(20, 20)
      expect(isAnswered).toBe(false)
    })
    expect(await held).toEqual([['3']])
  })

  test('go on where others of one turn are held up', async () => {
    let held: Promise<unknown> | undefined
    await withLocked(async () => {
      // In one packet: those that wait for the lock are among the others.
      held = Promise.all([3, 7, 11].map((place) => at(place).rows(readOf('locked', 4))))
      const others = [1, 2, 4, 5, 6, 8, 9, 10, 12].map((place) => at(place).rows(readOf('t', place)))
      expect((await Promise.all(others)).flat(2)).toEqual([
        '7',
        '14',
        '28',
        '35',
        '42',
        '56',
        '63',
        '70',
        '84',
      ])
    })
    expect(await held).toEqual([[['4']], [['4']], [['4']]])
  })

  test('leave nothing of one that is killed', async () => {
    await withLocked(async () => {
      const [[id = ''] = []] = await first().rows('SELECT CONNECTION_ID()')
      const victim = first().execute(readOf('locked', 5))
      const others = [1, 2, 3].map((place) => at(place).rows(readOf('t', place)))
      await at(50).run(`KILL QUERY ${id}`)
      expect((await victim)[0]?.error).toMatchObject({ number: 1317 })
      expect((await Promise.all(others)).flat(2)).toEqual(['7', '14', '21'])
      await untilWaiting(0)
    })
    await readAll(8, 20)
  })

  test('go on when one behind them is killed', async () => {
    let held: Promise<unknown> | undefined
    await withLocked(async () => {
      const [[id = ''] = []] = await at(1).rows('SELECT CONNECTION_ID()')
      held = first().rows(readOf('locked', 5))
      const victim = at(1).execute(readOf('locked', 6))
      await at(50).run(`KILL QUERY ${id}`)
      expect((await victim)[0]?.error).toMatchObject({ number: 1317 })
    })
    expect(await held).toEqual([['5']])
  })

  test('end in time, each by its own', async () => {
    await withLocked(async () => {
      const limited = first().execute('SELECT /*+ MAX_EXECUTION_TIME(200) */ a FROM locked WHERE id = 6')
      await readAll(8, 20)
      expect((await limited)[0]?.error).toMatchObject({ number: 3024 })
      await untilWaiting(0)
    })
  })

  test('of sessions with other settings have the answers of theirs', async () => {
    await at(1).run("SET sql_mode = 'ANSI_QUOTES', time_zone = '+09:00'")
    const answers = await Promise.all([
      first().rows('SELECT "code" FROM t WHERE id = 1'),
      at(1).rows('SELECT "code" FROM t WHERE id = 1'),
      at(2).rows(readOf('t', 1)),
    ])
    expect(answers).toEqual([[['code']], [['c1']], [['7']]])
    await at(1).run('SET sql_mode = DEFAULT, time_zone = DEFAULT')
  })

  test('may be huge', async () => {
    const huge = first().rows('SELECT LENGTH(a), a FROM huge WHERE id = 1')
    const same = at(1).rows('SELECT LENGTH(a), a FROM huge WHERE id = 1')
    await readAll(8, 5)
    for (const [row] of [await huge, await same]) {
      expect(row?.[0]).toBe(String(HUGE_BYTES))
      expect(row?.[1]?.length).toBe(HUGE_BYTES)
    }
  })

  test('fail alone', async () => {
    for (let i = 0; i < TIMES; i++) await first().rows(readOf('altered', 2))
    await there.query('ALTER TABLE d.altered RENAME COLUMN a TO b')
    const reads = Array.from({ length: 12 }, (_, i) =>
      at(i).execute(readOf(i % 3 === 1 ? 'altered' : 't', i + 1)),
    )
    const answers = (await Promise.all(reads)).map(([answer]) => answer?.error?.number ?? answer?.rows)
    answers.forEach((answer, i) => {
      expect(answer).toEqual(i % 3 === 1 ? 1054 : [[String((i + 1) * 7)]])
    })
  })

  test('survive the connection', async () => {
    for (let i = 0; i < 5; i++) {
      const reading = readAll(8, 1)
      door.cut()
      await reading
      await begin()
    }
  })

  test.each([3, 0])(
    'are ended there when all of them are killed, of which %s are known to wait',
    async (waiting) => {
      await withLocked(async () => {
        const ids = await Promise.all([0, 1, 2].map((place) => at(place).rows('SELECT CONNECTION_ID()')))
        const victims = [0, 1, 2].map((place) => at(place).execute(readOf('locked', 7)))
        // Those that are killed before have never had connections of their own.
        if (waiting > 0) await untilWaiting(waiting)
        await Promise.all(ids.flat(2).map((id, i) => at(50 + i).run(`KILL QUERY ${id ?? ''}`)))
        for (const [answer] of await Promise.all(victims))
          expect(answer?.error).toMatchObject({ number: 1317 })
        await untilWaiting(0)
      })
      await readAll(8, 20)
    },
  )
})
