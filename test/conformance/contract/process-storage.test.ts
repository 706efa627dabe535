/**
 * Goal: a driver whose rows lie in another process, which runs whole fragments and commits each write by itself, is a full member of
 * the server: joins with other storages, transactions as far as they go, KILL, errors in the middle. Method: such a driver
 * beside LMDB in one engine; the child process is asked what it has left open.
 */
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js'
import { createStorage } from '../../support/storages.js'
import { TestEngine, type TestSession } from '../../support/engine.js'
import { ProcessStorage } from './process-storage.js'

let storage: ProcessStorage
let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  storage = new ProcessStorage('far')
  const folder = temporaryFolder()
  const lmdb = await createStorage('lmdb', folder)
  engine = await TestEngine.start([lmdb, storage], { storage: 'lmdb', dataFolder: folder })
  session = await engine.session()
  await session.run('CREATE DATABASE shop')
  await session.run('USE shop')
  await session.run(
    'CREATE TABLE sale (id INT PRIMARY KEY, customer INT, amount INT, note VARCHAR(20)) ENGINE=far',
  )
  await session.run('CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(20), region INT)')
  await session.run('CREATE TABLE region (id INT PRIMARY KEY, size INT) ENGINE=far')
  await session.run("INSERT INTO customer VALUES (1, 'Ann', 10), (2, 'Bob', 20), (3, 'Cid', 10)")
  await session.run('INSERT INTO region VALUES (10, 100), (20, 200)')
})

beforeEach(async () => {
  await session.run('ROLLBACK')
  await session.run('TRUNCATE TABLE sale')
  const rows = Array.from({ length: 500 }, (_, i) => `(${i}, ${(i % 3) + 1}, ${i}, 'n${i}')`)
  await session.run(`INSERT INTO sale VALUES ${rows.join()}`)
  storage.fragmentRuns = 0
})

afterEach(async () => {
  expect(await storage.openCursors()).toBe(0)
})

afterAll(async () => {
  await engine.stop()
  removeTemporaryFolders()
})

describe('queries', () => {
  test('run in the driver as a whole where all tables are its own', async () => {
    const sql =
      'SELECT customer, COUNT(*), SUM(amount) FROM sale WHERE amount >= 3 GROUP BY customer ORDER BY customer LIMIT 2'
    expect(await session.rows(sql)).toEqual([
      ['1', '166', '41583'],
      ['2', '166', '41749'],
    ])
    expect(storage.fragmentRuns).toBe(1)
  })

  test('take their literals anew in each execution of a cached plan', async () => {
    const count = async (least: number) =>
      (await session.rows(`SELECT COUNT(*) FROM sale WHERE amount >= ${least}`))[0]?.[0]
    expect([await count(490), await count(499), await count(500)]).toEqual(['10', '1', '0'])
    expect(storage.fragmentRuns).toBe(3)
  })

  test('run here where the driver refuses, over what it can do', async () => {
    expect(await session.rows('SELECT AVG(amount) FROM sale WHERE amount < 3')).toEqual([['1.0000']])
    expect(await session.rows("SELECT id FROM sale WHERE UPPER(note) = 'N7'")).toEqual([['7']])
    const [tree] = await session.rows('EXPLAIN FORMAT=TREE SELECT AVG(amount) FROM sale')
    expect(tree?.[0]).toContain('it knows no avg')
  })

  test('join, aggregate and nest over both storages', async () => {
    const joined =
      'SELECT c.name, COUNT(*), SUM(s.amount) FROM sale s JOIN customer c ON c.id = s.customer GROUP BY c.name ORDER BY 1'
    expect(await session.rows(joined)).toEqual([
      ['Ann', '167', '41583'],
      ['Bob', '167', '41750'],
      ['Cid', '166', '41417'],
    ])
    const outer =
      'SELECT c.name, s.id FROM customer c LEFT JOIN sale s ON s.customer = c.id AND s.id < 2 ORDER BY c.id'
    expect(await session.rows(outer)).toEqual([
      ['Ann', '0'],
      ['Bob', '1'],
      ['Cid', null],
    ])
    const three =
      'SELECT COUNT(*), SUM(r.size) FROM sale s JOIN region r ON r.id = s.customer * 10 JOIN customer c ON c.id = s.customer'
    expect(await session.rows(three)).toEqual([['334', '50100']])
  })

  test('nest both ways', async () => {
    expect(
      await session.rows('SELECT name FROM customer WHERE id IN (SELECT customer FROM sale WHERE id = 4)'),
    ).toEqual([['Bob']])
    const correlated =
      'SELECT name, (SELECT MAX(id) FROM sale s WHERE s.customer = c.id) AS last FROM customer c ORDER BY id'
    expect(await session.rows(correlated)).toEqual([
      ['Ann', '498'],
      ['Bob', '499'],
      ['Cid', '497'],
    ])
    const exists =
      "SELECT COUNT(*) FROM sale s WHERE EXISTS (SELECT 1 FROM customer c WHERE c.id = s.customer AND c.name = 'Cid')"
    expect(await session.rows(exists)).toEqual([['166']])
  })

  test('see what their transaction wrote, also in a fragment', async () => {
    await session.run('START TRANSACTION')
    await session.run("INSERT INTO sale VALUES (1000, 1, 5000, 'new')")
    expect(await session.rows('SELECT COUNT(*), MAX(amount) FROM sale')).toEqual([['501', '5000']])
    expect(storage.fragmentRuns).toBe(1)
    await session.run('COMMIT')
  })
})

