/**
 * Goal: SELECT … INTO OUTFILE writes the files that MariaDB writes, LOAD DATA reads them back, and nothing is written where it must not be.
 * Method: the same queries on both servers, their files compared byte by byte.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { MARIADB_PROGRAMS, startMariaDb, type MariaDbServer } from './mariadb-server.js'

const TABLE = `CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(30), b DECIMAL(8,2), c DATETIME, d BLOB, e ENUM('x','y'), f DOUBLE,
  g VARCHAR(10) CHARACTER SET latin1)`
const ROWS = `INSERT INTO t VALUES
  (1, 'plain', 1.50, '2024-02-29 12:30:00', x'000a095cff', 'x', 1e10, 'caf\u00e9'),
  (2, 'a,"b"\\\\\\n\\tc', -0.05, NULL, '', NULL, -0.5, ''), (3, NULL, NULL, '0001-01-01 00:00:00', NULL, 'y', NULL, NULL),
  (4, 'na\u00efve \u{1F600}', 99, '2024-01-01 00:00:00', '"', 'x', 3, 'N')`

describeWithCommand(MARIADB_PROGRAMS, 'INTO OUTFILE beside MariaDB', () => {
  let files: string
  let oracle: MariaDbServer
  let own: Connection
  let other: Connection
  beforeAll(async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o777)
    files = join(folder, 'files')
    mkdirSync(files)
    chmodSync(files, 0o777)
    oracle = await startMariaDb(folder)
    const server = await TestServer.start({
      config: `init: { sample: false }\nfiles: { folder: '${files}' }\n`,
    })
    own = await server.connect()
    other = await createConnection({ host: '127.0.0.1', port: oracle.port, user: 'root' })
    for (const each of [own, other]) {
      for (const sql of ['CREATE DATABASE files', 'USE files', TABLE, ROWS]) await each.query(sql)
    }
  }, 60_000)
  afterAll(async () => {
    own.destroy()
    other.destroy()
    await oracle.stop()
    await killServers()
    removeTemporaryFolders()
  })

  const formats = [
    '',
    `FIELDS TERMINATED BY ',' ENCLOSED BY '"'`,
    `FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' LINES TERMINATED BY '\\r\\n'`,
    `FIELDS TERMINATED BY ';' ESCAPED BY ''`,
    `FIELDS ENCLOSED BY '"' ESCAPED BY '"'`,
    `FIELDS TERMINATED BY ';' LINES STARTING BY '>> '`,
    `CHARACTER SET latin1 FIELDS TERMINATED BY ','`,
  ]
  test.each(formats.map((format, i) => [format, i] as const))('%s', async (format, i) => {
    const written = await Promise.all(
      [own, other].map(async (connection, server) => {
        const path = join(files, `${i}-${server}.txt`)
        const [result] = await connection.query(
          `SELECT * FROM t ORDER BY id INTO OUTFILE '${path}' ${format}`,
        )
        expect(result).toMatchObject({ affectedRows: 4 })
        return readFileSync(path, 'latin1')
      }),
    )
    expect(written[0]).toBe(written[1])
  })

  test('a file that is loaded again', async () => {
    await own.query("SELECT * FROM t INTO OUTFILE 'again.txt' CHARACTER SET utf8mb4")
    await own.query('CREATE TABLE u LIKE t')
    await own.query("LOAD DATA INFILE 'again.txt' INTO TABLE u CHARACTER SET utf8mb4")
    const read = async (table: string) =>
      (await own.query<RowDataPacket[]>(`SELECT * FROM ${table} ORDER BY id`))[0]
    const withoutBytes = (rows: RowDataPacket[]) => rows.map(({ d: _, ...others }) => others)
    expect(withoutBytes(await read('u'))).toEqual(withoutBytes(await read('t')))
  })

  test('fixed widths', async () => {
    const sql = (path: string) =>
      `SELECT id, b, c FROM t ORDER BY id INTO OUTFILE '${path}' FIELDS TERMINATED BY '' ENCLOSED BY ''`
    await own.query(sql(join(files, 'own-fixed.txt')))
    expect(readFileSync(join(files, 'own-fixed.txt'), 'latin1').split('\n')[0]).toBe(
      '1          1.50      2024-02-29 12:30:00',
    )
  })

  test('DUMPFILE', async () => {
    await own.query("SELECT d FROM t WHERE id = 1 INTO DUMPFILE 'dump.bin'")
    expect(readFileSync(join(files, 'dump.bin'))).toEqual(Buffer.from([0, 10, 9, 92, 255]))
    await expect(own.query("SELECT d FROM t INTO DUMPFILE 'two.bin'")).rejects.toMatchObject({ errno: 1172 })
    expect(existsSync(join(files, 'two.bin'))).toBe(false)
  })

  test('no file is overwritten, none is written elsewhere, and a query that fails leaves none', async () => {
    writeFileSync(join(files, 'there.txt'), 'precious')
    const into = (file: string): Promise<unknown> => own.query(`SELECT id FROM t INTO OUTFILE '${file}'`)
    await expect(into('there.txt')).rejects.toMatchObject({ errno: 1086 })
    expect(readFileSync(join(files, 'there.txt'), 'utf8')).toBe('precious')
    for (const file of ['../out.txt', '/tmp/switchyard-out.txt'])
      await expect(into(file)).rejects.toMatchObject({ errno: 1290 })
    await expect(into('none/out.txt')).rejects.toMatchObject({ errno: 1 })
    const failing = "SELECT id, (SELECT a FROM t WHERE id > 1) FROM t INTO OUTFILE 'half.txt'"
    await expect(own.query(failing)).rejects.toMatchObject({ errno: 1242 })
    expect(existsSync(join(files, 'half.txt'))).toBe(false)
  })
})
