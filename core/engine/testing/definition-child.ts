/**
 * A process that changes definitions until it is killed. Arguments: folder of the data, number of statements that earlier
 * processes have done, and `prepare` if there was none. Prints `done N` when N statements are done.
 */
import { writeSync } from 'node:fs'
import { TestEngine } from '../../../test/support/engine.js'
import { createStorage } from '../../../test/support/storages.js'
import { PREPARATION, stepAt } from './definition-steps.js'

const [folder = '', done = '0', mode] = process.argv.slice(2)
const engine = await TestEngine.start([await createStorage('lmdb', folder)], {
  storage: 'lmdb',
  dataFolder: folder,
})
const session = await engine.session()
let count = Number(done)
if (mode === 'prepare') for (const sql of PREPARATION) await session.run(sql)
else await session.run('USE d')
for (;;) {
  writeSync(1, `done ${String(count)}\n`)
  await session.run(stepAt(count))
  count++
}
