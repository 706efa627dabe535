/**
 * Goal: the command line client works as its users know it: statements of every kind, its output formats, character sets, TLS, compression,
 * Ctrl+C, accounts. Method: the real `mariadb` against a real server, checked on what it prints.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RowDataPacket } from 'mysql2/promise'
import { makeSelfSignedCertificate } from '../../plugins/protocol-mysql/self-signed-certificate.js'
import { ChildProgram } from '../support/child-program.js'
import { runCommand, type CommandEnd, type CommandOptions } from '../support/run-command.js'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand, findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../support/temporary-folder.js'

afterAll(async () => {
  await killServers()
  removeTemporaryFolders()
})

const MARIADB = findCommand('mariadb') ?? 'mariadb'

function access({ port }: TestServer): readonly string[] {
  return ['--no-defaults', '-h127.0.0.1', `-P${port}`, '--default-character-set=utf8mb4']
}

function mariadb(
  server: TestServer,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  const user = args.some((arg) => arg.startsWith('-u')) ? [] : ['-uroot']
  return runCommand(MARIADB, [...access(server), ...user, ...args], options)
}

/** Messages of errors; the client repeats the statement above them. */
function withoutEcho(text: string): string {
  return text.replace(/^--------------\n[^]*?\n--------------\n\n/gm, '')
}

/** The lines that a statement prints in batch mode. */
async function lines(server: TestServer, sql: string, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await mariadb(server, ['-N', '-B', ...args, '-e', sql])
  return status === 0 ? stdout.trimEnd() : withoutEcho(stderr).trimEnd()
}

