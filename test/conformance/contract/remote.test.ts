/**
 * Goal: a catalog of tables that lie behind a connection is a full member of the server, also when the server there goes away
 * and comes back, or changes its tables without telling. Method: such a catalog and its storage over a second engine, beside a
 * driver in another process and memory storage.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { letters } from './letters.js'
import { TestEngine, type TestSession } from '../../support/engine.js'
import { ProcessStorage } from './process-storage.js'
import { RemoteServer, RemoteStorage } from './remote.js'

let server: RemoteServer
let remote: RemoteStorage
let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  server = await RemoteServer.start()
  remote = new RemoteStorage('remote', server)
  const storages = [new MemoryStorage('memory'), new ProcessStorage('far'), remote]
  engine = await TestEngine.start(storages, {}, [remote.catalog], [letters])
  session = await engine.session()
  await session.run('CREATE DATABASE near')
  await session.run('USE near')
  await session.run('CREATE TABLE price (item INT PRIMARY KEY, cents INT)')
  await session.run('CREATE TABLE stock (item INT PRIMARY KEY, pieces INT) ENGINE=far')
  await session.run('INSERT INTO price VALUES (1, 100), (2, 250), (3, 75)')
  await session.run('INSERT INTO stock VALUES (1, 5), (3, 9)')
})

beforeEach(async () => {
  server.isAway = false
  await session.run('ROLLBACK')
  await server.run('DROP TABLE IF EXISTS item')
  await server.run('CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(30), weight INT)')
  await server.run("INSERT INTO item VALUES (1, 'nut', 4), (2, 'o''bolt\\\\', 9), (3, 'screw', NULL)")
  await session.run('FLUSH TABLES')
  server.received.length = 0
})

afterEach(() => {
  expect(remote.openCursors).toBe(0)
})

afterAll(async () => {
  await engine.stop()
  await server.stop()
})

describe('tables there', () => {
  test('are listed, described and read', async () => {
    expect((await session.rows('SHOW DATABASES')).flat()).toEqual(expect.arrayContaining(['near', 'away']))
    expect(await session.rows('SHOW TABLES FROM away')).toEqual([['item']])
    expect(await session.rows('SELECT * FROM away.item ORDER BY id')).toEqual([
      ['1', 'nut', '4'],
      ['2', "o'bolt\\", '9'],
      ['3', 'screw', null],
    ])
    await expect(session.run('SELECT * FROM away.none')).rejects.toMatchObject({ code: 'ER_NO_SUCH_TABLE' })
  })

  test('are read there as far as the driver takes it, with literals of the moment', async () => {
    const names = async (name: string) => session.rows(`SELECT id FROM away.item WHERE name = '${name}'`)
    expect(await names('nut')).toEqual([['1']])
    expect(await names("o''bolt\\\\")).toEqual([['2']])
    expect(server.received.filter((sql) => sql.includes("= 'o''bolt\\\\'"))).toHaveLength(1)
    expect(await session.rows('SELECT SUM(weight), COUNT(*) FROM away.item')).toEqual([['13', '3']])
    expect(await session.rows('SELECT UPPER(name) FROM away.item WHERE id = 1')).toEqual([['NUT']])
  })

  test('join with tables of memory and of another driver, and functions of plugins run over them', async () => {
    const sql = `SELECT i.name, p.cents, s.pieces, LETTERS(i.name) FROM away.item i JOIN price p ON p.item = i.id
      LEFT JOIN stock s ON s.item = i.id ORDER BY i.id`
    expect(await session.rows(sql)).toEqual([
      ['nut', '100', '5', '3'],
      ["o'bolt\\", '250', null, '7'],
      ['screw', '75', '9', '5'],
    ])
    const totals = `SELECT SUM(p.cents * s.pieces) FROM price p, stock s
      WHERE p.item = s.item AND p.item IN (SELECT id FROM away.item WHERE weight IS NULL)`
    expect(await session.rows(totals)).toEqual([['675']])
    expect(
      await session.rows('SELECT id FROM away.item UNION SELECT item FROM stock ORDER BY 1'),
    ).toHaveLength(3)
  })

  test('are changed there', async () => {
    await session.run("INSERT INTO away.item VALUES (4, 'washer', 1)")
    await session.run('UPDATE away.item SET weight = weight + 1 WHERE id <> 2')
    await session.run('DELETE FROM away.item WHERE id = (SELECT MAX(item) + 1 FROM price)')
    expect((await server.run('SELECT id, weight FROM item ORDER BY id')).rows).toEqual([
      ['1', '5'],
      ['2', '9'],
      ['3', null],
    ])
    await expect(session.run("INSERT INTO away.item VALUES (1, 'x', 1)")).rejects.toMatchObject({
      code: 'ER_DUP_ENTRY',
    })
    expect((await session.run("REPLACE INTO away.item VALUES (1, 'x', 1)")).status?.affectedRows).toBe(2)
    await session.run('INSERT INTO stock SELECT id + 100, weight FROM away.item WHERE id = 2')
    await session.run('DELETE FROM stock WHERE item = 102')
  })

  test('are not defined from here', async () => {
    for (const sql of [
      'CREATE TABLE away.more (a INT)',
      'ALTER TABLE away.item ADD COLUMN a INT',
      'DROP TABLE away.item',
      'CREATE INDEX i ON away.item (name)',
      'DROP DATABASE away',
      'CREATE DATABASE away',
    ]) {
      const { error } = (await session.execute(sql))[0] ?? {}
      expect([sql, error?.sqlState]).not.toEqual([sql, undefined])
      expect([sql, error?.message]).not.toEqual([sql, expect.stringContaining('invariant')])
    }
    expect((await server.run('SHOW TABLES')).rows).toEqual([['item']])
  })
})

describe('one transaction', () => {
  test('writes to one of two drivers, before and after rows were handed over', async () => {
    const refused = { code: 'ER_NOT_SUPPORTED_YET' }
    await session.run('START TRANSACTION')
    await session.run('INSERT INTO stock VALUES (50, 1)')
    await expect(session.run('DELETE FROM away.item WHERE id = 1')).rejects.toMatchObject(refused)
    expect(await session.rows('SELECT COUNT(*) FROM stock')).toEqual([['3']])
    await expect(session.run('DELETE FROM away.item WHERE id = 1')).rejects.toMatchObject(refused)
    await session.run('COMMIT')
    await session.run('DELETE FROM stock WHERE item = 50')
    expect((await server.run('SELECT COUNT(*) FROM item')).rows).toEqual([['3']])
  })
})

describe('a server that is away', () => {
  const unavailable = { code: 'ER_STORAGE_UNAVAILABLE' }

  test('fails what needs it and nothing else, and is there again when it is back', async () => {
    const joined = 'SELECT COUNT(*) FROM price p JOIN away.item i ON i.id = p.item'
    expect(await session.rows(joined)).toEqual([['3']])
    server.goAway()
    await expect(session.run(joined)).rejects.toMatchObject(unavailable)
    await expect(session.run("INSERT INTO away.item VALUES (4, 'x', 1)")).rejects.toMatchObject(unavailable)
    expect(await session.rows('SELECT COUNT(*) FROM price')).toEqual([['3']])
    expect((await session.rows('SHOW DATABASES')).flat()).toContain('near')
    await session.run('FLUSH TABLES')
    await expect(session.run(joined)).rejects.toMatchObject(unavailable)
    server.isAway = false
    expect(await session.rows(joined)).toEqual([['3']])
  })

  test('in the middle of a transaction leaves the rest of it whole', async () => {
    await session.run('START TRANSACTION')
    await session.run('UPDATE price SET cents = cents + 1 WHERE item = 1')
    server.goAway()
    await expect(session.run('SELECT COUNT(*) FROM away.item')).rejects.toMatchObject(unavailable)
    const failing = 'UPDATE price SET cents = 0 WHERE item IN (SELECT id FROM away.item)'
    await expect(session.run(failing)).rejects.toMatchObject(unavailable)
    await session.run('COMMIT')
    expect(await session.rows('SELECT cents FROM price ORDER BY item')).toEqual([['101'], ['250'], ['75']])
    await session.run('UPDATE price SET cents = 100 WHERE item = 1')
  })

  test('at the commit fails the commit', async () => {
    await session.run('START TRANSACTION')
    await session.run("INSERT INTO away.item VALUES (4, 'x', 1)")
    server.goAway()
    await expect(session.run('COMMIT')).rejects.toMatchObject(unavailable)
    server.isAway = false
    await session.run('COMMIT')
    expect(await session.rows('SELECT COUNT(*) FROM away.item')).toEqual([['3']])
  })

  test('while it answers fails that statement only', async () => {
    await server.run('SELECT 1')
    const running = session.execute('SELECT COUNT(*) FROM away.item WHERE weight > SLEEP(0)')
    server.goAway()
    expect((await running)[0]?.error).toMatchObject(unavailable)
    server.isAway = false
    expect(await session.rows('SELECT COUNT(*) FROM away.item')).toEqual([['3']])
  })
})

describe('a definition that changes there', () => {
  const all = 'SELECT * FROM away.item WHERE id = 1'

  beforeEach(async () => {
    expect(await session.rows(all)).toEqual([['1', 'nut', '4']])
    await session.run(`PREPARE held FROM '${all}'`)
    expect(await session.rows('EXECUTE held')).toEqual([['1', 'nut', '4']])
  })

  test('between plan and run has the statement planned anew', async () => {
    await server.run('ALTER TABLE item DROP COLUMN weight')
    expect(await session.rows(all)).toEqual([['1', 'nut']])
    expect(await session.rows('EXECUTE held')).toEqual([['1', 'nut']])
    await server.run('ALTER TABLE item RENAME COLUMN name TO title')
    expect(await session.rows('EXECUTE held')).toEqual([['1', 'nut']])
    expect((await session.run(all)).columns.map(({ name }) => name)).toEqual(['id', 'title'])
  })

  test('is an error where the statement has lost its sense', async () => {
    const named = 'SELECT name, UPPER(name) FROM away.item WHERE id = 1'
    expect(await session.rows(named)).toEqual([['nut', 'NUT']])
    await server.run('ALTER TABLE item DROP COLUMN name')
    await expect(session.run(named)).rejects.toMatchObject({ code: 'ER_BAD_FIELD_ERROR' })
    await server.run('DROP TABLE item')
    await expect(session.run(all)).rejects.toMatchObject({ code: 'ER_NO_SUCH_TABLE' })
  })

  test('that never comes to rest is an error too', async () => {
    await server.run('ALTER TABLE item DROP COLUMN weight')
    // Whatever the catalog learns, the server has it otherwise by the time it is asked.
    const run = server.run.bind(server)
    let changes = 0
    server.run = async (sql) => {
      const from = changes === 0 ? 'name' : `name${changes}`
      if (sql.includes('`item`')) await run(`ALTER TABLE item RENAME COLUMN ${from} TO name${++changes}`)
      return run(sql)
    }
    try {
      await expect(session.run(all)).rejects.toMatchObject({ code: 'ER_TABLE_DEF_CHANGED' })
    } finally {
      server.run = run
    }
    expect(changes).toBeGreaterThan(1)
    expect(changes).toBeLessThan(10)
  })
})
