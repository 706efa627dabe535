/**
 * Goal: in storage mode mysql the server shows what another one has, as it comes and goes there. Method: the server itself, told by the
 * variables where a MariaDB is; databases are made and dropped in both; the MariaDB is killed.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { MARIADB_PROGRAMS, startMariaDb, type MariaDbServer } from '../../test/differential/mariadb-server.js'
import { killServers, TestServer } from '../../test/support/server.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { direct } from './testing/remote-databases.js'

const PASSWORD = 'let-me-through'

describeWithCommand(MARIADB_PROGRAMS, 'storage mode mysql', () => {
  let mariadb: MariaDbServer
  let there: Connection

  beforeAll(async () => {
    mariadb = await startMariaDb(temporaryFolder())
    there = await direct(mariadb.port)
    await there.query(`CREATE DATABASE one; CREATE DATABASE two;
      CREATE TABLE one.t (id INT PRIMARY KEY, a INT); INSERT INTO one.t VALUES (1, 10), (2, 20);
      CREATE USER app@'%' IDENTIFIED BY '${PASSWORD}'; GRANT ALL ON *.* TO app@'%'`)
  }, 60_000)
  afterAll(async () => {
    there.destroy()
    await mariadb.stop()
    await killServers()
    removeTemporaryFolders()
  })

  function start(environment: Readonly<Record<string, string>> = {}): Promise<TestServer> {
    return TestServer.start({
      config: 'storage: mysql\n',
      environment: {
        MYSQL_HOST: '127.0.0.1',
        MYSQL_PORT: String(mariadb.port),
        MYSQL_USER: 'app',
        MYSQL_PASSWORD: PASSWORD,
        ...environment,
      },
    })
  }

  async function names(connection: Connection, sql = 'SHOW DATABASES'): Promise<unknown[]> {
    const [rows] = await connection.query<RowDataPacket[]>(sql)
    return rows.map((row) => Object.values(row)[0] as unknown)
  }

  test('shows all databases, and new ones as they appear', async () => {
    const server = await start({ MYSQL_MAX_OPEN: '3', MYSQL_MAX_IDLE: '1', MYSQL_LIFETIME: '1m' })
    const connection = await server.connect()
    expect(await names(connection)).toEqual(expect.arrayContaining(['one', 'two', 'information_schema']))
    expect(await names(connection, 'SELECT a FROM one.t ORDER BY id')).toEqual([10, 20])
    await connection.query('USE one')
    await connection.query('UPDATE t SET a = a + 1 WHERE id = 1')
    await connection.query('CREATE TABLE two.made (id INT PRIMARY KEY)')
    expect(await names(there, 'SHOW TABLES FROM two')).toEqual(['made'])
    await there.query(
      'CREATE DATABASE three; CREATE TABLE three.t (id INT PRIMARY KEY); INSERT INTO three.t VALUES (3)',
    )
    // Who names it needn't have it listed first.
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await names(connection, 'SELECT id FROM three.t')).toEqual([3])
    await connection.query('CREATE DATABASE own')
    await connection.query('CREATE TABLE own.t AS SELECT * FROM one.t')
    expect(await names(connection, 'SELECT o.a FROM own.t o JOIN one.t USING (id) ORDER BY id')).toEqual([
      11, 20,
    ])
    expect(await names(there, "SHOW DATABASES LIKE 'own'")).toEqual([])
    await there.query('DROP DATABASE three')
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await names(connection)).not.toContain('three')
    await expect(connection.query('SELECT * FROM nosuch.t')).rejects.toMatchObject({ errno: 1049 })
    connection.destroy()
    expect(server.log).not.toContain(PASSWORD)
    await server.stop()
  })

  test('shows one database, without changes', async () => {
    const server = await start({ MYSQL_DATABASE: 'one', MYSQL_READ_ONLY: '1' })
    const connection = await server.connect()
    expect(await names(connection)).toContain('one')
    expect(await names(connection)).not.toContain('two')
    await expect(connection.query('DELETE FROM one.t')).rejects.toMatchObject({ errno: 3989 })
    await expect(connection.query('DROP TABLE one.t')).rejects.toMatchObject({ errno: 3989 })
    connection.destroy()
    await server.stop()
  })

  test('starts without the other server, and says what is wrong where it is named', async () => {
    const server = await start({ MYSQL_PASSWORD: 'wrong-secret' })
    const connection = await server.connect()
    expect(await names(connection)).toContain('information_schema')
    const failure = await connection.query('SELECT * FROM one.t').catch((error: unknown) => error)
    expect(failure).toMatchObject({ errno: 9101 })
    expect(String(failure)).not.toContain('wrong-secret')
    // Perhaps it has that one.
    await expect(connection.query('CREATE DATABASE own')).rejects.toMatchObject({ errno: 9101 })
    expect(server.log).not.toContain('wrong-secret')
    connection.destroy()
    await server.stop()
  })
})
