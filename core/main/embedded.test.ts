/**
 * Goal: a program uses the engine without a port: configuration from an object, parameters, typed rows that come as they are taken,
 * transactions, copies of remote tables. Method: engines in this process; the remote is a second server of ours.
 */
import { killServers, TestServer } from '../../test/support/server.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
// Jest can't have several modules imported at once by `import()`: they are there already.
import '@switchyard/remote-mysql'
import '@switchyard/router-placement'
import '@switchyard/storage-lmdb'
import '@switchyard/storage-memory'
import { openEngine, type EmbeddedEngine } from './embedded.js'

afterAll(async () => {
  await killServers()
  removeTemporaryFolders()
})

async function all(engine: EmbeddedEngine, sql: string, parameters: readonly (string | number)[] = []) {
  return (await engine.query(sql, parameters)).all()
}

describe('an engine in memory', () => {
  let engine: EmbeddedEngine
  beforeAll(async () => {
    engine = await openEngine({ storage: 'memory', limits: { queryMemory: '64M' } })
    await engine.execute('CREATE DATABASE d')
  })
  afterAll(() => engine.close())

  test('gives values their types', async () => {
    await engine.execute(
      `CREATE TABLE d.t (i INT, b BIGINT UNSIGNED, d DECIMAL(20, 3), f DOUBLE, s VARCHAR(20), x VARBINARY(5), at DATETIME(2), day DATE,
        t TIME, y YEAR, e ENUM('a', 'b'), j JSON, n INT, bits BIT(9))`,
    )
    const status = await engine.execute('INSERT INTO d.t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
      ...[-5, 18446744073709551615n, '12345678901234567.891', 0.5, 'ä🔩', new Uint8Array([0, 255])],
      ...['2024-02-29 10:11:12.34', '2024-02-29', '-12:00:01', 2024, 'b', '{"a": [1]}', null, true],
    ])
    expect(status).toEqual({ affectedRows: 1, lastInsertId: 0, warningCount: 0, info: '' })
    const stream = await engine.query('SELECT * FROM d.t')
    expect(stream.columns.map(({ type }) => type).join()).toBe(
      'int,bigint,decimal,double,varchar,varbinary,datetime,date,time,year,enum,json,int,bit',
    )
    const [row] = await stream.all()
    expect(row).toEqual({
      ...{ i: -5, b: 18446744073709551615n, d: '12345678901234567.891', f: 0.5, s: 'ä🔩' },
      ...{ x: new Uint8Array([0, 255]), at: '2024-02-29 10:11:12.34', day: '2024-02-29', t: '-12:00:01' },
      ...{ y: 2024, e: 'b', j: '{"a": [1]}', n: null, bits: 1 },
    })
    await expect(engine.query('SELECT ?', [new Date() as never])).rejects.toThrow(TypeError)
    await expect(engine.query('SELECT ?', [NaN])).rejects.toThrow(TypeError)
  })

  test('throws errors of SQL, and goes on', async () => {
    await expect(engine.query('SELECT * FROM d.nosuch WHERE a = ?', [1])).rejects.toMatchObject({
      number: 1146,
    })
    await expect(engine.execute('SELEC')).rejects.toMatchObject({ code: 'ER_PARSE_ERROR', sqlState: '42000' })
    expect(await all(engine, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('holds a large result up until it is read, and ends one that is left', async () => {
    const many =
      'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT a.i FROM n a, n b'
    let seen = 0
    for await (const { i } of await engine.query<{ i: number }>(many)) {
      seen++
      if (i < 1 || seen === 3000) break
    }
    expect(seen).toBe(3000)
    let rows = 0
    const whole = await engine.query(`${many} LIMIT 100000`)
    for await (const row of whole) rows += row.i === null ? 0 : 1
    expect([rows, whole.status?.warningCount]).toEqual([100_000, 0])
  })

  test('runs what is in a transaction wholly or not at all', async () => {
    await engine.execute('CREATE TABLE d.account (id INT PRIMARY KEY, amount INT)')
    await engine.execute('INSERT INTO d.account VALUES (1, 100), (2, 0)')
    const moved = await engine.transaction(async (transaction) => {
      await transaction.execute('UPDATE d.account SET amount = amount - ? WHERE id = 1', [30])
      const { info } = await transaction.execute(
        'UPDATE d.account SET amount = amount + ? WHERE id = 2',
        [30],
      )
      return info
    })
    expect(moved).toBe('Rows matched: 1  Changed: 1  Warnings: 0')
    const failing = engine.transaction(async (transaction) => {
      await transaction.execute('DELETE FROM d.account')
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await all(engine, 'SELECT amount FROM d.account ORDER BY id')).toEqual([
      { amount: 70 },
      { amount: 30 },
    ])
  })

  test('columns may be called as they like', async () => {
    const [row] = await all(engine, "SELECT 'a' AS __proto__, 2 AS constructor")
    expect(Object.entries(row ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 2],
    ])
  })

  test('goes on behind a connection that was killed', async () => {
    await engine
      .transaction(async (connection) => {
        const [row] = await (await connection.query('SELECT CONNECTION_ID() AS id')).all()
        await engine.execute(`KILL ${String(row?.id)}`)
      })
      .catch(() => undefined)
    for (let i = 0; i < 3; i++) expect(await all(engine, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('throws what went wrong in a transaction, also if its connection is gone', async () => {
    const work = engine.transaction(async (connection) => {
      await connection.close()
      throw new Error('mine')
    })
    await expect(work).rejects.toThrow('mine')
    expect(await all(engine, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('keeps sessions apart', async () => {
    const [a, b] = [await engine.connect('d'), await engine.connect('d')]
    await a.execute('SET @x = 1')
    await a.execute('BEGIN')
    await a.execute('UPDATE account SET amount = 0 WHERE id = 1')
    // Statements of one connection wait for one another.
    const both = [b.query('SELECT amount, @x AS x FROM account WHERE id = 1'), b.query('SELECT 2 AS two')]
    expect(await (await both[0])?.all()).toEqual([{ amount: 70, x: null }])
    expect(await (await both[1])?.all()).toEqual([{ two: 2 }])
    await a.close()
    expect(await (await b.query('SELECT amount FROM account WHERE id = 1')).all()).toEqual([{ amount: 70 }])
    await b.close()
    await expect(b.query('SELECT 1')).rejects.toMatchObject({ number: 1053 })
  })
})

test('an engine keeps what it has in its folder, and says in one line what is wrong', async () => {
  const folder = temporaryFolder()
  const config = { storage: 'lmdb', dataDir: './own' }
  const first = await openEngine(config, { folder })
  await first.execute('CREATE DATABASE d')
  await first.execute('CREATE TABLE d.t (id INT PRIMARY KEY)')
  await first.execute('INSERT INTO d.t VALUES (7)')
  await expect(openEngine(config, { folder })).rejects.toMatchObject({ name: 'StartError' })
  await first.close()
  await first.close()
  const second = await openEngine(config, { folder, database: 'd' })
  expect(await all(second, 'SELECT id FROM t')).toEqual([{ id: 7 }])
  await second.close()
  await expect(openEngine({ storage: 'tape' })).rejects.toThrow(/^there is no storage tape/)
  await expect(openEngine({ limits: { queryMemory: 'much' } })).rejects.toThrow(
    /^configuration: limits.queryMemory/,
  )
})

test('a statement that drops the current database has gone well', async () => {
  const config = { storage: 'lmdb', dataDir: temporaryFolder() }
  const first = await openEngine(config)
  await first.execute('CREATE DATABASE d')
  await first.close()
  const engine = await openEngine(config, { database: 'd' })
  expect(await engine.execute('DROP DATABASE d')).toMatchObject({ warningCount: 0 })
  await expect(engine.execute('SELECT 1')).rejects.toMatchObject({ code: 'ER_BAD_DB_ERROR' })
  await engine.close()
})

test('tables of a remote are attached, loaded, joined and loaded again', async () => {
  const server = await TestServer.start({ args: ['--storage', 'memory'] })
  const there = await server.connect({ multipleStatements: true })
  await there.query(`CREATE DATABASE hr; USE hr;
    CREATE TABLE employees (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30), salary DECIMAL(10, 2), twice DECIMAL(12, 2) AS (salary * 2),
      KEY (name));
    INSERT INTO employees (name, salary) VALUES ('Ada', 90000), ('Bob', 40000), ('Cy', 60000);
    CREATE TABLE notes (id INT PRIMARY KEY, employee INT, text VARCHAR(40));
    INSERT INTO notes VALUES (1, 1, 'first'), (2, 1, 'second'), (3, 2, 'third'), (4, 3, 'fourth')`)
  const folder = temporaryFolder()
  const engine = await openEngine({ storage: 'lmdb', dataDir: '.' }, { folder })
  await engine.attachRemote('hr', { host: '127.0.0.1', port: 1, user: 'root' })
  await engine.attachRemote('hr', { host: '127.0.0.1', port: server.port, user: 'root' })
  const employees = await engine.loadTable('hr.employees')
  expect([employees.rows, employees.name]).toEqual([3, '`cache`.`employees`'])
  const sql = `SELECT e.name, COUNT(*) AS notes, MAX(e.twice) AS twice FROM cache.employees e JOIN hr.notes n ON n.employee = e.id
    WHERE e.salary > ? OR n.text LIKE 'th%' GROUP BY e.name ORDER BY notes DESC, e.name`
  expect(await all(engine, sql, [50_000])).toEqual([
    { name: 'Ada', notes: 2, twice: '180000.00' },
    { name: 'Bob', notes: 1, twice: '80000.00' },
    { name: 'Cy', notes: 1, twice: '120000.00' },
  ])
  await there.query(
    "UPDATE employees SET name = 'Bea' WHERE id = 2; INSERT INTO employees VALUES (9, 'Dot', 1, DEFAULT)",
  )
  expect(await all(engine, 'SELECT name FROM cache.employees WHERE id = 2')).toEqual([{ name: 'Bob' }])
  await Promise.all([employees.refresh(), employees.refresh()])
  expect(await all(engine, 'SELECT name, salary FROM cache.employees WHERE id IN (2, 9)')).toEqual([
    { name: 'Bea', salary: '40000.00' },
    { name: 'Dot', salary: '1.00' },
  ])
  expect(employees.rows).toBe(4)
  await expect(engine.loadTable('hr.nosuch')).rejects.toMatchObject({ number: 1146 })
  await expect(engine.attachRemote('cache', { user: 'root' })).rejects.toMatchObject({ number: 1007 })
  const [copy] = await all(engine, 'SHOW CREATE TABLE cache.employees')
  expect(Object.values(copy ?? {})[1]).toMatch(/PRIMARY KEY \(`id`\)[^]*ENGINE=lmdb/)
  await employees.drop()
  const long = await engine.loadTable('hr.notes', { into: `cache.${'n'.repeat(64)}` })
  await long.refresh()
  expect(await all(engine, `SELECT COUNT(*) AS n FROM ${long.name}`)).toEqual([{ n: long.rows }])
  expect(await all(engine, 'SHOW TABLES FROM cache')).toHaveLength(1)
  await long.drop()
  await engine.detachRemote('hr')
  await expect(engine.query('SELECT * FROM hr.notes')).rejects.toMatchObject({ number: 1049 })
  there.destroy()
  await engine.close()
}, 60_000)

test('no port is open', async () => {
  const before = process.getActiveResourcesInfo().filter((each) => each === 'TCPServerWrap')
  const engine = await openEngine({ storage: 'memory', plugins: { remote: { enabled: false } } })
  expect(process.getActiveResourcesInfo().filter((each) => each === 'TCPServerWrap')).toEqual(before)
  await engine.close()
})
