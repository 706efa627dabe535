/**
 * Goal: the process starts, tells how to connect, stops in order on a signal, and ends a start that can't succeed with one
 * line. Method: the real command in child processes, with plugins of plain JavaScript in temporary folders and a
 * stand-in for the engine; signals, kill -9 and taken ports are real.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { runSource, type ChildProgram } from '../../test/support/child-program.js'
import { sampleServerFolder } from '../../test/support/sample-plugins.js'
import { removeTemporaryFolders } from '../../test/support/temporary-folder.js'
import type { SampleEngineOptions } from './testing/sample-engine.js'

const running = new Set<ChildProgram>()

function run(folder: string, args: readonly string[] = [], engine: SampleEngineOptions = {}): ChildProgram {
  const program = runSource('core/main/testing/sample-bin.ts', {
    args: ['--config', 'server.yaml', ...args],
    folder,
    environment: { SAMPLE_ENGINE: JSON.stringify(engine) },
  })
  running.add(program)
  void program.ended.then(() => running.delete(program))
  return program
}

/** Starts a server and resolves when it has told its port. */
async function runUntilReady(...args: Parameters<typeof run>) {
  const program = run(...args)
  const [, port] = await program.waitFor('stdout', /hello: 127\.0\.0\.1:(\d+)/)
  return { program, port: Number(port) }
}

