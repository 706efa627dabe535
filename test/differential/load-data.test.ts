/**
 * Goal: LOAD DATA reads files as MySQL does, with its warnings and errors. Method: one list of files and statements, run on
 * MariaDB and on Switchyard's server; both must have the same rows, the same conditions and the same words of the OK packet. Where
 * the manual of MySQL 8 says otherwise, `differs` holds Switchyard's answer.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection, type Connection } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { MARIADB_PROGRAMS, startMariaDb, type MariaDbServer } from './mariadb-server.js'

interface LoadCase {
  readonly name: string
  /** The file, one character a byte. */
  readonly file: string
  readonly table: string
  /** Behind LOAD DATA INFILE 'file'; % stands for INTO TABLE t. */
  readonly load: string
  readonly before?: string
  readonly mode?: string
  /** What is read of the table. */
  readonly select?: string
  readonly differs?: Partial<LoadAnswer>
}

interface LoadAnswer {
  readonly error: number | undefined
  readonly info: string
  readonly affected: number
  readonly warnings: readonly number[]
  readonly rows: readonly unknown[]
}

const AB = '(a INT, b VARCHAR(10))'
const CSV = `FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"'`

const CASES: readonly LoadCase[] = [
  { name: 'plain', file: '1\tx\n2\t\\N\n\\N\ty\\tz\n', table: AB, load: '%' },
  { name: 'no newline at the end', file: '1\tx\n2\ty', table: AB, load: '%' },
  { name: 'nothing', file: '', table: AB, load: '%' },
  { name: 'CSV', file: '1,"a,""b"\n"2","c\nd"\n3,NULL\n4,"NULL"\n', table: AB, load: `% ${CSV}` },
  {
    name: 'Windows lines, a heading',
    file: 'a,b\r\n1,x\r\n2,y\r\n',
    table: AB,
    load: `% ${CSV} LINES TERMINATED BY '\\r\\n' IGNORE 1 LINES`,
  },
  {
    name: 'a prefix of lines',
    file: 'no\nxx>1\ta\n>2\tb\nno\n',
    table: AB,
    load: `% LINES STARTING BY '>'`,
  },
  {
    name: 'long separators',
    file: '1<->a|;|2<->b|;|',
    table: AB,
    load: `% FIELDS TERMINATED BY '<->' LINES TERMINATED BY '|;|'`,
  },
  { name: 'a list of columns', file: 'x\t1\ny\t2\n', table: AB, load: '% (b, a)' },
  {
    name: 'user variables and SET',
    file: '1\t5\n2\t6\n',
    table: '(a INT, b VARCHAR(10), c INT DEFAULT 7, d INT)',
    load: `% (@x, b) SET a = @x * 10, d = c + 1`,
    select: 'a, b, c, d, @x',
  },
  {
    name: 'SET that reads a field',
    file: '4\tq\n',
    table: '(a INT, b VARCHAR(10), c INT)',
    load: `% (a, b) SET c = a + 1, b = UPPER(b)`,
  },
  { name: 'too few fields', file: '1\n2\tx\n', table: AB, load: '%' },
  { name: 'too few fields, leniently', file: '1\n2\tx\n', table: AB, load: '%', mode: '' },
  {
    name: 'too few fields and defaults',
    file: '1\n',
    table: `(a INT, b INT DEFAULT 5, c VARCHAR(3) DEFAULT 'd', d INT NOT NULL, e DATETIME)`,
    load: '%',
    mode: '',
  },
  { name: 'too many fields', file: '1\tx\ty\n', table: AB, load: '%' },
  { name: 'too many fields, leniently', file: '1\tx\ty\n2\tz\n', table: AB, load: '%', mode: '' },
  { name: 'a separator at the end', file: '1\tx\t\n', table: AB, load: '%' },
  { name: 'bad numbers', file: '1\tx\nabc\ty\n', table: AB, load: '%' },
  {
    name: 'bad values, leniently',
    file: 'abc\tx\n1x\tlonger than ten\n99999999999\t\n\ty\n',
    table: AB,
    load: '%',
    mode: '',
  },
  { name: 'bad values under IGNORE', file: 'abc\tx\n2\ty\n', table: AB, load: 'IGNORE %' },
  { name: 'NULL for NOT NULL', file: '\\N\tx\n', table: '(a INT NOT NULL, b CHAR(2))', load: '%' },
  {
    name: 'NULL for NOT NULL, leniently',
    file: '\\N\t\\N\t1\n',
    table: '(a INT NOT NULL, b CHAR(2) NOT NULL, c INT)',
    load: '%',
    mode: '',
  },
  {
    name: 'duplicates',
    file: '1\tx\n2\ty\n1\tz\n',
    table: '(a INT PRIMARY KEY, b CHAR(2))',
    load: '%',
  },
  {
    name: 'duplicates under IGNORE',
    file: '1\tx\n2\ty\n1\tz\n',
    table: '(a INT PRIMARY KEY, b CHAR(2))',
    load: 'IGNORE %',
  },
  {
    name: 'duplicates under REPLACE',
    file: '1\tx\n2\ty\n1\tz\n',
    table: '(a INT PRIMARY KEY, b CHAR(2))',
    before: "INSERT INTO t VALUES (2, 'y'), (3, 'k')",
    load: 'REPLACE %',
  },
  {
    name: 'AUTO_INCREMENT',
    file: 'x\ny\n',
    table: '(a INT AUTO_INCREMENT PRIMARY KEY, b CHAR(2))',
    load: '% (b)',
  },
  {
    name: 'AUTO_INCREMENT by NULL and 0',
    file: '5\tx\n\\N\ty\n0\tz\n',
    table: '(a INT AUTO_INCREMENT PRIMARY KEY, b CHAR(2))',
    load: '%',
  },
  {
    name: 'types',
    file: '-1.005\t2024-02-29\t12:30:00.5\tb\tx,z\t1e3\n0\t0000-00-00\t-1:2\t1\t\t.5\n',
    table: `(a DECIMAL(5,2), b DATE, c TIME(1), d ENUM('a','b'), e SET('x','y','z'), f DOUBLE)`,
    load: '%',
    mode: '',
  },
  {
    name: 'character set',
    file: 'caf\xe9\n',
    table: '(a VARCHAR(10))',
    load: '% CHARACTER SET latin1',
    select: 'HEX(a)',
  },
  {
    name: 'malformed text',
    file: 'a\xffb\n',
    table: '(a VARCHAR(10))',
    load: '% CHARACTER SET utf8mb4',
    select: 'HEX(a)',
  },
  {
    name: 'bytes',
    file: '\xff\xfe\\0\\\\\n',
    table: '(a BLOB)',
    load: '% CHARACTER SET binary',
    select: 'HEX(a)',
  },
  {
    name: 'bytes in a file of text',
    file: '\xff\xfe\n',
    table: '(a VARBINARY(4))',
    load: '% CHARACTER SET utf8mb4',
    select: 'HEX(a)',
  },
  {
    name: 'fixed widths',
    file: '1   22    abc  x\n-1  3     d    y\n',
    table: '(a TINYINT, b SMALLINT, c CHAR(5) CHARACTER SET latin1, d CHAR(1) CHARACTER SET latin1)',
    load: `% FIELDS TERMINATED BY '' ENCLOSED BY ''`,
    // Spaces behind a number are no data.
    differs: { warnings: [], info: 'Records: 2  Deleted: 0  Skipped: 0  Warnings: 0' },
  },
  {
    name: 'fixed widths, short and long lines',
    file: '1   2\n1   2     zz\n',
    table: '(a TINYINT, b SMALLINT)',
    load: `% FIELDS TERMINATED BY '' ENCLOSED BY ''`,
    mode: '',
    differs: { warnings: [1262], info: 'Records: 2  Deleted: 0  Skipped: 0  Warnings: 1' },
  },
  {
    name: 'fixed widths into a variable',
    file: '1\n',
    table: AB,
    load: `% FIELDS TERMINATED BY '' (@a)`,
  },
  { name: 'fixed widths and TEXT', file: '1\n', table: '(a TEXT)', load: `% FIELDS TERMINATED BY ''` },
  { name: 'two enclosing characters', file: '', table: AB, load: `% FIELDS ENCLOSED BY 'ab'` },
  {
    name: 'a generated column',
    file: '1\t9\n',
    table: '(a INT, b INT AS (a + 1) STORED)',
    load: '%',
  },
  { name: 'a check', file: '1\n-1\n', table: '(a INT CHECK (a > 0))', load: '%', differs: { error: 3819 } },
  { name: 'an unknown column', file: '1\n', table: AB, load: '% (a, zz)' },
  { name: 'escape of a line', file: 'a\\\nb\t1\n', table: '(a CHAR(5), b INT)', load: '%' },
  {
    name: 'no escapes',
    file: 'a\\tb\t\\N\n',
    table: '(a CHAR(5), b CHAR(5))',
    load: `% FIELDS ESCAPED BY ''`,
  },
  {
    name: 'one character for both',
    file: '"a""b","c"\n',
    table: '(a CHAR(5), b CHAR(5))',
    load: `% FIELDS TERMINATED BY ',' ENCLOSED BY '"' ESCAPED BY '"'`,
  },
]

