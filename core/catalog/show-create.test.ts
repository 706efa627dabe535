/**
 * Goal: SHOW CREATE TABLE prints what MySQL 8 prints, and its text makes the same table again. Method: definitions made of
 * statements with every kind of clause, their expected texts, and the round trip of each.
 */
import type { EvaluationContext } from '../common/evaluation.js'
import { createTableText, createViewText, createDatabaseText } from './show-create.js'
import { DefinitionTest, withoutIds } from './testing/define.js'

const OPTIONS = 'ENGINE=memory DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci'

function show(sql: string, next: number | bigint = 1): string {
  return createTableText(new DefinitionTest().table(sql), next)
}

/** The lines between the parentheses. */
function body(sql: string): string[] {
  return show(sql)
    .split('\n')
    .slice(1, -1)
    .map((line) => line.trim().replace(/,$/, ''))
}

test('a whole table', () => {
  expect(
    show(
      `CREATE TABLE orders (id BIGINT UNSIGNED AUTO_INCREMENT, customer INT NOT NULL, state ENUM('new','it''s') DEFAULT 'new',
        total DECIMAL(10,2) NOT NULL DEFAULT 0, note TEXT, at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        PRIMARY KEY (id), KEY (customer, at DESC), UNIQUE u (state) COMMENT 'one each',
        CONSTRAINT fk FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE RESTRICT,
        CHECK (total >= 0)) ENGINE=InnoDB COMMENT='it''s'`,
      8n,
    ),
  ).toBe(
    [
      'CREATE TABLE `orders` (',
      '  `id` bigint unsigned NOT NULL AUTO_INCREMENT,',
      '  `customer` int NOT NULL,',
      "  `state` enum('new','it''s') DEFAULT 'new',",
      "  `total` decimal(10,2) NOT NULL DEFAULT '0.00',",
      '  `note` text,',
      '  `at` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,',
      '  PRIMARY KEY (`id`),',
      "  UNIQUE KEY `u` (`state`) COMMENT 'one each',",
      '  KEY `customer` (`customer`,`at` DESC),',
      '  CONSTRAINT `fk` FOREIGN KEY (`customer`) REFERENCES `customers` (`id`) ON DELETE CASCADE ON UPDATE RESTRICT,',
      '  CONSTRAINT `orders_chk_1` CHECK ((`total` >= 0))',
      ") ENGINE=InnoDB AUTO_INCREMENT=8 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='it''s'",
    ].join('\n'),
  )
})

test.each([
  ['a INT', '`a` int DEFAULT NULL'],
  ['a INT(5)', '`a` int DEFAULT NULL'],
  ['a INT(5) ZEROFILL', '`a` int(5) unsigned zerofill DEFAULT NULL'],
  ['a BOOL', '`a` tinyint(1) DEFAULT NULL'],
  ['a BOOL NOT NULL DEFAULT TRUE', "`a` tinyint(1) NOT NULL DEFAULT '1'"],
  ['a TINYINT UNSIGNED', '`a` tinyint unsigned DEFAULT NULL'],
  ['a DECIMAL', '`a` decimal(10,0) DEFAULT NULL'],
  ['a NUMERIC(5) DEFAULT -1', "`a` decimal(5,0) DEFAULT '-1'"],
  ['a FLOAT', '`a` float DEFAULT NULL'],
  ['a FLOAT(30)', '`a` double DEFAULT NULL'],
  ['a DOUBLE(8,3) DEFAULT 1.5', "`a` double(8,3) DEFAULT '1.500'"],
  ['a BIT', '`a` bit(1) DEFAULT NULL'],
  ["a BIT(8) DEFAULT b'101'", "`a` bit(8) DEFAULT b'101'"],
  ['a YEAR', '`a` year DEFAULT NULL'],
  ["a BINARY(4) DEFAULT 'ab'", "`a` binary(4) DEFAULT 'ab'"],
  ['a VARBINARY(4) DEFAULT 0xFF00', '`a` varbinary(4) DEFAULT 0xFF00'],
  ["a DATE DEFAULT '2020-01-02'", "`a` date DEFAULT '2020-01-02'"],
  ['a DATETIME(3) DEFAULT NOW(3)', '`a` datetime(3) DEFAULT CURRENT_TIMESTAMP(3)'],
  ['a TIMESTAMP', '`a` timestamp NULL DEFAULT NULL'],
  ['a TIME(2)', '`a` time(2) DEFAULT NULL'],
  ['a CHAR', '`a` char(1) DEFAULT NULL'],
  ["a VARCHAR(10) DEFAULT ''", "`a` varchar(10) DEFAULT ''"],
  ["a VARCHAR(10) DEFAULT 'it''s'", "`a` varchar(10) DEFAULT 'it''s'"],
  [
    'a VARCHAR(10) COLLATE utf8mb4_bin',
    '`a` varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL',
  ],
  [
    'a CHAR(2) CHARACTER SET latin1',
    '`a` char(2) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL',
  ],
  ['a VARCHAR(10) CHARACTER SET binary', '`a` varbinary(10) DEFAULT NULL'],
  ['a TEXT NOT NULL', '`a` text NOT NULL'],
  ['a TEXT(10)', '`a` tinytext'],
  ['a TEXT(100)', '`a` text'],
  ['a TEXT(20000)', '`a` mediumtext'],
  ['a BLOB(70000)', '`a` mediumblob'],
  ['a JSON', '`a` json DEFAULT NULL'],
  ["a SET('x','y') DEFAULT 'y,x'", "`a` set('x','y') DEFAULT 'x,y'"],
  ['a INT DEFAULT (1 + 2)', '`a` int DEFAULT ((1 + 2))'],
  ['a INT INVISIBLE, b INT', '`a` int DEFAULT NULL /*!80023 INVISIBLE */'],
  ["a INT COMMENT 'line\\nbreak'", "`a` int DEFAULT NULL COMMENT 'line\\nbreak'"],
  ['`a``b` INT', '`a``b` int DEFAULT NULL'],
])('column %s', (column, expected) => {
  expect(body(`CREATE TABLE t (${column})`)[0]).toBe(expected)
})

