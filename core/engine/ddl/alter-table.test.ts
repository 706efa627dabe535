/**
 * Goal: ALTER TABLE changes definitions and rows together, in place where it can, and leaves everything as it was when it fails.
 * Method: statements on an engine over the memory storage; definitions, rows, and every index checked against its rows.
 */
import { randomNumbers } from '../../../test/conformance/storage/keyspace-model.js'
import { DefinitionSession } from '../testing/definition-session.js'

let engine: DefinitionSession

beforeEach(async () => {
  engine = await DefinitionSession.start()
  await engine.run(
    "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(20) NOT NULL DEFAULT 'x', b INT, c DECIMAL(5,2), KEY k (a), UNIQUE u (b, a))",
    "INSERT INTO t (a, b, c) VALUES ('one', 1, 1.5), ('two', NULL, 2.25), ('three', 3, NULL)",
  )
})
afterEach(async () => {
  for (const { name, kind } of engine.catalog.relationNames('d')) {
    if (kind === 'table') expect(await engine.problems(name)).toEqual([])
  }
  await engine.stop()
})

/** Ids of the keyspaces that hold rows and entries. */
function keyspaces(): readonly number[] {
  const { placements, indexes } = engine.table('t')
  return [...placements.map(({ id }) => id), ...indexes.filter(({ primary }) => !primary).map(({ id }) => id)]
}

