/**
 * Goal: databases of other catalogs are listed beside ours, asked only as much as needed, and one that is down costs a warning where
 * it is one of several, an error where it was asked for. Method: a catalog that answers late, counts the questions, and can fail.
 */
import { TestEngine, type TestSession } from '../../../test/support/engine.js'
import { sqlError } from '../../common/sql-error.js'
import { INT_TYPE } from '../../common/sql-type.js'
import type { DatabaseDefinition, TableDefinition } from '../../plan/schema.js'
import type { CatalogProvider } from '../../spi/catalog.js'

const DATABASE: DatabaseDefinition = {
  id: -1,
  name: 'far',
  charset: 'utf8mb4',
  collation: 'utf8mb4_bin',
  isSystem: false,
}

function table(name: string, id: number): TableDefinition {
  return {
    kind: 'table',
    id,
    version: 1,
    database: 'far',
    name,
    columns: [
      {
        id: 1,
        name: 'a',
        type: INT_TYPE,
        nullable: true,
        default: { kind: 'none' },
        autoIncrement: false,
        onUpdateNow: false,
        generated: undefined,
        comment: '',
        invisible: false,
      },
    ],
    indexes: [],
    foreignKeys: [],
    checks: [],
    placements: [{ id: 1, storage: 'gone', role: 'primary', feed: 'none', state: 'active' }],
    charset: 'utf8mb4',
    collation: 'utf8mb4_bin',
    comment: '',
    temporary: false,
    engineAsWritten: undefined,
    options: {},
    createdAtMicros: 0,
  }
}

class FarCatalog implements CatalogProvider {
  readonly name = 'far'
  readonly version = 1
  isDown = false
  isForgetful = false
  readonly asked: string[] = []
  private readonly tables = ['x', 'y'].map((name, i) => table(name, -2 - i))

  database(name: string) {
    return name === 'far' ? this.answer('database', DATABASE) : undefined
  }

  databases() {
    return this.answer('databases', [DATABASE])
  }

  relation(database: string, name: string) {
    if (database !== 'far') return undefined
    return this.answer(
      `relation ${name}`,
      this.tables.find((each) => each.name === name),
    )
  }

  relationNames(database: string) {
    return database === 'far' ? this.answer('names', this.tables) : []
  }

  invalidate(): void {
    this.isForgetful = true
  }

  private async answer<T>(question: string, value: T): Promise<T> {
    this.asked.push(question)
    await new Promise((resolve) => setImmediate(resolve))
    if (this.isDown) throw sqlError('ER_STORAGE_UNAVAILABLE', 'far', 'it is down')
    return value
  }
}

let far: FarCatalog
let engine: TestEngine
let session: TestSession

beforeEach(async () => {
  far = new FarCatalog()
  engine = await TestEngine.start(undefined, {}, [far])
  session = await engine.session()
  await session.run('CREATE DATABASE near')
  await session.run('CREATE TABLE near.t (a INT)')
  far.asked.length = 0
})
afterEach(() => engine.stop())

const TABLES =
  "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE'"

test('is listed with the others', async () => {
  expect((await session.rows('SHOW DATABASES')).flat()).toContain('far')
  expect(await session.rows(`${TABLES} ORDER BY 1, 2`)).toEqual([
    ['far', 'x'],
    ['far', 'y'],
    ['near', 't'],
  ])
  expect(await session.rows('SHOW COLUMNS FROM far.x')).toEqual([['a', 'int', 'YES', '', null, '']])
})

test('is asked only for what was named', async () => {
  await session.rows('SHOW TABLES FROM far')
  expect(far.asked.filter((question) => question !== 'database')).toEqual(['names'])
  far.asked.length = 0
  await session.rows(`${TABLES} AND TABLE_SCHEMA = 'near'`)
  expect(far.asked).toEqual([])
  await session.rows(`${TABLES} AND TABLE_SCHEMA = 'far' AND TABLE_NAME = 'x'`)
  expect(far.asked).toEqual(['database', 'relation x'])
})

test('that is down leaves the others to be seen', async () => {
  far.isDown = true
  expect((await session.rows('SHOW DATABASES')).flat()).toEqual(
    expect.arrayContaining(['near', 'information_schema']),
  )
  expect(await session.rows('SHOW WARNINGS')).toHaveLength(1)
  expect(await session.rows(TABLES)).toEqual([['near', 't']])
  await expect(session.run('SHOW TABLES FROM far')).rejects.toMatchObject({ code: 'ER_STORAGE_UNAVAILABLE' })
  expect(await session.rows('SHOW TABLES FROM near')).toEqual([['t']])
  expect(await session.rows(`${TABLES} AND TABLE_SCHEMA = 'far'`)).toEqual([])
  expect(await session.rows('SHOW WARNINGS')).toHaveLength(1)
})

test('sizes that nobody can tell are NULL, with a warning, and not asked for in vain', async () => {
  const sql = (column: string) => `SELECT ${column} FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'far'`
  expect(await session.rows(sql('TABLE_NAME'))).toEqual([['x'], ['y']])
  expect(await session.rows('SHOW WARNINGS')).toEqual([])
  expect(await session.rows(sql('TABLE_ROWS'))).toEqual([[null], [null]])
  expect(await session.rows('SHOW WARNINGS')).toHaveLength(2)
})

test('FLUSH TABLES lets it forget', async () => {
  await session.run('FLUSH TABLES')
  expect(far.isForgetful).toBe(true)
})
