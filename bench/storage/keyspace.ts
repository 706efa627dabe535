/**
 * What keyspace drivers and the commit log cost: lookups, scans, group applies, bulk loads, log appends. Run:
 * `node --expose-gc --import ./test/typescript-loader.mjs bench/storage/keyspace.ts [memory|lmdb|log] [rows]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WriteSetBuilder, type EntryVisitor, type KeyspaceStorage, type WriteSet } from '@switchyard/core/spi'
import { openCommitLog } from '../../core/transaction/file-commit-log.js'
import { LmdbStorage } from '../../plugins/storage-lmdb/lmdb-storage.js'
import { MemoryStorage } from '../../plugins/storage-memory/memory-storage.js'

const [which = 'lmdb', rowsText = '1000000'] = process.argv.slice(2)
const rows = Number(rowsText)
/** sysbench's row: 4 bytes of key, about 190 of value. */
const VALUE = Buffer.alloc(188, 'x')
const KEYSPACE = 17

const key = Buffer.alloc(4)

function keyOf(row: number): Buffer {
  key.writeUInt32BE(row)
  return key
}

let state = 1
/** A number below `below`. */
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

function report(name: string, count: number, elapsedMs: number, unit: 'ns' | 'µs'): void {
  const each = (elapsedMs * (unit === 'ns' ? 1e6 : 1e3)) / count
  console.log(`${name.padEnd(52)} ${each.toFixed(unit === 'ns' ? 0 : 1).padStart(8)} ${unit}`)
}

function percentiles(name: string, latenciesMs: number[]): void {
  const sorted = latenciesMs.sort((left, right) => left - right)
  const at = (share: number) => ((sorted[Math.floor(sorted.length * share)] ?? 0) * 1000).toFixed(0)
  console.log(`${name.padEnd(52)} p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} max ${at(1 - 1e-9)} µs`)
}

function loadSet(from: number, to: number): WriteSet {
  const builder = new WriteSetBuilder((to - from) * 220)
  for (let row = from; row < to; row++) builder.put(KEYSPACE, keyOf(row), 0, 4, VALUE, 0, VALUE.length)
  return builder
}