describe('changes', () => {
  test('reach the rows that they name', async () => {
    const updated = await session.run('UPDATE sale SET amount = amount + 1000 WHERE customer = 2 AND id < 10')
    expect(updated.status?.affectedRows).toBe(3)
    expect(await session.rows('SELECT id, amount FROM sale WHERE amount >= 1000 ORDER BY id')).toEqual([
      ['1', '1001'],
      ['4', '1004'],
      ['7', '1007'],
    ])
    expect((await session.run('DELETE FROM sale WHERE id >= 5')).status?.affectedRows).toBe(495)
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['5']])
  })

  test('of a duplicate key fail, or do what the statement says', async () => {
    await expect(session.run("INSERT INTO sale VALUES (600, 1, 1, ''), (3, 1, 1, '')")).rejects.toMatchObject(
      {
        code: 'ER_DUP_ENTRY',
        message: "Duplicate entry '3' for key 'sale.PRIMARY'",
      },
    )
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['500']])
    const ignored = await session.run("INSERT IGNORE INTO sale VALUES (600, 1, 1, ''), (3, 9, 9, '')")
    expect(ignored.status).toMatchObject({ affectedRows: 1, warningCount: 1 })
    const replaced = await session.run("REPLACE INTO sale VALUES (3, 9, 9, ''), (601, 1, 1, '')")
    expect(replaced.status?.affectedRows).toBe(3)
    const both =
      "INSERT INTO sale VALUES (3, 0, 0, ''), (602, 1, 1, '') ON DUPLICATE KEY UPDATE amount = amount + 1"
    expect((await session.run(both)).status?.affectedRows).toBe(3)
    expect(
      await session.rows('SELECT id, customer, amount FROM sale WHERE id IN (3, 600, 602) ORDER BY id'),
    ).toEqual([
      ['3', '9', '10'],
      ['600', '1', '1'],
      ['602', '1', '1'],
    ])
    const twice = "INSERT IGNORE INTO sale VALUES (700, 1, 1, 'first'), (700, 1, 1, 'second')"
    expect((await session.run(twice)).status?.affectedRows).toBe(1)
    await expect(session.run('UPDATE sale SET id = 1 WHERE id = 2')).rejects.toMatchObject({
      code: 'ER_DUP_ENTRY',
    })
  })

  test('of rows in another storage come over, and back', async () => {
    await session.run('CREATE TABLE copy (id INT PRIMARY KEY, amount INT)')
    const copied = await session.run('INSERT INTO copy SELECT id, amount FROM sale WHERE id < 10')
    expect(copied.status?.affectedRows).toBe(10)
    await session.run('INSERT INTO sale SELECT id + 1000, 1, amount, NULL FROM copy')
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['510']])
    await session.run('DELETE FROM sale WHERE id IN (SELECT id FROM copy)')
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['500']])
    await session.run('DROP TABLE copy')
  })
})

describe('transactions', () => {
  test('that wrote in one storage are refused before they write in another', async () => {
    const refused = { code: 'ER_NOT_SUPPORTED_YET' }
    await session.run('START TRANSACTION')
    await session.run("INSERT INTO customer VALUES (9, 'Zoe', 10)")
    await expect(session.run("INSERT INTO sale VALUES (900, 1, 1, '')")).rejects.toMatchObject(refused)
    await session.run('COMMIT')
    expect(await session.rows('SELECT name FROM customer WHERE id = 9')).toEqual([['Zoe']])
    await session.run('DELETE FROM customer WHERE id = 9')

    await session.run('START TRANSACTION')
    await session.run("INSERT INTO sale VALUES (900, 1, 1, '')")
    await expect(session.run("INSERT INTO customer VALUES (9, 'Zoe', 10)")).rejects.toMatchObject(refused)
    // Reading hands the row over: the transaction has written there all the more.
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['501']])
    await expect(session.run('UPDATE customer SET region = 0 WHERE id = 1')).rejects.toMatchObject(refused)
    await session.run('COMMIT')
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['501']])
    expect(await session.rows('SELECT region FROM customer WHERE id = 1')).toEqual([['10']])
  })

  test('roll back what was not handed over, and say what could not be', async () => {
    await session.run('START TRANSACTION')
    await session.run("INSERT INTO sale VALUES (900, 1, 1, '')")
    expect((await session.run('ROLLBACK')).status?.warningCount).toBe(0)
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['500']])

    await session.run('START TRANSACTION')
    await session.run("INSERT INTO sale VALUES (900, 1, 1, '')")
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['501']])
    expect((await session.run('ROLLBACK')).status?.warningCount).toBe(1)
    expect(await session.rows('SHOW WARNINGS')).toEqual([
      ['Warning', '1196', "Some non-transactional changed tables couldn't be rolled back"],
    ])
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['501']])
  })

  test('keep what earlier statements handed over when a later one fails', async () => {
    await session.run('START TRANSACTION')
    await session.run("INSERT INTO sale VALUES (900, 1, 1, '')")
    await session.rows('SELECT COUNT(*) FROM sale')
    const { error } = (await session.execute("INSERT INTO sale VALUES (901, 1, 'x', '')"))[0] ?? {}
    expect(error?.code).toBe('ER_TRUNCATED_WRONG_VALUE_FOR_FIELD')
    expect(await session.rows('SHOW WARNINGS')).toHaveLength(1)
    await session.run('COMMIT')
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['501']])
  })
})

