/**
 * Goal: foreign keys refuse, cascade and lock as InnoDB's do, with MySQL's words. Method: small families of tables over
 * memory storage; the catalog is a list.
 */
import { INT_TYPE } from '../common/sql-type.js'
import type { ReferentialAction, TableDefinition } from '../plan/schema.js'
import type { CoreTransactionManager } from './transaction-manager.js'
import {
  beginTest,
  defineTable,
  deleteRow,
  foreignKeysAmong,
  insertRows,
  isPending,
  rowsOf,
  startManager,
  testStatement,
  TEXT,
  updateRow,
} from './testing/test-tables.js'

let manager: CoreTransactionManager
let tables: TableDefinition[]

beforeEach(async () => {
  tables = []
  manager = await startManager({ foreignKeys: foreignKeysAmong(() => tables) })
})
afterEach(() => manager.stop())

function family(
  onDelete: ReferentialAction,
  onUpdate: ReferentialAction,
): [TableDefinition, TableDefinition] {
  const parent = defineTable({ name: 'parent', columns: { id: INT_TYPE, name: TEXT }, primary: [0] })
  const child = defineTable({
    name: 'child',
    columns: { id: INT_TYPE, parent_id: INT_TYPE },
    primary: [0],
    indexes: [{ name: 'parent_id', columns: [1] }],
    foreignKeys: [{ onDelete, onUpdate }],
  })
  tables.push(parent, child)
  return [parent, child]
}

async function fill(parent: TableDefinition, child: TableDefinition): Promise<void> {
  const setup = beginTest(manager)
  await insertRows(setup, parent, [
    [1, 'a'],
    [2, 'b'],
  ])
  await insertRows(setup, child, [
    [10, 1],
    [11, 1],
    [12, 2],
    [13, null],
  ])
  await setup.commit()
}

test('a child needs its parent, NULL needs none', async () => {
  const [parent, child] = family('NO ACTION', 'NO ACTION')
  const writer = beginTest(manager)
  await insertRows(writer, parent, [[1, 'a']])
  await insertRows(writer, child, [
    [1, 1],
    [2, null],
  ])
  const message =
    'Cannot add or update a child row: a foreign key constraint fails (`test`.`child`, CONSTRAINT `child_ibfk_1` FOREIGN KEY (`parent_id`) REFERENCES `parent` (`id`))'
  await expect(insertRows(writer, child, [[3, 9]])).rejects.toMatchObject({
    code: 'ER_NO_REFERENCED_ROW_2',
    message,
  })
  await expect(updateRow(writer, child, 1, () => [1, 9])).rejects.toMatchObject({ message })
  expect(await updateRow(writer, child, 1, () => [1, null])).toBe(true)
})

test.each(['RESTRICT', 'NO ACTION', 'SET DEFAULT'] as const)(
  '%s keeps a parent that has children',
  async (action) => {
    const [parent, child] = family(action, action)
    await fill(parent, child)
    const writer = beginTest(manager)
    const clauses = action === 'NO ACTION' ? '' : ` ON DELETE ${action} ON UPDATE ${action}`
    await expect(deleteRow(writer, parent, 1)).rejects.toMatchObject({
      code: 'ER_ROW_IS_REFERENCED_2',
      message: `Cannot delete or update a parent row: a foreign key constraint fails (\`test\`.\`child\`, CONSTRAINT \`child_ibfk_1\` FOREIGN KEY (\`parent_id\`) REFERENCES \`parent\` (\`id\`)${clauses})`,
    })
    await expect(updateRow(writer, parent, 1, () => [7, 'a'])).rejects.toMatchObject({
      code: 'ER_ROW_IS_REFERENCED_2',
    })
    expect(await updateRow(writer, parent, 1, () => [1, 'other'])).toBe(true)
    await deleteRow(writer, child, 10)
    await deleteRow(writer, child, 11)
    expect(await deleteRow(writer, parent, 1)).toBe(true)
  },
)

test('CASCADE deletes and changes children, SET NULL lets them go', async () => {
  const [parent, child] = family('CASCADE', 'CASCADE')
  await fill(parent, child)
  const writer = beginTest(manager)
  await updateRow(writer, parent, 1, () => [5, 'a'])
  await deleteRow(writer, parent, 2)
  await writer.commit()
  const reader = beginTest(manager)
  const byParent = child.indexes[1]
  expect(await rowsOf(reader, child)).toEqual([
    [10, 5],
    [11, 5],
    [13, null],
  ])
  expect(await rowsOf(reader, child, { index: byParent })).toEqual([
    [13, null],
    [10, 5],
    [11, 5],
  ])
  expect(await manager.verifyTable(child, testStatement())).toEqual([])
})

