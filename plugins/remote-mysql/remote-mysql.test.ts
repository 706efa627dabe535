/**
 * Goal: a database on a real MariaDB is used as if it were here: listed, read, joined, defined, each as far there as is right.
 * Method: MariaDB's general log tells what arrives; what is read is compared with what a client there sees.
 */
import type { Connection } from 'mysql2/promise'
import { MARIADB_PROGRAMS } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { addressOf, received, startWithRemotes, type OnMariaDb } from './testing/remote-databases.js'
import { rowsAt, startShop } from './testing/shop.js'

describeWithCommand(MARIADB_PROGRAMS, 'a virtual database on MariaDB', () => {
  let started: OnMariaDb
  let there: Connection
  let session: TestSession

  beforeAll(async () => {
    started = await startShop()
    ;({ there, session } = started)
  }, 60_000)
  afterAll(() => started.stop())

  const read = (sql: string): Promise<unknown[]> => rowsAt(there, sql)

  describe('its tables', () => {
    test('are listed and described', async () => {
      expect((await session.rows('SHOW DATABASES')).flat()).toEqual(
        expect.arrayContaining(['shop', 'frozen', 'elsewhere', 'beside', 'here']),
      )
      expect((await session.rows('SHOW TABLES')).flat().sort()).toEqual([
        'item',
        'keyless',
        'moment',
        'sale',
        'strange',
      ])
      const columns = await session.rows('DESCRIBE item')
      expect(columns[0]).toEqual(['id', 'int', 'NO', 'PRI', null, 'auto_increment'])
      expect(columns[8]).toEqual(['kind', "enum('a','b','it''s')", 'YES', '', null, ''])
      const [[, definition = ''] = []] = await session.rows('SHOW CREATE TABLE item')
      expect(definition).toContain('UNIQUE KEY `name` (`name`)')
      expect((await session.rows('SHOW COLUMNS FROM moment LIKE "word"'))[0]?.[4]).toBe("it's")
      expect(
        await session.rows(
          "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'item' ORDER BY 1",
        ),
      ).toEqual([
        ['name', 'name'],
        ['PRIMARY', 'id'],
        ['since', 'since'],
      ])
    })

    test('give every type of value as it is', async () => {
      const rows = await session.rows(
        'SELECT *, HEX(raw), bits + 0, kind + 0, tags + 0 FROM item ORDER BY id',
      )
      expect(rows.map((row) => row.filter((_, i) => i !== 10 && i !== 11))).toEqual([
        [
          '1',
          'nut',
          '1.50',
          '2024-01-31',
          '2024-01-31 10:11:12.345',
          '2024-06-01 12:00:00',
          '0.1',
          '0.1',
          'a',
          'x,z',
          "o'ne\\",
          '3.00',
          '00FF27',
          '513',
          '1',
          '5',
        ],
        [
          '2',
          'Bolt',
          '2.25',
          null,
          null,
          null,
          '1e300',
          '-3.40282e38',
          "it's",
          '',
          null,
          '4.50',
          '',
          '0',
          '3',
          '0',
        ],
        [
          '3',
          'screw 🔩',
          null,
          '0001-01-01',
          '9999-12-31 23:59:59.999',
          '1970-01-01 00:00:01',
          '0',
          '123457',
          null,
          null,
          '',
          null,
          null,
          null,
          null,
          null,
        ],
      ])
    })
  })

  test('types and collations that only it has come as texts and bytes, and are compared here', async () => {
    expect(await session.rows('SELECT id, HEX(place), host, word FROM strange')).toEqual([
      [
        '123e4567-e89b-12d3-a456-426655440000',
        '000000000101000000000000000000F03F0000000000000040',
        '::1',
        'Ä',
      ],
    ])
    expect(await session.rows("SELECT host FROM strange WHERE word = 'a' AND host = '::1'")).toEqual([
      ['::1'],
    ])
    await session.run("UPDATE strange SET word = 'b' WHERE host = '::1'")
    expect(await read('SELECT word, ST_X(place) FROM shop.strange')).toEqual([['b', 1]])
  })

  describe('queries', () => {
    test('of one server arrive as one statement each', async () => {
      const queries = [
        'SELECT name FROM item WHERE id = 2',
        "SELECT id FROM item WHERE price > 1 AND since < '2025-01-01' ORDER BY price DESC LIMIT 1",
        "SELECT i.name, SUM(s.pieces), AVG(s.pieces), COUNT(DISTINCT s.at) FROM item i JOIN sale s ON s.item = i.id WHERE s.at >= '2024-02-01' GROUP BY i.name HAVING COUNT(*) > 1 ORDER BY 2, 1",
        'SELECT i.id, COUNT(s.id) FROM item i LEFT JOIN sale s ON s.item = i.id AND s.pieces = 0 GROUP BY i.id ORDER BY 1',
        'SELECT name FROM item i WHERE EXISTS (SELECT 1 FROM sale s WHERE s.item = i.id AND s.pieces > 5) ORDER BY id',
        'SELECT id FROM item WHERE id NOT IN (SELECT id FROM sale WHERE pieces = 3) ORDER BY id',
        'SELECT id FROM item UNION SELECT pieces FROM sale ORDER BY 1',
        'SELECT DISTINCT YEAR(at), MONTH(at) FROM sale ORDER BY 1, 2',
        'SELECT id, ROW_NUMBER() OVER (PARTITION BY item ORDER BY id), SUM(pieces) OVER (ORDER BY id) FROM sale WHERE id < 20 ORDER BY id',
        'WITH big AS (SELECT item, MAX(pieces) m FROM sale GROUP BY item) SELECT name, m FROM item JOIN big ON big.item = item.id ORDER BY 1',
        "SELECT id FROM item WHERE name = 'NUT'",
        'SELECT COUNT(*) FROM sale WHERE pieces IN (1, 2, 3) OR item IS NULL',
        'SELECT COUNT(*), MIN(at), MAX(name) FROM sale, item WHERE sale.item = item.id',
        'SELECT IF(pieces > 3, 1, 0) AS many, COUNT(*) FROM sale GROUP BY many ORDER BY 1',
      ]
      for (const sql of queries) {
        const wanted = (await read(sql)).map((row) => (row as unknown[]).map((cell) => textOf(cell)))
        await session.rows(sql)
        let rows: unknown
        const arrived = await received(there, async () => {
          rows = await session.rows(sql)
        })
        expect([sql, rows]).toEqual([sql, wanted])
        expect([sql, arrived.length, arrived]).toEqual([sql, 1, arrived])
      }
    })

    test('show in EXPLAIN what is sent, and why something is not', async () => {
      const [[plan = ''] = []] = await session.rows('EXPLAIN FORMAT=TREE SELECT name FROM item WHERE id = 2')
      expect(plan).toContain('SELECT t0.`name` FROM `shop`.`item` t0 WHERE (t0.`id` = ?)')
      const [[other = ''] = []] = await session.rows(
        'EXPLAIN FORMAT=TREE SELECT SOUNDEX(name) FROM item WHERE id > 1',
      )
      expect(other).toContain('no entry for soundex')
    })

    test('are joined there also where a condition is checked here', async () => {
      const sql = `SELECT i.name, COUNT(*), SUM(s.pieces) FROM item i JOIN sale s ON s.item = i.id
        WHERE s.pieces > 5 AND SOUNDEX(i.name) <> 'N300' AND i.id < 3 AND SOUNDEX(CONCAT(i.name, s.pieces)) <> SOUNDEX(s.at) GROUP BY i.name ORDER BY 1`
      const wanted = (await read(sql)).map((row) => (row as unknown[]).map((cell) => textOf(cell)))
      await session.rows(sql)
      const arrived = await received(there, async () => {
        expect(await session.rows(sql)).toEqual(wanted)
      })
      expect(wanted.length).toBeGreaterThan(0)
      expect(arrived).toHaveLength(1)
      expect(arrived[0]).toMatch(/ JOIN .*`pieces` > 5.*/)
      expect(arrived[0]).toContain('`id` < 3')
      expect(arrived[0]).not.toMatch(/soundex/i)
      const keys = await received(there, () =>
        session.rows(
          `SELECT COUNT(*) FROM here.note n JOIN (${sql.replace(/ GROUP.*/s, '').replace(/SELECT.*FROM/, 'SELECT s.id FROM')}) x ON x.id = n.item`,
        ),
      )
      expect(keys.at(-1)).toMatch(/ IN \(1, 3, 9\)/)
    })

    test('are told which keys a small table of ours has', async () => {
      const rows = async (sql: string) => (await session.run(sql)).rows.flat().map(Number)
      const arrived = await received(there, async () => {
        expect(await rows('SELECT SUM(s.id) FROM here.note n JOIN sale s ON s.id = n.item')).toEqual([13])
        expect(
          await rows(
            'SELECT COUNT(*), COUNT(s.id) FROM here.note n LEFT JOIN sale s ON s.item = n.item AND s.pieces = 1',
          ),
        ).toEqual([191, 190])
        expect(
          await rows('SELECT COUNT(*) FROM item WHERE id IN (SELECT item FROM here.note WHERE text > "g")'),
        ).toEqual([1])
        expect(
          await rows(
            'SELECT item FROM here.note n WHERE NOT EXISTS (SELECT 1 FROM item i WHERE i.id = n.item)',
          ),
        ).toEqual([9])
        expect(await rows('SELECT item FROM here.note n WHERE item NOT IN (SELECT id FROM item)')).toEqual([
          9,
        ])
        expect(
          await rows('SELECT COUNT(*) FROM here.note n JOIN sale s ON s.id = n.item WHERE n.item > 100'),
        ).toEqual([0])
      })
      expect(arrived.filter((sql) => / IN \((1|3|9)/.test(sql)).length).toBeGreaterThanOrEqual(4)
    })

    test('join with tables of ours', async () => {
      const sql = `SELECT n.text, i.name, SUM(s.pieces) FROM here.note n JOIN item i ON i.id = n.item
        LEFT JOIN sale s ON s.item = i.id AND s.at < '2024-03-01' GROUP BY n.text, i.name ORDER BY i.name`
      expect(await session.rows(sql)).toEqual([
        ['first', 'nut', '59'],
        ['third', 'screw 🔩', '57'],
      ])
      expect(
        await session.rows(
          'SELECT COUNT(*) FROM elsewhere.t RIGHT JOIN item USING (id) JOIN frozen.sale f ON f.id = item.id',
        ),
      ).toEqual([['3']])
    })

    test('go there without the conditions that the remote might answer otherwise, also above outer joins and groups', async () => {
      const queries: readonly (readonly [sql: string, sent: RegExp])[] = [
        [
          "SELECT i.id, s.pieces FROM item i LEFT JOIN sale s ON s.item = i.id AND s.id < 9 WHERE SOUNDEX(i.name) <> 'N300' AND i.id < 3",
          /LEFT JOIN .* WHERE \(t\d\.`id` < 3\)/,
        ],
        [
          'SELECT i.id FROM item i WHERE SOUNDEX(i.name) IS NOT NULL AND i.id > 1 AND EXISTS (SELECT 1 FROM sale s WHERE s.item = i.id)',
          /WHERE \(t\d\.`id` > 1\) AND EXISTS/,
        ],
        [
          'SELECT i.id, s.id FROM item i LEFT JOIN sale s ON s.item = i.id AND s.id < 9 WHERE i.id < 3 AND SOUNDEX(s.pieces + i.id) IS NULL',
          /LEFT JOIN .* WHERE \(t\d\.`id` < 3\)/,
        ],
        [
          'SELECT item, COUNT(*) AS n, MAX(pieces) AS m FROM sale GROUP BY item HAVING n > 666 AND SOUNDEX(m) IS NOT NULL',
          /GROUP BY .*WHERE .* > 666/s,
        ],
      ]
      for (const [sql, pattern] of queries) {
        const wanted = (await read(sql)) as unknown[][]
        // Definitions are read with the first one.
        await session.rows(sql)
        let rows: readonly (readonly (string | null)[])[] = []
        const sent = await received(there, async () => {
          rows = await session.rows(sql)
        })
        expect(sent).toEqual([expect.stringMatching(pattern)])
        const texts = wanted.map((row) => row.map(textOf))
        expect([sql, [...rows].sort()]).toEqual([sql, texts.sort()])
      }
    })

    test('answer large results in pieces, also two at a time and cut short', async () => {
      const many = 'SELECT a.id, b.pieces FROM sale a JOIN sale b ON b.id <= 50'
      const total = `SELECT COUNT(*), BIT_XOR(x.id * 10 + x.pieces) FROM (${many}) x`
      const [[, wanted] = []] = (await read(total)) as number[][]
      let rows: unknown
      const [sent] = await received(there, async () => {
        rows = await session.rows(total)
      })
      expect(rows).toEqual([['100000', String(wanted)]])
      expect(sent).toContain(' JOIN ')
      expect(
        await session.rows(
          'SELECT a.id FROM sale a JOIN sale b ON SOUNDEX(a.id) = SOUNDEX(b.id) WHERE b.id < 9 LIMIT 3',
        ),
      ).toHaveLength(3)
    })

    test('follow the time zone of the session', async () => {
      await session.run("SET time_zone = '+02:00'")
      expect(await session.rows("SELECT stamp FROM item WHERE stamp = '2024-06-01 14:00:00'")).toEqual([
        ['2024-06-01 14:00:00'],
      ])
      await session.run("SET time_zone = 'SYSTEM'")
    })
  })

  describe('definitions', () => {
    test('are made there', async () => {
      await session.run(
        "CREATE TABLE made (id INT PRIMARY KEY, `a``b` VARCHAR(10) DEFAULT 'ü') COLLATE utf8mb4_bin",
      )
      await session.run('INSERT INTO shop.made (id) VALUES (1)')
      await session.run('ALTER TABLE shop.made ADD COLUMN c INT, ADD INDEX (c)')
      expect(await session.rows('SELECT * FROM made')).toEqual([['1', 'ü', null]])
      await expect(session.run('CREATE INDEX i ON frozen.made (c)')).rejects.toMatchObject({ number: 3989 })
      await session.run('RENAME TABLE shop.made TO shop.renamed')
      expect(await session.rows('SELECT c FROM renamed')).toEqual([[null]])
      await session.run('TRUNCATE TABLE renamed')
      expect(await read('SELECT COUNT(*) FROM shop.renamed')).toEqual([[0]])
      await expect(session.run('CREATE TABLE shop.renamed (a INT)')).rejects.toMatchObject({ number: 1050 })
      await expect(session.run('RENAME TABLE renamed TO here.renamed')).rejects.toMatchObject({
        number: 1235,
      })
      await expect(session.run('ALTER TABLE frozen.renamed ADD d INT')).rejects.toMatchObject({
        number: 3989,
      })
      await session.run('DROP TABLE renamed')
      await expect(session.run('SELECT * FROM renamed')).rejects.toMatchObject({ number: 1146 })
      await expect(session.run('DROP TABLE renamed')).rejects.toMatchObject({ number: 1051 })
    })
  })

  describe('definitions that change there', () => {
    test('are read again in the background while they are used', async () => {
      const watchful = await startWithRemotes({ shop: { address: addressOf(started.mariadb.port) } }, {}, 100)
      try {
        const client = await watchful.engine.session('shop')
        await there.query('CREATE TABLE shop.growing (a INT); INSERT INTO shop.growing VALUES (1)')
        expect(await client.rows('SELECT * FROM growing')).toEqual([['1']])
        await there.query('ALTER TABLE shop.growing ADD COLUMN b INT DEFAULT 2')
        while ((await client.rows('SELECT * FROM growing'))[0]?.length === 1) {
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
        expect(await client.rows('SELECT * FROM growing')).toEqual([['1', '2']])
      } finally {
        await watchful.engine.stop()
        await there.query('DROP TABLE shop.growing')
      }
    })

    test('are seen without a restart', async () => {
      expect((await session.run('SELECT * FROM keyless')).columns).toHaveLength(2)
      await there.query('ALTER TABLE shop.keyless DROP COLUMN b')
      expect(await session.rows('SELECT * FROM keyless')).toEqual([['1']])
      await there.query('ALTER TABLE shop.keyless ADD COLUMN c INT DEFAULT 5')
      await session.run('FLUSH TABLES')
      expect(await session.rows('SELECT * FROM keyless')).toEqual([['1', '5']])
      await there.query('CREATE TABLE shop.fresh (a INT)')
      expect(await session.rows('SELECT COUNT(*) FROM fresh')).toEqual([['0']])
      await there.query('DROP TABLE shop.fresh')
      await expect(session.run('SELECT COUNT(*) FROM fresh')).rejects.toMatchObject({ number: 1146 })
    })
  })
})

function textOf(cell: unknown): string | null {
  if (cell === null) return null
  return typeof cell === 'number' ? String(cell) : (cell as string)
}
