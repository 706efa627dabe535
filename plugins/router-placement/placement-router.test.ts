/**
 * Goal: tables go where their ENGINE clause or the default says, and reads go to the primary copy with a reason for each refused one.
 * Method: the router alone, with made-up storages and tables.
 */
import type { PlacedTable, Placement, StorageEntry, TableDefinition } from '@switchyard/core/spi'
import { PlacementRouter } from './placement-router.js'

const capabilities: StorageEntry['capabilities'] = {
  shape: 'keyspace',
  durable: true,
  transactions: 'full',
  fragments: false,
  writable: true,
  keyBytesMax: 1000,
}
const storages: readonly StorageEntry[] = [
  { name: 'lmdb', capabilities, available: true },
  { name: 'memory', capabilities, available: false },
]
const router = new PlacementRouter('lmdb')
const newTable = (engine: string | undefined) => ({ database: 'd', name: 't', engine, columnTypes: [] })

test.each([
  [undefined, 'lmdb'],
  ['MEMORY', 'memory'],
  ['InnoDB', 'lmdb'],
  ['Aria', 'lmdb'],
])('ENGINE=%s goes to %s', (engine, storage) => {
  expect(router.choose(newTable(engine), storages, true).storage).toBe(storage)
})

test('an unknown engine is an error, or the default where substitution is allowed', () => {
  expect(() => router.choose(newTable('nonsense'), storages, true)).toThrow(
    "Unknown storage engine 'nonsense'",
  )
  expect(router.choose(newTable('nonsense'), storages, false).storage).toBe('lmdb')
})

const rule = {
  storage: 'chdb',
  names: ['events', 'log'],
  numericShare: 0.6,
  rowsBelow: 1_000_000,
  columnsFrom: 10_000_000,
}

test('tables are advised to move by their size and use', () => {
  const everything = [...storages, { name: 'chdb', capabilities, available: true }]
  const placed = (storage: string, more: Partial<PlacedTable>): PlacedTable => ({
    table: {
      placements: [{ id: 1, storage, role: 'primary', feed: 'none', state: 'active' }],
      foreignKeys: [],
      columns: ['int', 'decimal', 'date'].map((name) => ({ type: { name } })),
    } as unknown as TableDefinition,
    ...{ rows: 5_000_000, selects: 100, inserts: 0, updates: 0, deletes: 0, joins: 0, aggregations: 0 },
    ...more,
  })
  const advise = (storage: string, more: Partial<PlacedTable>): string | undefined =>
    new PlacementRouter('lmdb', rule).advise(placed(storage, more), everything)?.reason
  expect(advise('lmdb', {})).toBeUndefined()
  expect(advise('lmdb', { aggregations: 80 })).toBe(
    '5000000 rows; 80% of its queries join or aggregate, 100% of its columns are numbers or dates',
  )
  expect(advise('lmdb', { aggregations: 80, updates: 50 })).toBeUndefined()
  expect(advise('lmdb', { rows: 20_000_000 })).toMatch(/^20000000 rows; 0% of its statements/)
  expect(advise('lmdb', { rows: 10, aggregations: 80 })).toBeUndefined()
  expect(advise('chdb', { aggregations: 80 })).toBeUndefined()
  expect(advise('chdb', { rows: 10 })).toMatch(/only 0% of its queries/)
  expect(advise('chdb', { rows: 10, updates: 100, aggregations: 80 })).toMatch(/^10 rows; 50% of its/)
  expect(advise('memory', { rows: 20_000_000 })).toBeUndefined()
})

test('tables that look like facts for analysis become columns', () => {
  const columns = { name: 'chdb', capabilities, available: true }
  const choose = (name: string, columnTypes: readonly string[], more = {}, available = true): string =>
    new PlacementRouter('lmdb', rule).choose(
      { database: 'd', name, engine: undefined, columnTypes, ...more },
      [...storages, { ...columns, available }],
      true,
    ).storage
  const numeric = ['bigint', 'datetime', 'varchar']
  expect(choose('page_events', numeric)).toBe('chdb')
  expect(choose('Log', ['int'])).toBe('chdb')
  expect(choose('eventsource', numeric)).toBe('lmdb')
  expect(choose('page_events', ['int', 'varchar', 'text'])).toBe('lmdb')
  expect(choose('page_events', numeric, { hasForeignKeys: true })).toBe('lmdb')
  expect(choose('page_events', numeric, { engine: 'InnoDB' })).toBe('lmdb')
  expect(choose('page_events', numeric, {}, false)).toBe('lmdb')
})

test('the primary copy comes first, others are refused with a reason', () => {
  const placement = (id: number, role: Placement['role'], storage: string): Placement => ({
    id,
    storage,
    role,
    feed: 'none',
    state: 'active',
  })
  const table = {
    placements: [placement(1, 'secondary', 'lmdb'), placement(2, 'primary', 'lmdb')],
  } as unknown as TableDefinition
  const candidates = router.candidates({ table, purpose: 'read', hasOwnWrites: false }, storages)
  expect(candidates.map((each) => [each.placement.id, each.refused?.kind])).toEqual([
    [2, undefined],
    [1, 'not-primary'],
  ])
})

test('a storage that is down or gone is a reason too', () => {
  const table = {
    placements: [{ id: 1, storage: 'memory', role: 'primary', feed: 'none', state: 'active' }],
  } as unknown as TableDefinition
  expect(router.candidates({ table, purpose: 'read', hasOwnWrites: false }, storages)[0]?.refused).toEqual({
    kind: 'unavailable',
    detail: 'the storage does not answer',
  })
})
