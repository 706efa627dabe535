/**
 * Opens a storage whose file may be broken, in a process that may break with it. Prints `state N` if it holds exactly the
 * state of commit N of the known history. Argument: folder.
 */
import { writeSync } from 'node:fs'
import { historyMismatch } from '../../../test/conformance/storage/keyspace-model.js'
import { create } from './create-storage.js'

const storage = create(process.argv[2] ?? '')
await storage.start()
const mismatch = await historyMismatch(storage)
writeSync(1, mismatch === undefined ? `state ${storage.appliedCommitNumber}\n` : `${mismatch}\n`)
process.exit(0)
