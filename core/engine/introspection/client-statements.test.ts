/**
 * Goal: every statement that real clients send on their own (drivers, ORMs, dump and administration tools) is answered, or fails as it does
 * on MySQL 8. Method: statements captured from such clients, kept beside the checkout in `shared/conformance`; the schema that they
 * were captured on; a list of those that only MariaDB understands or that were cut off when captured.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TestEngine, type TestSession } from '../../../test/support/engine.js'
import { sqlText } from '../../spi/session.js'

const CAPTURED = fileURLToPath(
  new URL('../../../../shared/conformance/client-statements.tsv', import.meta.url),
)

const SCHEMA = [
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
]

/** Tables that tools make with longer statements than were captured, by the captured statement before. */
const MADE_BY_TOOLS: Readonly<Record<string, readonly string[]>> = {
  'create database if not exists sbtest': [
    'USE sbtest',
    'CREATE TABLE sbtest1 (id INT PRIMARY KEY, k INT)',
    'CREATE TABLE sbtest2 (id INT PRIMARY KEY, k INT)',
  ],
  'Init DB mysqlslap': ['CREATE TABLE t1 (intcol1 INT, charcol1 VARCHAR(128))'],
  'CREATE INDEX k_1 ON sbtest1(k)': ['USE smoke'],
}

/** What MySQL 8 answers with an error, by the beginning of the statement. */
const FAILURES: readonly (readonly [beginning: string, number: number])[] = [
  // Cut off in the middle.
  ['SELECT sa_t.n', 1054],
  ['SELECT VERSION(),', 1064],
  ['SELECT TABLE_SCHEMA TABLE_CAT, NULL TABLE_SCHEM, TABLE_NAME, COLUMN_NAME, CASE data_type', 1064],
  // MariaDB's own.
  ['SHOW PACKAGE', 1064],
  ['SHOW ALL SLAVES STATUS', 1064],
  ['SELECT @@tokudb_version', 1193],
  ['SELECT @@default_master_connection', 1193],
]

async function fails(session: TestSession, command: string, text: string): Promise<number | undefined> {
  try {
    switch (command) {
      case 'Query':
        await session.run(text)
        break
      case 'Prepare':
        session.session.closePrepared((await session.session.prepare(sqlText(text))).id)
        break
      case 'Init DB':
        await session.session.useDatabase(text)
        break
      case 'Statistics':
        expect(session.session.statisticsText()).toMatch(/^Uptime: \d+ {2}Threads: 1 {2}Questions: \d+/)
        break
      default:
        throw new Error(`unknown command ${command}`)
    }
    return undefined
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'number' in error) return error.number as number
    throw error
  }
}

const isThere = existsSync(CAPTURED)
if (!isThere) process.stdout.write(`skipped: ${CAPTURED} isn't there\n`)
const suite = isThere ? test : test.skip

suite('statements of clients', async () => {
  const engine = await TestEngine.start()
  const session = await engine.session()
  await session.run('CREATE DATABASE smoke')
  await session.run('CREATE DATABASE smoke3')
  await session.run('USE smoke')
  for (const sql of SCHEMA) await session.run(sql)
  const lines = readFileSync(CAPTURED, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines.length).toBeGreaterThan(200)
  const unexpected: string[] = []
  for (const line of lines) {
    const [command = '', text = ''] = line.split('\t')
    const expected = FAILURES.find(([beginning]) => text.startsWith(beginning))?.[1]
    const number = await fails(session, command, text)
    if (number !== expected) unexpected.push(`${command} ${text}: ${number ?? 'no error'}`)
    // The tools that lock tables had a connection of their own each.
    if (text.startsWith('LOCK TABLES')) await session.run('UNLOCK TABLES')
    const key = command === 'Init DB' ? `${command} ${text}` : text
    for (const sql of MADE_BY_TOOLS[key] ?? []) await session.run(sql)
  }
  await engine.stop()
  expect(unexpected).toEqual([])
})
