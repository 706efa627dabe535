/**
 * What a durable keyspace driver must do when its process ends: of its own accord, or killed at any moment. The
 * killed process is a child (`crash-child.ts`) that applies a history whose every state can be computed, and
 * reports on its output which checkpoints were acknowledged.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WriteSetBuilder, type KeyspaceStorage } from '@switchyard/core/spi'
import { changesOfCommit, expectHistoryState, latest, puts, writeSetOf } from './keyspace-model.js'

const CHILD = fileURLToPath(new URL('./crash-child.ts', import.meta.url))
const LOADER = new URL('../../typescript-loader.mjs', import.meta.url).href

export function runDurabilityConformance(
  name: string,
  create: (folder: string) => KeyspaceStorage,
  module: string,
): void {
  describe(`durable keyspace storage ${name}`, () => {
    let folder = ''
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'switchyard-conformance-'))
    })
    afterEach(() => {
      rmSync(folder, { recursive: true, force: true })
    })

    /** Opens the storage, runs `use`, closes it. */
    async function session<T>(use: (storage: KeyspaceStorage) => Promise<T>): Promise<T> {
      const storage = create(folder)
      expect(storage.capabilities.durable).toBe(true)
      await storage.start()
      try {
        return await use(storage)
      } finally {
        await storage.stop()
      }
    }

    test('keeps its state over restarts', async () => {
      for (let from = 1; from <= 61; from += 20) {
        await session(async (storage) => {
          expect(storage.appliedCommitNumber).toBe(from - 1)
          await expectHistoryState(storage)
          for (let number = from; number < from + 20; number++) {
            await storage.apply([writeSetOf(changesOfCommit(number))], number)
          }
        })
      }
      await session(async (storage) => {
        expect(await expectHistoryState(storage)).toBe(80)
      })
    })

    test('keeps what was loaded, and forgets what was dropped, at a checkpoint', async () => {
      await session(async (storage) => {
        await storage.load(7, puts(7, { a: '1' }))
        await storage.load(8, puts(8, { b: '2' }))
        await storage.apply([puts(1, { c: '3' })], 1)
        await storage.dropKeyspace(7)
        expect(await storage.checkpoint()).toBe(1)
      })
      await session(async (storage) => {
        expect(await latest(storage, 7)).toEqual([])
        expect(await latest(storage, 8)).toEqual(['b=2'])
        expect(await latest(storage, 1)).toEqual(['c=3'])
      })
    })

    test('keeps adopted stages, and none that nobody has adopted', async () => {
      let [adopted, lost] = [0, 0]
      await session(async (storage) => {
        if (storage.newStage === undefined) return
        adopted = storage.newStage()
        lost = storage.newStage()
        await storage.load(adopted, puts(adopted, { a: '1' }))
        await storage.load(lost, puts(lost, { b: '2' }))
        const adoptions = new WriteSetBuilder()
        adoptions.adopt(3, adopted)
        await storage.apply([adoptions, puts(1, { c: '3' })], 1)
      })
      await session(async (storage) => {
        if (storage.newStage === undefined) return
        expect([adopted, lost]).not.toContain(storage.newStage())
        expect(await latest(storage, 3)).toEqual(['a=1'])
        await storage.dropLostStages?.()
        expect(await latest(storage, lost)).toEqual([])
        expect(await latest(storage, 3)).toEqual(['a=1'])
        await storage.apply([puts(3, { d: '4' })], 2)
      })
      await session(async (storage) => {
        if (storage.newStage === undefined) return
        expect(await latest(storage, 3)).toEqual(['a=1', 'd=4'])
      })
    })

    test('comes back at a whole commit, not before the last checkpoint, wherever it is killed', async () => {
      let reached = 0
      // On a machine that is busy it may take some rounds until anything is on disk.
      for (let round = 0; round < 6 || (round < ROUNDS_MAX && reached === 0); round++) {
        const checkpointed = await runUntilKilled(module, folder, 150 + round * 130)
        expect(checkpointed).toBeGreaterThanOrEqual(reached)
        reached = await session(async (storage) => {
          const number = await expectHistoryState(storage)
          expect(number).toBeGreaterThanOrEqual(checkpointed)
          return number
        })
      }
      expect(reached).toBeGreaterThan(0)
    }, 60_000)

    test('a second process is refused with one clear line, and the first goes on', async () => {
      await session(async (storage) => {
        await storage.apply([puts(1, { a: '1' })], 1)
        const { output, code } = await runChild(module, folder, undefined)
        expect(code).toBe(1)
        expect(output.trim().split('\n')).toEqual([
          expect.stringMatching(/^refused: .*in use by another process/),
        ])
        await storage.apply([puts(1, { b: '2' })], 2)
        expect(await latest(storage, 1)).toEqual(['a=1', 'b=2'])
      })
    })
  })
}

const ROUNDS_MAX = 20

/** Lets the child work for `killAfterMs` behind its first line, kills it, and answers the last checkpoint it reported. */
async function runUntilKilled(module: string, folder: string, killAfterMs: number): Promise<number> {
  const { output } = await runChild(module, folder, killAfterMs)
  expect(output).not.toContain('refused')
  const checkpoints = [...output.matchAll(/^checkpoint (\d+)\n/gm)].map((match) => Number(match[1]))
  return checkpoints.at(-1) ?? 0
}

function runChild(
  module: string,
  folder: string,
  killAfterMs: number | undefined,
): Promise<{ readonly output: string; readonly code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', LOADER, CHILD, module, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    })
    let output = ''
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      if (output === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs)
      output += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ output, code }))
  })
}
