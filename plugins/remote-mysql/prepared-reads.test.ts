/**
 * Goal: a query that is run again and again is prepared there, and answers as it did before it was. Method: rows of every type at their edges
 * here, in MariaDB and in a second server of ours (and in a MySQL that is named); the same queries more often than it takes to prepare them,
 * and MariaDB's log of what arrived.
 */
import type { Connection } from 'mysql2/promise'
import { MARIADB_PROGRAMS } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { namedMysql } from '../../test/support/named-mysql.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { addressOf, received, startCompared, type Compared } from './testing/remote-databases.js'

const TABLES = [
  `CREATE TABLE t (id INT PRIMARY KEY, tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, whole INT UNSIGNED, big BIGINT,
    huge BIGINT UNSIGNED, price DECIMAL(20, 6), count DECIMAL(30, 0), ratio FLOAT, weight DOUBLE, day DATE, at DATETIME(6), stamp TIMESTAMP(3) NULL,
    time TIME(2), year YEAR, code VARCHAR(40), word CHAR(10), text TEXT, bytes VARBINARY(300), blobs BLOB, flags BIT(40), size ENUM('s', 'm', 'l'),
    colours SET('red', 'green', 'blue'), KEY (code)) COLLATE utf8mb4_bin`,
  `INSERT INTO t VALUES
    (1, -128, 65535, -8388608, 4294967295, -9223372036854775808, 18446744073709551615, -12345678901234.567890, -999999999999999999999999999999,
      -1.5, -1.7976931348623157e308, '9999-12-31', '9999-12-31 23:59:59.999999', '2037-01-01 00:00:00.123', '-838:59:59.00', 2155, 'ä€😀', 'x',
      REPEAT('long ', 200), x'00ff', REPEAT('b', 300), b'1000000000000000000000000000000000000001', 'l', 'red,blue'),
    (2, 127, 0, 8388607, 0, 9223372036854775807, 0, 0.000001, 0, 3.25, 5e-324, '1000-01-01', '2024-02-29 12:00:00', '1999-12-31 23:59:59',
      '12:34:56.78', 1901, '', '', '', '', '', 0, 's', ''),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 0, 1, 0, 1, 9007199254740993, 9007199254740992, 1, 1, 0, -0e0, '2024-01-01', '2024-01-01 00:00:00.000001', NULL,
      '00:00:00', 2024, '''?\\\\', '?', NULL, NULL, NULL, 1, NULL, NULL)`,
]

/** More than it takes. */
const TIMES = 6

