/**
 * Goal: CREATE TABLE in its forms makes the table that MySQL makes, or nothing. Method: statements on an engine over the memory
 * storage; what the catalog and the tables hold afterwards.
 */
import { DefinitionSession } from '../testing/definition-session.js'

let test_: DefinitionSession

beforeEach(async () => {
  test_ = await DefinitionSession.start()
})
afterEach(() => test_.stop())

test('a table takes rows by its rules', async () => {
  await test_.run(
    "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(5) DEFAULT 'x', b INT AS (id_ + 1), id_ INT DEFAULT (2 * 3), CHECK (id_ < 100))",
    'INSERT INTO t () VALUES ()',
    "INSERT INTO t (a, id_) VALUES ('y', 9)",
  )
  expect(await test_.rows('SELECT * FROM t')).toEqual([
    ['1', 'x', '7', '6'],
    ['2', 'y', '10', '9'],
  ])
  expect(await test_.failure('INSERT INTO t (id_) VALUES (100)')).toBe(3819)
})

test('AUTO_INCREMENT = n is where the counter starts', async () => {
  await test_.run(
    'CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 50',
    'INSERT INTO t VALUES (NULL), (NULL)',
  )
  expect(await test_.rows('SELECT * FROM t')).toEqual([['50'], ['51']])
})

test('names that are there already', async () => {
  await test_.run('CREATE TABLE t (a INT)', 'CREATE VIEW v AS SELECT 1')
  expect(await test_.failure('CREATE TABLE t (a INT)')).toBe(1050)
  expect(await test_.failure('CREATE TABLE v (a INT)')).toBe(1050)
  await test_.run('CREATE TABLE IF NOT EXISTS t (b INT)')
  expect(await test_.warnings()).toEqual(["Note 1050 Table 't' already exists"])
  await test_.run('CREATE TABLE T (b INT)')
  expect(test_.body('T')).toEqual(['`b` int DEFAULT NULL'])
})

test('databases that take no tables', async () => {
  expect(await test_.failure('CREATE TABLE nope.t (a INT)')).toBe(1049)
  for (const database of ['information_schema', 'mysql', 'sys', 'Performance_Schema']) {
    expect(await test_.failure(`CREATE TABLE ${database}.t (a INT)`)).toBe(1044)
  }
})

test('texts that make no sense are found before the table is there', async () => {
  expect(await test_.failure('CREATE TABLE t (a INT, b INT AS (NO_SUCH(a)))')).toBe(1305)
  expect(await test_.failure('CREATE TABLE t (a INT, CHECK (ABS(a, 1) > 1))')).toBe(1582)
  expect(await test_.failure('CREATE TABLE t (a INT DEFAULT (b))')).toBe(1054)
  expect(test_.catalog.relationNames('d')).toEqual([])
})

test('what MySQL has and we do not is refused by name', async () => {
  await expect(test_.run('CREATE TABLE t (a INT) PARTITION BY HASH (a)')).rejects.toThrow(
    "support 'PARTITION BY'",
  )
})

test('limits of names and of columns', async () => {
  await expect(test_.run('CREATE TABLE `t😀` (a INT)')).rejects.toThrow(
    "Cannot convert string 't\\xF0\\x9F\\x98\\x80' from utf8mb4 to utf8mb3",
  )
  expect(await test_.failure('CREATE TABLE t (`😀` INT)')).toBe(3854)
  await test_.run('CREATE TABLE ü (`日本` INT)')
  const items = (count: number) => Array.from({ length: count }, (_, i) => `1 AS c${String(i)}`).join()
  expect(await test_.failure(`SELECT c1 FROM (SELECT ${items(4097)}) t`)).toBe(1117)
  expect(await test_.rows(`SELECT c1 FROM (SELECT ${items(4096)}) t`)).toEqual([['1']])
})

describe('ENGINE', () => {
  test('of MySQL is shown as it was written, others are unknown', async () => {
    await test_.run('CREATE TABLE t (a INT) ENGINE=myisam')
    expect(await test_.warnings()).toEqual(["Note 1266 Using storage engine memory for table 't'"])
    expect(test_.table('t').engineAsWritten).toBe('MyISAM')
    expect(test_.table('t').placements[0]?.storage).toBe('memory')
    expect(await test_.failure('CREATE TABLE u (a INT) ENGINE=nope')).toBe(1286)
    await test_.run("SET sql_mode = ''", 'CREATE TABLE u (a INT) ENGINE=nope')
    expect(test_.table('u').engineAsWritten).toBeUndefined()
  })
})

