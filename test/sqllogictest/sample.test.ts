/**
 * Goal: the classic corpus answers as MySQL does; all of it runs by `npm run sqllogictest`, a sample here. Method: the records of
 * some files against an engine in this process, on each storage. Without the corpus beside the checkout there is nothing to run.
 */
import { isEngineInstalled } from '@switchyard/storage-chdb'
import { TestEngine } from '../support/engine.js'
import { createStorages } from '../support/storages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { CORPUS_FOLDER, corpusPath, hasCorpus } from './corpus.js'
import { runFile } from './run-file.js'

const EVIDENCE = [
  'in1',
  'in2',
  'slt_lang_aggfunc',
  'slt_lang_dropview',
  'slt_lang_replace',
  'slt_lang_update',
].map((name) => `evidence/${name}`)

const SAMPLES: readonly (readonly [storage: string, file: string])[] = [
  ...[...EVIDENCE, 'select1', 'random/groupby/slt_good_13', 'random/aggregates/slt_good_129'].map(
    (file) => ['memory', file] as const,
  ),
  ...[...EVIDENCE, 'index/random/1000/slt_good_2', 'index/random/1000/slt_good_4'].map(
    (file) => ['lmdb', file] as const,
  ),
  ...(isEngineInstalled() ? ['in1', 'slt_lang_replace', 'slt_lang_update'] : []).map(
    (name) => ['chdb', `evidence/${name}`] as const,
  ),
]

afterAll(removeTemporaryFolders)

if (!hasCorpus) process.stdout.write(`skipped: the sqllogictest corpus is not at ${CORPUS_FOLDER}\n`)

const each = hasCorpus ? test.each(SAMPLES) : test.skip.each(SAMPLES)

each(
  'on %s: %s',
  async (storage, file) => {
    const folder = temporaryFolder()
    const engine = await TestEngine.start(await createStorages(storage, folder), {
      storage,
      dataFolder: folder,
    })
    try {
      await (await engine.session()).run('CREATE DATABASE slt')
      const session = await engine.session('slt')
      const result = await runFile(corpusPath(file), session)
      expect(result.failures).toEqual([])
      expect(result.passed).toBeGreaterThan(0)
    } finally {
      await engine.stop()
    }
  },
  120_000,
)
