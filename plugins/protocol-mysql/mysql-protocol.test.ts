/**
 * Goal: real clients connect, query and prepare. Method: mysql2 against the listener over an engine that answers as told.
 */
import mysql from 'mysql2/promise'
import { Batch, INT_TYPE, textType } from '@switchyard/core/spi'
import { MysqlProtocol } from './mysql-protocol.js'
import { column, FakeServer, memoryLogger, STATUS } from './testing/fake-server.js'

it('smoke', async () => {
  const columns = [column('a', INT_TYPE), column('b', textType(10, 'utf8mb4_0900_ai_ci'))]
  const batch = Batch.ofTypes(columns.map((c) => c.type))
  batch.pushRow([1, 'héllo'])
  batch.pushRow([null, null])
  const server = new FakeServer({
    execute: (text, sink) => {
      sink.columns(columns)
      void sink.rows(batch)
      sink.end(STATUS)
    },
    prepare: (text, id) => ({ id, parameterCount: 1, columns, warningCount: 0 }),
    executePrepared: (text, parameters, sink) => {
      sink.columns(columns)
      void sink.rows(batch)
      sink.end(STATUS)
    },
  })
  const protocol = new MysqlProtocol({
    name: 'mysql',
    tcp: { host: '127.0.0.1', port: 0 },
    socketPath: undefined,
    loadSecureContext: async () => undefined,
    requireTls: false,
    localFiles: false,
    connectTimeoutMs: 1000,
    readTimeoutMs: 1000,
    pendingLoginsMax: 10,
    logger: memoryLogger(),
  })
  await protocol.start(server)
  const port = Number(protocol.addresses[0]?.split(':')[1])
  const client = await mysql.createConnection({ host: '127.0.0.1', port, user: 'root' })
  const [rows] = await client.query('select 1')
  expect(rows).toEqual([
    { a: 1, b: 'héllo' },
    { a: null, b: null },
  ])
  const [rows2] = await client.execute('select ?', [5])
  expect(rows2).toEqual([
    { a: 1, b: 'héllo' },
    { a: null, b: null },
  ])
  await client.end()
  await protocol.stop()
  expect(server.sessions.size).toBe(0)
})