describeWithCommand(MARIADB_PROGRAMS, 'a query that is run again and again', () => {
  let compared: Compared
  let there: Connection
  let session: TestSession

  beforeAll(async () => {
    const tls = { authority: undefined, verify: false }
    compared = await startCompared(TABLES, (_, port) => ({
      secret: { address: addressOf(port, { tls }), database: 'd' },
    }))
    ;({ there, session } = compared)
    await session.run('USE maria')
  }, 60_000)
  afterAll(() => compared.stop())

  test.each(['maria', 'second', 'secret', ...(namedMysql() === undefined ? [] : ['genuine'])])(
    'has the same rows each time in %s',
    async (database) => {
      for (const where of ['id = ID', 'id IN (ID, 4)', 'id >= ID AND id < 18446744073709551615', 'id < ID']) {
        const query = `SELECT * FROM ${database}.t WHERE ${where} ORDER BY id`
        for (const id of ['1', '2', '3', '-7']) {
          const seen = new Set<string>()
          // As text the first times.
          for (let i = 0; i < TIMES; i++) {
            seen.add(JSON.stringify(await session.rows(query.replace('ID', id))))
          }
          const here = await session.rows(query.replace('ID', id).replace(`${database}.`, 'here.'))
          // MariaDB takes -0e0 for 0.
          expect([...seen]).toEqual([
            JSON.stringify(here).replace(database === 'maria' ? '"-0"' : 'none', '"0"'),
          ])
        }
      }
      for (const code of ['ä€😀', '', "''?\\\\", 'x'.repeat(100), 'y'.repeat(30_000)]) {
        const answers = []
        for (let i = 0; i < TIMES; i++) {
          answers.push(await session.rows(`SELECT id, code FROM ${database}.t WHERE code = '${code}'`))
        }
        for (const answer of answers) expect(answer).toEqual(answers[0])
        expect(answers[0]).toHaveLength(code.length < 9 ? 1 : 0)
      }
    },
  )

  test('is one prepared statement there, and one round trip', async () => {
    const read = (id: number) => session.rows(`SELECT code, big FROM t WHERE id = ${id}`)
    for (let i = 0; i < TIMES; i++) await read(i)
    await there.query('TRUNCATE TABLE mysql.general_log')
    for (let i = 0; i < TIMES; i++) await read(i)
    const [rows] = await there.query(
      "SELECT command_type FROM mysql.general_log WHERE argument LIKE '%`code`%' AND argument NOT LIKE '%general_log%'",
    )
    expect((rows as unknown as string[][]).flat()).toEqual(Array.from({ length: TIMES }, () => 'Execute'))
  })

  test('whose values would be taken for others stays a text', async () => {
    const arrived = await received(there, async () => {
      for (let i = 0; i < TIMES; i++) await session.rows(`SELECT id FROM t WHERE price = ${i}.000001`)
      for (let i = 0; i < TIMES; i++) await session.rows(`SELECT id + ${i} FROM t WHERE id = 1`)
    })
    expect(arrived.filter((sql) => sql.includes('?'))).toEqual([])
    expect(arrived.filter((sql) => /5\.000001|\+ 5/.test(sql))).toHaveLength(2)
  })

  test('goes on when the table is altered there', async () => {
    await there.query(
      'CREATE TABLE d.altered (id INT PRIMARY KEY, a INT); INSERT INTO d.altered VALUES (1, 10)',
    )
    const read = () => session.rows('SELECT a FROM maria.altered WHERE id = 1')
    for (let i = 0; i < TIMES; i++) expect(await read()).toEqual([['10']])
    await there.query('ALTER TABLE d.altered MODIFY a BIGINT')
    expect(await read()).toEqual([['10']])
    await there.query("ALTER TABLE d.altered MODIFY a VARCHAR(10); UPDATE d.altered SET a = '-77'")
    expect(await read()).toEqual([['-77']])
    await session.run('FLUSH TABLES')
    await there.query("UPDATE d.altered SET a = 'text'")
    for (let i = 0; i < TIMES; i++) expect(await read()).toEqual([['text']])
    await there.query('DROP TABLE d.altered')
    await expect(read()).rejects.toMatchObject({ number: 1146 })
  })

  test('goes on when its connections are gone, and when they forget it', async () => {
    const read = () => session.rows('SELECT small FROM maria.t WHERE id = 1')
    for (let i = 0; i < TIMES; i++) await read()
    const [ids] = await there.query(
      "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = 'root'",
    )
    for (const [id] of ids as unknown as number[][]) await there.query(`KILL ${String(id)}`)
    for (let i = 0; i < TIMES; i++) expect(await read()).toEqual([['65535']])
    await there.query('SET GLOBAL max_prepared_stmt_count = 0')
    for (let i = 0; i < TIMES; i++) {
      expect(await session.rows('SELECT medium FROM maria.t WHERE id = 1')).toEqual([['-8388608']])
    }
    await there.query('SET GLOBAL max_prepared_stmt_count = DEFAULT')
  })

  test('may be of more kinds than are kept', async () => {
    for (let kind = 0; kind < 300; kind++) {
      const sql = `SELECT id, ${'tiny, '.repeat(kind % 20)}${'big, '.repeat(Math.floor(kind / 20))}small FROM maria.t WHERE id = 4`
      for (let i = 0; i < 4; i++) expect((await session.rows(sql))[0]?.at(-1)).toBe('1')
    }
    const [rows] = await there.query("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'")
    expect(Number((rows as unknown as string[][])[0]?.[1])).toBe(128)
  })
})
