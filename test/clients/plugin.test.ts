/**
 * Goal: a plugin that somebody made outside of this repository is loaded by its name in the configuration, and its parts work in SQL:
 * a storage driver with whole tables, and a library of functions.
 *
 * Method: two packages of plain JavaScript in a temporary folder, installed in its node_modules like packages of npm, and the real
 * server. They import what plugins may import: `@switchyard/core/spi`.
 */
import type { RowDataPacket } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../support/temporary-folder.js'

afterEach(killServers)
afterAll(removeTemporaryFolders)

/** Tables as files of JSON lines, read and written whole: the smallest storage there can be. */
const JSON_LINES = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Batch } from '@switchyard/core/spi'

const encode = (value) => (typeof value === 'bigint' ? { big: String(value) } : value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('hex') } : value)
const decode = (value) =>
  value === null || typeof value !== 'object' ? value : value.big === undefined ? Buffer.from(value.bytes, 'hex') : BigInt(value.big)

class JsonLines {
  comment = 'A table is a file'
  capabilities = { shape: 'table', durable: true, transactions: 'autocommit', fragments: false, writable: true, keyBytesMax: 0 }
  constructor(name, folder) { this.name = name; this.folder = folder }
  path(id) { return join(this.folder, id + '.jsonl') }
  read(table) {
    return readFileSync(this.path(table.id), 'utf8').split('\\n').filter(Boolean).map((line) => JSON.parse(line).map(decode))
  }
  write(table, rows) { writeFileSync(this.path(table.id), rows.map((row) => JSON.stringify(row.map(encode)) + '\\n').join('')) }
  async start() { mkdirSync(this.folder, { recursive: true }) }
  async stop() {}
  createTable(table) { if (!existsSync(this.path(table.id))) writeFileSync(this.path(table.id), '') }
  dropTable(id) { rmSync(this.path(id), { force: true }) }
  truncateTable(table) { writeFileSync(this.path(table.id), '') }
  planScan(table, { conditions }) { return { conditions: conditions.map(() => 'no'), order: 'no', limit: 'no', rows: 100, cost: 100 } }
  openScan(table, { columns }) {
    let batch = Batch.ofTypes(columns.map((column) => table.columns[column].type))
    for (const row of this.read(table)) batch.pushRow(columns.map((column) => row[column]))
    return { next() { const next = batch; batch = undefined; return next?.rowCount > 0 ? next : undefined }, close() {} }
  }
  insert(table, batch) {
    appendFileSync(this.path(table.id), rowsOf(batch).map((row) => JSON.stringify(row.map(encode)) + '\\n').join(''))
    return batch.rowCount
  }
  keyOf(table, row) { return JSON.stringify(table.indexes.find((index) => index.primary).parts.map((part) => encode(row[part.column]))) }
  delete(table, keys) {
    const gone = new Set(rowsOf(keys).map((key) => JSON.stringify(key.map(encode))))
    this.write(table, this.read(table).filter((row) => !gone.has(this.keyOf(table, row))))
    return keys.rowCount
  }
  update(table, keys, rows) {
    const changed = new Map(rowsOf(keys).map((key, i) => [JSON.stringify(key.map(encode)), rowsOf(rows)[i]]))
    this.write(table, this.read(table).map((row) => changed.get(this.keyOf(table, row)) ?? row))
    return keys.rowCount
  }
  statistics(table) { const rows = this.read(table).length; return { rows, bytes: rows * 100, cardinality: [] } }
}

function rowsOf(batch) {
  return Array.from({ length: batch.rowCount }, (_, row) => batch.columns.map((column) => column.get(row)))
}

export const plugin = {
  name: 'json-lines',
  spiVersion: '^0.1.0',
  provides: ['storage'],
  options: { folder: { type: 'path', default: 'lines', description: 'Where the files are.' } },
  create: ({ name, options }) => ({ storage: new JsonLines(name, options.folder) }),
}
`

/** A scalar function, and an aggregate that is a window function too. */
const FUNCTIONS = `
import { DOUBLE_TYPE, sqlError, textType } from '@switchyard/core/spi'

const shout = {
  name: 'shout', argumentsMin: 1, argumentsMax: 1, volatility: 'immutable',
  bind: ([{ nullable }]) => ({
    type: textType(1000, 'utf8mb4_0900_ai_ci'), nullable, parameterTypes: [textType(999, 'utf8mb4_0900_ai_ci')],
    compile: ([text]) => (batch, row, context) => {
      const value = text(batch, row, context)
      if (value === 'silence') throw sqlError('ER_WRONG_ARGUMENTS', 'shout')
      return value === null ? null : value.toUpperCase() + '!'
    },
  }),
}

const product = {
  name: 'product', argumentsMin: 1, argumentsMax: 1, allowsDistinct: true,
  bind: () => ({
    type: DOUBLE_TYPE, nullable: true, parameterTypes: [DOUBLE_TYPE], ignoresNulls: true,
    compile: ([factor]) => () => {
      let product = null
      return {
        add(batch, row, context) {
          const value = factor(batch, row, context)
          if (value !== null) product = (product ?? 1) * value
        },
        result: () => product,
      }
    },
  }),
}

