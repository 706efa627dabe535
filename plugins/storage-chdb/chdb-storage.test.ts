/**
 * Goal: tables in chDB are what the server expects of any table driver, and keys are unique by MySQL's rules. Method: the suite for
 * table drivers, and keys that are the same to MySQL only, over the real engine where it is installed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ColumnDefinition, IndexDefinition, SqlType, TableDefinition, Value } from '@switchyard/core/spi'
import { DOUBLE_TYPE, INT_TYPE, textType } from '@switchyard/core/spi'
import { runTableConformance } from '../../test/conformance/storage/table-conformance.js'
import {
  batchOf,
  newStatement,
  request,
  rowsOf,
  sampleTable,
} from '../../test/conformance/storage/table-fixtures.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import type { ChdbStorage } from './chdb-storage.js'
import { isEngineInstalled } from './index.js'
import { createTestStorage } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip

if (isEngineInstalled()) {
  runTableConformance('chdb', { create: (folder) => createTestStorage(folder) })
}

/** A table of these columns; its indexes are unique, the first one primary. */
function uniqueTable(
  types: readonly SqlType[],
  keys: readonly (readonly [number, number?])[],
): TableDefinition {
  const sample = sampleTable('chdb')
  const [pattern] = sample.columns
  const columns = types.map((type, i) => ({ ...pattern, id: i + 1, name: `c${i}`, type }) as ColumnDefinition)
  const indexes = keys.map(([column, prefixLength], i): IndexDefinition => ({
    id: i + 1,
    name: i === 0 ? 'PRIMARY' : `u${column}`,
    primary: i === 0,
    unique: true,
    parts: [{ column, prefixLength, descending: false }],
    visible: true,
    comment: '',
    algorithm: undefined,
    collationVersions: [1],
  }))
  return { ...sample, columns, indexes }
}

describeWithEngine('keys in chDB', () => {
  const folder = temporaryFolder()
  const text = textType(20, 'utf8mb4_0900_ai_ci')
  let storage: ChdbStorage

  beforeAll(async () => {
    storage = createTestStorage(folder)
    await storage.start()
  })
  afterAll(async () => {
    await storage.stop()
    removeTemporaryFolders()
  })

  const batch = (table: TableDefinition, rows: readonly (readonly Value[])[]) =>
    batchOf(table, [...table.columns.keys()], rows)
  const insert = (table: TableDefinition, ...rows: readonly (readonly Value[])[]) =>
    storage.insert(table, batch(table, rows), newStatement())
  const update = (table: TableDefinition, key: Value, row: readonly Value[]) =>
    storage.update(table, batchOf(table, [0], [[key]]), batch(table, [row]), newStatement())
  const duplicate = (entry: string) => ({
    code: 'ER_DUP_ENTRY',
    message: expect.stringContaining(entry) as unknown,
  })

  test('are the same by their collation, in the primary key and in others', async () => {
    const table = uniqueTable([text, INT_TYPE, text], [[0], [2]])
    await storage.createTable(table)
    await insert(table, ['Anna', 1, 'x'], ['bob', 2, 'y'])
    await expect(insert(table, ['ÄNNA', 3, 'z'])).rejects.toMatchObject(duplicate("'ÄNNA' for key"))
    await expect(insert(table, ['cid', 3, 'X'])).rejects.toMatchObject(duplicate('.u2'))
    expect(await update(table, 'ANNA', ['änna', 5, 'X'])).toBe(1)
    await expect(update(table, 'bob', ['anna', 5, 'q'])).rejects.toMatchObject(duplicate('PRIMARY'))
    await expect(update(table, 'bob', ['bob', 5, 'x'])).rejects.toMatchObject(duplicate('.u2'))
    expect(await storage.delete(table, batchOf(table, [0], [['ANNA']]), newStatement())).toBe(1)
    await insert(table, ['anna', 9, 'x'])
    const rows = await rowsOf(storage, table, request({ columns: [0, 1, 2] }))
    expect(rows.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
      ['bob', 2, 'y'],
      ['anna', 9, 'x'],
    ])
  })

  test('may be prefixes and numbers with two zeros', async () => {
    const table = uniqueTable([INT_TYPE, text, DOUBLE_TYPE], [[0], [1, 2], [2]])
    await storage.createTable(table)
    await insert(table, [1, 'abc', 0], [2, 'bcd', 1])
    await expect(insert(table, [3, 'ABx', 7])).rejects.toMatchObject(duplicate("'AB' for key"))
    await expect(insert(table, [3, 'zzz', -0])).rejects.toMatchObject(duplicate('.u2'))
    await insert(table, [3, 'a', 0.1])
  })

  test('are looked for wherever they come, also after a restart', async () => {
    const table = uniqueTable([INT_TYPE], [[0]])
    await storage.createTable(table)
    await insert(table, [10], [20], [30])
    await insert(table, [15], [5], [40])
    await expect(insert(table, [50], [51], [51])).rejects.toMatchObject(duplicate("'51'"))
    await expect(insert(table, [60], [20])).rejects.toMatchObject(duplicate("'20'"))
    await storage.stop()
    storage = createTestStorage(folder)
    await storage.start()
    await expect(insert(table, [40])).rejects.toMatchObject(duplicate("'40'"))
    await insert(table, [41], [42])
    await expect(insert(table, [35], [41])).rejects.toMatchObject(duplicate("'41'"))
    expect(await update(table, 42, [100])).toBe(1)
    await expect(insert(table, [99], [100])).rejects.toMatchObject(duplicate("'100'"))
    expect(await rowsOf(storage, table, request({ columns: [0] }))).toHaveLength(8)
  })

  test('and damage to the files is found', async () => {
    const table = { ...uniqueTable([INT_TYPE], [[0]]), id: 4711 }
    await storage.createTable(table)
    await insert(table, ...Array.from({ length: 1000 }, (_, i) => [i * 7]))
    expect(await storage.checkTable(table, newStatement())).toEqual([])
    await storage.stop()
    for (const file of dataFilesOf(folder)) {
      const bytes = readFileSync(file)
      // Behind the checksum of its first block.
      bytes.writeUInt8(bytes.readUInt8(40) ^ 0xff, 40)
      writeFileSync(file, bytes)
    }
    storage = createTestStorage(folder)
    await storage.start()
    const [problem] = await storage.checkTable(table, newStatement())
    expect(problem).toContain("The rows can't be read")
  })
})

/** Files of the columns, whichever table's. */
function dataFilesOf(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.includes('/store/') && name.endsWith('.bin'))
    .map((name) => join(folder, name))
}
