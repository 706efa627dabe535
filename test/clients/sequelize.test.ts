/**
 * Goal: Sequelize works with the server: it makes and changes tables from models (for which it asks about what is there), writes and
 * reads through associations, and uses transactions. Method: Sequelize over mysql2 against the real server.
 */
import sequelizePackage, { type Model, type ModelStatic } from 'sequelize'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'

const { DataTypes, Op, Sequelize, Transaction, UniqueConstraintError, ForeignKeyConstraintError } =
  sequelizePackage

type AnyModel = Model<Record<string, unknown>, Record<string, unknown>>

let sequelize: InstanceType<typeof Sequelize>
let User: ModelStatic<AnyModel>
let Task: ModelStatic<AnyModel>
let Tag: ModelStatic<AnyModel>

beforeAll(async () => {
  const server = await TestServer.start()
  const connection = await server.connect()
  await connection.query('CREATE DATABASE models')
  connection.destroy()
  sequelize = new Sequelize('models', 'root', '', {
    host: '127.0.0.1',
    port: server.port,
    dialect: 'mysql',
    logging: false,
    pool: { max: 4 },
  })
  User = sequelize.define('user', {
    name: { type: DataTypes.STRING(50), allowNull: false, unique: true },
    born: DataTypes.DATEONLY,
    height: DataTypes.DOUBLE,
    balance: { type: DataTypes.DECIMAL(12, 2), defaultValue: 0 },
    settings: DataTypes.JSON,
    active: { type: DataTypes.BOOLEAN, defaultValue: true },
    role: DataTypes.ENUM('admin', 'guest'),
    picture: DataTypes.BLOB('long'),
  })
  Task = sequelize.define(
    'task',
    { title: { type: DataTypes.STRING, allowNull: false }, done: DataTypes.BOOLEAN, due: DataTypes.DATE(3) },
    { indexes: [{ fields: ['title'] }], paranoid: true },
  )
  Tag = sequelize.define('tag', {
    id: { type: DataTypes.UUID, primaryKey: true },
    name: DataTypes.STRING(30),
  })
  User.hasMany(Task, { onDelete: 'CASCADE' })
  Task.belongsTo(User)
  Task.belongsToMany(Tag, { through: 'task_tags' })
  Tag.belongsToMany(Task, { through: 'task_tags' })
})
afterAll(async () => {
  await sequelize.close()
  await killServers()
  removeTemporaryFolders()
})

test('sync makes the tables, and changes them', async () => {
  await sequelize.authenticate()
  await sequelize.sync()
  await sequelize.sync()
  const tables = await sequelize.getQueryInterface().showAllTables()
  expect([...tables].sort()).toEqual(['tags', 'task_tags', 'tasks', 'users'])
  Object.assign(User.getAttributes(), { nickname: { type: DataTypes.STRING(20) } })
  ;(User as unknown as { refreshAttributes(): void }).refreshAttributes()
  await User.sync({ alter: true })
  const columns = await sequelize.getQueryInterface().describeTable('users')
  expect(columns.nickname).toMatchObject({ type: 'VARCHAR(20)', allowNull: true })
  expect(columns.id).toMatchObject({ primaryKey: true, autoIncrement: true })
  const indexes = (await sequelize.getQueryInterface().showIndex('tasks')) as { name: string }[]
  expect(indexes.map(({ name }) => name)).toEqual(expect.arrayContaining(['PRIMARY', 'tasks_title']))
})

const picture = Buffer.from([0, 1, 2, 255])
const due = new Date('2024-02-29T23:59:59.125Z')

