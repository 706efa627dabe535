/**
 * Runs sqllogictest files: `npm run sqllogictest -- [--storage memory|lmdb|chdb] [path part …]`. Without a path, every file of the corpus
 * beside the checkout.
 */
import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { TestEngine } from '../support/engine.js'
import { createStorages } from '../support/storages.js'
import { temporaryFolder, removeTemporaryFolders } from '../support/temporary-folder.js'
import { CORPUS_FOLDER } from './corpus.js'
import { runFile } from './run-file.js'

const args = process.argv.slice(2)
const flag = args.indexOf('--storage')
const storageName = flag < 0 ? 'memory' : (args[flag + 1] ?? 'memory')
const parts = args.filter((_, i) => flag < 0 || (i !== flag && i !== flag + 1))

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return filesBelow(path)
    return name.endsWith('.test.gz') ? [path] : []
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

let passed = 0
let failed = 0
for (const path of filesBelow(CORPUS_FOLDER)) {
  const name = relative(CORPUS_FOLDER, path)
  if (parts.length > 0 && !parts.some((part) => name.includes(part))) continue
  const folder = temporaryFolder()
  const engine = await TestEngine.start(await createStorages(storageName, folder), {
    storage: storageName,
    dataFolder: folder,
  })
  const setup = await engine.session()
  await setup.run('CREATE DATABASE slt')
  const startedAtMs = performance.now()
  const session = await engine.session('slt')
  const result = await runFile(path, session)
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  print(`${name}: ${result.passed} passed, ${result.failed} failed, ${seconds} s`)
  for (const failure of result.failures) print(`  ${failure}`)
  passed += result.passed
  failed += result.failed
  await engine.stop()
  removeTemporaryFolders()
}
print(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
