/**
 * Goal: without room on the disk nothing is lost or half done, what can go on goes on, and everything works again when there is
 * room. Method: a process whose files may not grow (a limit that can be lifted) stands for a full disk.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { latest } from '../../test/conformance/storage/keyspace-model.js'
import { create } from './testing/create-storage.js'

const testWithLimits = spawnSync('prlimit', ['--version']).status === 0 ? test : test.skip

testWithLimits(
  'a full disk fails checkpoints, later applies, and nothing else',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-full-'))
    const child = spawn(
      process.execPath,
      [
        '--import',
        new URL('../../test/typescript-loader.mjs', import.meta.url).href,
        fileURLToPath(new URL('./testing/full-disk-child.ts', import.meta.url)),
        folder,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
    )
    try {
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
      const until = async (answer: string) => {
        for (let waitedMs = 0; !output.includes(`${answer}\n`); waitedMs += 5) {
          if (waitedMs > 15_000) throw new Error(`waited for ${answer}, got ${output}`)
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        output = ''
      }
      const send = (line: string, answer: string) => {
        child.stdin.write(`${line}\n`)
        return until(answer)
      }
      const limit = (bytes: string) => {
        const limited = spawnSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`])
        expect(limited.status).toBe(0)
      }
      await until('started 0')
      await send('apply 2', 'applied 2')
      await send('checkpoint', 'checkpoint 2')
      limit('1500000')
      // The overlay takes what LMDB can't, up to its bound; the commit behind it is refused as a whole.
      await send('apply 8', 'applied 8')
      await send('checkpoint', 'checkpoint: ER_DISK_FULL')
      await send('apply 1000', 'apply: ER_DISK_FULL')
      await send('checkpoint', 'checkpoint: ER_DISK_FULL')
      limit('unlimited')
      await send('apply 30', 'applied 30')
      await send('checkpoint', 'checkpoint 30')
      await send('stop', 'stopped')
      const storage = create(folder)
      await storage.start()
      expect(storage.appliedCommitNumber).toBe(30)
      const keys = (await latest(storage, 1)).map((entry) => entry.slice(0, entry.indexOf('=')))
      expect(keys.sort()).toEqual(Array.from({ length: 30 }, (_, index) => `k${index + 1}`).sort())
      await storage.stop()
    } finally {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  },
  60_000,
)