describe('endings', () => {
  test('KILL reaches a driver that keeps silent, in a fragment, a scan and a join', async () => {
    const queries = [
      'SELECT id FROM sale WHERE amount >= 0',
      'SELECT UPPER(note) FROM sale',
      'SELECT c.name, s.id FROM customer c JOIN sale s ON s.customer = c.id',
      'DELETE FROM sale',
      'INSERT INTO customer SELECT id + 100, UPPER(note), 1 FROM sale',
    ]
    for (const sql of queries) {
      const other = await engine.session('shop')
      const [[id] = []] = await other.rows('SELECT CONNECTION_ID()')
      await storage.trouble('stall', 1)
      const running = other.execute(sql)
      while ((await storage.openCursors()) === 0) await new Promise(setImmediate)
      await session.run(`KILL QUERY ${id}`)
      expect([sql, (await running)[0]?.error?.code]).toEqual([sql, 'ER_QUERY_INTERRUPTED'])
      expect(await storage.openCursors()).toBe(0)
    }
    expect(await session.rows('SELECT COUNT(*) FROM sale')).toEqual([['500']])
    expect(await session.rows('SELECT COUNT(*) FROM customer')).toEqual([['3']])
  })

  test('max_execution_time ends it too', async () => {
    await storage.trouble('stall', 0)
    await session.run('SET max_execution_time = 50')
    const answer = (await session.execute('SELECT id FROM sale WHERE amount >= 0'))[0]
    await session.run('SET max_execution_time = 0')
    expect(answer?.error?.code).toBe('ER_QUERY_TIMEOUT')
  })

  test('an error in the middle ends the statement with that error, and nothing stays open', async () => {
    const queries = [
      'SELECT id FROM sale WHERE amount >= 0',
      'SELECT UPPER(note) FROM sale',
      'SELECT c.name, s.id FROM customer c JOIN sale s ON s.customer = c.id',
      'SELECT c.name, s.id FROM sale s LEFT JOIN customer c ON s.customer = c.id',
      'SELECT name, (SELECT MAX(id) FROM sale s WHERE s.customer = c.id) FROM customer c',
      'SELECT name FROM customer WHERE id IN (SELECT customer FROM sale)',
      'SELECT id FROM sale UNION SELECT id FROM customer',
      'SELECT UPPER(note), ROW_NUMBER() OVER (ORDER BY id) FROM sale',
      'UPDATE sale SET amount = 0 WHERE id >= 0',
      'INSERT INTO customer SELECT id + 100, UPPER(note), 1 FROM sale',
    ]
    for (const sql of queries) {
      await storage.trouble('fail', 1)
      const answer = (await session.execute(sql))[0]
      expect([sql, answer?.error?.message]).toEqual([sql, "Storage 'child' is not available: a page is torn"])
      expect([sql, await storage.openCursors()]).toEqual([sql, 0])
    }
    expect(await session.rows('SELECT COUNT(*), SUM(amount) FROM sale')).toEqual([['500', '124750']])
    expect(await session.rows('SELECT COUNT(*) FROM customer')).toEqual([['3']])
  })

  test('an error of ours in the middle closes the cursor, as does a reader that has enough', async () => {
    const tooMany = 'SELECT (SELECT id FROM sale WHERE amount >= 0) AS one'
    await expect(session.run(tooMany)).rejects.toMatchObject({ code: 'ER_SUBQUERY_NO_1_ROW' })
    expect(await storage.openCursors()).toBe(0)
    expect(await session.rows('SELECT UPPER(note) FROM sale LIMIT 1')).toHaveLength(1)
    expect(await storage.openCursors()).toBe(0)
    const some = 'SELECT name FROM customer c WHERE EXISTS (SELECT 1 FROM sale s WHERE s.customer >= c.id)'
    expect(await session.rows(some)).toHaveLength(3)
  })

  test('a session that closes leaves nothing behind', async () => {
    const other = await engine.session('shop')
    await storage.trouble('stall', 1)
    const running = other.execute('SELECT UPPER(note) FROM sale')
    while ((await storage.openCursors()) === 0) await new Promise(setImmediate)
    await other.session.close()
    await running
    expect(await storage.openCursors()).toBe(0)
  })
})
