/**
 * Goal: each storage mode puts tables where it says; what statements do with tables is counted, kept across a restart, and turned
 * into advice. Method: real servers in the modes.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { isEngineInstalled } from '@switchyard/storage-chdb'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'

afterEach(killServers)
afterAll(removeTemporaryFolders)

async function rows(connection: Connection, sql: string): Promise<readonly RowDataPacket[]> {
  return (await connection.query<RowDataPacket[]>(sql))[0]
}

async function engineOf(connection: Connection, table: string): Promise<string> {
  const [row] = await rows(connection, `SHOW CREATE TABLE ${table}`)
  return /ENGINE=(\w+)/.exec(String(row?.['Create Table']))?.[1] ?? ''
}

const EVENTS = '(id BIGINT PRIMARY KEY, user_id INT, at DATETIME, amount DECIMAL(10,2), page VARCHAR(50))'

test('statistics of tables are kept', async () => {
  const folder = temporaryFolder()
  let server = await TestServer.start({ folder })
  let connection = await server.connect()
  await connection.query('CREATE DATABASE d')
  await connection.query('CREATE TABLE d.t (id INT PRIMARY KEY, a INT, b VARCHAR(5))')
  await connection.query("INSERT INTO d.t VALUES (1, 1, 'x'), (2, 1, NULL), (3, 2, NULL), (4, NULL, NULL)")
  await connection.query('SELECT * FROM d.t WHERE id = 1')
  await connection.query('SELECT * FROM d.t WHERE id = 2')
  await connection.query('SELECT COUNT(*) FROM d.t x JOIN d.t y ON x.id = y.a')
  await connection.query('UPDATE d.t SET a = 5 WHERE id = 1')
  await connection.query('DELETE FROM d.t WHERE id = 4')
  await connection.query('ANALYZE TABLE d.t')
  const counted = {
    STORAGE: 'lmdb',
    TABLE_ROWS: 3,
    COMPRESSION: null,
    ...{ SELECTS: 3, INSERTS: 1, UPDATES: 1, DELETES: 1, ACCESSES: 6, JOINS: 1, AGGREGATIONS: 1 },
  }
  const statistics = "SELECT * FROM switchyard.table_statistics WHERE TABLE_SCHEMA = 'd'"
  const [before] = await rows(connection, statistics)
  expect(before).toMatchObject(counted)
  expect(before?.MEAN_TIME_MS).toBeGreaterThan(0)
  expect(before?.LAST_MODIFIED).toBeInstanceOf(Date)
  expect(await rows(connection, 'SELECT * FROM switchyard.column_statistics')).toMatchObject([
    { COLUMN_NAME: 'id', CARDINALITY: 3, NULL_SHARE: 0, SAMPLED_ROWS: 3 },
    { COLUMN_NAME: 'a', CARDINALITY: 3, NULL_SHARE: 0 },
    { COLUMN_NAME: 'b', CARDINALITY: 1, NULL_SHARE: 2 / 3 },
  ])
  connection.destroy()
  await server.stop()
  server = await TestServer.start({ folder })
  connection = await server.connect()
  expect((await rows(connection, statistics))[0]).toMatchObject(counted)
  await connection.query('DROP TABLE d.t')
  expect(await rows(connection, statistics)).toEqual([])
  // Programs that dump all databases don't see ours.
  expect((await rows(connection, 'SHOW DATABASES')).map(({ Database }) => String(Database))).not.toContain(
    'switchyard',
  )
  connection.destroy()
}, 30_000)

const describeColumns = isEngineInstalled() ? describe : describe.skip
describeColumns('with chDB', () => {
  test('hybrid: by the ENGINE clause, else by the rules, and advice to move', async () => {
    const rule = 'plugins: { placement: { options: { rowsBelow: 3, columnsFrom: 5 } } }'
    const server = await TestServer.start({
      config: `storage: hybrid\ninit: { sample: false }\n${rule}\n`,
    })
    const connection = await server.connect()
    await connection.query('CREATE DATABASE d')
    await connection.query('USE d')
    const [made] = await connection.query(`CREATE TABLE page_events ${EVENTS}`)
    expect(made).toMatchObject({ warningStatus: 1 })
    await connection.query(`CREATE TABLE row_events ${EVENTS} ENGINE=InnoDB`)
    await connection.query('CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(50))')
    await connection.query('CREATE TABLE scratch (id INT) ENGINE=memory')
    const engines = ['page_events', 'row_events', 'users', 'scratch']
    expect(await Promise.all(engines.map((table) => engineOf(connection, table)))).toEqual([
      ...['chdb', 'InnoDB', 'lmdb', 'memory'],
    ])
    await connection.query("INSERT INTO users VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e')")
    const [candidate] = await rows(connection, 'SELECT * FROM switchyard.migration_candidates')
    expect(candidate).toMatchObject({
      ...{ TABLE_SCHEMA: 'd', TABLE_NAME: 'users', STORAGE: 'lmdb', BETTER_STORAGE: 'chdb' },
      REASON: '5 rows; 0% of its statements change or delete rows',
    })
    await connection.query(String(candidate?.STATEMENT))
    expect(await engineOf(connection, 'users')).toBe('chdb')
    expect(await rows(connection, 'SELECT * FROM switchyard.migration_candidates')).toEqual([])
    const [moved] = await rows(
      connection,
      "SELECT * FROM switchyard.table_statistics WHERE TABLE_NAME = 'users'",
    )
    // What was counted moves along.
    expect(moved).toMatchObject({ STORAGE: 'chdb', TABLE_ROWS: 5, INSERTS: 1 })
    expect(moved?.COMPRESSION).toBeGreaterThan(0)
    connection.destroy()
  }, 30_000)

  test('chdb: columns, unless something else is asked for', async () => {
    const server = await TestServer.start({ config: 'storage: chdb\n' })
    const connection = await server.connect()
    await connection.query('CREATE DATABASE d')
    await connection.query('USE d')
    await connection.query('CREATE TABLE a (id INT PRIMARY KEY)')
    await connection.query('CREATE TABLE b (id INT PRIMARY KEY) ENGINE=lmdb')
    expect([await engineOf(connection, 'a'), await engineOf(connection, 'b')]).toEqual(['chdb', 'lmdb'])
    connection.destroy()
  }, 30_000)
})
