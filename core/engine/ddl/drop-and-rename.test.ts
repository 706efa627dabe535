/**
 * Goal: DROP, RENAME and TRUNCATE do all that a statement says or nothing, keep foreign keys whole, and leave nothing in the
 * storage. Method: statements on an engine over the memory storage; the sizes of keyspaces afterwards.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { DefinitionSession } from '../testing/definition-session.js'

let storage: MemoryStorage
let engine: DefinitionSession

beforeEach(async () => {
  storage = new MemoryStorage('memory')
  engine = await DefinitionSession.start([storage])
  await engine.run(
    'CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, x INT, KEY (x))',
    'CREATE TABLE b (id INT PRIMARY KEY, a_id INT, CHECK (a_id > 0), FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE)',
    'INSERT INTO a (x) VALUES (1), (2)',
    'INSERT INTO b VALUES (1, 1)',
  )
})
afterEach(() => engine.stop())

function names(): readonly string[] {
  return engine.catalog
    .relationNames('d')
    .map(({ name }) => name)
    .sort()
}

/** Keyspaces of a table's rows and entries. */
function keyspaces(name: string): readonly number[] {
  const { placements, indexes } = engine.table(name)
  return [...placements, ...indexes].map(({ id }) => id)
}

async function expectEmpty(ids: readonly number[]): Promise<void> {
  await engine.cleanedUp()
  expect(ids.map((id) => storage.size(id)?.entries ?? 0)).toEqual(ids.map(() => 0))
}

describe('DROP TABLE', () => {
  test('drops all or none', async () => {
    await expect(engine.run('DROP TABLE b, nope, other.x')).rejects.toThrow("Unknown table 'd.nope,other.x'")
    expect(names()).toEqual(['a', 'b'])
    await engine.run('DROP TABLE IF EXISTS b, nope')
    expect(await engine.warnings()).toEqual(["Note 1051 Unknown table 'd.nope'"])
    expect(names()).toEqual(['a'])
    expect(await engine.failure('DROP TABLE a, a')).toBe(1066)
  })

  test('removes what was stored', async () => {
    const ids = [...keyspaces('a'), ...keyspaces('b')]
    expect(storage.size(ids[0] ?? 0)?.entries).toBe(2)
    await engine.run('DROP TABLE a, b')
    await expectEmpty(ids)
    await engine.run('CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY)', 'INSERT INTO a VALUES ()')
    expect(await engine.rows('SELECT * FROM a')).toEqual([['1']])
  })

  test('spares parents', async () => {
    await expect(engine.run('DROP TABLE a')).rejects.toThrow(
      "Cannot drop table 'a' referenced by a foreign key constraint 'b_ibfk_1' on table 'b'.",
    )
    await engine.run('SET foreign_key_checks = 0', 'DROP TABLE a', 'SET foreign_key_checks = 1')
    expect(await engine.failure('INSERT INTO b VALUES (2, 2)')).toBe(1452)
  })

  test('is not for views', async () => {
    await engine.run('CREATE VIEW v AS SELECT 1')
    expect(await engine.failure('DROP TABLE v')).toBe(1051)
    expect(await engine.failure('DROP VIEW a')).toBe(1347)
    await engine.run('DROP VIEW v')
  })
})

describe('DROP DATABASE', () => {
  test('drops what is in it and leaves the session without a default', async () => {
    const ids = [...keyspaces('a'), ...keyspaces('b')]
    await engine.run('CREATE VIEW v AS SELECT * FROM a')
    const answer = await engine.session.run('DROP DATABASE d')
    expect(answer.status?.affectedRows).toBe(3)
    expect(engine.catalog.database('d')).toBeUndefined()
    expect(await engine.failure('CREATE TABLE t (a INT)')).toBe(1046)
    await expectEmpty(ids)
  })

  test('spares parents of other databases, and the system', async () => {
    await engine.run('CREATE DATABASE e', 'CREATE TABLE e.c (x INT, FOREIGN KEY (x) REFERENCES d.a (id))')
    expect(await engine.failure('DROP DATABASE d')).toBe(3730)
    expect(await engine.failure('DROP DATABASE mysql')).toBe(1044)
    expect(await engine.failure('DROP DATABASE nope')).toBe(1008)
    await engine.run('DROP DATABASE IF EXISTS nope', 'DROP DATABASE e', 'DROP DATABASE d')
  })
})

