/**
 * A process that appends to a commit log until it is killed, or until it may not write any more. Arguments: folder,
 * mode. Mode `run`: appends without end, several commits in flight, and prints `done N` for each acknowledged one. Mode
 * `full`: reads lines `bytes` from its input, appends one commit of that size for each, and prints `done N` or the error's code.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { WriteSetBuilder, type WriteSet } from '../../common/write-set.js'
import { openCommitLog } from '../file-commit-log.js'

const [folder = '', mode] = process.argv.slice(2)
const log = await openCommitLog({ folder, segmentBytes: 64 * 1024 })

function writeSet(number: number, byteLength: number): WriteSet {
  const builder = new WriteSetBuilder()
  const value = Buffer.alloc(byteLength, String(number))
  builder.put(1, Buffer.from(String(number)), 0, String(number).length, value, 0, value.length)
  return builder
}

async function append(number: number, byteLength: number): Promise<void> {
  const record = {
    commitNumber: number,
    timestampMicros: number,
    storage: 'main',
    writeSets: [writeSet(number, byteLength)],
  }
  await log.append([record])
  writeSync(1, `done ${number}\n`)
}

let number = log.flushedCommitNumber
if (mode === 'run') {
  const run = async (): Promise<never> => {
    for (;;) await append(++number, (number * 7919) % 3000)
  }
  writeSync(1, `started ${number}\n`)
  await Promise.all([run(), run(), run()])
} else {
  writeSync(1, `started ${number}\n`)
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      await append(++number, Number(line))
    } catch (error) {
      writeSync(1, `${(error as { code: string }).code} ${number}\n`)
    }
  }
  await log.close()
}