test('models are written, found, counted and removed', async () => {
  const ada = await User.create({
    name: 'Ada',
    born: '1815-12-10',
    height: 1.65,
    balance: '10.25',
    settings: { theme: 'dark', list: [1, 2] },
    role: 'admin',
    picture,
  })
  expect(ada.get('id')).toBe(1)
  await User.bulkCreate([
    { name: 'Grace', role: 'guest' },
    { name: 'Edsger' },
    { name: 'Barbara', active: false },
  ])
  const found = await User.findByPk(1)
  expect(found?.toJSON()).toMatchObject({
    name: 'Ada',
    born: '1815-12-10',
    height: 1.65,
    balance: '10.25',
    settings: { theme: 'dark', list: [1, 2] },
    active: true,
    role: 'admin',
    picture,
  })
  await expect(User.create({ name: 'Ada' })).rejects.toBeInstanceOf(UniqueConstraintError)
  const { count, rows } = await User.findAndCountAll({
    where: { [Op.or]: [{ name: { [Op.like]: '%r%' } }, { active: false }], id: { [Op.gt]: 1 } },
    order: [['name', 'DESC']],
    limit: 2,
    offset: 1,
  })
  expect(count).toBe(3)
  expect(rows.map((row) => row.get('name'))).toEqual(['Edsger', 'Barbara'])
  expect(await User.update({ active: false }, { where: { name: 'Grace' } })).toEqual([1])
  expect(await User.increment({ balance: 5 }, { where: { name: 'Ada' } })).toBeDefined()
  expect(await User.sum('balance')).toBe(15.25)
  const [, created] = await User.findOrCreate({ where: { name: 'Donald' } })
  expect(created).toBe(true)
  await User.upsert({ id: 1, name: 'Ada', nickname: 'Countess' })
  expect((await User.findByPk(1))?.get('nickname')).toBe('Countess')
  expect(await User.destroy({ where: { name: 'Barbara' } })).toBe(1)
})

test('associations are written and read together', async () => {
  const ada = await User.findOne({ where: { name: 'Ada' } })
  const tasks = await Task.bulkCreate(
    ['read', 'write', 'sleep'].map((title) => ({
      title,
      done: title === 'read',
      due,
      userId: ada?.get('id'),
    })),
  )
  const tag = await Tag.create({ id: '7b1f0a3e-8d5a-4b1e-9b65-d8c2b2b8a001', name: 'daily' })
  await (tag as unknown as { addTasks(tasks: readonly AnyModel[]): Promise<void> }).addTasks(
    tasks.slice(0, 2),
  )
  const loaded = await User.findAll({
    include: [{ model: Task, include: [Tag], where: { due }, required: true }],
    order: [[Task, 'title', 'ASC']],
  })
  expect(loaded.map((user) => user.toJSON())).toMatchObject([
    {
      name: 'Ada',
      tasks: [
        { title: 'read', done: true, due, tags: [{ name: 'daily' }] },
        { title: 'sleep', tags: [] },
        { title: 'write', tags: [{ name: 'daily' }] },
      ],
    },
  ])
  await tasks[2]?.destroy()
  expect(await Task.count()).toBe(2)
  expect(await Task.count({ paranoid: false })).toBe(3)
  await expect(Task.create({ title: 'nobody', userId: 12_345 })).rejects.toBeInstanceOf(
    ForeignKeyConstraintError,
  )
  await ada?.destroy()
  expect(await Task.count({ paranoid: false })).toBe(0)
})

test('transactions of every isolation level', async () => {
  for (const isolationLevel of Object.values(Transaction.ISOLATION_LEVELS)) {
    await expect(
      sequelize.transaction({ isolationLevel }, async (transaction) => {
        await User.create({ name: `In ${isolationLevel}` }, { transaction })
        expect(await User.count({ where: { name: `In ${isolationLevel}` }, transaction })).toBe(1)
        throw new Error('rolled back')
      }),
    ).rejects.toThrow('rolled back')
    await sequelize.transaction({ isolationLevel }, async (transaction) => {
      const user = await User.findOne({
        where: { name: 'Grace' },
        lock: transaction.LOCK.UPDATE,
        transaction,
      })
      await user?.update({ height: 2 }, { transaction })
    })
  }
  expect(await User.count({ where: { name: { [Op.like]: 'In %' } } })).toBe(0)
})