describe('columns', () => {
  test('are added anywhere, with their defaults for old rows', async () => {
    await engine.run(
      "ALTER TABLE t ADD e ENUM('p','q') NOT NULL FIRST, ADD (f INT, g DATE DEFAULT '2020-01-01'), ADD h INT DEFAULT (IFNULL(b, 5) * 2) AFTER id, ADD i INT AS (b + 1) AFTER b",
    )
    expect(await engine.rows('SELECT * FROM t')).toEqual([
      ['p', '1', '2', 'one', '1', '2', '1.50', null, '2020-01-01'],
      ['p', '2', '10', 'two', null, null, '2.25', null, '2020-01-01'],
      ['p', '3', '6', 'three', '3', '4', null, null, '2020-01-01'],
    ])
  })

  test('are dropped, from indexes too', async () => {
    await engine.run('ALTER TABLE t DROP COLUMN a')
    expect(engine.body('t')).toEqual([
      '`id` int NOT NULL AUTO_INCREMENT',
      '`b` int DEFAULT NULL',
      '`c` decimal(5,2) DEFAULT NULL',
      'PRIMARY KEY (`id`)',
      'UNIQUE KEY `u` (`b`)',
    ])
    expect(await engine.rows('SELECT * FROM t WHERE b = 3')).toEqual([['3', '3', null]])
  })

  test('change type, name and place', async () => {
    await engine.run(
      'ALTER TABLE t CHANGE c cc VARCHAR(10) FIRST, MODIFY b BIGINT UNSIGNED AFTER cc, RENAME COLUMN a TO aa',
    )
    expect(engine.body('t').slice(0, 4)).toEqual([
      '`cc` varchar(10) DEFAULT NULL',
      '`b` bigint unsigned DEFAULT NULL',
      '`id` int NOT NULL AUTO_INCREMENT',
      "`aa` varchar(20) NOT NULL DEFAULT 'x'",
    ])
    expect(await engine.rows("SELECT * FROM t WHERE aa = 'one'")).toEqual([['1.50', '1', '1', 'one']])
  })

  test('can swap names', async () => {
    await engine.run('ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a')
    expect(await engine.rows("SELECT id, a, b FROM t WHERE b = 'three'")).toEqual([['3', '3', 'three']])
  })

  test('get and lose defaults', async () => {
    const before = keyspaces()
    await engine.run(
      "ALTER TABLE t ALTER a SET DEFAULT 'y', ALTER b SET DEFAULT (1 + 1)",
      'INSERT INTO t () VALUES ()',
    )
    expect(await engine.rows('SELECT a, b FROM t WHERE id = 4')).toEqual([['y', '2']])
    await engine.run('ALTER TABLE t ALTER a DROP DEFAULT')
    expect(await engine.failure('INSERT INTO t () VALUES ()')).toBe(1364)
    expect(keyspaces()).toEqual(before)
  })

  test('become visible and invisible', async () => {
    await engine.run('ALTER TABLE t ALTER COLUMN b SET INVISIBLE')
    expect(await engine.rows('SELECT * FROM t WHERE id = 1')).toEqual([['1', 'one', '1.50']])
    expect(await engine.rows('SELECT b FROM t WHERE id = 1')).toEqual([['1']])
  })

  test.each([
    [1054, 'ALTER TABLE t MODIFY nope INT'],
    [1054, 'ALTER TABLE t ADD x INT AFTER nope'],
    [1054, 'ALTER TABLE t RENAME COLUMN nope TO x'],
    [1060, 'ALTER TABLE t ADD a INT'],
    [1060, 'ALTER TABLE t CHANGE a b INT'],
    [1090, 'ALTER TABLE t DROP id, DROP a, DROP b, DROP c'],
    [1091, 'ALTER TABLE t DROP nope'],
    [1091, 'ALTER TABLE t DROP a, DROP a'],
    [1067, "ALTER TABLE t ALTER b SET DEFAULT 'x'"],
    [1067, 'ALTER TABLE t ALTER id SET DEFAULT 1'],
    [1075, 'ALTER TABLE t DROP PRIMARY KEY'],
    [1138, 'ALTER TABLE t MODIFY b INT NOT NULL'],
    [1264, 'ALTER TABLE t MODIFY c DECIMAL(2,2)'],
    [1406, 'ALTER TABLE t MODIFY id BIT(1)'],
    [1265, "ALTER TABLE t MODIFY a ENUM('one', 'two')"],
    [1366, 'ALTER TABLE t MODIFY a INT'],
    [1406, 'ALTER TABLE t MODIFY a VARCHAR(3)'],
    [1292, 'ALTER TABLE t ADD d DATE NOT NULL'],
  ])('error %d of %s leaves all as it was', async (number, sql) => {
    const before = engine.table('t')
    const rows = await engine.rows('SELECT * FROM t')
    expect(await engine.failure(sql)).toBe(number)
    expect(engine.table('t')).toBe(before)
    expect(await engine.rows('SELECT * FROM t')).toEqual(rows)
  })

  test('outside of strict mode values are fitted, with warnings', async () => {
    await engine.run("SET sql_mode = ''")
    expect(await engine.run('ALTER TABLE t MODIFY b TINYINT NOT NULL, MODIFY a CHAR(3)')).toBe(
      'Records: 3  Duplicates: 0  Warnings: 2',
    )
    expect(await engine.warnings()).toEqual([
      "Warning 1265 Data truncated for column 'b' at row 2",
      "Warning 1265 Data truncated for column 'a' at row 3",
    ])
    expect(await engine.rows('SELECT a, b FROM t')).toEqual([
      ['one', '1'],
      ['two', '0'],
      ['thr', '3'],
    ])
  })
})

