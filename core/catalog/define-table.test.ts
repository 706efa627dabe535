/**
 * Goal: CREATE TABLE is refused with MySQL's errors and warns as MySQL does. Method: one bad statement for each rule; the same in a
 * mode that isn't strict where that differs.
 */
import { createTableText } from './show-create.js'
import { DefinitionTest } from './testing/define.js'

const LONG = 'x'.repeat(65)

test.each([
  [1067, 'CREATE TABLE t (a INT DEFAULT "x")'],
  [1067, 'CREATE TABLE t (a INT NOT NULL DEFAULT NULL)'],
  [1067, "CREATE TABLE t (a DATE DEFAULT '2020-02-30')"],
  [1067, "CREATE TABLE t (a TIMESTAMP DEFAULT '0000-00-00 00:00:00')"],
  [1067, 'CREATE TABLE t (a DATETIME(2) DEFAULT NOW())'],
  [1067, 'CREATE TABLE t (a INT DEFAULT NOW())'],
  [1067, "CREATE TABLE t (a VARCHAR(2) DEFAULT 'abc')"],
  [1067, 'CREATE TABLE t (a TINYINT DEFAULT 200)'],
  [1067, "CREATE TABLE t (a ENUM('x') DEFAULT 'y')"],
  [1067, 'CREATE TABLE t (a INT AUTO_INCREMENT DEFAULT 1 PRIMARY KEY)'],
  [1101, "CREATE TABLE t (a TEXT DEFAULT 'x')"],
  [1101, "CREATE TABLE t (a JSON DEFAULT '[]')"],
  [1294, 'CREATE TABLE t (a DATE ON UPDATE NOW())'],
  [1294, 'CREATE TABLE t (a TIMESTAMP(3) ON UPDATE NOW())'],
  [1063, 'CREATE TABLE t (a VARCHAR(5) AUTO_INCREMENT PRIMARY KEY)'],
  [1063, 'CREATE TABLE t (a FLOAT(60))'],
  [1074, 'CREATE TABLE t (a CHAR(256))'],
  [1074, 'CREATE TABLE t (a VARCHAR(16384))'],
  [1074, 'CREATE TABLE t (a VARBINARY(65536))'],
  [1425, 'CREATE TABLE t (a DECIMAL(40,31))'],
  [1426, 'CREATE TABLE t (a DECIMAL(66))'],
  [1426, 'CREATE TABLE t (a TIME(7))'],
  [1427, 'CREATE TABLE t (a DECIMAL(3,4))'],
  [1439, 'CREATE TABLE t (a INT(256))'],
  [1439, 'CREATE TABLE t (a BIT(65))'],
  [3013, 'CREATE TABLE t (a BIT(0))'],
  [1818, 'CREATE TABLE t (a YEAR(2))'],
  [1115, 'CREATE TABLE t (a CHAR CHARACTER SET nope)'],
  [1273, 'CREATE TABLE t (a CHAR COLLATE nope_ci)'],
  [1253, 'CREATE TABLE t (a CHAR CHARACTER SET latin1 COLLATE utf8mb4_bin)'],
  [1291, "CREATE TABLE t (a ENUM('x','X'))"],
  [1367, "CREATE TABLE t (a SET('x,y'))"],
  [1235, 'CREATE TABLE t (a POINT)'],
  [1068, 'CREATE TABLE t (a INT PRIMARY KEY, b INT PRIMARY KEY)'],
  [1171, 'CREATE TABLE t (a INT NULL PRIMARY KEY)'],
  [1075, 'CREATE TABLE t (a INT AUTO_INCREMENT)'],
  [1075, 'CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, b INT AUTO_INCREMENT UNIQUE)'],
  [1060, 'CREATE TABLE t (a INT, A INT)'],
  [1060, 'CREATE TABLE t (a INT, KEY (a, A))'],
  [1061, 'CREATE TABLE t (a INT, KEY k (a), KEY K (a))'],
  [1072, 'CREATE TABLE t (a INT, KEY (b))'],
  [1072, 'CREATE TABLE t (a INT, FOREIGN KEY (b) REFERENCES p (x))'],
  [1280, 'CREATE TABLE t (a INT, KEY `primary` (a))'],
  [1089, 'CREATE TABLE t (a INT, KEY (a(2)))'],
  [1089, 'CREATE TABLE t (a CHAR(3), KEY (a(4)))'],
  [1170, 'CREATE TABLE t (a TEXT, KEY (a))'],
  [1170, 'CREATE TABLE t (a BLOB PRIMARY KEY)'],
  [1391, 'CREATE TABLE t (a TEXT, KEY (a(0)))'],
  [3152, 'CREATE TABLE t (a JSON, KEY (a))'],
  [1071, 'CREATE TABLE t (a VARCHAR(769), KEY (a))'],
  [1071, 'CREATE TABLE t (a VARCHAR(500), b VARCHAR(500), KEY (a, b))'],
  [1214, 'CREATE TABLE t (a TEXT, FULLTEXT (a))'],
  [3522, 'CREATE TABLE t (a INT, PRIMARY KEY (a) INVISIBLE)'],
  [3106, 'CREATE TABLE t (a INT, b INT AS (a) VIRTUAL PRIMARY KEY)'],
  [1118, 'CREATE TABLE t (a VARCHAR(16383), b VARCHAR(16383))'],
  [1113, 'CREATE TABLE t (PRIMARY KEY (a))'],
  [4028, 'CREATE TABLE t (a INT INVISIBLE)'],
  [1103, 'CREATE TABLE `t ` (a INT)'],
  [1166, 'CREATE TABLE t (`a ` INT)'],
  [1059, `CREATE TABLE t (${LONG} INT)`],
  [1059, `CREATE TABLE t (a INT, KEY ${LONG} (a))`],
  [1628, `CREATE TABLE t (a INT) COMMENT '${'x'.repeat(2049)}'`],
  [1629, `CREATE TABLE t (a INT COMMENT '${'x'.repeat(1025)}')`],
  [1688, `CREATE TABLE t (a INT, KEY (a) COMMENT '${'x'.repeat(1025)}')`],
  [3763, 'CREATE TABLE t (a INT, b DATETIME AS (NOW()))'],
  [3102, 'CREATE TABLE t (a INT, b INT AS ((SELECT 1)))'],
  [3107, 'CREATE TABLE t (a INT AS (b), b INT AS (1))'],
  [3109, 'CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, b INT AS (a))'],
  [1054, 'CREATE TABLE t (a INT AS (c))'],
  [1221, 'CREATE TABLE t (a INT, b INT AS (a) DEFAULT 1)'],
  [3767, 'CREATE TABLE t (a INT DEFAULT (b), b INT DEFAULT (1))'],
  [3770, 'CREATE TABLE t (a INT DEFAULT (SLEEP(1)))'],
  [3812, 'CREATE TABLE t (a INT CHECK (a + 1))'],
  [3813, 'CREATE TABLE t (a INT CHECK (b > 1), b INT)'],
  [3814, 'CREATE TABLE t (a INT, CHECK (a < RAND()))'],
  [3816, 'CREATE TABLE t (a INT, CHECK (a < @x))'],
  [3818, 'CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, CHECK (a > 0))'],
  [3820, 'CREATE TABLE t (a INT, CHECK (b > 1))'],
  [3823, 'CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (x) ON DELETE SET NULL, CHECK (a > 1))'],
  [1830, 'CREATE TABLE t (a INT NOT NULL, FOREIGN KEY (a) REFERENCES p (x) ON DELETE SET NULL)'],
  [1239, 'CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (x, y))'],
  [1215, 'CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (x) ON DELETE SET DEFAULT)'],
])('%d: %s', (number, sql) => {
  let found: unknown
  try {
    new DefinitionTest().table(sql)
  } catch (error) {
    found = error
  }
  expect(found).toMatchObject({ number })
})

