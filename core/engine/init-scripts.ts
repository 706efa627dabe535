/**
 * The init scripts: every `*.sql` of the configured folders, in the order of their names, each once in the life of a data folder. A script
 * that fails ends the start; what it did before stays, and the script runs again at the next start.
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { LocalCatalog } from '../catalog/local-catalog.js'
import type { SqlError } from '../common/sql-error.js'
import type { Logger } from '../spi/logger.js'
import type { ResultSink } from '../spi/session.js'
import type { EngineSession } from './session.js'

export interface InitScriptOptions {
  readonly catalog: LocalCatalog
  readonly folders: readonly string[]
  readonly logger: Logger
  openSession(): EngineSession
}

export async function runInitScripts(options: InitScriptOptions): Promise<void> {
  for (const folder of options.folders) {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
    for (const name of names) await runOnce(join(folder, name), options)
  }
}

async function runOnce(path: string, options: InitScriptOptions): Promise<void> {
  const name = basename(path)
  if (options.catalog.hasRunScript(name)) return
  const text = (await readFile(path)).toString('latin1')
  const session = options.openSession()
  try {
    const failure = await runText(session, text)
    if (failure !== undefined)
      throw new Error(`the init script ${path} failed: ${failure.message}`, { cause: failure })
  } finally {
    await session.close()
  }
  await options.catalog.commit({ scripts: [name] })
  options.logger.info({ script: path }, 'ran an init script')
}

/** Runs the statements of a text, whose answers nobody reads, up to the first that fails. */
export async function runText(session: EngineSession, text: string): Promise<SqlError | undefined> {
  let failure: SqlError | undefined
  const sink: ResultSink = {
    ok: () => undefined,
    columns: () => undefined,
    rows: () => undefined,
    end: () => undefined,
    fail: (error) => {
      failure = error
    },
  }
  await session.execute(text, true, sink)
  return failure
}