describe('what needs no copy', () => {
  test.each([
    'ALTER TABLE t MODIFY a VARCHAR(30) NOT NULL',
    "ALTER TABLE t MODIFY a VARCHAR(20) NOT NULL COMMENT 'c'",
    'ALTER TABLE t RENAME COLUMN a TO z, RENAME INDEX k TO kk',
    "ALTER TABLE t COMMENT 'c', ROW_FORMAT = COMPACT, CHARSET latin1",
    'ALTER TABLE t RENAME TO s, RENAME COLUMN b TO bb',
    'ALTER TABLE t ENGINE = InnoDB',
    'ALTER TABLE t AUTO_INCREMENT = 10',
    'ALTER TABLE t DROP INDEX k',
    'ALTER TABLE t ADD CHECK (id > 0 OR TRUE) NOT ENFORCED',
    'ALTER TABLE t DISABLE KEYS, ENABLE KEYS',
    "ALTER TABLE t ADD x INT NOT NULL FIRST, ADD y TEXT AFTER a, ADD z VARCHAR(5) DEFAULT 'z'",
    'ALTER TABLE t DROP c',
    'ALTER TABLE t MODIFY a VARCHAR(20) AFTER c',
  ])('%s', async (sql) => {
    if (sql.includes('CHECK')) await engine.run('ALTER TABLE t MODIFY id INT')
    const [rows, ...entries] = keyspaces()
    const { id, version } = engine.table('t')
    await engine.run(`${sql}, ALGORITHM = INSTANT`)
    const table = engine.catalog.snapshot.relationById(id)
    if (table?.kind !== 'table') throw new Error('the table is gone')
    expect(table.version).toBeGreaterThan(version)
    expect(table.placements[0]?.id).toBe(rows)
    const kept = table.indexes.filter((index) => !index.primary).map((index) => index.id)
    expect(entries).toEqual(expect.arrayContaining(kept))
  })

  test('other algorithms are refused where they are not enough', async () => {
    expect(await engine.failure('ALTER TABLE t ADD x INT DEFAULT (1 + 1), ALGORITHM = INSTANT')).toBe(1845)
    expect(await engine.failure('ALTER TABLE t DROP PRIMARY KEY, MODIFY id INT, ALGORITHM = INPLACE')).toBe(
      1846,
    )
    expect(await engine.failure('ALTER TABLE t ADD INDEX (c), ALGORITHM = INSTANT')).toBe(1845)
    expect(await engine.failure('ALTER TABLE t ADD INDEX (c), LOCK = NONE')).toBe(1846)
    await engine.run('ALTER TABLE t ADD INDEX (c), ALGORITHM = INPLACE, LOCK = EXCLUSIVE')
  })
})

