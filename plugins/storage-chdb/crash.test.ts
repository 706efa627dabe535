/**
 * Goal: what was acknowledged is there after the server or the engine was killed, and each statement wholly or not at all. Method: a
 * process inserts, updates and deletes batches and prints what was acknowledged; it or its engine is killed at no particular
 * moment; then the table is opened and compared.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { ID, NUMBER, request, rowsOf } from '../../test/conformance/storage/table-fixtures.js'
import { runSource, type ChildProgram } from '../../test/support/child-program.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { isEngineInstalled } from './index.js'
import { BATCH_ROWS, crashTable } from './testing/crash-table.js'
import { createTestStorage } from './testing/test-storage.js'

const testWithEngine = isEngineInstalled() && process.platform === 'linux' ? test : test.skip

afterAll(removeTemporaryFolders)

testWithEngine(
  'nothing acknowledged is lost and nothing is torn, whoever is killed',
  async () => {
    const folder = temporaryFolder()
    let first = 0
    for (let round = 0; round < 2; round++) {
      const program = runSource('plugins/storage-chdb/testing/insert-loop.ts', {
        folder,
        args: [folder, String(first)],
      })
      await program.waitFor('stdout', new RegExp(`updated ${first + 1}\n`))
      for (let kill = 0; kill < 2; kill++) {
        await pause(Math.random() * 30)
        process.kill(await engineOf(program), 'SIGKILL')
        const before = program.stdout.length
        while (!/inserted \d+\n/.test(program.stdout.slice(before))) await pause(5)
      }
      const engines = enginesOf(program)
      await pause(Math.random() * 30)
      program.kill('SIGKILL')
      await program.ended
      // The engine notices that it has been left alone.
      while (engines.some(isAlive)) await pause(5)
      await compare(folder, program.stdout)
      first = Math.max(...numbersOf(program.stdout, 'inserted'), ...numbersOf(program.stdout, 'failed')) + 2
    }
  },
  60_000,
)

testWithEngine(
  'statements of several writes are there wholly or not at all, whoever is killed',
  async () => {
    const folder = temporaryFolder()
    let first = 0
    for (let round = 0; round < 2; round++) {
      const program = runSource('plugins/storage-chdb/testing/stage-loop.ts', {
        folder,
        args: [folder, String(first)],
      })
      await program.waitFor('stdout', new RegExp(`published ${first + 1}\n`))
      for (let kill = 0; kill < 2; kill++) {
        await pause(Math.random() * 60)
        process.kill(await engineOf(program), 'SIGKILL')
        const before = program.stdout.length
        while (!/published \d+\n/.test(program.stdout.slice(before))) await pause(5)
      }
      const engines = enginesOf(program)
      await pause(Math.random() * 60)
      program.kill('SIGKILL')
      await program.ended
      while (engines.some(isAlive)) await pause(5)
      await compareStages(folder, numbersOf(program.stdout, 'published'))
      // An even one: it has the next one to update it.
      first = 2 + 2 * Math.ceil(Math.max(...numbersOf(program.stdout, 'published')) / 2)
    }
  },
  60_000,
)

/** The states of each batch's rows. */
async function readBatches(folder: string): Promise<ReadonlyMap<number, readonly number[]>> {
  const storage = createTestStorage(folder)
  await storage.start()
  try {
    const batches = new Map<number, number[]>()
    for (const [id, state] of await rowsOf(storage, crashTable(), request({ columns: [ID, NUMBER] }))) {
      const batch = Math.floor(Number(id) / BATCH_ROWS)
      batches.set(batch, [...(batches.get(batch) ?? []), Number(state)])
    }
    for (const [batch, states] of batches) {
      expect([batch, states.length, new Set(states).size]).toEqual([batch, BATCH_ROWS, 1])
    }
    return batches
  } finally {
    await storage.stop()
  }
}

async function compareStages(folder: string, published: readonly number[]): Promise<void> {
  const batches = await readBatches(folder)
  for (const batch of published) expect([batch, batches.has(batch)]).toEqual([batch, true])
  for (const [batch, states] of batches) {
    if (batch % 2 === 0) expect([batch, states[0]]).toEqual([batch, batches.has(batch + 1) ? 2 : 1])
  }
}

/** The engine that runs now. Never 0: a signal to that goes to this very group of processes. */
async function engineOf(program: ChildProgram): Promise<number> {
  for (;;) {
    const [engine] = enginesOf(program)
    if (engine !== undefined) return engine
    await pause(5)
  }
}

/** Child processes of a program that haven't ended; Linux tells. */
function enginesOf({ processId }: ChildProgram): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((id) => {
      try {
        const [state, parent] = readFileSync(`/proc/${id}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
        return parent === String(processId) && state !== 'Z'
      } catch {
        return false
      }
    })
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}

function numbersOf(output: string, word: string): readonly number[] {
  return [...output.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map((match) => Number(match[1]))
}

async function compare(folder: string, output: string): Promise<void> {
  const batches = await readBatches(folder)
  const updated = new Set(numbersOf(output, 'updated'))
  const deleted = new Set(numbersOf(output, 'deleted'))
  const failed = new Set(numbersOf(output, 'failed'))
  const last = Math.max(...numbersOf(output, 'inserted'))
  for (const batch of numbersOf(output, 'inserted')) {
    const state = batches.get(batch)?.[0]
    // What was under way when somebody was killed may have happened.
    const isUnsure = failed.has(batch) || batch === last
    if (deleted.has(batch)) expect([batch, state]).toEqual([batch, undefined])
    else if (!isUnsure) expect([batch, state]).toEqual([batch, 2])
    else if (batch % 3 !== 0) expect([1, 2]).toContain(state)
    if (updated.has(batch) && state !== undefined) expect([batch, state]).toEqual([batch, 2])
  }
}