describe('LIKE', () => {
  test('copies all but foreign keys and rows', async () => {
    await test_.run(
      'CREATE TABLE p (id INT PRIMARY KEY)',
      "CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, b INT, KEY k (b), CHECK (b > 0), FOREIGN KEY (b) REFERENCES p (id)) COMMENT 'c' AUTO_INCREMENT = 9",
      'CREATE TABLE u LIKE t',
      'INSERT INTO u (b) VALUES (4)',
    )
    expect(test_.body('u')).toEqual([
      '`a` int NOT NULL AUTO_INCREMENT',
      '`b` int DEFAULT NULL',
      'PRIMARY KEY (`a`)',
      'KEY `k` (`b`)',
      'CONSTRAINT `u_chk_1` CHECK ((`b` > 0))',
    ])
    expect(await test_.rows('SELECT * FROM u')).toEqual([['1', '4']])
    const ids = (name: string): readonly number[] => {
      const { id, columns, indexes, placements } = test_.table(name)
      return [id, ...[...columns, ...indexes, ...placements].map((each) => each.id)]
    }
    expect(ids('u').filter((id) => ids('t').includes(id))).toEqual([])
  })

  test('a view or nothing is an error', async () => {
    await test_.run('CREATE VIEW v AS SELECT 1')
    expect(await test_.failure('CREATE TABLE u LIKE v')).toBe(1347)
    expect(await test_.failure('CREATE TABLE u LIKE nope')).toBe(1146)
  })
})

describe('SELECT', () => {
  beforeEach(async () => {
    await test_.run(
      "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(5) NOT NULL DEFAULT 'x' COMMENT 'c', b DECIMAL(5,2))",
      "INSERT INTO t (a, b) VALUES ('one', 1.5), ('two', NULL)",
    )
  })

  test('columns keep what they are, expressions get the type of their values', async () => {
    expect(
      await test_.run(
        "CREATE TABLE u AS SELECT id, a, b, 1 AS n, id + 1 AS m, 'abc' AS s, NULL AS z, NOW() AS w, 1.50 AS d, b + 0e0 AS f FROM t",
      ),
    ).toBe('Records: 2  Duplicates: 0  Warnings: 0')
    expect(test_.body('u')).toEqual([
      "`id` int NOT NULL DEFAULT '0'",
      "`a` varchar(5) NOT NULL DEFAULT 'x' COMMENT 'c'",
      '`b` decimal(5,2) DEFAULT NULL',
      "`n` int NOT NULL DEFAULT '0'",
      "`m` bigint NOT NULL DEFAULT '0'",
      "`s` varchar(3) NOT NULL DEFAULT ''",
      '`z` binary(0) DEFAULT NULL',
      "`w` datetime NOT NULL DEFAULT '0000-00-00 00:00:00'",
      "`d` decimal(3,2) NOT NULL DEFAULT '0.00'",
      '`f` double DEFAULT NULL',
    ])
    expect(await test_.rows('SELECT id, a, b, n, m FROM u')).toEqual([
      ['1', 'one', '1.50', '1', '2'],
      ['2', 'two', null, '1', '3'],
    ])
  })

  test('columns of the statement come first, or redefine those of the query', async () => {
    await test_.run(
      "CREATE TABLE u (x INT DEFAULT 7, a CHAR(2) DEFAULT 'zz', PRIMARY KEY (id)) SELECT id, LEFT(a, 2) AS a FROM t",
    )
    expect(test_.body('u')).toEqual([
      "`x` int DEFAULT '7'",
      "`id` int NOT NULL DEFAULT '0'",
      "`a` char(2) DEFAULT 'zz'",
      'PRIMARY KEY (`id`)',
    ])
    expect(await test_.rows('SELECT * FROM u')).toEqual([
      ['7', '1', 'on'],
      ['7', '2', 'tw'],
    ])
  })

  test('rows that collide leave no table, unless they are ignored or replaced', async () => {
    const select = "SELECT 1 AS id, 'a' AS s UNION ALL SELECT 1, 'b'"
    expect(await test_.failure(`CREATE TABLE u (id INT PRIMARY KEY) ${select}`)).toBe(1062)
    expect(test_.catalog.relation('d', 'u')).toBeUndefined()
    await test_.run(`CREATE TABLE u (id INT PRIMARY KEY) IGNORE ${select}`)
    expect(await test_.rows('SELECT s FROM u')).toEqual([['a']])
    await test_.run('DROP TABLE u', `CREATE TABLE u (id INT PRIMARY KEY) REPLACE ${select}`)
    expect(await test_.rows('SELECT s FROM u')).toEqual([['b']])
  })

  test('a query that fails leaves no table', async () => {
    expect(await test_.failure('CREATE TABLE u SELECT nope FROM t')).toBe(1054)
    expect(await test_.failure('CREATE TABLE u SELECT a, a FROM t')).toBe(1060)
    expect(test_.catalog.relation('d', 'u')).toBeUndefined()
  })
})

