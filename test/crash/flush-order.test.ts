/**
 * Goal: a commit is on disk before its client is told so.
 *
 * Method: the server runs under strace while one client commits rows that each carry a text of their own. In the record every such
 * text must be written to the commit log, and be flushed (by a write to a descriptor opened with O_DSYNC, or an fdatasync behind it),
 * before the server begins to write the next answer to that client. A read and a rollback must flush nothing: the record would
 * show it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand, findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'

afterEach(killServers)
afterAll(removeTemporaryFolders)

const COMMITS = 40

/** A system call: what it did, and the seconds of its begin and end. */
interface Call {
  readonly name: string
  readonly text: string
  readonly beganAt: number
  readonly endedAt: number
}

/** All calls of all threads, in the order in which they ended. */
function readRecord(folder: string): readonly Call[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('trace.'))
    .flatMap((name) => readFileSync(join(folder, name), 'latin1').split('\n'))
    .flatMap((line) => {
      const match = /^(\d+\.\d+) (\w+)\((.*)<([\d.]+)>$/.exec(line)
      if (match === null) return []
      const [, at, name = '', text = '', took] = match
      return [{ name, text, beganAt: Number(at), endedAt: Number(at) + Number(took) }]
    })
    .sort((left, right) => left.endedAt - right.endedAt)
}

const LOG_FILE = /^\d+<[^>]*\/log\/(?:\d+\.log|spare)>/

/** Numbers of descriptors that write through to the disk. */
function synchronousDescriptors(calls: readonly Call[]): ReadonlySet<string> {
  return new Set(
    calls
      .filter(({ name, text }) => name === 'openat' && text.includes('/log/') && text.includes('O_DSYNC'))
      .map(({ text }) => /\) += (\d+)</.exec(text)?.[1] ?? ''),
  )
}

describeWithCommand('strace', 'the order of flush and answer', () => {
  const under = (record: string): readonly string[] => [
    findCommand('strace') ?? '',
    // -D: the server, not strace, is our child. One file a thread, so that no call is cut in two by another's.
    ...['-D', '-ff', '-ttt', '-T', '-yy', '-s', '4096', '-o', join(record, 'trace')],
    ...['-e', 'trace=openat,write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync'],
  ]

  test('a commit is flushed before it is acknowledged', async () => {
    const record = temporaryFolder()
    const server = await TestServer.start({ under: under(record) })
    const connection = await server.connect()
    await connection.query('CREATE DATABASE flush')
    await connection.query('USE flush')
    await connection.query('CREATE TABLE t (id INT PRIMARY KEY, text VARCHAR(100))')
    for (let number = 0; number < COMMITS; number++) {
      const text = `commit-${number}-mark`
      if (number % 2 === 0) await connection.query('INSERT INTO t VALUES (?, ?)', [number, text])
      else {
        await connection.query('START TRANSACTION')
        await connection.execute('INSERT INTO t VALUES (?, ?)', [number, text])
        await connection.query('COMMIT')
      }
    }
    await connection.query("SELECT 'before-read'")
    await connection.query('SELECT * FROM t WHERE id = 1')
    await connection.query("INSERT INTO t VALUES (1, 'refused')").catch(() => undefined)
    await connection.query('START TRANSACTION')
    await connection.query("INSERT INTO t VALUES (1000, 'undone')")
    await connection.query('ROLLBACK')
    await connection.query("SELECT 'after-read'")
    connection.destroy()
    expect(await server.stop()).toEqual({ status: 0, signal: null })

    const calls = readRecord(record)
    const synchronous = synchronousDescriptors(calls)
    const logCalls = calls.filter(({ text }) => LOG_FILE.test(text))
    const answers = calls.filter(({ text }) => /^\d+<TCP:\[127\.0\.0\.1:/.test(text))
    const beganAnswering = (after: number) => answers.find(({ beganAt }) => beganAt > after)?.beganAt
    for (let number = 0; number < COMMITS; number++) {
      const mark = `commit-${number}-mark`
      const written = logCalls.find(({ text }) => text.includes(mark))
      if (written === undefined) throw new Error(`${mark} was never written to the log`)
      const descriptor = /^\d+/.exec(written.text)?.[0] ?? ''
      const flushed = synchronous.has(descriptor)
        ? written
        : logCalls.find(({ name, beganAt }) => name.endsWith('sync') && beganAt >= written.endedAt)
      const answeredAt = beganAnswering(written.beganAt)
      expect(answeredAt).toBeDefined()
      expect(flushed?.endedAt).toBeLessThan(answeredAt ?? 0)
    }
    const [before, after] = ['before-read', 'after-read'].map(
      (mark) => answers.find(({ text }) => text.includes(mark))?.beganAt ?? 0,
    )
    const between = ({ beganAt }: Call) => beganAt > (before ?? 0) && beganAt < (after ?? 0)
    expect(answers.filter(between).length).toBeGreaterThanOrEqual(5)
    expect(logCalls.filter(between)).toEqual([])
  }, 60_000)
})
