/**
 * Goal: after a power cut the storage opens in the state of a commit not before the last acknowledged checkpoint.
 *
 * Method: a process works on a storage while strace records every write and every flush of its data file. From the record
 * the file is built as a disk may hold it after a cut at any moment: everything up to the last completed flush, and of
 * the writes behind it any subset, each perhaps torn at a sector, in any order; and each such file is opened. To
 * show that the test would notice, the same is done with the flushes taken out of the record.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expectHistoryState, randomNumbers } from '../../test/conformance/storage/keyspace-model.js'
import { create } from './testing/create-storage.js'

const SECTOR_BYTES = 512

type DiskEvent =
  | {
      readonly kind: 'write'
      readonly offset: number
      readonly bytes: Buffer
      readonly isSynchronous: boolean
    }
  | { readonly kind: 'flush' }
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'checkpoint'; readonly commitNumber: number }

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-power-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** The events of the traced process, in the order in which they were done. */
function record(): DiskEvent[] {
  const storage = join(folder, 'traced')
  mkdirSync(storage)
  const child = fileURLToPath(new URL('./testing/traced-child.ts', import.meta.url))
  const loader = new URL('../../test/typescript-loader.mjs', import.meta.url).href
  const calls =
    'trace=openat,close,lseek,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,msync,ftruncate'
  // One file per thread, so that no call is cut in two by another thread's; the times put them in order again.
  const traced = [
    '-ff',
    '-ttt',
    '-T',
    '-y',
    '-xx',
    '-s',
    '10000000',
    '-e',
    calls,
    '-o',
    join(folder, 'trace'),
  ]
  const { status, stderr } = spawnSync(
    'strace',
    [...traced, process.execPath, '--import', loader, child, storage],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  )
  if (status !== 0) throw new Error(`the traced process failed: ${stderr}`)
  const lines = readdirSync(folder)
    .filter((name) => name.startsWith('trace.'))
    .flatMap((name) => readFileSync(join(folder, name), 'latin1').split('\n'))
    .filter((line) => /^\d+\.\d+ \w+\(/.test(line))
  const synchronous = new Set(lines.map(synchronousDescriptor).filter((found) => found !== undefined))
  expect(synchronous.size).toBe(1)
  const positions = new Map<string, number>()
  return lines
    .map((line) => ({ line, doneAt: doneAtOf(line) }))
    .sort((left, right) => left.doneAt - right.doneAt)
    .map(({ line }) => eventOf(line, synchronous, positions))
    .filter((event) => event !== undefined)
}

function doneAtOf(line: string): number {
  return Number(/^[\d.]+/.exec(line)?.[0]) + Number(/<([\d.]+)>$/.exec(line)?.[1] ?? 0)
}

/** The descriptor through which LMDB writes its meta pages: opened once, and kept. */
function synchronousDescriptor(line: string): string | undefined {
  const opened = /^[\d.]+ openat\(.*, (O_[A-Z_|]*SYNC[A-Z_|]*)\) += (\d+)<([^>]*)>/.exec(line)
  return decoded(opened?.[3] ?? '').endsWith('data.mdb') ? opened?.[2] : undefined
}

/** The event of a traced call, if it is one. `positions` are those of the descriptors, which some writes go on from. */
function eventOf(
  line: string,
  synchronous: ReadonlySet<string>,
  positions: Map<string, number>,
): DiskEvent | undefined {
  const call = /^[\d.]+ (\w+)\((?:(\d+)<([^>]*)>)?/.exec(line)
  if (call === null) return undefined
  const [, name = '', descriptor = '', path = ''] = call
  if (name === 'write' && descriptor === '1') {
    const printed = /^checkpoint (\d+)/.exec(bytesIn(line).toString('latin1'))
    return printed === null ? undefined : { kind: 'checkpoint', commitNumber: Number(printed[1]) }
  }
  if (name === 'openat' || name === 'close' || !decoded(path).endsWith('data.mdb')) return undefined
  if (name === 'fsync' || name === 'fdatasync') return { kind: 'flush' }
  if (name === 'ftruncate') return { kind: 'size', size: Number(/, (\d+)\)/.exec(line)?.[1]) }
  const result = Number(/\) += (\d+)/.exec(line)?.[1])
  if (name === 'lseek') {
    positions.set(descriptor, result)
    return undefined
  }
  const isPositioned = name.startsWith('pwrite')
  if (!isPositioned && name !== 'writev' && name !== 'write') {
    throw new Error(`the data file is changed in a way that the test does not know: ${line.slice(0, 200)}`)
  }
  const bytes = bytesIn(line)
  expect(bytes.length).toBe(result)
  const position = positions.get(descriptor) ?? 0
  const offset = isPositioned ? Number(/, (\d+)\) += /.exec(line)?.[1]) : position
  if (!isPositioned) positions.set(descriptor, position + bytes.length)
  return { kind: 'write', offset, bytes, isSynchronous: synchronous.has(descriptor) }
}

