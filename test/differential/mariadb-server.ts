/**
 * A MariaDB server of the tests' own, in a temporary folder and on a free port, as the oracle of the corpus and of
 * random queries. It is set up to be as close to MySQL 8 as it can be.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { isAboutConditions, withoutEngine, type Outcome, type SqlConnection } from '../sql/sql-server.js'
import type { SqlServer } from '../sql/sql-server.js'
import { findCommand } from '../support/system-packages.js'
import { isAboutDefinitions, mariadbSyntax, mysqlSpelling } from './mariadb-syntax.js'
import { WireConnection } from './wire-connection.js'

export const MARIADB_PROGRAMS = ['mariadbd', 'mariadb-install-db']

/** MySQL 8's default. */
const SQL_MODE =
  'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'
/** The closest relative of utf8mb4_0900_ai_ci: a Unicode collation that doesn't pad. */
const COLLATION = 'utf8mb4_unicode_520_nopad_ci'
const START_TIMEOUT_MS = 55_000
const RETRY_MS = 50
const INSTALL_ATTEMPTS = 3

export interface MariaDbServer extends SqlServer {
  /** On 127.0.0.1; root has no password. */
  readonly port: number
}

/** Starts a server whose files are in `folder`; stop it when done. */
export async function startMariaDb(folder: string): Promise<MariaDbServer> {
  const data = join(folder, 'mariadb')
  const temporary = join(folder, 'mariadb-temporary')
  mkdirSync(temporary)
  install(data, temporary)
  const port = await freePort()
  const server = spawn(
    findCommand('mariadbd') ?? 'mariadbd',
    [
      '--no-defaults',
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
      ...[
        `--datadir=${data}`,
        `--tmpdir=${temporary}`,
        `--socket=${join(data, 'socket')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
      ],
      ...['--skip-log-bin', '--innodb-flush-log-at-trx-commit=0', '--innodb-flush-method=nosync'],
      ...['--innodb-fast-shutdown=2', '--innodb-buffer-pool-size=32M', '--innodb-log-file-size=8M'],
      ...['--character-set-server=utf8mb4', `--collation-server=${COLLATION}`, `--sql-mode=${SQL_MODE}`],
      ...['--lower-case-table-names=0', '--skip-name-resolve', '--default-time-zone=+00:00'],
      ...['--explicit-defaults-for-timestamp=ON', '--transaction-isolation=REPEATABLE-READ'],
      ...['--innodb-lock-wait-timeout=50', '--innodb-rollback-on-timeout=OFF', '--performance-schema=OFF'],
    ],
    { stdio: 'ignore' },
  )
  const started = new MariaDb(server, port)
  await started.waitUntilReady()
  return started
}

/** MariaDB's bootstrap crashes now and then, in its own temporary tables: it gets another chance. */
function install(data: string, temporary: string): void {
  for (let attempt = 1; ; attempt++) {
    rmSync(data, { recursive: true, force: true })
    mkdirSync(data)
    const { status, stderr } = spawnSync(
      findCommand('mariadb-install-db') ?? 'mariadb-install-db',
      [
        '--no-defaults',
        `--datadir=${data}`,
        `--tmpdir=${temporary}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        ...(process.getuid?.() === 0 ? ['--user=root'] : []),
      ],
      { encoding: 'utf8' },
    )
    if (status === 0) return
    if (attempt === INSTALL_ATTEMPTS) throw new Error(`mariadb-install-db failed: ${stderr}`)
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

class MariaDb implements MariaDbServer {
  constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  async waitUntilReady(): Promise<void> {
    const endMs = Date.now() + START_TIMEOUT_MS
    for (;;) {
      try {
        await (await this.connect()).close()
        return
      } catch (error) {
        if (this.child.exitCode !== null || Date.now() > endMs) {
          await this.stop()
          throw new Error('mariadbd does not start', { cause: error })
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  async connect(database?: string): Promise<SqlConnection> {
    const address = { host: '127.0.0.1', port: this.port, user: 'root' }
    const client = new MariaDbConnection(await WireConnection.open(address, database))
    await client.run(`SET NAMES utf8mb4 COLLATE ${COLLATION}`)
    return client
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill('SIGKILL')
    await ended
  }
}

/** Unlike MySQL's, a statement without tables leaves the warnings and errors of the one before it in their list. */
const CONCERNS_NO_TABLE = /^\s*(SELECT|VALUES|DO|SET|WITH|USE|SHOW|PREPARE|EXECUTE|DEALLOCATE)\b/i
const CLEARS_WARNINGS = 'SELECT 1 FROM mysql.db LIMIT 0'

class MariaDbConnection implements SqlConnection {
  /** The list of warnings holds those of the statement before. */
  private hasConditions = false

  constructor(private readonly wire: WireConnection) {}

  async run(sql: string): Promise<Outcome> {
    if (isAboutConditions(sql)) return { ...(await this.wire.query(sql)), warnings: [] }
    if (this.hasConditions && CONCERNS_NO_TABLE.test(sql)) await this.wire.query(CLEARS_WARNINGS)
    const { warningCount, ...answer } = await this.wire.query(mariadbSyntax(sql))
    const outcome = isAboutDefinitions(sql) ? inMysqlWords(sql, answer) : answer
    this.hasConditions = outcome.failure !== undefined
    if (warningCount === 0) return { ...outcome, warnings: [] }
    const warnings = await this.wire.conditions()
    this.hasConditions ||= warnings.length > 0
    return { ...outcome, warnings }
  }

  close(): Promise<void> {
    return this.wire.close()
  }
}

function inMysqlWords<T extends Pick<Outcome, 'rows'>>(sql: string, outcome: T): T {
  const rows = outcome.rows.map((row) => row.map((cell) => (cell === null ? null : mysqlSpelling(cell))))
  return { ...outcome, rows: withoutEngine(sql, rows) }
}
