/**
 * Goal: statements that change rows of one remote go there as one statement, and say and do what they would here; what a remote might do
 * otherwise goes there row by row. Method: the same tables in memory, on a MariaDB and on a second server of ours (and on a MySQL that is
 * named); each statement in all of them, in a transaction that is undone; MariaDB's general log tells what arrived.
 */
import type { Connection } from 'mysql2/promise'
import { MARIADB_PROGRAMS } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { addressOf, received, startCompared, type Compared } from './testing/remote-databases.js'

const TABLES = [
  `CREATE TABLE item (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(10) NOT NULL, price DECIMAL(6, 2), pieces TINYINT, note VARCHAR(20),
    day DATE, at DATETIME, UNIQUE KEY name (name)) COLLATE utf8mb4_bin`,
  `INSERT INTO item VALUES (1, 'nut', 1.50, 10, NULL, '2024-01-31', NULL), (2, 'bolt', 2.25, 120, 'x', NULL, '2024-05-05 10:00:00'),
    (3, 'screw', NULL, NULL, 'yy', '2024-02-29', NULL), (4, 'Nail', 0.10, -128, 'long enough text', NULL, NULL)`,
  'CREATE TABLE sale (id INT PRIMARY KEY, item INT, sold SMALLINT) COLLATE utf8mb4_bin',
  'INSERT INTO sale VALUES (1, 1, 3), (2, 1, 4), (3, 2, 100), (4, 9, 1), (5, NULL, 2)',
  "CREATE TABLE keyless (a INT, b VARCHAR(10) DEFAULT 'none') COLLATE utf8mb4_bin",
  "INSERT INTO keyless VALUES (1, 'one'), (1, 'one'), (2, NULL)",
]

/** Where a VARCHAR is copied as it is, MySQL has an error of its own for one that is too long (1265 for 1406). */
const COPIED = 'UPDATE item SET name = note WHERE id = 4'

/** One statement there. */
const WHOLE = [
  "UPDATE item SET note = 'new' WHERE id = 2",
  'UPDATE item SET pieces = pieces + 1 WHERE id < 3',
  'UPDATE item SET pieces = pieces + 100',
  'UPDATE item SET pieces = pieces - 1 WHERE id = 4',
  'UPDATE item SET price = price * 1.005',
  'UPDATE item SET name = note WHERE id IN (2, 3)',
  COPIED,
  'UPDATE item SET name = note WHERE id = 1',
  "UPDATE item SET name = 'nut' WHERE id = 2",
  'UPDATE item SET at = day, day = NULL WHERE day IS NOT NULL',
  'UPDATE item SET pieces = 5, note = NULL, price = pieces ORDER BY id DESC LIMIT 2',
  'UPDATE item i SET i.note = "sold" WHERE EXISTS (SELECT 1 FROM sale s WHERE s.item = i.id AND s.sold > 3)',
  'UPDATE item SET note = "unsold" WHERE NOT EXISTS (SELECT 1 FROM sale WHERE item = item.id)',
  'UPDATE item i JOIN sale s ON s.item = i.id SET i.pieces = s.sold, s.sold = 0 WHERE s.id > 1',
  'UPDATE item i LEFT JOIN sale s ON s.item = i.id SET i.note = "none" WHERE s.id IS NULL',
  'UPDATE item i JOIN (SELECT item, SUM(sold) n FROM sale GROUP BY item) t ON t.item = i.id SET i.price = t.n',
  'UPDATE item SET id = id + 10 ORDER BY id DESC',
  'UPDATE item SET pieces = 1 WHERE id > 100',
  'UPDATE item SET at = NOW() WHERE at IS NULL AND id < 0',
  'UPDATE keyless SET a = a + 1',
  "UPDATE keyless SET b = 'two' WHERE a = 1 LIMIT 1",
  'DELETE FROM item WHERE id = 2',
  'DELETE FROM item',
  'DELETE FROM item ORDER BY price DESC LIMIT 2',
  'DELETE FROM item WHERE EXISTS (SELECT 1 FROM sale WHERE sale.item = item.id)',
  'DELETE i FROM item i JOIN sale s ON s.item = i.id WHERE s.sold = 4',
  'DELETE i, s FROM item i LEFT JOIN sale s ON s.item = i.id WHERE i.id < 3',
  'DELETE FROM keyless WHERE a = 1 LIMIT 1',
  'DELETE FROM keyless WHERE b IS NULL',
  'INSERT INTO sale SELECT id + 10, id, pieces FROM item WHERE pieces > 0',
  'INSERT INTO sale (id, item) SELECT DISTINCT item + 20, item FROM sale WHERE item IS NOT NULL',
  'INSERT INTO item (name, price) SELECT b, a FROM keyless WHERE a = 1 LIMIT 1',
  'INSERT INTO item (id, name) SELECT id + 50, note FROM item WHERE note IS NOT NULL AND id < 4',
  'INSERT INTO item (id, name) SELECT id, note FROM item WHERE id = 1',
  'INSERT INTO keyless (a) SELECT a FROM keyless',
  'INSERT INTO sale SELECT id, item, sold FROM sale WHERE id = 3',
  'REPLACE INTO sale SELECT id, 7, sold FROM sale WHERE id < 4',
]