/** All strings of a line, decoded and joined: the parts of a vectored write follow each other in the file. */
function bytesIn(line: string): Buffer {
  const parts = [...line.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map((match) => match[1] ?? '')
  return Buffer.from(parts.join('').replaceAll('\\x', ''), 'hex')
}

/** Paths come in the same form as strings. */
function decoded(text: string): string {
  return text.includes('\\x') ? Buffer.from(text.replaceAll('\\x', ''), 'hex').toString() : text
}

/** A disk: what is surely on it, and what may be. */
class Disk {
  private surely = Buffer.alloc(0)
  private maybe: { readonly offset: number; readonly bytes: Buffer }[] = []

  take(event: DiskEvent): void {
    if (event.kind === 'flush') this.flush()
    else if (event.kind === 'size') this.maybe.push({ offset: event.size, bytes: Buffer.alloc(0) })
    else if (event.kind === 'write') {
      const { offset, bytes } = event
      if (event.isSynchronous) this.surely = written(this.surely, offset, bytes)
      else this.maybe.push({ offset, bytes })
    }
  }

  /** What the file may be after a cut now. */
  afterCut(random: (below: number) => number): Buffer {
    let file = Buffer.from(this.surely)
    // From none of the writes to all of them.
    const share = random(11)
    const arrived = this.maybe.filter(() => random(10) < share)
    for (const { offset, bytes } of arrived) {
      const isTorn = random(3) === 0
      const from = isTorn ? random(bytes.length / SECTOR_BYTES + 1) * SECTOR_BYTES : 0
      const to = isTorn
        ? from + random((bytes.length - from) / SECTOR_BYTES + 1) * SECTOR_BYTES
        : bytes.length
      file = written(file, offset + from, bytes.subarray(from, to))
    }
    return file
  }

  private flush(): void {
    for (const { offset, bytes } of this.maybe) this.surely = written(this.surely, offset, bytes)
    this.maybe = []
  }
}

/** A file with bytes written at an offset; the file grows if need be. */
function written(file: Buffer, offset: number, bytes: Buffer): Buffer<ArrayBuffer> {
  const end = offset + bytes.length
  const grown = end > file.length ? Buffer.concat([file, Buffer.alloc(end - file.length)]) : Buffer.from(file)
  bytes.copy(grown, offset)
  return grown
}

/** Opens a data file; answers the commit whose state it holds, or rejects. */
async function openAfterCut(file: Buffer): Promise<number> {
  const where = mkdtempSync(join(folder, 'cut-'))
  writeFileSync(join(where, 'data.mdb'), file)
  const storage = create(where)
  await storage.start()
  try {
    return await expectHistoryState(storage)
  } finally {
    await storage.stop()
    rmSync(where, { recursive: true })
  }
}

const hasTrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0
const testWithTrace = hasTrace ? test : test.skip

testWithTrace(
  'opens at a commit not before the last checkpoint, whatever a power cut left of the data file',
  async () => {
    const events = record()
    const checkpoints = events.filter(({ kind }) => kind === 'checkpoint')
    expect(checkpoints.length).toBe(30)
    expect(events.filter(({ kind }) => kind === 'flush').length).toBeGreaterThanOrEqual(30)
    const random = randomNumbers(2024)
    const disk = new Disk()
    let acknowledged = 0
    let cuts = 0
    let ahead = 0
    for (const event of events) {
      disk.take(event)
      if (event.kind === 'checkpoint') acknowledged = event.commitNumber
      // Before the first checkpoint the file may not even exist.
      if (acknowledged === 0 || random(4) !== 0) continue
      const reached = await openAfterCut(disk.afterCut(random))
      expect(reached).toBeGreaterThanOrEqual(acknowledged)
      cuts++
      if (reached > acknowledged) ahead++
    }
    expect(cuts).toBeGreaterThan(50)
    // Some cuts fall between the end of a transaction and its acknowledgement, or the record would be out of order.
    expect(ahead).toBeGreaterThan(0)
    expect(await openAfterCut(disk.afterCut(() => 10))).toBe(240)
  },
  120_000,
)

testWithTrace(
  'would notice if nothing were flushed',
  async () => {
    // As with LMDB's noSync: what a transaction wrote arrives in any order.
    const events = record().flatMap((event): DiskEvent[] =>
      event.kind === 'flush' ? [] : [event.kind === 'write' ? { ...event, isSynchronous: false } : event],
    )
    const random = randomNumbers(7)
    const disk = new Disk()
    let acknowledged = 0
    let isNoticed = false
    for (const event of events) {
      disk.take(event)
      if (event.kind === 'checkpoint') acknowledged = event.commitNumber
      if (acknowledged < 100 || event.kind !== 'checkpoint' || isNoticed) continue
      const state = /^state (\d+)$/m.exec(openInChild(disk.afterCut(random)))
      isNoticed = state === null || Number(state[1]) < acknowledged
    }
    expect(isNoticed).toBe(true)
  },
  120_000,
)

/** What a process prints that opens a data file; a broken one may take it down. */
function openInChild(file: Buffer): string {
  const where = mkdtempSync(join(folder, 'cut-'))
  writeFileSync(join(where, 'data.mdb'), file)
  const child = fileURLToPath(new URL('./testing/open-child.ts', import.meta.url))
  const loader = new URL('../../test/typescript-loader.mjs', import.meta.url).href
  const { stdout } = spawnSync(process.execPath, ['--import', loader, child, where], {
    encoding: 'utf8',
    timeout: 10_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  rmSync(where, { recursive: true })
  return stdout
}
