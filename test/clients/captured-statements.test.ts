/**
 * Goal: every statement that real clients send on their own (drivers, ORMs, dump and administration tools) is answered as MySQL 8 answers
 * it. Method: statements captured from seventeen such clients, kept beside the checkout in `shared/conformance`, run in their order on a
 * real server and on MariaDB; columns, rows and errors are compared, but for those listed here with the reason.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createConnection, type Connection } from 'mysql2/promise'
import { MARIADB_PROGRAMS, startMariaDb, type MariaDbServer } from '../differential/mariadb-server.js'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { WireClient } from '../support/wire-client.js'

const CAPTURED = fileURLToPath(new URL('../../../shared/conformance/client-statements.tsv', import.meta.url))

/** The schema that the statements were captured on. */
const SCHEMA = [
  'CREATE DATABASE smoke CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'CREATE DATABASE smoke3 CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'USE smoke',
  'CREATE TABLE auth_group (id INT PRIMARY KEY, name VARCHAR(80))',
  'CREATE TABLE auth_group_permissions (id INT PRIMARY KEY, group_id INT, permission_id INT)',
  'CREATE TABLE auth_permission (id INT PRIMARY KEY, name VARCHAR(50), content_type_id INT, codename VARCHAR(100))',
  `CREATE TABLE auth_user (id INT PRIMARY KEY, password VARCHAR(128), last_login DATETIME(6), is_superuser TINYINT(1),
     username VARCHAR(30), first_name VARCHAR(30), last_name VARCHAR(30), email VARCHAR(75), is_staff TINYINT(1),
     is_active TINYINT(1), date_joined DATETIME(6))`,
  'CREATE TABLE auth_user_groups (id INT PRIMARY KEY, user_id INT, group_id INT)',
  'CREATE TABLE auth_user_user_permissions (id INT PRIMARY KEY, user_id INT, permission_id INT)',
  'CREATE TABLE django_content_type (id INT PRIMARY KEY, name VARCHAR(100), app_label VARCHAR(100), model VARCHAR(100))',
  'CREATE TABLE django_migrations (id INT PRIMARY KEY, app VARCHAR(255), name VARCHAR(255), applied DATETIME(6))',
  'CREATE TABLE g (id INT PRIMARY KEY, s TEXT, t DATETIME)',
  'CREATE TABLE j (id INT PRIMARY KEY, v TEXT, d DATE, n DECIMAL(10,2))',
  'CREATE TABLE ph (id INT PRIMARY KEY, s TEXT)',
  'CREATE TABLE pl (id INT PRIMARY KEY, v TEXT)',
  'CREATE TABLE py (id INT PRIMARY KEY, s TEXT, d DATE, t TIME, b BLOB)',
  'CREATE TABLE sa_t (id INT PRIMARY KEY, n INT, p DOUBLE)',
  "INSERT INTO auth_group VALUES (1, 'readers'), (2, NULL)",
  "INSERT INTO django_content_type VALUES (1, 'one', 'contenttypes', 'contenttype'), (2, 'two', 'auth', 'user')",
  "INSERT INTO auth_permission VALUES (1, 'may read', 1, 'read'), (2, 'may write', 2, 'write')",
  "INSERT INTO auth_user VALUES (1, 'x', '2024-02-29 12:00:00.123456', 1, 'bob', 'Bob', '', 'b@example.com', 0, 1, '2000-01-01 00:00:00')",
  "INSERT INTO django_migrations VALUES (1, 'auth', '0001_initial', '2024-02-29 12:00:00.5')",
  "INSERT INTO g VALUES (1, 'caf\u00e9', '2024-02-29 12:00:00')",
  "INSERT INTO j VALUES (1, 'v', '2024-02-29', 12.50), (2, NULL, NULL, NULL)",
  "INSERT INTO ph VALUES (1, 'one'), (2, 'two')",
  "INSERT INTO py VALUES (1, 's', '2024-02-29', '-12:30:00', x'00FF27')",
  'INSERT INTO sa_t VALUES (1, 2, 0.1), (2, NULL, -1e300)',
]

/** Tables that tools make with longer statements than were captured, by the captured statement before. */
const MADE_BY_TOOLS: Readonly<Record<string, readonly string[]>> = {
  'Query create database if not exists sbtest': [
    'USE sbtest',
    'CREATE TABLE sbtest1 (id INT PRIMARY KEY, k INT)',
    'CREATE TABLE sbtest2 (id INT PRIMARY KEY, k INT)',
  ],
  'Init DB mysqlslap': ['CREATE TABLE t1 (intcol1 INT, charcol1 VARCHAR(128))'],
  'Query CREATE INDEX k_1 ON sbtest1(k)': ['USE smoke'],
}

interface Difference {
  /** The statement; the beginning of one or several, if it ends with an ellipsis. */
  readonly of: string
  readonly because: string
  /** What MySQL 8 answers, if that is an error. */
  readonly error?: number
}

