/**
 * Goal: a real MySQL is a remote like any other: its ways to log in, what its catalog says, what it is sent. Method: the MySQL server that is
 * named, an account and a database of the test's own, and the server's general log.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { describeWithMysql } from '../../test/support/named-mysql.js'
import type { RemoteAddress, RemoteTls } from './connection.js'
import { addressOf, direct, startWithRemotes } from './testing/remote-databases.js'

const ROWS_OF_MANY =
  "SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'many'"
const DATABASE = `login_${process.pid}`
const ACCOUNT = `app_${process.pid}`
const PASSWORD = "Xy7@qu'ux"
const UNVERIFIED: RemoteTls = { authority: undefined, verify: false }

const SCHEMA = `
  CREATE DATABASE ${DATABASE}; USE ${DATABASE};
  CREATE TABLE item (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30) NOT NULL DEFAULT 'it''s', price DECIMAL(10, 2) DEFAULT (1 + 0.5),
    total DECIMAL(12, 2) AS (price * 2) STORED, hidden INT INVISIBLE DEFAULT 7, at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
    bits BIT(3) DEFAULT b'101', note JSON, kind ENUM('a', 'b''c') COLLATE utf8mb4_bin DEFAULT 'a', UNIQUE KEY name (name(10) DESC),
    KEY doubled ((price * 2)), CHECK (price >= 0));
  INSERT INTO item (name, price, note, kind) VALUES ('nut', 1.5, '{"b": 1, "a": [1, 2.50]}', 'b''c'), ('bolt', 2, NULL, NULL)`

describeWithMysql('a real MySQL', (named) => {
  let there: Connection

  beforeAll(async () => {
    there = await direct(named.port, named)
    await there.query(`${SCHEMA}; CREATE USER ${ACCOUNT}@'%' IDENTIFIED WITH caching_sha2_password BY '${PASSWORD.replace("'", "''")}';
      GRANT ALL ON ${DATABASE}.* TO ${ACCOUNT}@'%'`)
  })
  afterAll(async () => {
    await there.query(`DROP USER ${ACCOUNT}; DROP DATABASE ${DATABASE}`)
    await there.end()
  })

  /** What a server of ours is answered whose connections log in this way. */
  async function ask(sql: string, more: Partial<RemoteAddress> = {}): Promise<unknown> {
    const address = addressOf(named.port, { ...named, ...more })
    const { engine } = await startWithRemotes({ shop: { address, database: DATABASE } })
    try {
      const [answer] = await (await engine.session('shop')).execute(sql)
      return answer?.error ?? answer?.rows
    } finally {
      await engine.stop()
    }
  }

  const account = { user: ACCOUNT, password: PASSWORD }
  const SHOWN = [['nut', "b'c"]]
  const QUERY = 'SELECT name, kind FROM item WHERE id = 1'

  test.each([
    ['without TLS', undefined],
    ['by TLS', UNVERIFIED],
  ])(
    'is logged in to %s, also when it has forgotten the password, and a wrong one is told',
    async (_, tls) => {
      await there.query('FLUSH PRIVILEGES')
      for (let i = 0; i < 2; i++) expect(await ask(QUERY, { ...account, tls })).toEqual(SHOWN)
      expect(await ask(QUERY, { ...account, password: 'another', tls })).toMatchObject({
        number: 9101,
        message: expect.stringContaining(`Access denied for user '${ACCOUNT}'`) as string,
      })
      expect(await ask(QUERY, { ...account, tls })).toEqual(SHOWN)
    },
  )

  test('is not trusted without an authority, if certificates are checked', async () => {
    expect(await ask(QUERY, { ...account, tls: { authority: undefined, verify: true } })).toMatchObject({
      number: 9101,
      message: expect.stringMatching(/certificate/) as string,
    })
  })

  test('may demand TLS', async () => {
    await there.query(`ALTER USER ${ACCOUNT}@'%' REQUIRE SSL`)
    expect(await ask(QUERY, account)).toMatchObject({ number: 9101 })
    expect(await ask(QUERY, { ...account, tls: UNVERIFIED })).toEqual(SHOWN)
    await there.query(`ALTER USER ${ACCOUNT}@'%' REQUIRE NONE`)
  })

  test('gives empty passwords, and passwords that have run out, their due', async () => {
    await there.query(
      `CREATE USER ${ACCOUNT}_old@'%' IDENTIFIED BY ''; GRANT ALL ON ${DATABASE}.* TO ${ACCOUNT}_old@'%'`,
    )
    expect(await ask(QUERY, { user: `${ACCOUNT}_old` })).toEqual(SHOWN)
    await there.query(`ALTER USER ${ACCOUNT}_old@'%' PASSWORD EXPIRE`)
    expect(await ask(QUERY, { user: `${ACCOUNT}_old` })).toMatchObject({ number: 9101 })
    await there.query(`DROP USER ${ACCOUNT}_old`)
  })

  test('has its definitions shown as they are', async () => {
    const [[shown]] = await there.query<RowDataPacket[]>('SHOW CREATE TABLE item')
    const [[, here] = []] = (await ask('SHOW CREATE TABLE item')) as string[][]
    const lines = (text: string) =>
      text
        .split('\n')
        .filter((line) => !/^ {2}(KEY `doubled`|CONSTRAINT)|^\)/.test(line))
        .map((line) => line.replace(/,$/, ''))
    expect(lines(here ?? '')).toEqual(lines(String((shown as unknown as unknown[])[1])))
    expect(await ask('SELECT * FROM item WHERE id = 2')).toEqual([
      ['2', 'bolt', '2.00', '4.00', expect.stringMatching(/^20/) as string, '\u0005', null, null],
    ])
    expect(await ask('SELECT note, hidden FROM item WHERE id = 1')).toEqual([
      ['{"a": [1, 2.5], "b": 1}', '7'],
    ])
  })

  test('tells how many rows there are', async () => {
    await there.query(`CREATE TABLE many (id INT PRIMARY KEY) AS WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < 900)
      SELECT id FROM n; ANALYZE TABLE many`)
    const [[rows] = []] = (await ask(ROWS_OF_MANY)) as string[][]
    expect(Number(rows)).toBeGreaterThan(800)
    // What it said a moment ago isn't what it says now.
    await there.query('DELETE FROM many WHERE id > 100; ANALYZE TABLE many')
    const [[fewer] = []] = (await ask(ROWS_OF_MANY)) as string[][]
    expect(Number(fewer)).toBeLessThan(200)
  })
})
