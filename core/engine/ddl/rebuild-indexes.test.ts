/**
 * Goal: a server whose collations weigh otherwise than when an index was built doesn't read that index. Method: an index whose record
 * says that it was built with other weights, and whose entries were lost; an engine started over the same storage.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { DefinitionSession } from '../testing/definition-session.js'

test('outdated indexes are built anew at the start', async () => {
  const storage = new MemoryStorage('memory')
  const before = await DefinitionSession.start([storage])
  await before.run(
    'CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(5), KEY k (s))',
    "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
    'CREATE TABLE u LIKE t',
  )
  const table = before.table('t')
  const untouched = before.table('u')
  await before.catalog.commit({
    relations: [
      {
        ...table,
        indexes: table.indexes.map((index) => ({ ...index, collationVersions: index.primary ? [0] : [99] })),
      },
    ],
  })
  await storage.dropKeyspace(table.indexes[1]?.id ?? 0)
  await before.stop()
  const after = await DefinitionSession.start([storage])
  expect(await after.rows("SELECT id FROM t FORCE INDEX (k) WHERE s = 'B'")).toEqual([['2']])
  expect(after.table('t').indexes[1]?.collationVersions).toEqual(table.indexes[1]?.collationVersions)
  expect(await after.problems('t')).toEqual([])
  expect(after.table('u').indexes).toEqual(untouched.indexes)
  await after.stop()
})