/** Statements, and what the client prints for them in batch mode: rows, or an error's number and text. */
const SESSION: readonly (readonly [sql: string, output: string])[] = [
  ['CREATE DATABASE shop; USE shop; SELECT DATABASE()', 'shop'],
  [
    `CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, balance DECIMAL(10,2) DEFAULT 0,
       kind ENUM('a','b') DEFAULT 'a', born DATE, CHECK (balance >= 0))`,
    '',
  ],
  [
    `CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, user INT NOT NULL, total DECIMAL(8,2), doc JSON,
       FOREIGN KEY (user) REFERENCES users (id) ON DELETE CASCADE)`,
    '',
  ],
  ['SHOW TABLES', 'orders\nusers'],
  ["INSERT INTO users (name, balance, born) VALUES ('Ada', 10.5, '1815-12-10'), ('Zoë 😀', 0.1, NULL)", ''],
  ['SELECT LAST_INSERT_ID(), ROW_COUNT()', '1\t-1'],
  ['SELECT * FROM users', '1\tAda\t10.50\ta\t1815-12-10\n2\tZoë 😀\t0.10\ta\tNULL'],
  ['SELECT 0.1 + 0.2, SUM(balance), 1 / 3, 2e0 / 3 FROM users', '0.3\t10.60\t0.3333\t0.6666666666666666'],
  [
    `INSERT INTO orders (user, total, doc) VALUES (1, 5, '{"b": 1, "a": [2]}'), (1, 7.5, NULL), (2, 1, '"x"')`,
    '',
  ],
  ["SELECT doc->'$.a[0]', doc->>'$' FROM orders WHERE id <> 2", '2\t{"a": [2], "b": 1}\nNULL\tx'],
  [
    'SELECT u.name, COUNT(*), SUM(total) FROM users u LEFT JOIN orders o ON o.user = u.id GROUP BY u.id ORDER BY 3 DESC',
    'Ada\t2\t12.50\nZoë 😀\t1\t1.00',
  ],
  [
    'SELECT id, RANK() OVER (ORDER BY total DESC), SUM(total) OVER (PARTITION BY user ORDER BY id) FROM orders ORDER BY id',
    '1\t2\t5.00\n2\t1\t12.50\n3\t3\t1.00',
  ],
  [
    'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT GROUP_CONCAT(i) FROM n',
    '1,2,3,4',
  ],
  ['SELECT id FROM orders EXCEPT SELECT 2 UNION SELECT 9 ORDER BY 1', '1\n3\n9'],
  ['SELECT user, COUNT(*) FROM orders GROUP BY user WITH ROLLUP', '1\t2\n2\t1\nNULL\t3'],
  ["UPDATE users SET balance = balance * 2, kind = 'b' WHERE name = 'ADA'; SELECT ROW_COUNT()", '1'],
  ['UPDATE users u JOIN orders o ON o.user = u.id SET u.balance = 1 WHERE o.total = 1', ''],
  ["INSERT INTO users (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE balance = balance + 1", ''],
  ['SELECT id, balance, kind FROM users', '1\t22.00\tb\n2\t1.00\ta'],
  [
    "REPLACE INTO users (id, name) VALUES (7, 'New'); DELETE FROM users WHERE id = 7; SELECT ROW_COUNT()",
    '1',
  ],
  ['BEGIN; DELETE FROM orders; SELECT COUNT(*) FROM orders; ROLLBACK; SELECT COUNT(*) FROM orders', '0\n3'],
  [
    'BEGIN; UPDATE users SET balance = 0; SAVEPOINT s; DELETE FROM users; ROLLBACK TO s; COMMIT; SELECT SUM(balance) FROM users',
    '0.00',
  ],
  ['CREATE VIEW rich AS SELECT name FROM users WHERE balance > 5', ''],
  ['SELECT COUNT(*) FROM rich', '0'],
  [
    'ALTER TABLE users ADD COLUMN age INT DEFAULT 30 AFTER name, ADD INDEX by_age (age), DROP COLUMN kind',
    '',
  ],
  ['SELECT id, age FROM users', '1\t30\n2\t30'],
  ['SHOW COLUMNS FROM users LIKE "age"', 'age\tint\tYES\tMUL\t30'],
  ["PREPARE p FROM 'SELECT ? + 1'; SET @one = 41; EXECUTE p USING @one; DEALLOCATE PREPARE p", '42'],
  ['CREATE TEMPORARY TABLE scratch AS SELECT id FROM users; SELECT COUNT(*) FROM scratch', '2'],
  [
    'CREATE TABLE kept (a INT) ENGINE=memory; INSERT INTO kept VALUES (1); TRUNCATE kept; SELECT COUNT(*) FROM kept',
    '0',
  ],
  ['LOCK TABLES users WRITE; UNLOCK TABLES; ANALYZE TABLE users', 'shop.users\tanalyze\tstatus\tOK'],
  [
    "SET time_zone = '+05:30'; SELECT FROM_UNIXTIME(0), @@time_zone; SET time_zone = DEFAULT",
    '1970-01-01 05:30:00\t+05:30',
  ],
  [
    'EXPLAIN FORMAT=TREE SELECT * FROM users WHERE id = 1',
    '-> Single-row index lookup on users using PRIMARY (id=1), storage lmdb  (cost=6 rows=1)\\n',
  ],
  ['SELECT 1 / 0; SHOW WARNINGS', 'NULL\nWarning\t1365\tDivision by 0'],
  [
    "INSERT INTO users (name, age) VALUES ('n', 'many')",
    "ERROR 1366 (HY000): Incorrect integer value: 'many' for column 'age' at row 1",
  ],
  [
    "INSERT INTO users (name) VALUES (REPEAT('x', 21))",
    "ERROR 1406 (22001): Data too long for column 'name' at row 1",
  ],
  [
    "INSERT INTO users (name, age) VALUES ('n', 3000000000)",
    "ERROR 1264 (22003): Out of range value for column 'age' at row 1",
  ],
  [
    "INSERT INTO users (name) VALUES ('ada')",
    "ERROR 1062 (23000): Duplicate entry 'ada' for key 'users.name'",
  ],
  ['INSERT INTO users (name) VALUES (NULL)', "ERROR 1048 (23000): Column 'name' cannot be null"],
  [
    "INSERT INTO users (name, balance) VALUES ('n', -1)",
    "ERROR 3819 (HY000): Check constraint 'users_chk_1' is violated.",
  ],
  [
    'INSERT INTO orders (user) VALUES (99)',
    'ERROR 1452 (23000): Cannot add or update a child row: a foreign key constraint fails (`shop`.`orders`, CONSTRAINT `orders_ibfk_1` FOREIGN KEY (`user`) REFERENCES `users` (`id`) ON DELETE CASCADE)',
  ],
  ['SELECT nothing FROM users', "ERROR 1054 (42S22): Unknown column 'nothing' in 'field list'"],
  ['SELECT * FROM nowhere', "ERROR 1146 (42S02): Table 'shop.nowhere' doesn't exist"],
  [
    'SELEC 1',
    "ERROR 1064 (42000): You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near 'SELEC 1' at line 1",
  ],
  [
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE kept",
    'ERROR 3948 (42000): Loading local data is disabled; this must be enabled on both the client and server sides',
  ],
  [
    'CREATE PROCEDURE p() SELECT 1',
    "ERROR 1235 (42000): This version of MySQL doesn't yet support 'CREATE PROCEDURE'",
  ],
  ['DROP TABLE orders, users, kept; DROP DATABASE shop; SHOW DATABASES LIKE "sh%"', ''],
]

