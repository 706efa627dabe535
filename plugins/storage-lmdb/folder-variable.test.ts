/**
 * Goal: LMDB_PATH says where rows lie, wherever the data folder is, and what is there belongs to one server. Method: servers with data
 * folders of their own and that one folder.
 */
import { readdirSync } from 'node:fs'
import type { RowDataPacket } from 'mysql2/promise'
import { killServers, TestServer } from '../../test/support/server.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'

afterAll(async () => {
  await killServers()
  removeTemporaryFolders()
})

test('LMDB_PATH is the folder of the data file', async () => {
  const environment = { LMDB_PATH: temporaryFolder() }
  const server = await TestServer.start({ config: 'storage: lmdb\n', environment })
  const connection = await server.connect()
  await connection.query('CREATE DATABASE kept')
  expect(readdirSync(environment.LMDB_PATH)).toContain('data.mdb')
  await expect(TestServer.start({ config: 'storage: lmdb\n', environment })).rejects.toThrow(
    `the folder ${environment.LMDB_PATH} is in use by another process`,
  )
  const [rows] = await connection.query<RowDataPacket[]>("SHOW DATABASES LIKE 'kept'")
  expect(rows).toHaveLength(1)
  connection.destroy()
})