describe('foreign keys', () => {
  test('need a parent that fits', async () => {
    await test_.run(
      'CREATE TABLE p (id INT PRIMARY KEY, a VARCHAR(5), b INT, KEY (b, id))',
      'CREATE VIEW v AS SELECT 1 AS id',
    )
    const make = (reference: string, type = 'INT'): Promise<number> =>
      test_.failure(`CREATE TABLE c (x ${type}, FOREIGN KEY (x) REFERENCES ${reference})`)
    expect(await make('nope (id)')).toBe(1824)
    expect(await make('v (id)')).toBe(1824)
    expect(await make('p (nope)')).toBe(3734)
    expect(await make('p (a)', 'VARCHAR(9)')).toBe(1822)
    expect(await make('p (id)', 'BIGINT')).toBe(3780)
    expect(await make('p (id)', 'INT UNSIGNED')).toBe(3780)
    await test_.run('CREATE TABLE c (x INT, CONSTRAINT k FOREIGN KEY (x) REFERENCES p (b))')
    expect(await test_.failure('CREATE TABLE e (x INT, CONSTRAINT K FOREIGN KEY (x) REFERENCES p (b))')).toBe(
      1826,
    )
  })

  test('to the table itself, or before the parent with foreign_key_checks off', async () => {
    await test_.run(
      'CREATE TABLE tree (id INT PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES tree (id))',
      'INSERT INTO tree VALUES (1, NULL), (2, 1)',
      'SET foreign_key_checks = 0',
      'CREATE TABLE c (x INT, FOREIGN KEY (x) REFERENCES p (id))',
      'SET foreign_key_checks = 1',
    )
    expect(await test_.failure('INSERT INTO tree VALUES (3, 9)')).toBe(1452)
    expect(await test_.failure('INSERT INTO c VALUES (1)')).toBe(1452)
    expect(await test_.failure('CREATE TABLE p (id BIGINT PRIMARY KEY)')).toBe(3780)
    await test_.run(
      'CREATE TABLE p (id INT PRIMARY KEY)',
      'INSERT INTO p VALUES (1)',
      'INSERT INTO c VALUES (1)',
    )
  })
})

describe('temporary tables', () => {
  test('hide others from their session only, and go with it', async () => {
    await test_.run(
      'CREATE TABLE t (a INT)',
      'INSERT INTO t VALUES (1)',
      'CREATE TEMPORARY TABLE t (b INT)',
      'INSERT INTO t VALUES (2)',
    )
    const other = await test_.other()
    expect(await test_.rows('SELECT * FROM t')).toEqual([['2']])
    expect(await other.rows('SELECT * FROM t')).toEqual([['1']])
    expect(await test_.failure('CREATE TEMPORARY TABLE t (b INT)')).toBe(1050)
    await test_.run('ALTER TABLE t ADD c INT DEFAULT 3', 'ALTER TABLE t RENAME u')
    expect(await test_.rows('SELECT * FROM u')).toEqual([['2', '3']])
    expect(await test_.rows('SELECT * FROM t')).toEqual([['1']])
    await test_.run('TRUNCATE u', 'DROP TEMPORARY TABLE u')
    expect(await test_.failure('DROP TEMPORARY TABLE t')).toBe(1051)
  })

  test('have no foreign keys and are not for views', async () => {
    await test_.run('CREATE TABLE p (id INT PRIMARY KEY)', 'CREATE TEMPORARY TABLE tt (id INT)')
    expect(await test_.failure('CREATE TEMPORARY TABLE c (x INT, FOREIGN KEY (x) REFERENCES p (id))')).toBe(
      1215,
    )
    expect(await test_.failure('CREATE VIEW v AS SELECT * FROM tt')).toBe(1352)
  })
})