/** Processor time of the process: other processes don't disturb it. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

let sum = 0
const touch: EntryVisitor = (_key, _keyStart, _keyEnd, value, start, end) => {
  sum += (value[start] ?? 0) + (value[end - 1] ?? 0)
  return true
}

async function load(storage: KeyspaceStorage): Promise<void> {
  const started = performance.now()
  for (let row = 0; row < rows; row += 100_000) {
    await storage.load(KEYSPACE, loadSet(row, Math.min(rows, row + 100_000)))
  }
  const elapsedMs = performance.now() - started
  console.log(`load: ${Math.round(rows / elapsedMs)}k rows/s`)
}

function reads(storage: KeyspaceStorage, label: string): void {
  const snapshot = storage.snapshot()
  for (const round of ['', ' (again)']) {
    const count = 300_000
    let started = cpuMs()
    for (let i = 0; i < count; i++) void snapshot.get(KEYSPACE, keyOf(random(rows)), touch)
    report(`get, random rows${label}${round}`, count, cpuMs() - started, 'ns')
    started = cpuMs()
    for (let i = 0; i < count; i++) void snapshot.get(KEYSPACE, keyOf(rows + random(rows)), touch)
    report(`get, missing${label}${round}`, count, cpuMs() - started, 'ns')
    for (const reverse of [false, true]) {
      started = cpuMs()
      const lower = Buffer.alloc(5)
      let visited = 1000
      let scanned = 0
      let last = 0
      const visit: EntryVisitor = (bytes, keyStart, keyEnd, value, start, end) => {
        last = ((bytes[keyStart] ?? 0) << 24) | ((bytes[keyStart + 1] ?? 0) << 16)
        last |= ((bytes[keyStart + 2] ?? 0) << 8) | (bytes[keyStart + 3] ?? 0)
        return touch(bytes, keyStart, keyEnd, value, start, end)
      }
      for (let from = reverse ? rows : 0; visited === 1000; from = last + (reverse ? 0 : 1)) {
        lower.writeUInt32BE(from)
        const bound = lower.subarray(0, 4)
        const range = reverse ? { lower: undefined, upper: bound } : { lower: bound, upper: undefined }
        visited = snapshot.scan(KEYSPACE, range, reverse, 1000, visit) as number
        scanned += visited
      }
      report(
        `scan in slices of 1000${reverse ? ', reverse' : ''}${label}${round}`,
        scanned,
        cpuMs() - started,
        'ns',
      )
    }
    for (const length of [1, 10, 100]) {
      const scans = 20_000
      started = cpuMs()
      const lower = Buffer.alloc(4)
      const upper = Buffer.alloc(4)
      for (let i = 0; i < scans; i++) {
        const from = random(rows - length)
        lower.writeUInt32BE(from)
        upper.writeUInt32BE(from + length)
        void snapshot.scan(KEYSPACE, { lower, upper }, false, 1000, touch)
      }
      report(`range of ${length}${label}${round}`, scans, cpuMs() - started, 'µs')
    }
  }
  snapshot.release()
}

/** Groups of 8 write sets of 2 entries, one turn of the event loop each, a snapshot per commit. */
async function applies(storage: KeyspaceStorage, groups: number): Promise<void> {
  const latencies: number[] = []
  let longestTurnMs = 0
  for (let group = 0; group < groups; group++) {
    const sets: WriteSet[] = []
    for (let set = 0; set < 8; set++) {
      const builder = new WriteSetBuilder()
      for (let entry = 0; entry < 2; entry++) {
        builder.put(KEYSPACE, keyOf(random(rows)), 0, 4, VALUE, 0, VALUE.length)
      }
      sets.push(builder)
    }
    const started = performance.now()
    await storage.apply(sets, storage.appliedCommitNumber + 1)
    storage.snapshot().release()
    const elapsedMs = performance.now() - started
    latencies.push(elapsedMs)
    await new Promise(setImmediate)
    longestTurnMs = Math.max(longestTurnMs, performance.now() - started)
  }
  const mean = (latencies.reduce((total, one) => total + one, 0) / latencies.length) * 1000
  percentiles(`apply of 8 write sets of 2 (mean ${mean.toFixed(1)} µs)`, latencies)
  console.log(`longest turn: ${longestTurnMs.toFixed(1)} ms`)
}

async function log(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'))
  const opened = await openCommitLog({ folder })
  const builder = new WriteSetBuilder()
  for (let entry = 0; entry < 2; entry++) builder.put(KEYSPACE, keyOf(entry), 0, 4, VALUE, 0, VALUE.length)
  let number = 0
  for (const committers of [1, 8, 32, 128]) {
    const latencies: number[] = []
    const endMs = performance.now() + 3000
    let commits = 0
    const run = async (): Promise<void> => {
      while (performance.now() < endMs) {
        const started = performance.now()
        await opened.append([
          { commitNumber: ++number, timestampMicros: 1, storage: 'lmdb', writeSets: [builder] },
        ])
        latencies.push(performance.now() - started)
        commits++
        await new Promise(setImmediate)
        await opened.truncateBefore(number - 10_000)
      }
    }
    await Promise.all(Array.from({ length: committers }, run))
    percentiles(`log: ${committers} committers, ${Math.round(commits / 3)}/s`, latencies)
  }
  await opened.close()
  rmSync(folder, { recursive: true })
}

async function storages(storage: KeyspaceStorage): Promise<void> {
  await storage.start()
  await load(storage)
  reads(storage, '')
  await applies(storage, 5000)
  reads(storage, ', overlay filled')
  const started = performance.now()
  await storage.checkpoint()
  console.log(`checkpoint: ${(performance.now() - started).toFixed(0)} ms`)
  await applies(storage, 20_000)
  await storage.stop()
}

if (which === 'log') await log()
else if (which === 'memory') await storages(new MemoryStorage('memory'))
else {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'))
  await storages(new LmdbStorage('lmdb', { folder, mapBytes: 2 ** 40, overlayBytes: 2 ** 25 }))
  rmSync(folder, { recursive: true })
}
if (sum === 0) console.log('nothing was read')
