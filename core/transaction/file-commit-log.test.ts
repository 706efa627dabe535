/**
 * Goal: what the log acknowledged is there after any end of the process, what it refused is not, and damage is never read as
 * commits. Method: the log in temporary folders, reopened after every kind of end: closed, cut at each byte, bytes flipped,
 * killed, out of room. Segments are small, so that most tests cross several.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WriteSetBuilder, WriteSetReader, type WriteSet } from '../common/write-set.js'
import { MemoryCommitLog, type CommitLog, type CommitRecord } from './commit-log.js'
import { openCommitLog } from './file-commit-log.js'

const SEGMENT_BYTES = 8192

let folder = ''
const open: CommitLog[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-log-'))
})
afterEach(async () => {
  for (const log of open.splice(0)) await log.close()
  rmSync(folder, { recursive: true, force: true })
})

async function openLog(where = folder, segmentBytes = SEGMENT_BYTES): Promise<CommitLog> {
  const log = await openCommitLog({ folder: where, segmentBytes })
  open.push(log)
  return log
}

async function closeAll(): Promise<void> {
  for (const log of open.splice(0)) await log.close()
}

function writeSet(...values: string[]): WriteSet {
  const builder = new WriteSetBuilder()
  for (const value of values) {
    const bytes = Buffer.from(`key${value}`)
    builder.put(7, bytes, 0, 3, bytes, 3, bytes.length)
  }
  return builder
}

function record(commitNumber: number, text = `value ${commitNumber}`, storage = 'main'): CommitRecord {
  return {
    commitNumber,
    timestampMicros: 1_700_000_000_000_000 + commitNumber,
    storage,
    writeSets: [writeSet(text)],
  }
}

function textOf({ commitNumber, storage, writeSets }: CommitRecord): string {
  const values = writeSets.map((set) => {
    const reader = new WriteSetReader(set)
    const found: string[] = []
    while (reader.next()) found.push(reader.bytes.toString('utf8', reader.valueStart, reader.valueEnd))
    expect(found.length).toBe(set.entryCount)
    return found.join('+')
  })
  return `${commitNumber} ${storage} ${values.join('|')}`
}

async function replay(log: CommitLog, after = 0): Promise<string[]> {
  const found: string[] = []
  await log.replay(after, (entry) => {
    found.push(textOf(entry))
  })
  return found
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => textOf(record(from + index)))
}

async function appendAll(log: CommitLog, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await log.append([record(number)])
}

function logFiles(where = folder): string[] {
  return readdirSync(where)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => join(where, name))
}

describe('a commit log', () => {
  test('gives back what was appended, also when it is opened again', async () => {
    const log = await openLog()
    expect(log.flushedCommitNumber).toBe(0)
    expect(log.oldestCommitNumber).toBeUndefined()
    expect(await replay(log)).toEqual([])
    await appendAll(log, 1, 500)
    expect(log.flushedCommitNumber).toBe(500)
    expect(logFiles().length).toBeGreaterThan(3)
    expect(await replay(log)).toEqual(numbered(1, 500))
    expect(await replay(log, 499)).toEqual(numbered(500, 500))
    expect(await replay(log, 500)).toEqual([])
    await closeAll()
    const again = await openLog()
    expect(again.flushedCommitNumber).toBe(500)
    expect(again.oldestCommitNumber).toBe(1)
    await appendAll(again, 501, 700)
    for (const after of [0, 1, 250, 499, 500, 501, 699]) {
      expect(await replay(again, after)).toEqual(numbered(after + 1, 700))
    }
  })

  test('keeps every part of a record', async () => {
    const log = await openLog()
    const rich: CommitRecord = {
      commitNumber: 2 ** 52,
      timestampMicros: 1_765_432_109_876_543,
      storage: 'größer',
      writeSets: [writeSet('a', 'b'), writeSet(), writeSet('c')],
    }
    await log.append([rich])
    await log.append([{ ...rich, commitNumber: 2 ** 52 + 1, writeSets: [] }])
    await closeAll()
    const found: CommitRecord[] = []
    await (
      await openLog()
    ).replay(0, (entry) => {
      found.push(entry)
    })
    expect(found.map(textOf)).toEqual([`${2 ** 52} größer a+b||c`, `${2 ** 52 + 1} größer `])
    expect(found[0]!.timestampMicros).toBe(rich.timestampMicros)
  })

  test('writes the commits of one turn as one group, with one promise', async () => {
    const log = await openLog()
    const first = log.append([record(1)])
    const second = log.append([record(2)])
    expect(second).toBe(first)
    expect(log.flushedCommitNumber).toBe(0)
    await first
    expect(log.flushedCommitNumber).toBe(2)
    const third = log.append([record(3)])
    expect(third).not.toBe(first)
    // A group that gathers while another is written follows it.
    await new Promise(setImmediate)
    const fourth = log.append([record(4)])
    expect(fourth).not.toBe(third)
    const order: number[] = []
    void third?.then(() => order.push(3))
    void fourth?.then(() => order.push(4))
    await fourth
    expect(order).toEqual([3, 4])
    expect(await replay(log)).toEqual(numbered(1, 4))
  })

  test('keeps the records of one commit together', async () => {
    const log = await openLog()
    await log.append([record(1, 'rows', 'main'), record(1, 'other', 'archive')])
    await log.append([record(2)])
    expect(await replay(log)).toEqual(['1 main rows', '1 archive other', textOf(record(2))])
    // Cut between the two: the first alone is no commit.
    await closeAll()
    const path = logFiles()[0]!
    const secondRecordAt = readFileSync(path).indexOf('archive')
    truncateSync(path, secondRecordAt)
    const cut = await openLog()
    expect(cut.flushedCommitNumber).toBe(0)
    await cut.append([record(1, 'new')])
    expect(await replay(cut)).toEqual(['1 main new'])
  })

  test('writes large commits as they are, in a segment of their own', async () => {
    const log = await openLog()
    const large = 'x'.repeat(300_000)
    await Promise.all([record(1), record(2, large), record(3)].map(async (entry) => log.append([entry])))
    await log.append([
      { ...record(4), writeSets: [writeSet('a'), writeSet(large), writeSet('b'), writeSet(large)] },
    ])
    await log.append([record(5)])
    const expected = [
      textOf(record(1)),
      `2 main ${large}`,
      textOf(record(3)),
      `4 main a|${large}|b|${large}`,
      textOf(record(5)),
    ]
    expect(await replay(log)).toEqual(expected)
    await closeAll()
    expect(await replay(await openLog())).toEqual(expected)
  })

  test('is cut off at the first byte that was not written, wherever that is', async () => {
    const log = await openLog(folder, 4096)
    await appendAll(log, 1, 3)
    const path = logFiles()[0]!
    await closeAll()
    const bytes = readFileSync(path)
    const thirdEnd = bytes.indexOf('value 3') + 'value 3'.length
    const thirdStart = bytes.indexOf('value 2') + 'value 2'.length
    for (let cut = thirdStart; cut <= thirdEnd; cut++) {
      const torn = Buffer.from(bytes)
      // What a disk holds where nothing arrived: zeros, or what was there before.
      torn.fill(cut % 2 === 0 ? 0 : 0xa5, cut)
      writeFileSync(path, torn)
      const reopened = await openLog(folder, 4096)
      const isWhole = cut === thirdEnd
      expect(reopened.flushedCommitNumber).toBe(isWhole ? 3 : 2)
      await reopened.append([record(10)])
      expect(await replay(reopened)).toEqual([...numbered(1, isWhole ? 3 : 2), textOf(record(10))])
      await closeAll()
      expect(await replay(await openLog(folder, 4096))).toEqual([
        ...numbered(1, isWhole ? 3 : 2),
        textOf(record(10)),
      ])
      await closeAll()
    }
  })

  test('never takes what is left of an earlier use of a file for commits', async () => {
    const log = await openLog()
    let oldest = 1
    for (let number = 1; number <= 2000; number++) {
      await log.append([record(number)])
      if (number % 150 === 0) {
        oldest = number - 20
        await log.truncateBefore(oldest)
        expect(logFiles().length).toBeLessThan(12)
      }
      if (number % 237 === 0) {
        const copy = `${folder}-copy`
        cpSync(folder, copy, { recursive: true })
        const other = await openCommitLog({ folder: copy, segmentBytes: SEGMENT_BYTES })
        expect(other.flushedCommitNumber).toBe(number)
        expect(other.oldestCommitNumber).toBeLessThanOrEqual(oldest)
        expect(await replay(other, oldest - 1)).toEqual(numbered(oldest, number))
        await other.close()
        rmSync(copy, { recursive: true })
      }
    }
  })

  test('refuses to begin behind its beginning', async () => {
    const log = await openLog()
    await appendAll(log, 1, 800)
    await log.truncateBefore(500)
    expect(log.oldestCommitNumber).toBeGreaterThan(1)
    expect(log.oldestCommitNumber).toBeLessThanOrEqual(500)
    expect(await replay(log, 499)).toEqual(numbered(500, 800))
    await expect(replay(log, 0)).rejects.toMatchObject({ code: 'ER_ERROR_ON_READ' })
    await log.truncateBefore(10_000)
    await log.append([record(801)])
    expect(await replay(log, 800)).toEqual(numbered(801, 801))
  })

  test('reports damage in its middle instead of ending early', async () => {
    const log = await openLog()
    await appendAll(log, 1, 500)
    await closeAll()
    const path = logFiles()[1]!
    const bytes = readFileSync(path)
    bytes[2000]! ^= 1
    writeFileSync(path, bytes)
    const damaged = await openLog()
    expect(damaged.flushedCommitNumber).toBe(500)
    const found: string[] = []
    await expect(
      damaged.replay(0, (entry) => {
        found.push(textOf(entry))
      }),
    ).rejects.toMatchObject({ code: 'ER_ERROR_ON_READ' })
    expect(found.length).toBeGreaterThan(10)
    expect(found).toEqual(numbered(1, found.length))
  })

  test('refuses a folder in which a segment is missing', async () => {
    const log = await openLog()
    await appendAll(log, 1, 500)
    await closeAll()
    rmSync(logFiles()[1]!)
    await expect(openCommitLog({ folder })).rejects.toMatchObject({ code: 'ER_ERROR_ON_READ' })
  })

  test('replays while commits go on and segments are freed', async () => {
    const log = await openLog()
    await appendAll(log, 1, 600)
    const found: string[] = []
    let number = 600
    await log.replay(0, async (entry) => {
      found.push(textOf(entry))
      if (found.length % 20 === 0) {
        await log.append([record(++number)])
        await log.truncateBefore(number)
      }
    })
    expect(found).toEqual(numbered(1, 600))
    expect(await replay(log, 600)).toEqual(numbered(601, number))
  })

  test('in its relaxed mode acknowledges before the flush, and is whole when closed', async () => {
    const log = await openCommitLog({
      folder,
      segmentBytes: SEGMENT_BYTES,
      durability: 'interval',
      flushIntervalMs: 5,
    })
    open.push(log)
    await appendAll(log, 1, 400)
    await new Promise((resolve) => setTimeout(resolve, 30))
    await closeAll()
    expect(await replay(await openLog())).toEqual(numbered(1, 400))
  })

  test('takes nothing any more when it is closed, and writes what it had', async () => {
    const log = await openLog()
    const groups = [log.append([record(1)])]
    await new Promise(setImmediate)
    groups.push(log.append([record(2)]))
    await log.close()
    for (const group of groups) await group
    expect(() => log.append([record(3)])).toThrow('invariant')
    expect(await replay(await openLog())).toEqual(numbered(1, 2))
  })
})

describe('a process that writes a commit log', () => {
  const CHILD = fileURLToPath(new URL('./testing/commit-log-child.ts', import.meta.url))
  const LOADER = new URL('../../test/typescript-loader.mjs', import.meta.url).href

  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  function start(mode: string): { child: ChildProcess; output: () => string; ended: Promise<void> } {
    const child = spawn(process.execPath, ['--import', LOADER, CHILD, folder, mode], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    children.push(child)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
    return { child, output: () => output, ended }
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let waitedMs = 0; !condition(); waitedMs += 5) {
      if (waitedMs > 15_000) throw new Error('the child does not answer')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  test('loses no acknowledged commit when it is killed', async () => {
    let reached = 0
    for (let round = 0; round < 4; round++) {
      const { child, output, ended } = start('run')
      await until(() => output().includes('done'))
      await new Promise((resolve) => setTimeout(resolve, 40 + round * 45))
      child.kill('SIGKILL')
      await ended
      const acknowledged = [...output().matchAll(/^done (\d+)\n/gm)].map((match) => Number(match[1]))
      const log = await openLog(folder, 64 * 1024)
      expect(log.flushedCommitNumber).toBeGreaterThanOrEqual(Math.max(...acknowledged))
      let expected = 0
      await log.replay(0, ({ commitNumber, writeSets }) => {
        expect(commitNumber).toBe(++expected)
        const reader = new WriteSetReader(writeSets[0])
        expect(reader.next()).toBe(true)
        expect(reader.valueEnd - reader.valueStart).toBe((commitNumber * 7919) % 3000)
      })
      expect(expected).toBe(log.flushedCommitNumber)
      expect(expected).toBeGreaterThan(reached)
      reached = expected
      await closeAll()
    }
  }, 60_000)

  const hasLimits = spawnSync('prlimit', ['--version']).status === 0
  const testWithLimits = hasLimits ? test : test.skip

  testWithLimits(
    'fails commits when there is no room, keeps none of them, and goes on when there is room again',
    async () => {
      const { child, output, ended } = start('full')
      await until(() => output().includes('started'))
      const limit = (bytes: string) =>
        expect(spawnSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`]).status).toBe(
          0,
        )
      const send = async (byteLength: number, answer: RegExp) => {
        child.stdin!.write(`${byteLength}\n`)
        await until(() => answer.test(output()))
      }
      await send(1000, /^done 1$/m)
      // No file may grow beyond what one segment was made with, nor a new one be made as large.
      limit(String(60 * 1024))
      await send(30_000, /^done 2$/m)
      await send(100_000, /^ER_DISK_FULL 3$/m)
      // What fits into the room that is left still goes there.
      await send(100, /^done 4$/m)
      await send(40_000, /^ER_DISK_FULL 5$/m)
      limit('unlimited')
      await send(100, /^done 6$/m)
      await send(200_000, /^done 7$/m)
      child.stdin!.end()
      await ended
      const log = await openLog(folder, 64 * 1024)
      const numbers: number[] = []
      await log.replay(0, ({ commitNumber }) => {
        numbers.push(commitNumber)
      })
      expect(numbers).toEqual([1, 2, 4, 6, 7])
    },
    30_000,
  )

  testWithLimits(
    'wipes a group of which only a part could be written',
    async () => {
      const { child, output, ended } = start('full')
      await until(() => output().includes('started'))
      const send = async (byteLength: number, answer: RegExp) => {
        child.stdin!.write(`${byteLength}\n`)
        await until(() => answer.test(output()))
      }
      // The first commit is larger than a segment: it makes the file grow, up to the limit.
      expect(
        spawnSync('prlimit', ['--pid', String(child.pid), `--fsize=${100 * 1024}:unlimited`]).status,
      ).toBe(0)
      await send(150_000, /^ER_DISK_FULL 1$/m)
      await send(500, /^done 2$/m)
      child.kill('SIGKILL')
      await ended
      const path = logFiles()[0]!
      expect(statSync(path).size).toBe(100 * 1024)
      const log = await openLog(folder, 64 * 1024)
      const numbers: number[] = []
      await log.replay(0, ({ commitNumber }) => {
        numbers.push(commitNumber)
      })
      expect(numbers).toEqual([2])
    },
    30_000,
  )
})

describe('the log of a server without durable storage', () => {
  test('keeps the last number and needs no wait', async () => {
    const log = new MemoryCommitLog()
    const logged: CommitLog = log
    expect(logged.append([record(1), record(1)])).toBeUndefined()
    expect(logged.append([record(2)])).toBeUndefined()
    expect(log.flushedCommitNumber).toBe(2)
    await log.replay()
    await log.truncateBefore()
    await log.close()
  })
})
