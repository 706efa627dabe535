/**
 * Goal: the log is one JSON object a line, respects its level, and never shows a secret. Method: logs into memory.
 */
import { Writable } from 'node:stream'
import { createLog } from './log.js'

async function logInto(level: 'trace' | 'info' | 'silent', format: 'json' | 'pretty' = 'json') {
  const lines: string[] = []
  const memory = new Writable({
    write(bytes: Buffer, _encoding, done) {
      lines.push(bytes.toString())
      done()
    },
  })
  const log = await createLog({ level, format }, memory)
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

test('writes a JSON line with time, level, fields and message', async () => {
  const { log, last } = await logInto('info')
  log.child({ plugin: 'lmdb' }).warn({ rows: 5 }, 'slow')
  expect(last()).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    plugin: 'lmdb',
    rows: 5,
    msg: 'slow',
  })
})

test('an error has its message and stack', async () => {
  const { log, last } = await logInto('info')
  log.error({ err: new Error('broken') }, 'failed')
  expect(last().err).toMatchObject({ message: 'broken', stack: expect.stringContaining('log.test') })
})

test('leaves out lower levels', async () => {
  const { log, lines } = await logInto('info')
  log.debug({}, 'no')
  log.info({}, 'yes')
  expect(lines).toHaveLength(1)
  expect([log.isLevelEnabled('debug'), log.isLevelEnabled('info')]).toEqual([false, true])
})

test('masks secrets at the top and inside options', async () => {
  const { log, lines } = await logInto('trace')
  log.info({ password: 'hunter2', user: 'root' }, 'a')
  log.info({ options: { password: 'hunter2', url: 'x' } }, 'b')
  log.info({ plugin: { options: { token: 'hunter2' } } }, 'c')
  log.info({ settings: { rootPassword: 'hunter2' } }, 'd')
  expect(lines.join('')).not.toContain('hunter2')
  expect(lines).toHaveLength(4)
  expect(lines[0]).toContain('"user":"root"')
})

test('the form for people is a line of text, without secrets', async () => {
  const { log, lines } = await logInto('info', 'pretty')
  log.info({ password: 'hunter2', listeners: [{ port: 3306 }] }, 'ready')
  expect(lines.join('')).toMatch(/^.*INFO.*ready.*port.*3306.*\n$/)
  expect(lines.join('')).not.toContain('hunter2')
})