function talkTo(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = createConnection(port, '127.0.0.1')
    socket.on('data', (bytes) => (answer += bytes.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

/** Expects a start to fail with one line on standard error, which it answers. */
async function failure(program: ChildProgram): Promise<string> {
  const { status } = await program.ended
  expect(status).toBe(1)
  expect(program.stdout).toBe('')
  const told = program.stderr.replace(/^\[engine .*\]\n/gm, '')
  expect(told).toMatch(/^switchyard: [^\n]+\n$/)
  return told
}

/** A sample server with a second storage, `loud`, that says when it starts and stops. */
const loudFolder = () =>
  sampleServerFolder(`  loud: { package: '@sample/archive', options: { loud: true } }\n`)

afterEach(async () => {
  for (const program of running) program.kill('SIGKILL')
  await Promise.all([...running].map(({ ended }) => ended))
})
afterAll(removeTemporaryFolders)

describe('a server', () => {
  test('starts its parts in order and tells how to connect', async () => {
    const folder = loudFolder()
    const { program, port } = await runUntilReady(folder)
    expect(program.stdout).toMatch(/^Switchyard \d+\.\d+\.\d+ is ready \(storage archive, data in /)
    expect(program.stdout).toContain(join(folder, 'kept'))
    expect(await talkTo(port)).toBe('8.0.99-sample')
    expect(events(program)).toEqual(['loud started', 'engine started over archive,loud, default archive'])
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s it stops them in reverse and ends well',
    async (signal) => {
      const { program, port } = await runUntilReady(loudFolder())
      program.kill(signal)
      expect(await program.ended).toEqual({ status: 0, signal: null })
      expect(events(program).slice(2)).toEqual([
        'engine draining',
        'engine drained',
        'engine stopped',
        'loud stopped',
      ])
      await expect(talkTo(port)).rejects.toThrow('ECONNREFUSED')
    },
  )

  test('lets running statements end, but no longer than the limit', async () => {
    const folder = sampleServerFolder('limits: { shutdownGrace: 200ms }\n')
    const { program } = await runUntilReady(folder, [], { drainMs: 60_000 })
    const startedAtMs = performance.now()
    program.kill('SIGTERM')
    expect(await program.ended).toEqual({ status: 0, signal: null })
    const tookMs = performance.now() - startedAtMs
    expect(tookMs).toBeGreaterThan(190)
    expect(tookMs).toBeLessThan(5000)
  })

  test('a second signal ends it at once', async () => {
    const { program } = await runUntilReady(loudFolder(), [], { drainMs: 9000 })
    program.kill('SIGINT')
    await program.waitFor('stderr', /engine draining/)
    program.kill('SIGINT')
    expect(await program.ended).toEqual({ status: 1, signal: null })
    expect(events(program)).not.toContain('engine drained')
  })

  test('a signal during the start stops it too', async () => {
    const program = run(loudFolder())
    await program.waitFor('stderr', /loud started/)
    program.kill('SIGTERM')
    expect(await program.ended).toEqual({ status: 0, signal: null })
    expect(events(program).at(-1)).toBe('loud stopped')
  })

  test('faults that nobody catches are logged and survived', async () => {
    const { program, port } = await runUntilReady(loudFolder(), [], { fault: true })
    await program.waitFor('stderr', /nobody awaits this/)
    await program.waitFor('stderr', /nobody catches this/)
    expect(await talkTo(port)).toBe('8.0.99-sample')
  })

  test('without a durable storage it writes nothing', async () => {
    const folder = sampleServerFolder()
    const program = runSource('core/main/testing/sample-bin.ts', {
      args: ['--config', 'server.yaml', '--data-dir', '/proc/nowhere'],
      folder,
      environment: { ARCHIVE_DURABLE: 'false' },
    })
    await program.waitFor('stdout', /nothing is kept on disk/)
    program.kill('SIGTERM')
    expect(await program.ended).toEqual({ status: 0, signal: null })
  })
})

/** What parts said of themselves, in order. */
function events(program: ChildProgram): string[] {
  return [...program.stderr.matchAll(/^\[(.*)\]$/gm)].map(([, event = '']) => event)
}

describe('the data folder', () => {
  test('belongs to one server at a time', async () => {
    const folder = sampleServerFolder()
    const { program } = await runUntilReady(folder)
    const message = await failure(run(folder))
    expect(message).toMatch(/the data folder .*kept is in use by another server \(process \d+\)/)
    program.kill('SIGTERM')
    await program.ended
    await runUntilReady(folder)
  })

  test('is free again after kill -9, also for several at once of which one wins', async () => {
    const folder = sampleServerFolder()
    const { program } = await runUntilReady(folder)
    program.kill('SIGKILL')
    await program.ended
    const rivals = [run(folder), run(folder), run(folder)]
    const outcomes = await Promise.all(
      rivals.map((rival) =>
        Promise.race([
          rival.ended.then(() => 'refused'),
          rival.waitFor('stdout', /ready/).then(() => 'ready'),
        ]),
      ),
    )
    expect(outcomes.sort()).toEqual(['ready', 'refused', 'refused'])
  })

  test('that is a file is refused', async () => {
    const folder = sampleServerFolder()
    writeFileSync(join(folder, 'kept'), '')
    expect(await failure(run(folder))).toMatch(/can't use the data folder .*kept: it is not a folder/)
  })

  test('below a file is refused', async () => {
    const folder = sampleServerFolder()
    const message = await failure(run(folder, ['--data-dir', 'server.yaml/data']))
    expect(message).toMatch(/can't use the data folder .*: a part of its path is not a folder/)
  })

  const onLinux = process.platform === 'linux' ? test : test.skip
  onLinux('where the system lets nobody make one is refused', async () => {
    const message = await failure(run(sampleServerFolder(), ['--data-dir', '/proc/switchyard/data']))
    expect(message).toMatch(/can't use the data folder \/proc\/switchyard\/data: /)
  })

  test('with a path longer than a socket address is locked all the same', async () => {
    const folder = sampleServerFolder()
    const long = join(folder, ...Array.from({ length: 5 }, (_, index) => `${'long'.repeat(10)}${index}`))
    mkdirSync(long, { recursive: true })
    await runUntilReady(folder, ['--data-dir', long])
    expect(await failure(run(folder, ['--data-dir', long]))).toMatch(/in use by another server/)
  })
})

describe('a start that can not succeed ends with one line', () => {
  test('port taken', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const { port } = holder.address() as AddressInfo
    try {
      const message = await failure(run(sampleServerFolder(), ['--port', String(port)]))
      expect(message).toMatch(new RegExp(`address already in use 127\\.0\\.0\\.1:${port}`))
    } finally {
      holder.close()
    }
  })

  test('a storage that fails to start leaves no lock behind', async () => {
    const folder = sampleServerFolder(
      `  broken: { package: '@sample/archive', options: { startError: 'the disk is upside down' } }\n`,
    )
    expect(await failure(run(folder))).toBe('switchyard: storage broken: the disk is upside down\n')
    expect(await failure(run(folder))).toBe('switchyard: storage broken: the disk is upside down\n')
  })

  test.each<[string, string, readonly string[], RegExp]>([
    ['an unknown key', 'colour: red\n', [], /unknown key 'colour'/],
    ['an unknown flag', '', ['--colour'], /Unknown option '--colour'; --help lists the flags/],
    ['a missing plugin', '  x: { package: absent }\n', [], /plugin x: can't find the package absent/],
    [
      'a wrong option',
      "  x: { package: '@sample/archive', options: { a: 1 } }\n",
      [],
      /plugin x has no option 'a'/,
    ],
    ['a second router', "  x: { package: '@sample/router' }\n", [], /router and x both provide a router/],
    ['a storage that is none', '', ['--storage', 'router'], /plugin router provides no storage/],
  ])('%s', async (_, extra, args, message) => {
    expect(await failure(run(sampleServerFolder(extra), args))).toMatch(message)
  })

  test('no protocol at all', async () => {
    const folder = sampleServerFolder()
    writeFileSync(
      join(folder, 'quiet.yaml'),
      `storage: archive
plugins:
  mysql-wire: { enabled: false }
  remote: { enabled: false }
  placement: { enabled: false }
  router: { package: '@sample/router' }
  archive: { package: '@sample/archive' }
`,
    )
    expect(await failure(run(folder, ['--config', 'quiet.yaml']))).toMatch(
      /no configured plugin provides a protocol/,
    )
  })
})

test.each([
  ['--help', /^Usage: switchyard \[flags\]\n[^]*--data-dir <value>/],
  ['--version', /^\d+\.\d+\.\d+\n$/],
])('%s prints and ends well', async (flag, output) => {
  const program = run(sampleServerFolder(), [flag])
  expect(await program.ended).toEqual({ status: 0, signal: null })
  expect(program.stdout).toMatch(output)
})