describe('rows of earlier versions', () => {
  test('keep what their columns were when others came and went', async () => {
    await engine.run(
      "ALTER TABLE t ADD x INT NOT NULL DEFAULT 7, ADD y VARCHAR(5) DEFAULT 'old'",
      "ALTER TABLE t ALTER x SET DEFAULT 8, ALTER y SET DEFAULT 'new'",
      "INSERT INTO t (a) VALUES ('four')",
      "ALTER TABLE t DROP c, MODIFY y VARCHAR(9) DEFAULT 'new' FIRST, MODIFY x INT NULL",
      "INSERT INTO t (a, x) VALUES ('five', NULL)",
      'ALTER TABLE t ADD c INT, ADD INDEX (x, y)',
      'UPDATE t SET c = 1 WHERE id = 2',
    )
    expect(engine.table('t').rowHistory?.schemas).toHaveLength(3)
    expect(await engine.rows('SELECT * FROM t')).toEqual([
      ['old', '1', 'one', '1', '7', null],
      ['old', '2', 'two', null, '7', '1'],
      ['old', '3', 'three', '3', '7', null],
      ['new', '4', 'four', null, '8', null],
      ['new', '5', 'five', null, null, null],
    ])
    expect(await engine.rows("SELECT id FROM t FORCE INDEX (x) WHERE x = 7 AND y = 'old'")).toEqual([
      ['1'],
      ['2'],
      ['3'],
    ])
    await engine.run('ALTER TABLE t FORCE')
    expect(engine.table('t').rowHistory).toBeUndefined()
    expect(await engine.rows('SELECT id, x FROM t WHERE c = 1')).toEqual([['2', '7']])
  })

  test('are forgotten with the rows', async () => {
    await engine.run('ALTER TABLE t ADD x INT DEFAULT 7', 'CREATE TABLE u LIKE t', 'TRUNCATE t')
    for (const name of ['t', 'u']) {
      expect(engine.table(name).rowHistory).toBeUndefined()
      expect(engine.table(name).columns.map((column) => column.absentValue)).toEqual(Array(5).fill(undefined))
    }
  })

  test('read as if they had been rewritten, whatever happens', async () => {
    const random = randomNumbers(7)
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T
    await engine.run('CREATE TABLE s (id INT AUTO_INCREMENT PRIMARY KEY, c0 INT)', 'CREATE TABLE r LIKE s')
    const columns = ['c0']
    const types = [
      'INT',
      'INT NOT NULL DEFAULT 5',
      "VARCHAR(9) DEFAULT 'abc'",
      'TEXT',
      'DECIMAL(5,2) DEFAULT 1.25',
      "BINARY(3) NOT NULL DEFAULT 'x'",
      'BIGINT UNSIGNED',
    ]
    for (let step = 0; step < 80; step++) {
      const change = random(6)
      const name = `c${String(step + 1)}`
      if (change === 0) {
        await both(`ADD ${name} ${pick(types)} ${pick(['', 'FIRST', `AFTER ${pick(columns)}`])}`)
        columns.push(name)
      } else if (change === 1 && columns.length > 2) {
        await both(`DROP ${columns.splice(random(columns.length), 1)[0] ?? ''}`)
      } else if (change === 2) {
        const at = random(columns.length)
        await both(`RENAME COLUMN ${columns[at] ?? ''} TO ${name}, COMMENT '${name}'`)
        columns[at] = name
      } else if (change === 3) {
        const id = String(random(20))
        await inBoth(`UPDATE TABLE SET id = -id WHERE id = ${id}`)
        await inBoth(`DELETE FROM TABLE WHERE id = ${id} + 1`)
      } else {
        await inBoth('INSERT INTO TABLE () VALUES (), ()')
      }
      expect(await engine.rows('SELECT * FROM s')).toEqual(await engine.rows('SELECT * FROM r'))
    }
    expect(engine.table('s').rowHistory).toBeDefined()
    expect(engine.table('r').rowHistory).toBeUndefined()
  })

  async function inBoth(sql: string): Promise<void> {
    await engine.run(sql.replace('TABLE', 's'), sql.replace('TABLE', 'r'))
  }

  /** The same on `s` in place and on `r` with a copy. */
  async function both(actions: string): Promise<void> {
    await engine.run(`ALTER TABLE s ${actions}`, `ALTER TABLE r ${actions}, FORCE`)
  }
})

