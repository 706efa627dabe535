/**
 * The process that is killed: goes on with the history of `keyspace-model.ts` from where the storage is, without end, with
 * checkpoints, loads and drops between. Arguments: module that exports `create(folder)`, folder. Prints
 * `started N`, `checkpoint N` (after it was acknowledged), or `refused: …` when the storage does not start.
 */
import type { KeyspaceStorage } from '@switchyard/core/spi'
import { writeSync } from 'node:fs'
import { changesOfCommit, numberKey, writeSetOf, type Change } from './keyspace-model.js'

function print(line: string): void {
  // Written before anything else happens, so that a kill right behind it does not lose it. A full pipe takes what its reader makes
  // room for.
  for (let rest = `${line}\n`; rest !== '';) {
    try {
      rest = rest.slice(writeSync(1, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

const [module = '', folder = ''] = process.argv.slice(2)
const { create } = (await import(module)) as { create: (folder: string) => KeyspaceStorage }
const storage = create(folder)
try {
  await storage.start()
} catch (error) {
  print(`refused: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
print(`started ${storage.appliedCommitNumber}`)

const ballast: Change[] = []
for (let i = 0; i < 20_000; i++) ballast.push({ keyspace: 77, key: numberKey(i), value: `ballast ${i}` })

void (async () => {
  for (;;) print(`checkpoint ${await storage.checkpoint()}`)
})()
void (async () => {
  for (let keyspace = 77; ; keyspace++) {
    await storage.load(keyspace, writeSetOf(ballast.map((change) => ({ ...change, keyspace }))))
    await storage.dropKeyspace(keyspace)
  }
})()
for (let number = storage.appliedCommitNumber + 1; ; number++) {
  await storage.apply([writeSetOf(changesOfCommit(number))], number)
  // Some groups of several, so that apply sees both.
  if (number % 5 === 0) await new Promise(setImmediate)
}