describeWithCommand('mariadb', 'mariadb', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await TestServer.start()
  })

  test('a session with statements of every kind', async () => {
    const script = SESSION.map(([sql], i) => `SELECT '#${i}';\n${sql};\n`).join('')
    // Errors on standard output, in their places, without the number of the script's line.
    const { stdout } = await runCommand('/bin/sh', [
      ...['-c', 'script=$1; shift; printf %s "$script" | "$@" 2>&1', 'sh', script, MARIADB],
      ...[...access(server), '-uroot', '-N', '-B', '--force', '--unbuffered'],
    ])
    const printed = withoutEcho(stdout).replace(/ at line \d+: /g, ': ')
    for (const [i, [sql, output]] of SESSION.entries()) {
      const [, from = ''] = printed.split(`#${i}\n`)
      const [actual = ''] = from.split(/^#\d+$/m)
      expect([sql, actual.trimEnd()]).toEqual([sql, output])
    }
  })

  test.each([
    [['-t'], '| 1 | NULL | é😀 '],
    [['-E'], 'a: 1\nb: NULL\nc: é😀\n'],
    [['--xml'], '<field name="b" xsi:nil="true" />'],
    [['--html'], '<TD>1</TD><TD>NULL</TD><TD>é😀</TD>'],
    [['--binary-as-hex', '-N', '-B'], '0x00FF\t0x05\t1e300\t2024-02-29 01:02:03.500\t18446744073709551615'],
    [['-B', '--raw'], 'a\tb\tc'],
  ])('prints with %j', async (args, expected) => {
    const sql = `SELECT 1 AS a, NULL AS b, 'é😀' AS c, x'00ff' AS d, b'101' AS e, 1e300 AS f, TIMESTAMP'2024-02-29 01:02:03.5' AS g,
      18446744073709551615 AS h`
    const { stdout } = await mariadb(server, [...args, '-e', sql])
    expect(stdout.replace('03.5\t', '03.500\t')).toContain(expected)
  })

  test('character sets of clients', async () => {
    const text = "SELECT HEX('é'), LENGTH('é'), @@character_set_client, 'é'"
    const { stdout } = await mariadb(server, ['-N', '--default-character-set=latin1'], {
      input: text,
      encoding: 'latin1',
    })
    expect(stdout).toBe('E9\t1\tlatin1\té\n')
    expect(await lines(server, text)).toBe('C3A9\t2\tutf8mb4\té')
    expect(await lines(server, 'SELECT 1', '--default-character-set=cp850')).toBe(
      "ERROR 1115 (42000): Unknown character set: 'cp850'",
    )
  })

  test('status, help and SOURCE', async () => {
    const file = join(
      writeFiles(temporaryFolder(), { 'two.sql': "SELECT 'from the file';\nSELECT 2;\n" }),
      'two.sql',
    )
    const input = `status\nhelp select\nsource ${file}\ndelimiter //\nSELECT 3//\n`
    const { status, stdout } = await mariadb(server, ['-N'], { input })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^Server:\s+MySQL$/m)
    expect(stdout).toMatch(/^Server version:\s+8\.\S+-switchyard-\S+ Switchyard$/m)
    expect(stdout).toMatch(/^Conn\.\s+characterset:\s+utf8mb4$/m)
    expect(stdout).toMatch(/^Threads: 1 {2}Questions: \d+ {2}Slow queries: 0 /m)
    expect(stdout).toMatch(/from the file\n2\n3\n$/)
  })

  test('TLS and compression', async () => {
    const state = "SHOW STATUS WHERE Variable_name IN ('Ssl_version', 'Compression')"
    expect(await lines(server, state, '--ssl')).toBe('Compression\tOFF\nSsl_version\tTLSv1.3')
    expect(await lines(server, state, '--skip-ssl')).toBe('Compression\tOFF\nSsl_version')
    expect(await lines(server, state, '--skip-ssl', '--compress')).toBe('Compression\tON\nSsl_version')
    expect(await lines(server, state, '--ssl', '--compress')).toBe('Compression\tON\nSsl_version\tTLSv1.3')
    const certificate = join(server.dataFolder, 'server-cert.pem')
    const verified = [`--ssl-ca=${certificate}`, '--ssl-verify-server-cert']
    expect(await lines(server, 'SELECT 1', ...verified)).toBe('1')
    const stranger = writeFiles(temporaryFolder(), {
      'ca.pem': (await makeSelfSignedCertificate()).certificate,
    })
    const refused = [`--ssl-ca=${join(stranger, 'ca.pem')}`, '--ssl-verify-server-cert']
    expect(await lines(server, 'SELECT 1', ...refused)).toMatch(/^ERROR 2026/)
    const long = 'word '.repeat(200_000)
    const { stdout } = await mariadb(server, ['-N', '--compress'], {
      input: `SELECT MD5('${long}'), '${long}'`,
    })
    expect(stdout.length).toBe(long.length + 34)
  })

  test('accounts, with what they may do and how they must connect', async () => {
    await lines(
      server,
      `CREATE DATABASE office; CREATE TABLE office.papers (a INT); CREATE USER clerk@localhost IDENTIFIED BY 'pw';
       GRANT SELECT ON office.* TO clerk@localhost; CREATE USER safe REQUIRE SSL; CREATE USER known REQUIRE X509`,
    )
    const clerk = (sql: string) => lines(server, sql, '-uclerk', '-ppw')
    expect(await clerk('SELECT CURRENT_USER(), COUNT(*) FROM office.papers')).toBe('clerk@localhost\t0')
    expect(await clerk('SHOW GRANTS')).toContain('GRANT SELECT ON `office`.* TO `clerk`@`localhost`')
    expect(await clerk('INSERT INTO office.papers VALUES (1)')).toMatch(
      /^ERROR 1142 \(42000\) at line 1: INSERT command denied/,
    )
    expect(await clerk('CREATE DATABASE mine')).toMatch(/^ERROR 1044 \(42000\)/)
    expect(await clerk("ALTER USER USER() IDENTIFIED BY 'new'")).toBe('')
    expect(await clerk('SELECT 1')).toMatch(
      /^ERROR 1045 \(28000\): Access denied for user 'clerk'@'localhost' \(using password: YES\)/,
    )
    expect(await lines(server, 'SELECT 1', '-usafe')).toBe('1')
    expect(await lines(server, 'SELECT 1', '-usafe', '--skip-ssl')).toMatch(/^ERROR 1045/)
    expect(await lines(server, 'SELECT 1', '-uknown')).toMatch(/^ERROR 1045/)
    const rule = 'FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME 3'
    await lines(
      server,
      `CREATE USER guessed IDENTIFIED BY 'pw' ${rule}; CREATE USER one WITH MAX_USER_CONNECTIONS 1`,
    )
    for (const number of [1045, 3955]) {
      expect(await lines(server, 'SELECT 1', '-uguessed', '-pwrong')).toMatch(`ERROR ${number}`)
      await lines(server, `CREATE TABLE office.other${number} (a INT)`)
    }
    expect(await lines(server, 'SELECT 1', '-uguessed', '-ppw')).toMatch(
      /^ERROR 3955 .* blocked for 3 day\(s\)/,
    )
    await lines(server, 'ALTER USER guessed ACCOUNT UNLOCK')
    expect(await lines(server, 'SELECT 1', '-uguessed', '-ppw')).toBe('1')
    const only = await server.connect({ user: 'one' })
    expect(await lines(server, 'SELECT 1', '-uone')).toMatch(/^ERROR 1226 \(42000\)/)
    only.destroy()
    await lines(server, 'SET GLOBAL require_secure_transport = ON')
    expect(await lines(server, 'SELECT 1', '--skip-ssl')).toMatch(/^ERROR 3159 \(HY000\)/)
    expect(await lines(server, 'SET GLOBAL require_secure_transport = OFF; SELECT 1')).toBe('1')
  })

  test('Ctrl+C and KILL end a statement, not the session', async () => {
    const watcher = await server.connect()
    const sleeping = async (): Promise<number> => {
      for (;;) {
        const [rows] = await watcher.query<RowDataPacket[]>(
          "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'",
        )
        const [first] = rows
        if (first !== undefined) return Number(first.ID ?? first.id)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const sql = "SELECT SLEEP(50) + 0.5;\nSELECT 'after';\n"
    const interrupted = new ChildProgram(MARIADB, {
      args: [...access(server), '-uroot', '-e', sql],
      folder: temporaryFolder(),
    })
    await sleeping()
    interrupted.kill('SIGINT')
    await interrupted.ended
    expect(interrupted.stderr).toContain('ERROR 1317 (70100) at line 1: Query execution was interrupted')

    const killed = mariadb(server, ['-N', '--force'], { input: sql })
    await watcher.query(`KILL QUERY ${await sleeping()}`)
    expect(withoutEcho((await killed).stderr)).toMatch(/^ERROR 1317 \(70100\)/)
    expect((await killed).stdout).toBe('after\n')

    const gone = mariadb(server, ['-N'], { input: sql })
    const admin = findCommand('mariadb-admin') ?? 'mariadb-admin'
    await runCommand(admin, [...access(server), '-uroot', 'kill', String(await sleeping())])
    expect((await gone).status).toBe(1)
    expect((await gone).stdout).toBe('')
    watcher.destroy()
  })

  test('certificates of the operator, and of clients', async () => {
    const [mine, client] = [await makeSelfSignedCertificate(), await makeSelfSignedCertificate()]
    const folder = writeFiles(temporaryFolder(), {
      'server.crt': mine.certificate,
      'server.key': mine.key,
      'client.crt': client.certificate,
      'client.key': client.key,
      'server.yaml': `port: 0
dataDir: ./data
socket: ./mysql.sock
init: { sample: false }
plugins:
  mysql-wire:
    options: { tlsCertificate: ./server.crt, tlsKey: ./server.key, tlsAuthority: ./client.crt, requireTls: true }
`,
    })
    const own = await TestServer.start({ folder })
    const verified = [`--ssl-ca=${join(folder, 'server.crt')}`, '--ssl-verify-server-cert']
    const certificate = [
      `--ssl-cert=${join(folder, 'client.crt')}`,
      `--ssl-key=${join(folder, 'client.key')}`,
    ]
    expect(await lines(own, 'CREATE USER known REQUIRE X509; SELECT 1', ...verified)).toBe('1')
    expect(await lines(own, 'SELECT 1', '-uknown', ...verified)).toMatch(/^ERROR 1045/)
    expect(await lines(own, 'SELECT CURRENT_USER()', '-uknown', ...verified, ...certificate)).toBe('known@%')
    expect(await lines(own, 'SELECT 1', '--skip-ssl')).toMatch(/^ERROR 3159/)
    const socket = await runCommand(MARIADB, [
      ...[
        '--no-defaults',
        '--skip-ssl',
        `--socket=${join(folder, 'mysql.sock')}`,
        '-uroot',
        '-N',
        '-e',
        'SELECT USER()',
      ],
    ])
    expect(socket.stdout).toBe('root@localhost\n')
    expect(readFileSync(join(folder, 'server.key'), 'utf8')).toBe(mine.key)
  })
})