describe('indexes', () => {
  test('are built from the rows that are there', async () => {
    await engine.run('ALTER TABLE t ADD INDEX (c DESC), ADD UNIQUE (a(3))', 'CREATE INDEX i ON t (b, c)')
    expect(engine.body('t').slice(4)).toEqual([
      'PRIMARY KEY (`id`)',
      'UNIQUE KEY `a` (`a`(3))',
      'UNIQUE KEY `u` (`b`,`a`)',
      'KEY `k` (`a`)',
      'KEY `c` (`c` DESC)',
      'KEY `i` (`b`,`c`)',
    ])
    expect(await engine.rows('SELECT id FROM t FORCE INDEX (c) WHERE c > 2')).toEqual([['2']])
    expect(await engine.failure("INSERT INTO t (a) VALUES ('thrifty')")).toBe(1062)
  })

  test('that rows contradict are not', async () => {
    await engine.run("INSERT INTO t (a, b) VALUES ('four', 3)")
    await expect(engine.run('CREATE UNIQUE INDEX i ON t (b)')).rejects.toThrow(
      "Duplicate entry '3' for key 't.i'",
    )
    expect(engine.table('t').indexes.map((index) => index.name)).toEqual(['PRIMARY', 'u', 'k'])
  })

  test('change with the collation of their columns', async () => {
    await engine.run('ALTER TABLE t MODIFY a VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, ALGORITHM = INPLACE')
    expect(await engine.rows("SELECT id FROM t WHERE a = 'ONE'")).toEqual([])
    expect(await engine.rows("SELECT id FROM t FORCE INDEX (k) WHERE a = 'one'")).toEqual([['1']])
  })

  test('primary keys come, go and change', async () => {
    await engine.run('ALTER TABLE t MODIFY id INT, DROP PRIMARY KEY', 'ALTER TABLE t ADD PRIMARY KEY (a, id)')
    expect(engine.body('t').slice(0, 5)).toEqual([
      '`id` int NOT NULL',
      "`a` varchar(20) NOT NULL DEFAULT 'x'",
      '`b` int DEFAULT NULL',
      '`c` decimal(5,2) DEFAULT NULL',
      'PRIMARY KEY (`a`,`id`)',
    ])
    await engine.run('ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id)')
    expect(await engine.rows('SELECT id, a FROM t WHERE id = 2')).toEqual([['2', 'two']])
    expect(await engine.failure('ALTER TABLE t ADD PRIMARY KEY (a)')).toBe(1068)
  })

  test.each([
    [1061, 'ALTER TABLE t ADD INDEX k (b)'],
    [1061, 'ALTER TABLE t RENAME INDEX k TO u'],
    [1072, 'CREATE INDEX i ON t (nope)'],
    [1091, 'DROP INDEX nope ON t'],
    [1091, 'ALTER TABLE t DROP INDEX k, DROP INDEX k'],
    [1176, 'ALTER TABLE t RENAME INDEX nope TO x'],
    [1176, 'ALTER TABLE t ALTER INDEX nope INVISIBLE'],
    [3522, 'ALTER TABLE t ALTER INDEX `PRIMARY` INVISIBLE'],
    [1280, 'CREATE INDEX `primary` ON t (a)'],
    [1146, 'CREATE INDEX i ON nope (a)'],
  ])('error %d of %s', async (number, sql) => {
    expect(await engine.failure(sql)).toBe(number)
  })
})

describe('AUTO_INCREMENT', () => {
  test('never falls below the rows that are there', async () => {
    await engine.run(
      'ALTER TABLE t AUTO_INCREMENT = 100',
      'INSERT INTO t (b) VALUES (10)',
      'DELETE FROM t WHERE b = 10',
    )
    await engine.run('ALTER TABLE t AUTO_INCREMENT = 2', 'INSERT INTO t (b) VALUES (11)')
    expect(await engine.rows('SELECT id FROM t WHERE b = 11')).toEqual([['4']])
  })

  test('stays when the table is copied', async () => {
    await engine.run(
      'ALTER TABLE t AUTO_INCREMENT = 100',
      'ALTER TABLE t ADD x INT FIRST, FORCE',
      'INSERT INTO t (b) VALUES (10)',
    )
    expect(await engine.rows('SELECT id FROM t WHERE b = 10')).toEqual([['100']])
  })

  test('numbers the rows of a table that had none', async () => {
    await engine.run(
      'CREATE TABLE n (x INT)',
      'INSERT INTO n VALUES (7), (8)',
      'ALTER TABLE n ADD id INT AUTO_INCREMENT PRIMARY KEY',
    )
    await engine.run('INSERT INTO n (x) VALUES (9)')
    expect(await engine.rows('SELECT * FROM n')).toEqual([
      ['7', '1'],
      ['8', '2'],
      ['9', '3'],
    ])
  })
})