test.each([
  ['a INT, KEY (a), KEY (a DESC)', ['KEY `a` (`a`)', 'KEY `a_2` (`a` DESC)']],
  ['a INT UNIQUE, b INT PRIMARY KEY', ['PRIMARY KEY (`b`)', 'UNIQUE KEY `a` (`a`)']],
  [
    'a INT NOT NULL, b INT, KEY k (a), UNIQUE (b), UNIQUE (a)',
    ['UNIQUE KEY `a` (`a`)', 'UNIQUE KEY `b` (`b`)', 'KEY `k` (`a`)'],
  ],
  ['a TEXT, KEY (a(10)) USING BTREE', ['KEY `a` (`a`(10)) USING BTREE']],
  ['a VARCHAR(10), KEY (a(10))', ['KEY `a` (`a`)']],
  ['a INT, INDEX i (a) INVISIBLE', ['KEY `i` (`a`) /*!80000 INVISIBLE */']],
  ['a INT, CHECK (a > 0) NOT ENFORCED', ['CONSTRAINT `t_chk_1` CHECK ((`a` > 0)) /*!80016 NOT ENFORCED */']],
  [
    'a INT, FOREIGN KEY (a) REFERENCES d.p (x)',
    ['KEY `a` (`a`)', 'CONSTRAINT `t_ibfk_1` FOREIGN KEY (`a`) REFERENCES `d`.`p` (`x`)'],
  ],
  [
    'a INT, CONSTRAINT c FOREIGN KEY (a) REFERENCES p (x) ON DELETE SET NULL ON UPDATE NO ACTION',
    ['KEY `c` (`a`)', 'CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`x`) ON DELETE SET NULL'],
  ],
])('keys of %s', (elements, expected) => {
  const isColumn = (line: string): boolean => line.startsWith('`')
  expect(body(`CREATE TABLE t (${elements})`).filter((line) => !isColumn(line))).toEqual(expected)
})

test.each([
  ['CHARSET latin1', 'ENGINE=memory DEFAULT CHARSET=latin1'],
  ['COLLATE latin1_bin', 'ENGINE=memory DEFAULT CHARSET=latin1 COLLATE=latin1_bin'],
  ['COLLATE utf8mb4_unicode_ci', 'ENGINE=memory DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci'],
  ['ROW_FORMAT=DYNAMIC MAX_ROWS=10', `${OPTIONS} MAX_ROWS=10 ROW_FORMAT=DYNAMIC`],
  ['STATS_PERSISTENT=0', `${OPTIONS} STATS_PERSISTENT=0`],
])('options %s', (options, expected) => {
  expect(show(`CREATE TABLE t (a INT) ${options}`).split('\n').at(-1)).toBe(`) ${expected}`)
})