test('SET NULL', async () => {
  const [parent, child] = family('SET NULL', 'SET NULL')
  await fill(parent, child)
  const writer = beginTest(manager)
  await deleteRow(writer, parent, 1)
  await updateRow(writer, parent, 2, () => [3, 'b'])
  expect(await rowsOf(writer, child)).toEqual([
    [10, null],
    [11, null],
    [12, null],
    [13, null],
  ])
})

test('a tree in one table: self references are allowed, cascades go down 15 levels and no further', async () => {
  const tree = defineTable({
    name: 'parent',
    columns: { id: INT_TYPE, up: INT_TYPE },
    primary: [0],
    indexes: [{ name: 'up', columns: [1] }],
    foreignKeys: [{ onDelete: 'CASCADE' }],
  })
  tables.push(tree)
  const setup = beginTest(manager)
  await insertRows(setup, tree, [[1, 1]])
  await insertRows(
    setup,
    tree,
    Array.from({ length: 20 }, (_, i) => [i + 2, i + 1]),
  )
  await setup.commit()
  const writer = beginTest(manager)
  await expect(deleteRow(writer, tree, 1)).rejects.toMatchObject({ code: 'ER_FK_DEPTH_EXCEEDED' })
  expect(await rowsOf(writer, tree)).toHaveLength(21)
  expect(await deleteRow(writer, tree, 10)).toBe(true)
  expect(await rowsOf(writer, tree, { columns: [0] })).toHaveLength(9)
  expect(await deleteRow(writer, tree, 1)).toBe(true)
  expect(await rowsOf(writer, tree)).toEqual([])
})

test('a cascade that is refused further down leaves nothing changed', async () => {
  const [parent, child] = family('CASCADE', 'CASCADE')
  const grandchild = defineTable({
    name: 'grandchild',
    columns: { id: INT_TYPE, child_id: INT_TYPE },
    primary: [0],
    indexes: [{ name: 'child_id', columns: [1] }],
    foreignKeys: [{ referencedTable: 'child' }],
  })
  tables.push(grandchild)
  await fill(parent, child)
  const writer = beginTest(manager)
  await insertRows(writer, grandchild, [[100, 11]])
  await expect(deleteRow(writer, parent, 1)).rejects.toMatchObject({ code: 'ER_ROW_IS_REFERENCED_2' })
  expect(await rowsOf(writer, child, { columns: [0] })).toEqual([[10], [11], [12], [13]])
})

test('foreign_key_checks = 0 looks away', async () => {
  const [parent, child] = family('RESTRICT', 'RESTRICT')
  await fill(parent, child)
  const writer = beginTest(manager)
  writer.beginStatement(testStatement({ foreignKeyChecks: false }))
  await insertRows(writer, child, [[50, 777]])
  expect(await deleteRow(writer, parent, 1)).toBe(true)
})

describe('between transactions', () => {
  test('a parent can not be deleted while a child of it is not committed', async () => {
    const [parent, child] = family('NO ACTION', 'NO ACTION')
    await fill(parent, child)
    const [inserter, deleter] = [beginTest(manager), beginTest(manager)]
    await deleteRow(deleter, child, 12)
    await insertRows(inserter, child, [[20, 2]])
    const deleting = deleteRow(deleter, parent, 2)
    expect(await isPending(deleting)).toBe(true)
    await inserter.commit()
    await expect(deleting).rejects.toMatchObject({ code: 'ER_ROW_IS_REFERENCED_2' })
  })

  test('a child waits for a parent that is not committed', async () => {
    const [parent, child] = family('NO ACTION', 'NO ACTION')
    for (const [end, works] of [
      ['commit', true],
      ['rollback', false],
    ] as const) {
      const [first, second] = [beginTest(manager), beginTest(manager)]
      const id = works ? 1 : 2
      await insertRows(first, parent, [[id, 'new']])
      const inserting = insertRows(second, child, [[id, id]])
      expect(await isPending(inserting)).toBe(true)
      await first[end]()
      if (works) await inserting
      else await expect(inserting).rejects.toMatchObject({ code: 'ER_NO_REFERENCED_ROW_2' })
      second.rollback()
    }
  })
})

test('ALTER TABLE … ADD FOREIGN KEY finds rows without parent', async () => {
  const [parent, child] = family('NO ACTION', 'NO ACTION')
  await fill(parent, child)
  const key = child.foreignKeys[0] as TableDefinition['foreignKeys'][number]
  await manager.verifyForeignKey(child, key, parent, testStatement())
  const writer = beginTest(manager)
  writer.beginStatement(testStatement({ foreignKeyChecks: false }))
  await insertRows(writer, child, [[50, 777]])
  await writer.commit()
  await expect(manager.verifyForeignKey(child, key, parent, testStatement())).rejects.toMatchObject({
    code: 'ER_NO_REFERENCED_ROW_2',
  })
})
