/**
 * Goal: rows on a real MariaDB are changed as if they were here, alone and in transactions, as far as that is right there. Method: what is
 * written is compared with what a client there sees; MariaDB's general log tells what arrives.
 */
import type { Connection } from 'mysql2/promise'
import { MARIADB_PROGRAMS } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { direct, received, type OnMariaDb } from './testing/remote-databases.js'
import { rowsAt, startShop } from './testing/shop.js'

describeWithCommand(MARIADB_PROGRAMS, 'tables on MariaDB that are written', () => {
  let started: OnMariaDb
  let there: Connection
  let session: TestSession

  beforeAll(async () => {
    started = await startShop()
    ;({ there, session } = started)
  }, 60_000)
  afterAll(() => started.stop())

  const read = (sql: string): Promise<unknown[]> => rowsAt(there, sql)

  describe('changes', () => {
    afterEach(async () => {
      await session.run('ROLLBACK')
      await there.query('DELETE FROM shop.item WHERE id > 3; DELETE FROM shop.moment; DELETE FROM other.t')
    })

    test('are written there, with numbers drawn there', async () => {
      const inserted = await session.run(
        "INSERT INTO item (name, price, bits, tags) VALUES ('a', 1, 5, 'y'), ('b', 2, NULL, 'z,x')",
      )
      expect(inserted.status?.affectedRows).toBe(2)
      const [[first] = []] = (await read("SELECT id FROM shop.item WHERE name = 'a'")) as number[][]
      expect(Number(inserted.status?.lastInsertId)).toBe(first)
      expect(await session.rows('SELECT LAST_INSERT_ID()')).toEqual([[String(first)]])
      await session.run("UPDATE item SET price = price * 2, name = CONCAT(name, '!') WHERE name = 'b'")
      expect(await read("SELECT price, total, tags FROM shop.item WHERE name = 'b!'")).toEqual([
        ['4.00', '8.00', 'x,z'],
      ])
      expect(
        (await session.run("REPLACE INTO item (id, name) VALUES (4000, 'a')")).status?.affectedRows,
      ).toBe(2)
      expect(
        (await session.run("INSERT INTO item (name) VALUES ('a') ON DUPLICATE KEY UPDATE price = 9")).status
          ?.affectedRows,
      ).toBe(2)
      expect(
        (await session.run("INSERT IGNORE INTO item (name) VALUES ('a'), ('c')")).status?.affectedRows,
      ).toBe(1)
      expect(
        (await session.run('DELETE FROM item WHERE id > 3 AND price IS NULL')).status?.affectedRows,
      ).toBe(1)
      expect(await read('SELECT id, name, price FROM shop.item WHERE id > 3 ORDER BY name')).toEqual([
        [4000, 'a', '9.00'],
        [expect.anything(), 'b!', '4.00'],
      ])
    })

    test('have the errors of the server', async () => {
      await expect(
        session.run("INSERT INTO item (id, name) VALUES (70, 'ok'), (71, 'nut')"),
      ).rejects.toMatchObject({
        number: 1062,
        message: "Duplicate entry 'nut' for key 'item.name'",
      })
      expect(await read('SELECT id FROM shop.item WHERE id = 70')).toEqual([])
      await expect(session.run("UPDATE item SET name = 'nut' WHERE id = 2")).rejects.toMatchObject({
        number: 1062,
      })
      await expect(session.run('INSERT INTO item (name) VALUES (NULL)')).rejects.toMatchObject({
        number: 1048,
      })
      await expect(session.run('UPDATE keyless SET a = SOUNDEX(b)')).rejects.toMatchObject({ number: 1235 })
    })

    test('fill in defaults', async () => {
      await session.run('INSERT INTO moment (id) VALUES (1)')
      expect(await read('SELECT word, n, at IS NOT NULL FROM shop.moment')).toEqual([["it's", 7, 1]])
    })

    test('of many rows lock them while they are computed', async () => {
      // What is known of the table has arrived before.
      await session.run('SELECT COUNT(*) FROM sale')
      const arrived = await received(there, () =>
        session.run(
          'UPDATE sale SET item = item + 0, at = at + INTERVAL 0 DAY, pieces = 9 - pieces WHERE id IN (3, 6)',
        ),
      )
      expect(arrived[0]).toMatch(/WHERE \(t\.`id` IN \(3, 6\)\) FOR UPDATE$/)
      expect(arrived.at(-1)).toBe('COMMIT')
    })

    test('are counted at once, if they were not undone', async () => {
      const counted = async () => {
        const sql =
          "SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'moment'"
        return Number((await session.rows(sql))[0]?.[0])
      }
      await session.run('DELETE FROM moment')
      await session.run('FLUSH TABLES')
      const before = await counted()
      await session.run('INSERT INTO moment (id) SELECT id FROM sale WHERE id <= 500')
      await session.run('INSERT INTO moment (id) VALUES (1001), (1002), (1003)')
      expect(await counted()).toBe(before + 503)
      await session.run('DELETE FROM moment WHERE id > 1000 AND SOUNDEX(word) IS NOT NULL')
      await session.run('DELETE FROM moment WHERE id > 490')
      expect(await counted()).toBe(before + 490)
      await session.run('START TRANSACTION')
      await session.run('INSERT INTO moment (id) VALUES (1001)')
      await session.run('ROLLBACK')
      expect(await counted()).toBe(before + 490)
      await session.run('TRUNCATE TABLE moment')
      expect(await counted()).toBe(0)
    })

    test('never reach a database that is read only', async () => {
      const changes = [
        "INSERT INTO frozen.item (name) VALUES ('x')",
        'UPDATE frozen.item SET price = 1',
        'DELETE FROM frozen.item',
        "REPLACE INTO frozen.item (id, name) VALUES (1, 'x')",
        'TRUNCATE TABLE frozen.item',
        'UPDATE frozen.item f JOIN here.note n ON n.item = f.id SET f.price = 1',
      ]
      for (const sql of changes) {
        const [answer] = await session.execute(sql)
        expect([sql, answer?.error?.number]).toEqual([sql, 3989])
      }
      expect(await read('SELECT COUNT(*), SUM(price) FROM shop.item')).toEqual([[3, '3.75']])
    })
  })

  describe('a transaction', () => {
    afterEach(async () => {
      await session.run('ROLLBACK')
      await there.query('DELETE FROM shop.item WHERE id > 3; DELETE FROM shop.moment; DELETE FROM other.t')
    })

    test("is the remote's own, with savepoints and statements undone alone", async () => {
      await session.run('START TRANSACTION')
      await session.run('INSERT INTO moment (id) VALUES (1)')
      await session.run('SAVEPOINT one')
      await session.run('INSERT INTO moment (id) VALUES (2)')
      await session.run('UPDATE moment SET n = 100')
      expect(await read('SELECT COUNT(*) FROM shop.moment')).toEqual([[0]])
      expect(await session.rows('SELECT id, n FROM moment ORDER BY id')).toEqual([
        ['1', '100'],
        ['2', '100'],
      ])
      await session.run('ROLLBACK TO SAVEPOINT one')
      expect(await session.rows('SELECT id, n FROM moment')).toEqual([['1', '7']])
      await expect(
        session.run('INSERT INTO moment (id) SELECT id FROM item ORDER BY id DESC'),
      ).rejects.toMatchObject({ number: 1062 })
      expect(await session.rows('SELECT id FROM moment')).toEqual([['1']])
      await session.run('COMMIT')
      expect(await read('SELECT id, n FROM shop.moment')).toEqual([[1, 7]])
      await session.run('START TRANSACTION')
      await session.run('DELETE FROM moment')
      await session.run('ROLLBACK')
      expect(await read('SELECT id FROM shop.moment')).toEqual([[1]])
    })

    test('has no locks any more when its end, or that of a statement alone, is answered', async () => {
      const lockAll = () => there.query('SELECT id FROM shop.sale FOR UPDATE NOWAIT')
      const ends: readonly (readonly string[])[] = [
        ['START TRANSACTION', 'UPDATE sale SET pieces = pieces + 1', 'ROLLBACK'],
        ['START TRANSACTION', 'SELECT COUNT(*) FROM (SELECT id FROM sale FOR UPDATE) t', 'COMMIT'],
        ['START TRANSACTION', 'SELECT id FROM sale FOR UPDATE', 'COMMIT'],
        ['INSERT INTO sale SELECT id + 2000, 1, 1, NULL FROM sale UNION ALL SELECT 1, 1, 1, NULL'],
      ]
      for (const statements of ends) {
        for (const sql of statements) {
          const [answer] = await session.execute(sql)
          expect([sql, answer?.error?.number]).toEqual([sql, sql.startsWith('INSERT') ? 1062 : undefined])
        }
        await lockAll()
      }
    })

    test('reads one state, unless it is told otherwise', async () => {
      await session.run('START TRANSACTION')
      expect(await session.rows('SELECT COUNT(*) FROM moment')).toEqual([['0']])
      await there.query('INSERT INTO shop.moment (id) VALUES (5)')
      expect(await session.rows('SELECT COUNT(*) FROM moment')).toEqual([['0']])
      await session.run('COMMIT')
      await session.run('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
      await session.run('START TRANSACTION')
      expect(await session.rows('SELECT COUNT(*) FROM moment')).toEqual([['1']])
      await there.query('INSERT INTO shop.moment (id) VALUES (6)')
      expect(await session.rows('SELECT COUNT(*) FROM moment')).toEqual([['2']])
    })

    test('is of the kind there that it is here', async () => {
      await session.run('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
      const arrived = await received(there, () => session.rows('SELECT COUNT(*) FROM moment'))
      expect(arrived.join()).toContain('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
      await expect(session.run('INSERT INTO moment (id) VALUES (1)')).rejects.toMatchObject({ number: 1792 })
    })

    test('reads several results at once', async () => {
      await session.run('START TRANSACTION')
      const sql = 'SELECT COUNT(*) FROM sale a JOIN sale b ON SOUNDEX(a.id) = SOUNDEX(b.id) AND a.id = b.id'
      expect(await session.rows(sql)).toEqual([['2000']])
    })

    test('writes to one place', async () => {
      await session.run('START TRANSACTION')
      await session.run('INSERT INTO moment (id) VALUES (1)')
      await expect(session.run("INSERT INTO here.note VALUES (10, 'x')")).rejects.toMatchObject({
        number: 1235,
      })
      await expect(session.run('INSERT INTO elsewhere.t VALUES (1, 1)')).rejects.toMatchObject({
        number: 1235,
      })
      // Another database of the same server is the same place.
      await session.run('INSERT INTO beside.t VALUES (1, 1)')
      await session.run('COMMIT')
      await session.run('START TRANSACTION')
      await session.run("INSERT INTO here.note VALUES (10, 'x')")
      await expect(session.run('INSERT INTO moment (id) VALUES (2)')).rejects.toMatchObject({ number: 1235 })
      await session.run('ROLLBACK')
      expect(await read('SELECT id FROM shop.moment UNION ALL SELECT id FROM other.t')).toEqual([[1], [1]])
      expect(await session.rows('SELECT COUNT(*) FROM here.note')).toEqual([['3']])
    })

    test('that is the victim of a deadlock is over', async () => {
      await there.query('INSERT INTO shop.moment (id) VALUES (1), (2)')
      const other = await direct(started.mariadb.port)
      await session.run('START TRANSACTION')
      await session.run('UPDATE moment SET n = 1 WHERE id = 1')
      await other.query(
        'START TRANSACTION; UPDATE shop.moment SET n = 2 WHERE id = 2; UPDATE shop.sale SET pieces = pieces WHERE id < 100',
      )
      const waiting = other.query('UPDATE shop.moment SET n = 2 WHERE id = 1')
      await expect(session.run('UPDATE moment SET n = 1 WHERE id = 2')).rejects.toMatchObject({
        number: 1213,
      })
      await waiting
      await other.query('COMMIT')
      await other.end()
      expect(await session.rows('SELECT id, n FROM moment')).toEqual([
        ['1', '2'],
        ['2', '2'],
      ])
    })
  })
})
