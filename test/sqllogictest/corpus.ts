/**
 * Where the corpus lies: beside the checkout, it is no part of the repository.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const CORPUS_FOLDER = resolve(import.meta.dirname, '../../../shared/conformance/sqllogictest')

export const hasCorpus = existsSync(CORPUS_FOLDER)

/** `name`: as 'evidence/in1'. */
export function corpusPath(name: string): string {
  return join(CORPUS_FOLDER, `${name}.test.gz`)
}
