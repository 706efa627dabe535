/**
 * Goal: a signal to `npm start` reaches the server, and nothing goes on running behind it. Method: npm itself runs the start
 * script of the repository's package.json, with the server replaced by one that has a stand-in for the engine.
 */
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { ChildProgram, sourceFlags } from '../../test/support/child-program.js'
import { sampleServerFolder } from '../../test/support/sample-plugins.js'
import { removeTemporaryFolders, writeFiles } from '../../test/support/temporary-folder.js'

const SERVER = 'core/dist/main/bin.js'

/** The repository's script, starting another program. */
function startScript(program: string): string {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: { start: string }
  }
  expect(scripts.start).toContain(SERVER)
  return scripts.start.replace(SERVER, program)
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

afterAll(removeTemporaryFolders)

test.each(['SIGTERM', 'SIGINT'] as const)('%s to npm stops the server in order', async (signal) => {
  const folder = sampleServerFolder()
  const start = startScript(sourceFlags('core/main/testing/sample-bin.ts').join(' '))
  writeFiles(folder, { 'package.json': JSON.stringify({ name: 'started', scripts: { start } }) })
  const npm = new ChildProgram('npm', { args: ['start', '--', '--config', 'server.yaml'], folder })
  const [, port] = await npm.waitFor('stdout', /hello: 127\.0\.0\.1:(\d+)/)
  expect(await isListening(Number(port))).toBe(true)
  npm.kill(signal)
  expect(await npm.ended).toEqual({ status: 0, signal: null })
  expect(npm.stderr).toMatch(/engine drained.*engine stopped/s)
  expect(await isListening(Number(port))).toBe(false)
})
