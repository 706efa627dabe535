/**
 * A storage that is told what to do line by line, so that its process can be starved of disk space in between: `apply N` applies
 * commits of a megabyte up to number N, `checkpoint` and `stop` do what they say. Prints the result of each or an error's code.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { puts } from '../../../test/conformance/storage/keyspace-model.js'
import { create } from './create-storage.js'

const storage = create(process.argv[2] ?? '')
await storage.start()
writeSync(1, `started ${storage.appliedCommitNumber}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', argument = ''] = line.split(' ')
  try {
    if (verb === 'apply') {
      for (let number = storage.appliedCommitNumber + 1; number <= Number(argument); number++) {
        await storage.apply([puts(1, { [`k${number}`]: 'x'.repeat(300_000) })], number)
      }
      writeSync(1, `applied ${storage.appliedCommitNumber}\n`)
    } else if (verb === 'checkpoint') writeSync(1, `checkpoint ${await storage.checkpoint()}\n`)
    else {
      await storage.stop()
      writeSync(1, 'stopped\n')
    }
  } catch (error) {
    writeSync(1, `${verb}: ${(error as { code: string }).code}\n`)
  }
}
