/**
 * Compares Switchyard with another server on random statements, for as long as one likes:
 * `npm run differential -- [--rival mariadb|mysql] [--queries 50000] [--seed N] [--storage memory|lmdb] [--findings 10]
 * [--history]`. The rival is a MariaDB that is started for it, or the MySQL server that SWITCHYARD_TEST_MYSQL names;
 * `--history` also prints the statements that made the tables.
 */
import { parseArgs } from 'node:util'
import { startSwitchyard } from '../sql/switchyard-server.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { MYSQL_VARIABLE, namedMysql } from '../support/named-mysql.js'
import { runRandomStatements, type Finding } from './random-run.js'
import { mariaDbRival, mysqlRival, type Rival } from './rival.js'

const { values } = parseArgs({
  options: {
    rival: { type: 'string', default: 'mariadb' },
    queries: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    storage: { type: 'string', default: 'memory' },
    findings: { type: 'string', default: '10' },
    history: { type: 'boolean', default: false },
  },
})

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function printFinding({ seed, statement, reduced, history, difference }: Finding): void {
  print(`\n== seed ${seed}: ${reduced}\n${difference}\n-- reduced from ${statement}`)
  const shown = values.history ? history : history.filter((sql) => sql.startsWith('CREATE'))
  for (const sql of shown) print(`${sql};`)
}

function startRival(): Promise<Rival> {
  if (values.rival === 'mariadb') return mariaDbRival(temporaryFolder())
  if (values.rival !== 'mysql') throw new Error('--rival is mariadb or mysql')
  const address = namedMysql()
  if (address === undefined) throw new Error(`--rival mysql needs ${MYSQL_VARIABLE}=host:port`)
  return mysqlRival(address)
}

print(`seed ${values.seed}`)
const theirs = await startRival()
const ours = await startSwitchyard(values.storage, temporaryFolder())
const startedAtMs = performance.now()
try {
  const { statements, failed, known, findings } = await runRandomStatements(ours, theirs, {
    seed: Number(values.seed),
    statements: Number(values.queries),
    findingsMax: Number(values.findings),
    onFinding: printFinding,
  })
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  print(`\n${statements} statements in ${seconds} s, of which ${failed} failed on both; seed ${values.seed}`)
  for (const [name, count] of known) print(`  ${count} known: ${name}`)
  print(`${findings.length} differences`)
  process.exitCode = findings.length === 0 ? 0 : 1
} finally {
  await ours.stop()
  await theirs.server.stop()
  removeTemporaryFolders()
}