/** Where MariaDB is no witness of MySQL 8. */
const DIFFERENCES: readonly Difference[] = [
  { of: 'SELECT VERSION()', because: 'servers call themselves what they are' },
  { of: 'SELECT @@version_comment…', because: 'servers call themselves what they are' },
  { of: 'SELECT @@max_allowed_packet…', because: "MySQL's packets are larger; the oracle runs in UTC" },
  {
    of: 'SELECT engine…',
    because: 'columns of information_schema are upper case in MySQL 8; engines differ',
  },
  { of: 'ALTER TABLE `auth_group` MODIFY `name`…', because: 'MySQL refuses NULLs by name', error: 1138 },
  {
    of: 'SELECT /*!40001 SQL_NO_CACHE */ `id`, `app_label`, `model` FROM `django_content_type`',
    because: 'InnoDB reads an index that has all columns; rows have no order',
  },
  {
    of: 'SELECT /*!40001 SQL_NO_CACHE */ * FROM `smoke`.`django_content_type`',
    because: 'InnoDB reads an index that has all columns; rows have no order',
  },
  { of: 'SHOW PACKAGE…', because: "it is MariaDB's own", error: 1064 },
  { of: 'SHOW ALL SLAVES STATUS', because: "it is MariaDB's own", error: 1064 },
  { of: 'SELECT @@default_master_connection', because: "it is MariaDB's own", error: 1193 },
  { of: 'SHOW PROCESSLIST', because: 'ports and numbers of connections differ; Progress is MariaDB’s own' },
  { of: 'SHOW MASTER STATUS', because: 'MySQL has one more column' },
  { of: 'SHOW TABLE STATUS', because: 'engines, sizes and times differ' },
]

interface Outcome {
  readonly error?: number | undefined
  readonly columns?: readonly string[]
  readonly rows?: readonly (readonly (string | null)[])[]
}

async function outcomeOf(connection: Connection, command: string, text: string): Promise<Outcome> {
  try {
    if (command === 'Prepare') {
      await (await connection.prepare(text)).close()
      return {}
    }
    const sql = command === 'Init DB' ? `USE ${text}` : text
    const typeCast = (field: { buffer(): Buffer | null }) => field.buffer()?.toString('latin1') ?? null
    const [rows, fields] = await connection.query({ sql, rowsAsArray: true, typeCast })
    if (!Array.isArray(rows)) return {}
    return { columns: fields.map((field) => field.name), rows: rows as unknown as (string | null)[][] }
  } catch (error) {
    return { error: (error as { errno?: number }).errno }
  }
}

/** Definitions as both servers would show them: widths, engines and what goes without saying are left out. */
function withoutDialect({ rows, ...rest }: Outcome): Outcome {
  if (rows === undefined) return rest
  const plain = (cell: string | null) =>
    cell
      ?.replace(/\b((?:big|small|medium)?int)\(\d+\)/g, '$1')
      .replace(/( (?:tiny|medium|long)?(?:text|blob)) DEFAULT NULL/g, '$1')
      .replace(/( (?:varchar\(\d+\)|text)) COLLATE \w+/g, '$1')
      .replace(/ENGINE=\w+/, '')
      .replace(" /*!80016 DEFAULT ENCRYPTION='N' */", '') ?? null
  return { ...rest, rows: rows.map((row) => row.map(plain)) }
}

const isThere = existsSync(CAPTURED)
if (!isThere) process.stdout.write(`skipped: ${CAPTURED} isn't there\n`)

describeWithCommand(MARIADB_PROGRAMS, 'captured statements', () => {
  let mariadb: MariaDbServer
  let server: TestServer
  const connections: Connection[] = []
  beforeAll(async () => {
    ;[mariadb, server] = await Promise.all([startMariaDb(temporaryFolder()), TestServer.start()])
    for (const { port } of [server, mariadb])
      connections.push(await createConnection({ host: '127.0.0.1', port, user: 'root', charset: 'utf8mb4' }))
    await runOnBoth(SCHEMA)
  }, 60_000)
  afterAll(async () => {
    for (const connection of connections) connection.destroy()
    await mariadb.stop()
    await killServers()
    removeTemporaryFolders()
  })

  async function runOnBoth(statements: readonly string[]): Promise<void> {
    for (const sql of statements) for (const connection of connections) await connection.query(sql)
  }

  async function statistics(): Promise<string> {
    const client = await WireClient.login(
      { port: server.port },
      { user: 'root', method: 'caching_sha2_password' },
    )
    client.command(0x09)
    const text = (await client.receive()).toString()
    client.destroy()
    return text
  }

  const suite = isThere ? test : test.skip
  suite(
    'are answered alike',
    async () => {
      const captured = readFileSync(CAPTURED, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
      expect(captured.length).toBeGreaterThan(200)
      const unused = new Set(DIFFERENCES)
      for (const line of captured) {
        const [command = '', text = ''] = line.split('\t')
        if (command === 'Statistics') {
          expect(await statistics()).toMatch(
            /^Uptime: \d+ {2}Threads: 2 {2}Questions: \d+ {2}Slow queries: 0 /,
          )
          continue
        }
        const [ours = {}, theirs = {}] = await Promise.all(
          connections.map(async (connection) => withoutDialect(await outcomeOf(connection, command, text))),
        )
        const difference = DIFFERENCES.find(({ of }) =>
          of.endsWith('…') ? text.startsWith(of.slice(0, -1)) : text === of,
        )
        if (difference === undefined) expect([line, ours]).toEqual([line, theirs])
        else {
          expect([line, ours.error]).toEqual([line, difference.error])
          expect([line, ours]).not.toEqual([line, theirs])
          unused.delete(difference)
        }
        // The tools that lock tables had a connection of their own each.
        if (text.startsWith('LOCK TABLES')) await runOnBoth(['UNLOCK TABLES'])
        await runOnBoth(MADE_BY_TOOLS[`${command} ${text}`] ?? [])
      }
      expect([...unused]).toEqual([])
    },
    60_000,
  )
})
