/**
 * Goal: clients load files of their own, and only if both sides allow it; files of the server's machine only from the folder that the
 * configuration opens; KILL ends a load and the process list tells how far it is. Method: MariaDB's client and mariadb-import, mysql2.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { outputOf, runCommand } from '../support/run-command.js'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand, findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../support/temporary-folder.js'

let files: string
let server: TestServer
let connection: Connection

beforeAll(async () => {
  files = join(temporaryFolder(), 'files')
  mkdirSync(files)
  server = await TestServer.start({
    config: `init: { sample: false }\nfiles: { folder: '${files}', local: true }\n`,
  })
  connection = await server.connect()
  await connection.query('CREATE DATABASE shop')
  await connection.query('USE shop')
}, 60_000)
afterAll(async () => {
  connection.destroy()
  await killServers()
  removeTemporaryFolders()
})
beforeEach(async () => {
  await connection.query('DROP TABLE IF EXISTS goods')
  await connection.query('CREATE TABLE goods (id INT PRIMARY KEY, name VARCHAR(20), price DECIMAL(8,2))')
})

async function rows(sql: string): Promise<readonly RowDataPacket[]> {
  return (await connection.query<RowDataPacket[]>(sql))[0]
}

const count = async (): Promise<unknown> => (await rows('SELECT COUNT(*) AS n FROM goods'))[0]?.n

describeWithCommand('mariadb', 'the mariadb client', () => {
  const arguments_ = (...more: string[]): string[] => [
    ...['--no-defaults', '-h127.0.0.1', `-P${server.port}`, '-uroot', ...more],
  ]

  test('LOAD DATA LOCAL INFILE', async () => {
    const file = join(temporaryFolder(), 'goods.csv')
    writeFileSync(file, '1,"Kettle, red",19.90\n2,Mug,abc\n1,Twice,1\n')
    const sql = `LOAD DATA LOCAL INFILE '${file}' INTO TABLE goods FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"'; SHOW WARNINGS`
    const run = await outputOf(
      findCommand('mariadb') ?? '',
      arguments_('--local-infile=1', '-vv', 'shop', '-e', sql),
    )
    expect(run).toContain('Records: 3  Deleted: 0  Skipped: 1  Warnings: 2')
    expect(run).toContain("Duplicate entry '1' for key 'goods.PRIMARY'")
    expect(await rows('SELECT * FROM goods')).toEqual([
      { id: 1, name: 'Kettle, red', price: '19.90' },
      { id: 2, name: 'Mug', price: '0.00' },
    ])
    const refused = await runCommand(
      findCommand('mariadb') ?? '',
      arguments_('--local-infile=0', 'shop', '-e', sql),
    )
    expect(refused.status).toBe(1)
    // The client refuses by itself, or the server does.
    expect(refused.stderr).toMatch(/ERROR (3948|4166|2068|1148)/)
    expect(await count()).toBe(2)
  })

  test('a file that the client does not have', async () => {
    const sql = "LOAD DATA LOCAL INFILE '/nowhere/goods.csv' INTO TABLE goods; SELECT 'alive'"
    const { status, stderr } = await runCommand(
      findCommand('mariadb') ?? '',
      arguments_('--local-infile=1', 'shop', '-e', sql),
    )
    expect(status).toBe(1)
    expect(stderr).toMatch(/\/nowhere\/goods\.csv/)
    expect(await count()).toBe(0)
  })

  test('mariadb-import', async () => {
    const folder = writeFiles(temporaryFolder(), { 'goods.txt': '1\tKettle\t5\n2\tMug\t\\N\n' })
    const import_ = findCommand('mariadb-import') ?? ''
    const output = await outputOf(import_, arguments_('--local', 'shop', join(folder, 'goods.txt')))
    expect(output).toContain('Records: 2  Deleted: 0  Skipped: 0  Warnings: 0')
    expect(await rows('SELECT name, price FROM goods')).toEqual([
      { name: 'Kettle', price: '5.00' },
      { name: 'Mug', price: null },
    ])
  })
})

test('files of the server', async () => {
  const outside = writeFiles(temporaryFolder(), { 'secret.txt': '9\tx\t1\n' })
  writeFiles(files, { 'goods.txt': '1\tKettle\t5\n' })
  symlinkSync(join(outside, 'secret.txt'), join(files, 'link.txt'))
  await connection.query("LOAD DATA INFILE 'goods.txt' INTO TABLE goods")
  expect(await count()).toBe(1)
  for (const file of [join(outside, 'secret.txt'), join(files, '../secret.txt'), 'link.txt', files]) {
    await expect(connection.query(`LOAD DATA INFILE '${file}' INTO TABLE goods`)).rejects.toMatchObject({
      errno: 1290,
    })
  }
  await expect(connection.query("LOAD DATA INFILE 'none.txt' INTO TABLE goods")).rejects.toMatchObject({
    errno: 13,
    message: expect.stringContaining('No such file or directory') as string,
  })
  await connection.query("CREATE USER clerk@'%' IDENTIFIED BY 'p'")
  await connection.query("GRANT ALL ON shop.* TO clerk@'%'")
  const clerk = await server.connect({ user: 'clerk', password: 'p', database: 'shop' })
  await expect(clerk.query("LOAD DATA INFILE 'goods.txt' INTO TABLE goods")).rejects.toMatchObject({
    errno: 1045,
  })
  clerk.destroy()
})

test('local_infile', async () => {
  const loading = await server.connect({
    database: 'shop',
    infileStreamFactory: () => Readable.from([Buffer.from('1\tx\t1\n')]),
  })
  const load = (): Promise<unknown> =>
    loading.query({
      sql: "LOAD DATA LOCAL INFILE 'any' INTO TABLE goods",
      infileStreamFactory: () => Readable.from([Buffer.from('1\tx\t1\n')]),
    })
  await connection.query('SET GLOBAL local_infile = OFF')
  await expect(load()).rejects.toMatchObject({ errno: 3948 })
  await connection.query('SET GLOBAL local_infile = ON')
  await load()
  expect(await count()).toBe(1)
  loading.destroy()
})

test('KILL and the process list', async () => {
  const loading = await server.connect({ database: 'shop' })
  let isKilled = false
  async function* endless() {
    for (let i = 0; !isKilled; i++) {
      const lines = Array.from({ length: 500 }, (_, n) => `${i * 500 + n}\tx\t1\n`)
      yield Buffer.from(lines.join(''))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const load = loading.query({
    sql: "LOAD DATA LOCAL INFILE 'any' INTO TABLE goods",
    infileStreamFactory: () => Readable.from(endless()),
  })
  const ended = load.then(
    () => 'loaded',
    (error: unknown) => (error as { errno: number }).errno,
  )
  for (;;) {
    const [thread] = await rows(
      `SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = ${String(loading.threadId)}`,
    )
    if (/^loading: \d{4,} rows$/.test(String(thread?.STATE))) break
  }
  await connection.query(`KILL QUERY ${String(loading.threadId)}`)
  setTimeout(() => (isKilled = true), 50)
  expect(await ended).toBe(1317)
  expect(await count()).toBe(0)
  await loading.query('SELECT 1')
  loading.destroy()
})
