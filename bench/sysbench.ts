/**
 * sysbench against both servers in one run, with equal durability: `npm run bench -- bench/sysbench.ts [--seconds 10] [--turns 1] [--warmup 0]
 * [--threads 1,8,32] [--tests oltp_point_select,…] [--rows 100000]`. Prints a line a test with queries per second, server CPU per query and the ratio;
 * of several turns, which both servers have after one another, the medians. `--warmup` seconds of a test go before its first turn.
 */
import { execFileSync } from 'node:child_process'
import { cpuSeconds, runClient, startMariaDb, startSwitchyard, type Rival } from './rivals.js'
import { byTurns, median, ratioOf } from './turns.js'

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}

const seconds = Number(option('seconds', '10'))
const turns = Number(option('turns', '1'))
const warmup = Number(option('warmup', '0'))
const threads = option('threads', '1,8,32').split(',').map(Number)
const rows = option('rows', '100000')
const storage = option('storage', 'lmdb')
const tests = option(
  'tests',
  'oltp_point_select,oltp_read_only,oltp_read_write,oltp_update_non_index,oltp_insert',
).split(',')

interface Measure {
  readonly queriesPerSecond: number
  readonly p95Ms: number
  readonly cpuMicrosPerQuery: number
}

function sysbench(rival: Rival, test: string, command: string, extra: readonly string[]): string {
  return execFileSync(
    'sysbench',
    [
      test,
      '--db-driver=mysql',
      '--mysql-host=127.0.0.1',
      `--mysql-port=${rival.port}`,
      '--mysql-user=root',
      '--mysql-db=sbtest',
      '--tables=1',
      `--table-size=${rows}`,
      ...extra,
      command,
    ],
    { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 },
  )
}

function measure(rival: Rival, test: string, count: number, time: number): Measure {
  const before = cpuSeconds(rival.pid)
  const output = sysbench(rival, test, 'run', [`--threads=${count}`, `--time=${time}`, '--report-interval=0'])
  const cpu = cpuSeconds(rival.pid) - before
  const queries = Number(/total:\s+(\d+)/.exec(output)?.[1])
  const perSecond = Number(/queries:\s+\d+\s+\(([\d.]+) per sec/.exec(output)?.[1])
  const p95Ms = Number(/95th percentile:\s+([\d.]+)/.exec(output)?.[1])
  return { queriesPerSecond: perSecond, p95Ms, cpuMicrosPerQuery: (cpu * 1e6) / queries }
}

function shown(measures: readonly Measure[]): string {
  const of = (value: (measure: Measure) => number): number => median(measures.map(value))
  const perSecond = of((measure) => measure.queriesPerSecond / 1000).toFixed(1)
  const p95Ms = of((measure) => measure.p95Ms).toFixed(2)
  return `${perSecond}k/s p95 ${p95Ms} ms ${of((measure) => measure.cpuMicrosPerQuery).toFixed(1)} µs`
}

function compare(test: string, count: number): string {
  if (warmup > 0) for (const rival of [ours, theirs]) measure(rival, test, count, warmup)
  const [own = [], others = []] = byTurns(
    turns,
    [ours, theirs].map((rival) => () => measure(rival, test, count, seconds)),
  )
  const perSecond = (measures: readonly Measure[]): number[] => measures.map((each) => each.queriesPerSecond)
  const ratio = ratioOf(perSecond(own), perSecond(others))
  return `ours ${shown(own)} | mariadb ${shown(others)} | ratio ${ratio.median.toFixed(2)}${ratio.spread}`
}

const ours = await startSwitchyard(storage)
const theirs = await startMariaDb()
try {
  for (const rival of [ours, theirs]) {
    runClient(rival, 'CREATE DATABASE sbtest')
    const startedAtMs = performance.now()
    sysbench(rival, 'oltp_read_write', 'prepare', [])
    console.log(
      `${rival.name}: prepared ${rows} rows in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`,
    )
  }
  for (const test of tests) {
    for (const count of threads) console.log(`${test} ${count} threads: ${compare(test, count)}`)
  }
} finally {
  await ours.stop()
  await theirs.stop()
}