describeWithCommand(MARIADB_PROGRAMS, 'LOAD DATA beside MariaDB', () => {
  let files: string
  let oracle: MariaDbServer
  let server: TestServer
  let both: readonly Connection[]
  beforeAll(async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    files = join(folder, 'files')
    mkdirSync(files)
    oracle = await startMariaDb(folder)
    server = await TestServer.start({ config: `init: { sample: false }\nfiles: { folder: '${files}' }\n` })
    const other = await createConnection({ host: '127.0.0.1', port: oracle.port, user: 'root' })
    both = [await server.connect(), other]
    for (const each of both) {
      await each.query('CREATE DATABASE IF NOT EXISTS load_test')
      await each.query('USE load_test')
    }
  }, 60_000)
  afterAll(async () => {
    for (const each of both) each.destroy()
    await oracle.stop()
    await killServers()
    removeTemporaryFolders()
  })

  test.each(CASES)('$name', async (each) => {
    const path = join(files, 'file.txt')
    writeFileSync(path, each.file, 'latin1')
    const [own, other] = await Promise.all(both.map((connection) => answerOf(connection, each, path)))
    expect(own).toEqual({ ...other, ...each.differs })
  })
})

const STRICT = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'

async function answerOf(connection: Connection, each: LoadCase, path: string): Promise<LoadAnswer> {
  await connection.query('DROP TABLE IF EXISTS t')
  await connection.query(`CREATE TABLE t ${each.table}`)
  await connection.query(`SET sql_mode = '${each.mode ?? STRICT}'`)
  if (each.before !== undefined) await connection.query(each.before)
  const statement = `LOAD DATA INFILE '${path}' ${each.load.replace('%', 'INTO TABLE t')}`
  let error: number | undefined
  let header = { info: '', affectedRows: 0, warningStatus: 0 }
  let warnings: readonly number[] = []
  try {
    const [result] = await connection.query(statement)
    header = result as unknown as typeof header
    const [conditions] = await connection.query('SHOW WARNINGS')
    warnings = (conditions as { Code: number }[]).map(({ Code }) => Code)
  } catch (failure) {
    error = (failure as { errno?: number }).errno
  }
  const [rows] = await connection.query({
    sql: `SELECT ${each.select ?? '*'} FROM t ORDER BY 1`,
    rowsAsArray: true,
  })
  return { error, info: header.info, affected: header.affectedRows, warnings, rows: rows as unknown[] }
}