test('limits on numbers of columns, indexes and parts', () => {
  const list = (count: number, make: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => make(i)).join(', ')
  const define = (elements: string): unknown => new DefinitionTest().table(`CREATE TABLE t (${elements})`)
  const columns = list(65, (i) => `c${i} INT`)
  expect(() => define(list(4097, (i) => `c${i} TINYINT`))).toThrow('Too many columns')
  expect(() => define(`${columns}, ${list(65, (i) => `KEY (c${i})`)}`)).toThrow('max 64 keys allowed')
  expect(() => define(`${columns}, KEY (${list(17, (i) => `c${i}`)})`)).toThrow('max 16 parts allowed')
  expect(() => define(`${columns}, ${list(64, (i) => `KEY (c${i})`)}, CHECK (c0 > 1)`)).not.toThrow()
})

test('outside of strict mode what is too long becomes a TEXT or a prefix', () => {
  const lax = new DefinitionTest(0)
  const table = lax.table('CREATE TABLE t (a VARCHAR(20000), b VARCHAR(1000), KEY (b))')
  expect(table.columns[0]?.type.name).toBe('mediumtext')
  expect(table.indexes[0]?.parts[0]?.prefixLength).toBe(768)
  expect(lax.warnings).toEqual([
    "Note: Converting column 'a' from VARCHAR to MEDIUMTEXT",
    'Warning: Specified key was too long; max key length is 3072 bytes',
  ])
})

test('warnings of what is deprecated', () => {
  const define = new DefinitionTest()
  define.table(
    'CREATE TABLE t (a INT(5), b TINYINT(1), c FLOAT(5,2), d DOUBLE UNSIGNED, KEY x (a), KEY y (a))',
  )
  expect(define.warnings).toEqual([
    'Warning: Integer display width is deprecated and will be removed in a future release.',
    'Warning: Specifying number of digits for floating point data types is deprecated and will be removed in a future release.',
    'Warning: UNSIGNED for decimal and floating point data types is deprecated and support for it will be removed in a future release.',
    "Warning: Duplicate index 'y' defined on the table 'test.t'. This is deprecated and will be disallowed in a future release.",
  ])
})

test('a foreign key needs no index of its own where another one begins with its columns', () => {
  const text = createTableText(
    new DefinitionTest().table(
      'CREATE TABLE t (a INT, b INT, KEY k (b, a), FOREIGN KEY (b) REFERENCES p (x), FOREIGN KEY (a) REFERENCES p (x), FOREIGN KEY (a) REFERENCES q (y))',
    ),
    1,
  )
  expect(text.match(/^ {2}(KEY|CONSTRAINT) .*?\)/gm)).toEqual([
    '  KEY `k` (`b`,`a`)',
    '  KEY `a` (`a`)',
    '  CONSTRAINT `t_ibfk_1` FOREIGN KEY (`b`)',
    '  CONSTRAINT `t_ibfk_2` FOREIGN KEY (`a`)',
    '  CONSTRAINT `t_ibfk_3` FOREIGN KEY (`a`)',
  ])
})