describe('TRUNCATE', () => {
  test('empties the table and its counter', async () => {
    await engine.run('DROP TABLE b')
    const ids = keyspaces('a')
    await engine.run('TRUNCATE TABLE a')
    expect(await engine.rows('SELECT * FROM a')).toEqual([])
    await engine.run('INSERT INTO a (x) VALUES (9)')
    expect(await engine.rows('SELECT * FROM a WHERE x = 9')).toEqual([['1', '9']])
    await expectEmpty(ids)
    expect(await engine.problems('a')).toEqual([])
  })

  test('spares parents, but not those that only refer to themselves', async () => {
    await expect(engine.run('TRUNCATE a')).rejects.toThrow(
      'Cannot truncate a table referenced in a foreign key constraint (`d`.`b`, CONSTRAINT `b_ibfk_1`)',
    )
    await engine.run(
      'CREATE TABLE tree (id INT PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES tree (id))',
      'TRUNCATE tree',
    )
    expect(await engine.failure('TRUNCATE nope')).toBe(1146)
  })
})

describe('RENAME TABLE', () => {
  test('swaps names, across databases, with generated names of constraints', async () => {
    await engine.run('CREATE DATABASE e', 'RENAME TABLE a TO t, b TO a, t TO e.b')
    expect(names()).toEqual(['a'])
    expect(engine.body('a').slice(-2)).toEqual([
      'CONSTRAINT `a_ibfk_1` FOREIGN KEY (`a_id`) REFERENCES `e`.`b` (`id`) ON DELETE CASCADE',
      'CONSTRAINT `a_chk_1` CHECK ((`a_id` > 0))',
    ])
    await engine.run('DELETE FROM e.b WHERE id = 1')
    expect(await engine.rows('SELECT * FROM a')).toEqual([])
  })

  test('does all or nothing', async () => {
    expect(await engine.failure('RENAME TABLE a TO c, nope TO e')).toBe(1146)
    expect(await engine.failure('RENAME TABLE a TO c, b TO c')).toBe(1050)
    expect(await engine.failure('RENAME TABLE a TO nope.a')).toBe(1049)
    expect(names()).toEqual(['a', 'b'])
  })

  test('moves views within their database only', async () => {
    await engine.run('CREATE DATABASE e', 'CREATE VIEW v AS SELECT 1 AS one', 'RENAME TABLE v TO w')
    expect(await engine.rows('SELECT * FROM w')).toEqual([['1']])
    expect(await engine.failure('RENAME TABLE w TO e.w')).toBe(1450)
  })
})

describe('databases', () => {
  test('give their collation to tables', async () => {
    await engine.run(
      'CREATE DATABASE e COLLATE latin1_bin',
      'CREATE TABLE e.t (a CHAR(1))',
      'ALTER DATABASE e CHARACTER SET utf8mb3',
    )
    await engine.run('CREATE TABLE e.u (a CHAR(1))')
    const collation = (name: string): string | undefined =>
      engine.catalog.snapshot.table('e', name)?.collation
    expect([collation('t'), collation('u')]).toEqual(['latin1_bin', 'utf8mb3_general_ci'])
    expect(await engine.failure('CREATE DATABASE e')).toBe(1007)
    expect(await engine.failure('CREATE DATABASE x CHARACTER SET latin1 COLLATE utf8mb4_bin')).toBe(1253)
    expect(await engine.failure('ALTER DATABASE nope CHARACTER SET utf8mb4')).toBe(1049)
    expect(await engine.failure('CREATE DATABASE `e `')).toBe(1102)
  })
})
