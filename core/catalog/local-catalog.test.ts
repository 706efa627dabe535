/**
 * Goal: what the catalog committed comes back, in full and only that; readers see whole changes; ids are never given twice. Method:
 * a store that keeps commits, catalogs opened over it again and again, commits that fail.
 */
import type { DatabaseDefinition } from '../plan/schema.js'
import { rootAccount } from './initial-accounts.js'
import { LocalCatalog } from './local-catalog.js'
import { footprintOf } from './orphan.js'
import { DefinitionTest } from './testing/define.js'
import { FakeStore } from './testing/fake-store.js'

const DATABASE: DatabaseDefinition = {
  id: 900,
  name: 'test',
  charset: 'utf8mb4',
  collation: 'utf8mb4_0900_ai_ci',
  isSystem: false,
}
const define = new DefinitionTest()
const EVERYTHING = define.table(
  `CREATE TABLE t (a BIGINT UNSIGNED DEFAULT 18446744073709551615, b VARBINARY(4) DEFAULT 'xy', c DOUBLE DEFAULT -0.0, d INT DEFAULT (1 + 1),
    e INT AS (i) STORED, f ENUM('x','y') DEFAULT 'y', g TIMESTAMP DEFAULT NOW() ON UPDATE NOW(), h TEXT, i INT INVISIBLE COMMENT 'i',
    PRIMARY KEY (a), KEY k (h(3) DESC) USING HASH, CHECK (d > 1) NOT ENFORCED, FOREIGN KEY (d) REFERENCES p (x) ON DELETE CASCADE)
    COMMENT 'c' ROW_FORMAT=DYNAMIC`,
)
const PARENT = define.table('CREATE TABLE p (x INT PRIMARY KEY)')

test('definitions of every kind come back as they were', async () => {
  const store = new FakeStore()
  const catalog = await LocalCatalog.open(store.begin)
  expect(catalog.isEmpty).toBe(true)
  const account = rootAccount('caching_sha2_password', 'hash', 5)
  await catalog.commit({
    databases: [DATABASE],
    relations: [EVERYTHING, PARENT],
    accounts: [account],
    scripts: ['a.sql'],
  })
  const again = await LocalCatalog.open(store.begin)
  expect(again.isEmpty).toBe(false)
  expect(again.relation('test', 't')).toEqual(EVERYTHING)
  expect(again.database('test')).toEqual(DATABASE)
  expect(again.accountsNamed('root')).toEqual([account])
  expect([again.hasRunScript('a.sql'), again.hasRunScript('b.sql')]).toEqual([true, false])
  expect(again.referencesTo(PARENT).map(({ child }) => child.name)).toEqual(['t'])
})

test('system databases are there without a record, and virtual ones in any case', async () => {
  const catalog = await LocalCatalog.open(new FakeStore().begin)
  expect(catalog.databases().map((database) => database.name)).toEqual([
    'information_schema',
    'mysql',
    'performance_schema',
    'sys',
    'switchyard',
  ])
  expect(catalog.database('INFORMATION_SCHEMA')?.name).toBe('information_schema')
  expect(catalog.database('MYSQL')).toBeUndefined()
})

test('a change is seen whole or not at all, and an old snapshot stays', async () => {
  const store = new FakeStore()
  const catalog = await LocalCatalog.open(store.begin)
  await catalog.commit({ databases: [DATABASE], relations: [EVERYTHING] })
  const before = catalog.snapshot
  const { version } = catalog
  store.failAfter = store.commits
  await expect(catalog.commit({ relations: [PARENT], droppedRelations: [EVERYTHING] })).rejects.toThrow(
    'disk full',
  )
  expect(catalog.snapshot).toBe(before)
  store.failAfter = undefined
  await catalog.commit({ relations: [PARENT], droppedRelations: [EVERYTHING] })
  expect(catalog.version).toBe(version + 1)
  expect(catalog.relationNames('test').map(({ name }) => name)).toEqual(['p'])
  expect(before.relation('test', 't')).toBe(EVERYTHING)
  expect(before.relation('test', 'p')).toBeUndefined()
  expect(catalog.referencesTo(PARENT)).toEqual([])
})

test('tables can swap names in one change', async () => {
  const catalog = await LocalCatalog.open(new FakeStore().begin)
  await catalog.commit({ databases: [DATABASE], relations: [EVERYTHING, PARENT] })
  await catalog.commit({
    relations: [
      { ...EVERYTHING, name: 'p' },
      { ...PARENT, name: 't' },
    ],
  })
  expect(catalog.relation('test', 'p')?.id).toBe(EVERYTHING.id)
  expect(catalog.relation('test', 't')?.id).toBe(PARENT.id)
})

test('ids that were noted are not given again after a crash', async () => {
  const store = new FakeStore()
  const catalog = await LocalCatalog.open(store.begin)
  await catalog.commit({ databases: [DATABASE] })
  const given = Array.from({ length: 1000 }, () => catalog.allocateId())
  await catalog.noteIds()
  const { commits } = store
  const few = Array.from({ length: 100 }, () => catalog.allocateId())
  await catalog.noteIds()
  expect(store.commits).toBe(commits)
  const again = await LocalCatalog.open(store.begin)
  expect(again.allocateId()).toBeGreaterThan(Math.max(...given, ...few))
  expect(Math.min(...given)).toBeGreaterThanOrEqual(1000)
})

test('what lies in storages without a definition is remembered until it is settled', async () => {
  const store = new FakeStore()
  const catalog = await LocalCatalog.open(store.begin)
  const footprint = footprintOf(EVERYTHING, () => 'keyspace')
  expect(footprint).toHaveLength(3)
  await catalog.commit({ databases: [DATABASE], orphans: footprint })
  expect((await LocalCatalog.open(store.begin)).orphans).toHaveLength(3)
  await catalog.commit({ relations: [EVERYTHING], settledOrphans: footprint })
  expect(catalog.orphans).toEqual([])
  expect((await LocalCatalog.open(store.begin)).orphans).toEqual([])
})

test('records of a later version are refused, damaged ones too', async () => {
  const store = new FakeStore()
  const damage = async (keyspace: number, key: string, value: string): Promise<void> => {
    const transaction = store.begin()
    transaction.store.put(keyspace, Buffer.from(key), Buffer.from(value))
    await transaction.commit()
  }
  const catalog = await LocalCatalog.open(store.begin)
  await catalog.commit({ databases: [DATABASE] })
  await damage(3, 'x', '{"kind":"table"}')
  await expect(LocalCatalog.open(store.begin)).rejects.toThrow(
    'the catalog is damaged: relation has no proper id',
  )
  await damage(1, 'catalog', '{"format":2,"nextId":1}')
  await expect(LocalCatalog.open(store.begin)).rejects.toThrow('later version of the server')
})