export const plugin = {
  name: 'loud-functions',
  spiVersion: '^0.1.0',
  provides: ['functions'],
  options: {},
  create: () => ({
    functions: {
      scalar: (name) => (name.toLowerCase() === 'shout' ? shout : undefined),
      aggregate: (name) => (name.toLowerCase() === 'product' ? product : undefined),
      window: () => undefined,
      names: () => ['shout', 'product'],
    },
  }),
}
`

function packageFiles(name: string, code: string): Record<string, string> {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({
      name,
      version: '1.2.3',
      type: 'module',
      exports: './index.js',
    }),
    [`node_modules/${name}/index.js`]: code,
  }
}

function folderWith(plugins: string): string {
  return writeFiles(temporaryFolder(), {
    ...packageFiles('json-lines', JSON_LINES),
    ...packageFiles('loud-functions', FUNCTIONS),
    'server.yaml': `port: 0\ndataDir: ./data\ninit: { sample: false }\nplugins:\n${plugins}`,
  })
}

test('a storage driver from outside holds tables that join with others', async () => {
  const folder = folderWith('  jsonl: { package: json-lines }\n')
  let server = await TestServer.start({ folder })
  let connection = await server.connect({ multipleStatements: true, supportBigNumbers: true })
  await connection.query(`CREATE DATABASE outside; USE outside;
    CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, topic INT, text VARCHAR(50), seen BIGINT UNSIGNED, raw BLOB) ENGINE=jsonl;
    CREATE TABLE topics (id INT PRIMARY KEY, name VARCHAR(20));
    INSERT INTO topics VALUES (1, 'birds'), (2, 'trees');
    INSERT INTO notes (topic, text, seen, raw) VALUES (1, 'crow', 18446744073709551615, x'00FF'), (2, 'oak', NULL, NULL), (1, 'Émile', 3, '');
    UPDATE notes SET text = CONCAT(text, 's'), seen = seen - 1 WHERE topic = 1;
    DELETE FROM notes WHERE text = 'oak';
    INSERT INTO notes (topic, text) VALUES (2, 'elm')`)
  const check = async () => {
    const [rows] = await connection.query(
      'SELECT name, COUNT(*) AS count, MAX(text) AS last FROM notes JOIN topics ON topics.id = topic GROUP BY name ORDER BY name',
    )
    expect(rows).toEqual([
      { name: 'birds', count: 2, last: 'Émiles' },
      { name: 'trees', count: 1, last: 'elm' },
    ])
    const [[first]] = await connection.query<RowDataPacket[]>('SELECT * FROM notes WHERE id = 1')
    expect(first).toEqual({
      id: 1,
      topic: 1,
      text: 'crows',
      seen: '18446744073709551614',
      raw: Buffer.from([0, 255]),
    })
  }
  await check()
  const [engines] = await connection.query<RowDataPacket[]>('SHOW ENGINES')
  expect(engines).toContainEqual(expect.objectContaining({ Engine: 'jsonl', Comment: 'A table is a file' }))
  const [[shown]] = await connection.query<RowDataPacket[]>('SHOW CREATE TABLE notes')
  expect(shown?.['Create Table']).toContain('ENGINE=jsonl')
  connection.destroy()
  expect(await server.stop()).toEqual({ status: 0, signal: null })
  server = await TestServer.start({ folder })
  connection = await server.connect({ database: 'outside', supportBigNumbers: true })
  await check()
  await connection.query('DROP TABLE notes')
  await expect(connection.query('SELECT * FROM notes')).rejects.toMatchObject({ errno: 1146 })
  connection.destroy()
})

test('functions from outside work in every place', async () => {
  const server = await TestServer.start({ folder: folderWith('  loud: { package: loud-functions }\n') })
  const connection = await server.connect()
  const rowsOf = async (sql: string) =>
    (await connection.query<RowDataPacket[]>({ sql, rowsAsArray: true }))[0]
  expect(await rowsOf("SELECT SHOUT('hey'), shout(NULL), Shout(12)")).toEqual([['HEY!', null, '12!']])
  const numbers =
    '(SELECT 2 AS n, 1 AS g UNION ALL SELECT 3, 1 UNION ALL SELECT 5, 2 UNION ALL SELECT NULL, 2) t'
  expect(
    await rowsOf(`SELECT g, product(n) FROM ${numbers} GROUP BY g HAVING product(n) > 1 ORDER BY g`),
  ).toEqual([
    [1, 6],
    [2, 5],
  ])
  expect(await rowsOf(`SELECT n, product(n) OVER (ORDER BY n) FROM ${numbers} WHERE n IS NOT NULL`)).toEqual([
    [2, 2],
    [3, 6],
    [5, 30],
  ])
  await expect(connection.query("SELECT shout('silence')")).rejects.toMatchObject({ errno: 1210 })
  await expect(connection.query('SELECT shout()')).rejects.toMatchObject({ errno: 1582 })
  connection.destroy()
})
