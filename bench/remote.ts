/**
 * What a virtual database costs beside a direct connection, in one run: `npm run bench -- remote [--seconds 2] [--turns 5] [--warm 5] [--rows 1000000]
 * [--storage hybrid] [--parts points,join,copies] [--over socket]`. Point reads by sysbench (1, 8 and 32 threads; medians of turns), also through processes that hand bytes on and nothing else, one of Node and one in C;
 * a join of 100 local keys with a large remote table; copies of that table into lmdb and, in mode hybrid, chdb. The remote is a MariaDB of its own, on
 * this machine, which is reached by its Unix socket with `--over socket`.
 */
import { execFileSync } from 'node:child_process'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import {
  clientArguments,
  cpuSeconds,
  startMariaDb,
  startNativeRelay,
  startRelay,
  startSwitchyard,
  type Rival,
} from './rivals.js'
import { byTurns, median, ratioOf } from './turns.js'

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}

const seconds = Number(option('seconds', '2'))
const warmSeconds = Number(option('warm', '5'))
const turns = Number(option('turns', '5'))
const rows = Number(option('rows', '1000000'))
const storage = option('storage', 'lmdb')
const parts = option('parts', 'points,join,copies').split(',')
/** For Node, before our server: `--cpu-prof` and the like. */
const nodeArguments = option('node', '').split(' ').filter(Boolean)

const SBTEST =
  'CREATE TABLE IF NOT EXISTS sbtest1 (id INT PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, KEY (k))'

function client(rival: Rival, sql: string): string {
  return execFileSync('mariadb', clientArguments(rival, sql, '-N', '-B'), { encoding: 'utf8' })
}

function timed(action: () => unknown): number {
  const start = performance.now()
  action()
  return performance.now() - start
}

function selectPoints(rival: Rival, threads: number, lengthSeconds: number): string {
  return execFileSync(
    'sysbench',
    [
      ...['oltp_point_select', '--db-driver=mysql', '--mysql-host=127.0.0.1', `--mysql-port=${rival.port}`],
      ...['--mysql-user=root', '--mysql-db=sbtest', '--tables=1', '--table-size=100000'],
      ...[`--threads=${threads}`, `--time=${lengthSeconds}`, 'run'],
    ],
    { encoding: 'utf8' },
  )
}

interface Points {
  readonly perSecond: number
  readonly meanMs: number
  readonly cpuMicros: number
}

