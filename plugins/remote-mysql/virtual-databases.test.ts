/**
 * Goal: virtual databases are made, changed and dropped by SQL, outlive the server, and what they have passwords for never shows them.
 * Method: the real server as a process, at the most talkative log level, before a MariaDB whose account has a password that occurs nowhere
 * else; at the end everything that was written or answered is searched for it.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { MARIADB_PROGRAMS, startMariaDb, type MariaDbServer } from '../../test/differential/mariadb-server.js'
import { killServers, TestServer } from '../../test/support/server.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { direct } from './testing/remote-databases.js'

const PASSWORD = 'Xy7@quux:91z'
/** As the naming form has it. */
const ESCAPED = 'Xy7ATquuxCOLON91z'

describeWithCommand(MARIADB_PROGRAMS, 'virtual databases of a server', () => {
  let mariadb: MariaDbServer
  let there: Connection
  let server: TestServer
  let client: Connection
  const answers: string[] = []

  beforeAll(async () => {
    mariadb = await startMariaDb(temporaryFolder())
    there = await direct(mariadb.port)
    await there.query(`CREATE DATABASE shop COLLATE utf8mb4_general_ci; CREATE TABLE shop.t (id INT PRIMARY KEY, a VARCHAR(9));
      INSERT INTO shop.t VALUES (1, 'one'); CREATE USER app@'%' IDENTIFIED BY '${PASSWORD}'; GRANT ALL ON shop.* TO app@'%'`)
    server = await TestServer.start({ args: ['--debug'] })
    client = await server.connect()
  }, 60_000)
  afterAll(async () => {
    there.destroy()
    await killServers()
    await mariadb.stop()
    removeTemporaryFolders()
  })

  async function query(sql: string): Promise<unknown[]> {
    try {
      const [rows] = await client.query<RowDataPacket[]>({ sql, rowsAsArray: true })
      answers.push(JSON.stringify(rows))
      return rows
    } catch (error) {
      answers.push(String(error))
      throw error
    }
  }

  const options = (password: string) =>
    `OPTIONS (HOST '127.0.0.1', PORT ${mariadb.port}, USER 'app', PASSWORD '${password}', DATABASE 'shop')`

  test('come from servers that SQL defines', async () => {
    await query(`CREATE SERVER store FOREIGN DATA WRAPPER mysql ${options(PASSWORD)}`)
    await query('CREATE DATABASE shop FROM SERVER store')
    await query("CREATE DATABASE frozen FROM SERVER store DATABASE 'shop' READ ONLY")
    expect(await query('SELECT a FROM shop.t')).toEqual([['one']])
    await query("INSERT INTO shop.t VALUES (2, 'two')")
    expect(await query('SELECT COUNT(*) FROM frozen.t')).toEqual([[2]])
    await expect(query('DELETE FROM frozen.t')).rejects.toMatchObject({ errno: 3989 })
    await query('ALTER DATABASE frozen READ ONLY = 0')
    await query('DELETE FROM frozen.t WHERE id = 2')
    await query('ALTER DATABASE frozen READ ONLY = 1')
    await expect(query('DELETE FROM frozen.t')).rejects.toMatchObject({ errno: 3989 })
    await expect(query('DROP SERVER store')).rejects.toMatchObject({ errno: 1235 })
    await expect(query('CREATE DATABASE x FROM SERVER none')).rejects.toMatchObject({ errno: 1477 })
    await expect(query('CREATE DATABASE shop')).rejects.toMatchObject({ errno: 1007 })
  })

  test('come from names that say all of it, and are called what stands first', async () => {
    await query(`CREATE DATABASE named__remote__127_0_0_1__${mariadb.port}__shop__app__${ESCAPED}`)
    expect((await query('SHOW DATABASES')).flat()).toContain('named')
    expect(await query('SELECT a FROM named.t')).toEqual([['one']])
    await query('DROP DATABASE named')
    expect((await query('SHOW DATABASES')).flat()).not.toContain('named')
    expect(await query('SELECT COUNT(*) FROM shop.t')).toEqual([[1]])
    await query(`CREATE DATABASE named__remote__127_0_0_1__${mariadb.port}__shop__app__${ESCAPED}`)
  })

  test('say in clear words what is wrong with a remote, and are whole when that is mended', async () => {
    await query(`CREATE SERVER wrong FOREIGN DATA WRAPPER mysql ${options(`not ${PASSWORD}`)}`)
    await query('CREATE DATABASE wrong FROM SERVER wrong')
    await expect(query('SELECT * FROM wrong.t')).rejects.toMatchObject({
      errno: 9101,
      message: expect.stringContaining("Access denied for user 'app'") as string,
    })
    expect((await query('SHOW DATABASES')).flat()).toContain('wrong')
    await query(`ALTER SERVER wrong OPTIONS (PASSWORD '${PASSWORD}')`)
    expect(await query('SELECT a FROM wrong.t')).toEqual([['one']])
  })

  test('are there again after a restart', async () => {
    await client.end()
    expect(await server.stop()).toMatchObject({ status: 0 })
    answers.push(server.log)
    server = await TestServer.start({ folder: server.folder, args: ['--debug'] })
    client = await server.connect()
    expect(await query('SELECT a FROM shop.t')).toEqual([['one']])
    expect(await query('SELECT a FROM named.t')).toEqual([['one']])
    await expect(query('DELETE FROM frozen.t')).rejects.toMatchObject({ errno: 3989 })
  })

  test('keep their passwords to themselves', async () => {
    const slow = query(`CREATE SERVER again FOREIGN DATA WRAPPER mysql ${options(PASSWORD)}`)
    for (const sql of [
      'SHOW FULL PROCESSLIST',
      'SHOW CREATE DATABASE shop',
      'SHOW CREATE TABLE shop.t',
      'SHOW VARIABLES',
      'SHOW ENGINES',
    ]) {
      await query(sql).catch(() => undefined)
    }
    for (const table of ['PROCESSLIST', 'SCHEMATA', 'TABLES', 'ENGINES', 'PLUGINS'])
      await query(`SELECT * FROM information_schema.${table}`)
    await query('SELECT * FROM performance_schema.threads').catch(() => undefined)
    await slow
    await expect(query(`DROP DATABASE none__remote__h__1__d__u__${ESCAPED}`)).rejects.toMatchObject({
      errno: 1008,
    })
    for (const sql of [`USE none__remote__h__1__d__u__${ESCAPED}`, `CREATE DATABASE a__remote__${ESCAPED}`]) {
      await expect(query(sql)).rejects.toBeDefined()
    }
    answers.push(server.log)
    const needles = [
      PASSWORD,
      ESCAPED,
      Buffer.from(PASSWORD).toString('base64').slice(0, -3),
      Buffer.from(PASSWORD).toString('hex'),
    ]
    expect(server.log).toContain('CREATE SERVER')
    for (const needle of needles) {
      expect(answers.filter((answer) => answer.includes(needle))).toEqual([])
      expect(filesWith(server.dataFolder, needle)).toEqual([])
    }
    expect(statSync(join(server.dataFolder, 'secret.key')).mode & 0o777).toBe(0o600)
  })

  test('whose remote is away keep nobody from starting, and go with DROP DATABASE', async () => {
    await client.end()
    expect(await server.stop()).toMatchObject({ status: 0 })
    await mariadb.stop()
    server = await TestServer.start({ folder: server.folder })
    client = await server.connect()
    expect((await query('SHOW DATABASES')).flat()).toContain('shop')
    await expect(query('SELECT a FROM shop.t')).rejects.toMatchObject({ errno: 9101 })
    expect(
      await query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'shop'"),
    ).toEqual([['shop']])
    for (const database of ['shop', 'frozen', 'named', 'wrong']) await query(`DROP DATABASE ${database}`)
    for (const name of ['store', 'wrong', 'again']) await query(`DROP SERVER ${name}`)
    // It came with its database, and went with it.
    await expect(query('DROP SERVER named')).rejects.toMatchObject({ errno: 1477 })
    await expect(query('SELECT a FROM shop.t')).rejects.toMatchObject({ errno: 1049 })
  })
})

function filesWith(folder: string, needle: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(needle))
}
