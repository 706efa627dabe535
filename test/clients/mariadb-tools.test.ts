/**
 * Goal: the command line tools that administrators use work: tables are checked, shown and administered, and dumps that lock leave
 * nothing locked. Method: MariaDB's programs (their counterparts of MySQL ask much the same) against a server of its own; what a
 * dump made has the same checksums.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { outputOf } from '../support/run-command.js'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand, findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'

afterEach(killServers)
afterAll(removeTemporaryFolders)

const SCHEMA = [
  'CREATE DATABASE shop',
  `CREATE TABLE shop.customers (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL DEFAULT 'it''s', kind ENUM('a','b'),
     balance DECIMAL(12,2), photo BLOB, seen TIMESTAMP(3) NULL, flags BIT(6), document JSON, notes TEXT CHARACTER SET latin1,
     UNIQUE KEY by_name (name), CHECK (balance >= 0)) COMMENT 'who buys'`,
  `CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, customer INT UNSIGNED, at DATETIME,
     FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE)`,
  'CREATE VIEW shop.rich AS SELECT name, balance FROM shop.customers WHERE balance > 100',
  `INSERT INTO shop.customers (name, kind, balance, photo, seen, flags, document, notes) VALUES
     ('O''Brien "x" \\\\', 'a', 150.25, x'00ff27220a5c', '2024-02-29 12:30:00.125', b'101', '{"k": [1, null]}', 'caf\u00e9'),
     ('na\u00efve \u{1F600}', 'b', 0, NULL, NULL, NULL, NULL, '')`,
  "INSERT INTO shop.orders VALUES (9223372036854775807, 1, '2024-01-01'), (2, 2, NULL)",
]

interface Setup {
  readonly server: TestServer
  readonly connection: Connection
  tool(name: string, args: readonly string[], input?: string): Promise<string>
}

async function start(): Promise<Setup> {
  const server = await TestServer.start()
  const connection = await server.connect()
  for (const sql of SCHEMA) await connection.query(sql)
  return {
    server,
    connection,
    tool: (name, args, input) =>
      outputOf(
        findCommand(name) ?? '',
        ['--no-defaults', '-h127.0.0.1', `-P${server.port}`, '-uroot', ...args],
        input === undefined ? {} : { input },
      ),
  }
}

describeWithCommand(['mariadb-dump', 'mariadb'], 'mariadb-dump', () => {
  test.each([['--lock-tables'], ['--lock-all-tables'], ['--add-drop-database']])(
    'a dump with %s loads',
    async (option) => {
      const { server, connection, tool } = await start()
      const dump = await tool('mariadb-dump', [option, '--hex-blob', '--databases', 'shop'])
      await tool('mariadb', [], dump.replaceAll('`shop`', '`copy`'))
      for (const table of ['customers', 'orders']) {
        const [checksums] = await connection.query<RowDataPacket[]>(
          `CHECKSUM TABLE shop.${table}, copy.${table}`,
        )
        const [first, second] = checksums.map((row): unknown => row.Checksum)
        expect(first).toBeGreaterThan(0)
        expect(second).toBe(first)
      }
      await connection.query("INSERT INTO shop.customers (name) VALUES ('later')")
      await connection.query("INSERT INTO copy.customers (name) VALUES ('later')")
      connection.destroy()
      expect(await server.stop()).toEqual({ status: 0, signal: null })
    },
    60_000,
  )
})

describeWithCommand(['mariadb-check', 'mariadb-show', 'mariadb-admin'], 'administration', () => {
  test('mariadb-check, mariadb-show, mariadb-admin', async () => {
    const { connection, tool } = await start()
    const checked = await tool('mariadb-check', ['shop'])
    expect(checked.split('\n').filter((line) => line !== '')).toEqual([
      expect.stringMatching(/^shop\.customers +OK$/),
      expect.stringMatching(/^shop\.orders +OK$/),
    ])
    expect(await tool('mariadb-show', ['shop'])).toMatch(/\| customers \|\n.*\| orders +\|/s)
    expect(await tool('mariadb-show', ['--count', 'shop'])).toContain('customers')
    expect(await tool('mariadb-show', ['shop', 'customers'])).toContain('varchar(50)')
    expect(await tool('mariadb-admin', ['ping'])).toContain('is alive')
    expect(await tool('mariadb-admin', ['status'])).toMatch(/^Uptime: \d+ +Threads: 2/)
    expect(await tool('mariadb-admin', ['extended-status'])).toContain('Threads_connected')
    expect(await tool('mariadb-admin', ['variables'])).toContain('character_set_server')
    expect(await tool('mariadb-admin', ['processlist'])).toContain('show processlist')
    await tool('mariadb-admin', [
      'flush-tables',
      'flush-privileges',
      'flush-status',
      'flush-logs',
      'flush-hosts',
    ])
    connection.destroy()
  }, 60_000)
})