describe('constraints', () => {
  test('checks hold for the rows that are there', async () => {
    expect(await engine.failure('ALTER TABLE t ADD CONSTRAINT ck CHECK (b < 3)')).toBe(3819)
    await engine.run('ALTER TABLE t ADD CONSTRAINT ck CHECK (b < 3) NOT ENFORCED')
    expect(await engine.failure('ALTER TABLE t ALTER CHECK ck ENFORCED')).toBe(3819)
    await engine.run('DELETE FROM t WHERE b = 3', 'ALTER TABLE t ALTER CHECK ck ENFORCED')
    expect(await engine.failure('INSERT INTO t (b) VALUES (3)')).toBe(3819)
    expect(await engine.failure('ALTER TABLE t RENAME COLUMN b TO bb')).toBe(3959)
    await engine.run('ALTER TABLE t DROP COLUMN b')
    expect(engine.table('t').checks).toEqual([])
  })

  test('DROP CONSTRAINT takes whatever has the name', async () => {
    await engine.run('ALTER TABLE t ADD CONSTRAINT u CHECK (b > 0), ADD CONSTRAINT ck CHECK (b > 0)')
    expect(await engine.failure('ALTER TABLE t DROP CONSTRAINT u')).toBe(3939)
    expect(await engine.failure('ALTER TABLE t DROP CONSTRAINT nope')).toBe(3940)
    await engine.run('ALTER TABLE t DROP CHECK u, DROP CONSTRAINT ck', 'ALTER TABLE t DROP CONSTRAINT u')
    expect(engine.body('t').slice(4)).toEqual(['PRIMARY KEY (`id`)', 'KEY `k` (`a`)'])
  })

  test('columns that others are made of stay', async () => {
    await engine.run('ALTER TABLE t ADD g INT AS (b + 1), ADD h INT DEFAULT (b)')
    expect(await engine.failure('ALTER TABLE t DROP b')).toBe(3108)
    expect(await engine.failure('ALTER TABLE t RENAME COLUMN b TO bb')).toBe(3108)
    await engine.run('ALTER TABLE t DROP g')
    expect(await engine.failure('ALTER TABLE t DROP b')).toBe(3766)
    await engine.run('ALTER TABLE t DROP h, DROP b')
  })

  describe('foreign keys', () => {
    beforeEach(async () => {
      await engine.run('CREATE TABLE c (id INT PRIMARY KEY, t_id INT)', 'INSERT INTO c VALUES (1, 1), (2, 9)')
    })

    test('are checked against the rows, unless foreign_key_checks is off', async () => {
      const add = 'ALTER TABLE c ADD FOREIGN KEY (t_id) REFERENCES t (id) ON UPDATE CASCADE'
      expect(await engine.failure(add)).toBe(1452)
      await engine.run('SET foreign_key_checks = 0', add, 'SET foreign_key_checks = 1')
      expect(engine.body('c').slice(2)).toEqual([
        'PRIMARY KEY (`id`)',
        'KEY `t_id` (`t_id`)',
        'CONSTRAINT `c_ibfk_1` FOREIGN KEY (`t_id`) REFERENCES `t` (`id`) ON UPDATE CASCADE',
      ])
    })

    test('hold columns and indexes in parent and child', async () => {
      await engine.run(
        'DELETE FROM c WHERE id = 2',
        'ALTER TABLE c ADD FOREIGN KEY (t_id) REFERENCES t (id) ON DELETE SET NULL',
      )
      expect(await engine.failure('ALTER TABLE c DROP t_id')).toBe(1828)
      expect(await engine.failure('ALTER TABLE c DROP INDEX t_id')).toBe(1553)
      expect(await engine.failure('ALTER TABLE c MODIFY t_id BIGINT')).toBe(1832)
      expect(await engine.failure('ALTER TABLE c MODIFY t_id INT NOT NULL')).toBe(1830)
      expect(await engine.failure('ALTER TABLE t DROP id')).toBe(1829)
      expect(await engine.failure('ALTER TABLE t MODIFY id BIGINT')).toBe(3780)
      expect(await engine.failure('ALTER TABLE t MODIFY id INT, DROP PRIMARY KEY')).toBe(1553)
      expect(await engine.failure('ALTER TABLE c DROP FOREIGN KEY nope')).toBe(1091)
      await engine.run(
        'ALTER TABLE c DROP FOREIGN KEY c_ibfk_1, DROP INDEX t_id',
        'ALTER TABLE t MODIFY id INT, DROP PRIMARY KEY',
      )
    })

    test('follow new names of columns and tables', async () => {
      await engine.run(
        'DELETE FROM c WHERE id = 2',
        'ALTER TABLE c ADD FOREIGN KEY (t_id) REFERENCES t (id)',
        'ALTER TABLE t RENAME COLUMN id TO t_id, RENAME TO s',
        'ALTER TABLE c RENAME child',
      )
      expect(engine.body('child').at(-1)).toBe(
        'CONSTRAINT `child_ibfk_1` FOREIGN KEY (`t_id`) REFERENCES `s` (`t_id`)',
      )
      expect(await engine.failure('DELETE FROM s WHERE t_id = 1')).toBe(1451)
      await engine.run('INSERT INTO child VALUES (3, 2)')
    })
  })
})