function pointReads(rival: Rival, threads: number): Points {
  const before = cpuSeconds(rival.pid)
  const output = selectPoints(rival, threads, seconds)
  const cpu = cpuSeconds(rival.pid) - before
  const total = Number(/total:\s+(\d+)/.exec(output)?.[1])
  return {
    perSecond: Number(/queries:\s+\d+\s+\(([\d.]+) per sec/.exec(output)?.[1]),
    meanMs: Number(/avg:\s+([\d.]+)/.exec(output)?.[1]),
    cpuMicros: (cpu * 1e6) / total,
  }
}

function shown(points: readonly Points[]): string {
  const of = (value: (each: Points) => number): number => median(points.map(value))
  const perSecond = of((each) => each.perSecond / 1000).toFixed(1)
  return `${perSecond}k/s, ${of((each) => each.meanMs).toFixed(2)} ms, ${of((each) => each.cpuMicros).toFixed(0)} µs CPU`
}

/** Behind runs that don't count: a server that has just started is still being compiled. */
function comparePoints(threads: number): void {
  const rivals = [remote, ours, ...relays]
  if (warmSeconds > 0) for (const rival of rivals) selectPoints(rival, threads, warmSeconds)
  const [direct = [], ...others] = byTurns(
    turns,
    rivals.map((rival) => () => pointReads(rival, threads)),
  )
  console.log(`point read, ${threads} threads: direct ${shown(direct)}`)
  others.forEach((points, i) => {
    const of = (value: (each: Points) => number): string => {
      const ratio = ratioOf(points.map(value), direct.map(value))
      return `×${ratio.median.toFixed(2)}${ratio.spread}`
    }
    const name = i === 0 ? 'forwarded' : (relays[i - 1]?.name ?? '')
    console.log(
      `  ${name} ${shown(points)}: latency ${of((each) => each.meanMs)}, throughput ${of((each) => each.perSecond)}`,
    )
  })
}

const remote = await startMariaDb()
const ours = await startSwitchyard(storage, nodeArguments)
const native = await startNativeRelay(remote)
const relays = [await startRelay(remote), ...(native === undefined ? [] : [native])]
const place =
  option('over', 'tcp') === 'socket'
    ? `SOCKET '${join(remote.folder, 'socket')}'`
    : `HOST '127.0.0.1', PORT ${remote.port}`
try {
  client(
    remote,
    `CREATE DATABASE sbtest CHARACTER SET utf8mb4; USE sbtest; ${SBTEST};
      INSERT INTO sbtest1 SELECT seq, seq * 7919 % 100000, REPEAT(seq % 10, 119), REPEAT('x', 59) FROM seq_1_to_100000;
      CREATE TABLE big (id INT PRIMARY KEY, k INT NOT NULL, amount DECIMAL(10, 2) NOT NULL, name VARCHAR(20) NOT NULL, at DATETIME NOT NULL, KEY (k));
      INSERT INTO big SELECT seq, seq * 7919 % 100000, seq % 100000 / 100, CONCAT('name ', seq % 1000), '2024-01-01' + INTERVAL seq SECOND FROM seq_1_to_${rows}`,
  )
  client(
    ours,
    `CREATE SERVER remote FOREIGN DATA WRAPPER mysql OPTIONS (${place}, USER 'root');
      CREATE DATABASE sbtest FROM SERVER remote; CREATE DATABASE here; CREATE TABLE here.wanted (id INT PRIMARY KEY);
      INSERT INTO here.wanted WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT i * ${Math.floor(rows / 100)} FROM n`,
  )
  console.log(`load average ${loadavg()[0]?.toFixed(1) ?? ''}`)
  if (parts.includes('points')) {
    for (const threads of [1, 8, 32]) comparePoints(threads)
  }
  if (parts.includes('join')) {
    for (const [name, column] of [
      ['primary key', 'id'],
      ['index', 'k'],
    ] as const) {
      const join = `SELECT COUNT(*), SUM(b.amount) FROM here.wanted w JOIN sbtest.big b ON b.${column} = w.id;`
      client(ours, join)
      const [one, many] = [1, 21].map((count) => timed(() => client(ours, join.repeat(count))))
      console.log(`join of 100 keys by ${name}: ${(((many ?? 0) - (one ?? 0)) / 20).toFixed(1)} ms`)
    }
  }
  if (parts.includes('copies')) {
    for (const engine of storage === 'hybrid' ? ['lmdb', 'chdb', 'memory'] : ['lmdb', 'memory']) {
      const definition = `CREATE TABLE here.copy_${engine} (id INT PRIMARY KEY, k INT NOT NULL, amount DECIMAL(10, 2) NOT NULL,
        name VARCHAR(20) NOT NULL, at DATETIME NOT NULL) ENGINE=${engine}`
      client(ours, definition)
      const ms = timed(() =>
        client(ours, `INSERT INTO here.copy_${engine} SELECT id, k, amount, name, at FROM sbtest.big`),
      )
      const count = client(ours, `SELECT COUNT(*) FROM here.copy_${engine}`).trim()
      console.log(
        `copy into ${engine}: ${(ms / 1000).toFixed(2)} s, ${((rows / ms) | 0).toString()}k rows/s (${count} rows)`,
      )
    }
  }
} finally {
  await ours.stop()
  for (const relay of relays) await relay.stop()
  await remote.stop()
}
