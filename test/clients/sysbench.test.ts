/**
 * Goal: sysbench's oltp_read_write, which MySQL is measured by, prepares its tables, runs on several threads and cleans up.
 * Method: the real program; an error of the server that it doesn't expect ends it with another status.
 */
import type { RowDataPacket } from 'mysql2'
import { killServers, TestServer } from '../support/server.js'
import { outputOf } from '../support/run-command.js'
import { describeWithCommand, findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'

afterEach(killServers)
afterAll(removeTemporaryFolders)

describeWithCommand('sysbench', 'sysbench', () => {
  test.each(['oltp_read_write', 'oltp_insert', 'oltp_point_select'])(
    '%s',
    async (workload) => {
      const server = await TestServer.start()
      const connection = await server.connect()
      await connection.query('CREATE DATABASE sbtest')
      const sysbench = (command: string, ...more: readonly string[]) =>
        outputOf(findCommand('sysbench') ?? '', [
          ...[workload, '--db-driver=mysql', '--mysql-host=127.0.0.1', `--mysql-port=${server.port}`],
          ...['--mysql-user=root', '--mysql-db=sbtest', '--tables=2', '--table-size=1000', ...more, command],
        ])
      await sysbench('prepare')
      const [[counted]] = await connection.query<RowDataPacket[]>(
        'SELECT COUNT(*) AS count, MAX(id) AS last FROM sbtest.sbtest1',
      )
      expect(counted).toEqual({ count: 1000, last: 1000 })
      const report = await sysbench('run', '--threads=8', '--time=3', '--rand-seed=1')
      expect(Number(/transactions: +(\d+)/.exec(report)?.[1])).toBeGreaterThan(20)
      const [queries, ignored] = [/queries: +(\d+)/, /ignored errors: +(\d+)/].map((pattern) =>
        Number(pattern.exec(report)?.[1]),
      )
      // Deadlocks happen between eight threads, and are tried again; they are the exception.
      expect(ignored).toBeLessThan((queries ?? 0) / 20)
      await sysbench('cleanup')
      const [tables] = await connection.query('SHOW TABLES FROM sbtest')
      expect(tables).toEqual([])
      connection.destroy()
      expect(await server.stop()).toEqual({ status: 0, signal: null })
    },
    60_000,
  )
})