describe('CONVERT TO CHARACTER SET', () => {
  test('changes columns and table', async () => {
    await engine.run(
      'ALTER TABLE t ADD n TEXT',
      "UPDATE t SET n = 'äö'",
      'ALTER TABLE t CONVERT TO CHARACTER SET latin1',
    )
    expect(engine.body('t').slice(1, 5)).toEqual([
      "`a` varchar(20) NOT NULL DEFAULT 'x'",
      '`b` int DEFAULT NULL',
      '`c` decimal(5,2) DEFAULT NULL',
      '`n` text',
    ])
    expect(engine.table('t').collation).toBe('latin1_swedish_ci')
    await engine.run('ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin')
    expect(engine.body('t')[4]).toBe('`n` mediumtext COLLATE utf8mb4_bin')
    expect(await engine.rows('SELECT n FROM t WHERE id = 1')).toEqual([['äö']])
  })

  test('is refused for text that the set does not have', async () => {
    await engine.run("UPDATE t SET a = '日本' WHERE id = 1")
    expect(await engine.failure('ALTER TABLE t CONVERT TO CHARACTER SET latin1')).toBe(1366)
  })
})

test('views are no tables', async () => {
  await engine.run('CREATE VIEW v AS SELECT 1 AS x')
  expect(await engine.failure('ALTER TABLE v ADD y INT')).toBe(1347)
  expect(await engine.failure('ALTER TABLE nope ADD y INT')).toBe(1146)
})

test('many rows are copied in chunks, and the copy can be killed', async () => {
  await engine.run(
    'CREATE TABLE big (id INT PRIMARY KEY, a INT, s VARCHAR(100))',
    'SET cte_max_recursion_depth = 100000',
    "INSERT INTO big WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 30000) SELECT i, i % 7, REPEAT('x', 90) FROM n",
  )
  const before = engine.table('big')
  const started = performance.now()
  const alter = engine.session.run('ALTER TABLE big ADD b INT AS (a + 1) FIRST, ADD KEY (a)')
  const lookedIn: number[] = []
  const look = setInterval(() => lookedIn.push(performance.now() - started), 1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const other = await engine.other()
  const [row] = await other.rows('SELECT CONNECTION_ID() - 1')
  await other.run(`KILL QUERY ${row?.[0] ?? ''}`)
  await expect(alter).rejects.toMatchObject({ number: 1317 })
  expect(engine.table('big')).toBe(before)
  expect(await engine.run('ALTER TABLE big ADD b INT AS (a + 1) FIRST, ADD KEY (a)')).toBe(
    'Records: 30000  Duplicates: 0  Warnings: 0',
  )
  clearInterval(look)
  expect(lookedIn.length).toBeGreaterThan(5)
  expect(await engine.rows('SELECT COUNT(*), SUM(b) FROM big WHERE a = 3')).toEqual([['4286', '17144']])
})