test('columns in the collation of a table that is not the default of its character set', () => {
  expect(
    show('CREATE TABLE t (a CHAR(1), b CHAR(1) CHARSET utf8mb4) COLLATE utf8mb4_unicode_ci')
      .split('\n')
      .slice(1, 3),
  ).toEqual([
    '  `a` char(1) COLLATE utf8mb4_unicode_ci DEFAULT NULL,',
    '  `b` char(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci DEFAULT NULL',
  ])
})

test('generated columns', () => {
  expect(
    body('CREATE TABLE t (a INT, b INT AS (a + 1), c INT GENERATED ALWAYS AS (b * 2) STORED NOT NULL)'),
  ).toEqual([
    '`a` int DEFAULT NULL',
    '`b` int GENERATED ALWAYS AS ((`a` + 1)) VIRTUAL',
    '`c` int GENERATED ALWAYS AS ((`b` * 2)) STORED NOT NULL',
  ])
})

test.each([
  `CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(20) NOT NULL DEFAULT 'x\\'y\\\\', c TEXT CHARSET latin1, d DATETIME(6) DEFAULT NOW(6),
    e BIT(9) DEFAULT b'100000001', f DECIMAL(20,5) DEFAULT 1.5, g ENUM('z','ä') DEFAULT 'ä', h INT AS (a + 1) STORED, i JSON DEFAULT (JSON_ARRAY()),
    KEY (b(3) DESC, d), UNIQUE (c(5)), CHECK (h > 1 AND b LIKE 'a%'), CONSTRAINT p FOREIGN KEY (h) REFERENCES q (r) ON DELETE CASCADE)
    ENGINE=InnoDB COMMENT='back\\\\slash' ROW_FORMAT=COMPACT`,
  "CREATE TABLE t (a TINYINT(1), b YEAR, c BIGINT UNSIGNED DEFAULT 18446744073709551615, d DOUBLE DEFAULT 1e100, e BINARY(4) DEFAULT 'ab')",
  'CREATE TEMPORARY TABLE `we``ird` (`a b` INT NOT NULL, KEY `k``1` (`a b`)) DEFAULT CHARSET ascii',
])('the text of %s makes the same table', (sql) => {
  const original = new DefinitionTest().table(sql)
  const text = createTableText(original, 1)
  const again = new DefinitionTest().table(text)
  expect(withoutIds(again)).toEqual(withoutIds(original))
  expect(createTableText(again, 1)).toBe(text)
})

test('defaults of TIMESTAMP columns are shown in the time zone of the session', () => {
  const table = new DefinitionTest().table("CREATE TABLE t (a TIMESTAMP DEFAULT '2020-01-02 03:04:05')")
  const timeZone = {
    name: '+02:00',
    offsetSecondsAt: () => 7200,
    epochSecondsOf: (local: number) => local - 7200,
  }
  expect(createTableText(table, 1, { timeZone } as unknown as EvaluationContext)).toContain(
    "DEFAULT '2020-01-02 05:04:05'",
  )
  expect(createTableText(table, 1)).toContain("DEFAULT '2020-01-02 03:04:05'")
})

test('views and databases', () => {
  expect(
    createViewText({
      kind: 'view',
      id: 1,
      version: 1,
      database: 'd',
      name: 'v',
      sql: 'select 1 AS `a`',
      columnNames: ['a'],
      algorithm: 'UNDEFINED',
      definer: 'root@localhost',
      sqlSecurity: 'DEFINER',
      checkOption: 'CASCADED',
      sqlMode: 0,
      connectionCollation: 'utf8mb4_0900_ai_ci',
    }),
  ).toBe(
    'CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` (`a`) AS select 1 AS `a` WITH CASCADED CHECK OPTION',
  )
  const database = { id: 1, name: 'd', charset: 'latin1', collation: 'latin1_swedish_ci', isSystem: false }
  expect(createDatabaseText(database, false)).toBe(
    "CREATE DATABASE `d` /*!40100 DEFAULT CHARACTER SET latin1 */ /*!80016 DEFAULT ENCRYPTION='N' */",
  )
})
