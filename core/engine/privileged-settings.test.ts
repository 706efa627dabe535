/**
 * Goal: settings of the whole server need the privilege, and limits that are the server's count all sessions.
 * Method: sessions of an engine, one of them without privileges.
 */
import { TestEngine } from '../../test/support/engine.js'

let engine: TestEngine

beforeAll(async () => {
  engine = await TestEngine.start()
})
afterAll(() => engine.stop())

test('SET GLOBAL TRANSACTION needs SYSTEM_VARIABLES_ADMIN, as SET GLOBAL does', async () => {
  const root = await engine.session()
  await root.run('CREATE USER plain@localhost')
  const plain = await engine.session(undefined, 'plain@localhost')
  const denied = { number: 1227, sqlState: '42000' }
  await expect(plain.run('SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED')).rejects.toMatchObject(
    denied,
  )
  await expect(plain.run('SET GLOBAL TRANSACTION READ ONLY')).rejects.toMatchObject(denied)
  await plain.run('SET SESSION TRANSACTION READ ONLY')
  expect(await root.rows('SELECT @@global.transaction_isolation, @@global.transaction_read_only')).toEqual([
    ['REPEATABLE-READ', '0'],
  ])
  await root.run('SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED')
  expect(await root.rows('SELECT @@global.transaction_isolation')).toEqual([['READ-COMMITTED']])
  await root.run('SET GLOBAL transaction_isolation = DEFAULT')
  for (const session of [root, plain]) await session.session.close()
})

test('max_prepared_stmt_count counts the prepared statements of all sessions', async () => {
  const [first, second] = [await engine.session(), await engine.session()]
  await first.run('SET GLOBAL max_prepared_stmt_count = 2')
  await first.run("PREPARE one FROM 'SELECT 1'")
  await second.run("PREPARE two FROM 'SELECT 2'")
  await expect(second.run("PREPARE three FROM 'SELECT 3'")).rejects.toMatchObject({
    number: 1461,
    message: "Can't create more than max_prepared_stmt_count statements (current value: 2)",
  })
  await second.run("PREPARE two FROM 'SELECT 4'")
  await first.run('DEALLOCATE PREPARE one')
  await second.run("PREPARE three FROM 'SELECT 3'")
  await first.run('SET GLOBAL max_prepared_stmt_count = DEFAULT')
  for (const session of [first, second]) await session.session.close()
})
