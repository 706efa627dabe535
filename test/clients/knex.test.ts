/**
 * Goal: knex works with the server: its schema builder and what it asks about schemas, its queries, transactions and migrations.
 * Method: knex over mysql2 against the real server.
 */
import { join } from 'node:path'
import knex, { type Knex } from 'knex'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders, temporaryFolder, writeFiles } from '../support/temporary-folder.js'

let database: Knex

beforeAll(async () => {
  const server = await TestServer.start()
  const connection = await server.connect()
  await connection.query('CREATE DATABASE shop')
  connection.destroy()
  database = knex({
    client: 'mysql2',
    connection: { ...server.address, database: 'shop' },
    pool: { min: 0, max: 4 },
  })
})
afterAll(async () => {
  await database.destroy()
  await killServers()
  removeTemporaryFolders()
})

test('the schema builder makes, describes and changes tables', async () => {
  await database.schema.createTable('authors', (table) => {
    table.increments('id')
    table.string('name', 80).notNullable().unique()
    table.enu('kind', ['person', 'group']).defaultTo('person')
    table.timestamps(true, true)
  })
  await database.schema.createTable('books', (table) => {
    table.bigIncrements('id')
    table.integer('author_id').unsigned().notNullable()
    table.foreign('author_id').references('authors.id').onDelete('CASCADE')
    table.string('title').notNullable()
    table.decimal('price', 10, 2).defaultTo(0)
    table.json('details')
    table.text('summary')
    table.boolean('printed').defaultTo(false)
    table.index(['author_id', 'title'], 'by_author')
  })
  expect(await database.schema.hasTable('books')).toBe(true)
  expect(await database.schema.hasTable('nothing')).toBe(false)
  expect(await database.schema.hasColumn('books', 'price')).toBe(true)
  await database.schema.alterTable('books', (table) => {
    table.integer('year').nullable()
    table.renameColumn('summary', 'abstract')
    table.string('title', 500).notNullable().alter()
    table.unique(['title', 'year'], { indexName: 'once' })
  })
  const columns = await database('books').columnInfo()
  expect(Object.keys(columns).sort()).toEqual(
    ['abstract', 'author_id', 'details', 'id', 'price', 'printed', 'title', 'year'].sort(),
  )
  expect(columns.title).toMatchObject({ type: 'varchar', maxLength: 500, nullable: false })
})

test('queries of every kind', async () => {
  const [first] = await database('authors').insert([{ name: 'Ada' }, { name: 'Brontës', kind: 'group' }])
  expect(first).toBe(1)
  await database('books').insert([
    { author_id: 1, title: 'Notes', price: 12.5, year: 1843, details: JSON.stringify({ pages: 66 }) },
    { author_id: 2, title: 'Poems', price: 20, year: 1846, printed: true },
    { author_id: 2, title: 'Villette', price: 9.75, year: 1853, printed: true },
  ])
  expect(
    await database('books')
      .join('authors', 'authors.id', 'books.author_id')
      .select('authors.name')
      .count({ books: '*' })
      .sum({ total: 'price' })
      .groupBy('authors.name')
      .orderBy('authors.name'),
  ).toEqual([
    { name: 'Ada', books: 1, total: '12.50' },
    { name: 'Brontës', books: 2, total: '29.75' },
  ])
  expect(
    await database('books')
      .whereIn('author_id', database('authors').select('id').where('kind', 'group'))
      .andWhere((each) => {
        void each.where('price', '>', 10).orWhereNull('year')
      })
      .pluck('title'),
  ).toEqual(['Poems'])
  expect(
    await database('books')
      .where({ title: 'Notes' })
      .update({ price: database.raw('price * 2') }),
  ).toBe(1)
  expect(await database('books').where('title', 'Notes').first('price')).toEqual({ price: '25.00' })
  await database('books')
    .insert({ author_id: 1, title: 'Notes', year: 1843, price: 1 })
    .onConflict()
    .merge(['price'])
  expect(await database('books').where('title', 'Notes').pluck('price')).toEqual(['1.00'])
  expect(
    await database
      .with('ranked', (query) =>
        query
          .from('books')
          .select('title')
          .rank('place', (over) => {
            void over.partitionBy('author_id').orderBy('price', 'desc')
          }),
      )
      .from('ranked')
      .where('place', 1)
      .orderBy('title')
      .pluck('title'),
  ).toEqual(['Notes', 'Poems'])
  expect(await database('books').jsonExtract('details', '$.pages', 'pages').where('id', 1)).toEqual([
    { pages: '66' },
  ])
  expect(await database('authors').where('name', 'Ada').delete()).toBe(1)
  expect(await database('books').count({ count: '*' })).toEqual([{ count: 2 }])
})

test('transactions, nested ones and locks', async () => {
  await expect(
    database.transaction(async (transaction) => {
      await transaction('authors').insert({ name: 'Unwanted' })
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  await database.transaction(async (outer) => {
    await outer('authors').insert({ name: 'Kept' })
    await outer
      .transaction(async (inner) => {
        await inner('authors').insert({ name: 'Dropped' })
        throw new Error('inner')
      })
      .catch(() => undefined)
    expect(await outer('authors').where('name', 'Kept').forUpdate().pluck('name')).toEqual(['Kept'])
  })
  expect(await database('authors').orderBy('name').pluck('name')).toEqual(['Brontës', 'Kept'])
})

test('migrations run once, in order, and back', async () => {
  const file = (up: string, down: string) =>
    `exports.up = (knex) => knex.schema.${up}\nexports.down = (knex) => knex.schema.${down}\n`
  const folder = writeFiles(temporaryFolder(), {
    'migrations/01_create.cjs': file("createTable('moved', (t) => { t.increments() })", "dropTable('moved')"),
    'migrations/02_column.cjs': file(
      "alterTable('moved', (t) => { t.string('name').index() })",
      "alterTable('moved', (t) => { t.dropColumn('name') })",
    ),
  })
  const config = { directory: join(folder, 'migrations'), loadExtensions: ['.cjs'] }
  const [batch, done] = (await database.migrate.latest(config)) as [number, string[]]
  expect([batch, done.length]).toEqual([1, 2])
  expect(await database.migrate.latest(config)).toEqual([1, []])
  expect(await database.schema.hasColumn('moved', 'name')).toBe(true)
  await database.migrate.down(config)
  expect(await database.schema.hasColumn('moved', 'name')).toBe(false)
  await database.migrate.rollback(config, true)
  expect(await database.schema.hasTable('moved')).toBe(false)
})
