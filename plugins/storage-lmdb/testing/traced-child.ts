/**
 * The process whose system calls the power cut test records: applies the known history, checkpoints often, loads and drops
 * a little, and ends by itself. Prints `checkpoint N` when one is acknowledged. Argument: folder.
 */
import { writeSync } from 'node:fs'
import { changesOfCommit, numberKey, writeSetOf } from '../../../test/conformance/storage/keyspace-model.js'
import { create } from './create-storage.js'

const COMMITS = 240

const storage = create(process.argv[2] ?? '')
await storage.start()
const ballast = writeSetOf(
  Array.from({ length: 300 }, (_, row) => ({ keyspace: 9, key: numberKey(row), value: `${row}` })),
)
for (let number = 1; number <= COMMITS; number++) {
  await storage.apply([writeSetOf(changesOfCommit(number))], number)
  if (number % 8 === 0) writeSync(1, `checkpoint ${await storage.checkpoint()}\n`)
  if (number % 40 === 20) await storage.load(9, ballast)
  if (number % 40 === 30) await storage.dropKeyspace(9)
}
await storage.stop()