/** What they might do otherwise, or what depends on the rows. */
const BY_ROW = [
  'UPDATE item SET pieces = 300 WHERE id = 77',
  'UPDATE item SET pieces = 300 WHERE id = 1',
  'UPDATE item SET note = SOUNDEX(name) WHERE id = 1',
  'UPDATE IGNORE item SET pieces = pieces + 100',
  'UPDATE item i, item j SET i.note = j.name WHERE j.id = i.id + 1',
  'DELETE FROM item WHERE SOUNDEX(name) = SOUNDEX("nutt")',
  'INSERT INTO sale SELECT id, 1, 1 FROM item WHERE id = 1 ON DUPLICATE KEY UPDATE sold = 9',
]

describeWithCommand(MARIADB_PROGRAMS, 'changes as one statement', () => {
  let compared: Compared
  let session: TestSession
  let there: Connection

  beforeAll(async () => {
    compared = await startCompared(TABLES, (port) => ({
      frozen: { address: addressOf(port), database: 'd', readOnly: true },
    }))
    ;({ session, there } = compared)
  }, 60_000)
  afterAll(() => compared.stop())

  /** What a statement says and leaves, in one of the databases. */
  async function outcome(database: string, sql: string) {
    await session.run(`USE ${database}`)
    await session.run('START TRANSACTION')
    await session.run('SELECT LAST_INSERT_ID(12345)')
    const [answer] = await session.execute(sql)
    const warnings = await session.rows('SHOW WARNINGS')
    const numbers = await session.rows('SELECT LAST_INSERT_ID() > 12345')
    const tables: unknown[] = []
    for (const table of ['item', 'sale', 'keyless']) {
      tables.push(await session.rows(`SELECT * FROM ${table} ORDER BY 1, 2`))
    }
    await session.run('ROLLBACK')
    const { error, status } = answer ?? {}
    const said = error?.message.replaceAll(/`(here|maria|second|genuine|d\w*)`\./g, '')
    return { said, affected: status?.affectedRows, info: status?.info, warnings, numbers, tables }
  }

  async function compareOthers(sql: string, wanted: unknown): Promise<void> {
    for (const database of compared.remotes.slice(1)) {
      if (database === 'genuine' && sql === COPIED) continue
      expect(await outcome(database, sql)).toEqual(wanted)
    }
  }

  async function changesReceived(work: () => Promise<unknown>): Promise<readonly string[]> {
    const packets = await received(there, work)
    // Packets of several statements are told as a whole.
    const statements = packets.map((packet) => packet.split('; ').at(-1) ?? '')
    return statements.filter((sql) => /^(UPDATE|DELETE|INSERT|REPLACE)|FOR UPDATE/.test(sql))
  }

  test.each(WHOLE)('%s', async (sql) => {
    const wanted = await outcome('here', sql)
    const arrived = await changesReceived(async () => {
      expect(await outcome('maria', sql)).toEqual(wanted)
    })
    expect([arrived.length, arrived]).toEqual([1, arrived])
    await compareOthers(sql, wanted)
  })

  // Tables without a primary key can't be changed row by row.
  test.each(BY_ROW)('%s', async (sql) => {
    const wanted = await outcome('here', sql)
    const arrived = await changesReceived(async () => {
      expect(await outcome('maria', sql)).toEqual(wanted)
    })
    expect(arrived.some((each) => each.endsWith('FOR UPDATE'))).toBe(true)
    await compareOthers(sql, wanted)
  })

  test('without strict mode what may not fit goes by row, and is cut here', async () => {
    await session.run("SET sql_mode = ''")
    for (const sql of [
      'UPDATE item SET pieces = pieces + 100',
      'UPDATE item SET name = note WHERE id <> 3',
    ]) {
      expect(await outcome('maria', sql)).toEqual(await outcome('here', sql))
    }
    await session.run('SET sql_mode = DEFAULT')
  })

  test('is shown by EXPLAIN, with a reason where it is not one', async () => {
    await session.run('USE maria')
    const explained = async (sql: string) => (await session.rows(`EXPLAIN FORMAT=TREE ${sql}`)).flat().join()
    expect(await explained("UPDATE item SET note = 'x', pieces = pieces + 1 WHERE id = 3")).toContain(
      'UPDATE `d`.`item` t0 SET t0.`note` = ?, t0.`pieces` = (t0.`pieces` + ?) WHERE (t0.`id` = ?)',
    )
    expect(await explained('DELETE FROM item WHERE SOUNDEX(name) IS NULL')).toContain('no entry for soundex')
  })

  test('never reaches a database that is read only', async () => {
    const arrived = await changesReceived(async () => {
      for (const sql of [
        'UPDATE frozen.keyless SET a = 1',
        'UPDATE frozen.item SET pieces = pieces + 1',
        'DELETE FROM frozen.item WHERE id = 1',
        'INSERT INTO frozen.sale SELECT id + 100, 1, 1 FROM maria.item',
        'REPLACE INTO frozen.sale SELECT id, 1, 1 FROM maria.sale',
        'UPDATE maria.item m JOIN frozen.sale f ON f.item = m.id SET m.pieces = 1, f.sold = 1',
        'DELETE m, f FROM maria.item m JOIN frozen.sale f ON f.item = m.id',
      ]) {
        const [answer] = await session.execute(sql)
        expect([sql, [3989, 1235].includes(answer?.error?.number ?? 0)]).toEqual([sql, true])
      }
    })
    expect(arrived.filter((sql) => !sql.startsWith('SELECT'))).toEqual([])
  })

  test('are planned anew where a table is another by now', async () => {
    await session.run('USE maria')
    await there.query('CREATE TABLE d.altered (a INT, b INT); INSERT INTO d.altered VALUES (1, 1), (2, 2)')
    await session.run('UPDATE altered SET a = a + 10')
    await there.query(
      'DROP TABLE d.altered; CREATE TABLE d.altered (a BIGINT, c INT); INSERT INTO d.altered VALUES (5, 5)',
    )
    expect((await session.run('UPDATE altered SET a = a + 11')).status?.affectedRows).toBe(1)
    await there.query('ALTER TABLE d.altered CHANGE a z BIGINT')
    await expect(session.run('UPDATE altered SET a = a + 12')).rejects.toMatchObject({ number: 1054 })
    await expect(session.run('DELETE FROM altered WHERE a = 1')).rejects.toMatchObject({ number: 1054 })
    await there.query('DROP TABLE d.altered')
    await expect(session.run('UPDATE altered SET z = 1')).rejects.toMatchObject({ number: 1146 })
  })

  test('are undone alone, and with their transaction', async () => {
    await session.run('USE maria')
    await session.run('START TRANSACTION')
    await session.run("UPDATE item SET note = 'kept' WHERE id = 1")
    await session.run('SAVEPOINT one')
    await session.run('DELETE FROM item WHERE id > 1')
    await session.run('ROLLBACK TO SAVEPOINT one')
    await expect(session.run('UPDATE item SET id = 4 WHERE id = 2')).rejects.toMatchObject({ number: 1062 })
    expect(await session.rows('SELECT COUNT(*), MAX(note) FROM item')).toEqual([['4', 'yy']])
    await expect(session.run('CREATE TABLE here.extra (a INT)')).resolves.toBeDefined()
    expect(await session.rows('SELECT note FROM item WHERE id = 1')).toEqual([['kept']])
    await session.run('UPDATE item SET note = NULL WHERE id = 1')
  })
})
