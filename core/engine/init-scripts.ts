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

/** Something is wrong with the folders or scripts that the operator chose; the message is for them. */
export class InitScriptError extends Error {
  override readonly name = 'InitScriptError'
}

/** Rejects with an InitScriptError. */
export async function runInitScripts(options: InitScriptOptions): Promise<void> {
  for (const folder of options.folders) {
    const names = (await namesIn(folder)).filter((name) => name.endsWith('.sql')).sort()
    for (const name of names) await runOnce(join(folder, name), options)
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const reason = isMissing ? 'there is no such folder' : String(error)
    throw new InitScriptError(`can't read the init folder ${folder}: ${reason}`, { cause: error })
  }
}

async function runOnce(path: string, options: InitScriptOptions): Promise<void> {
  const name = basename(path)
  if (options.catalog.hasRunScript(name)) return
  const text = (await readFile(path)).toString('latin1')
  const session = options.openSession()
  try {
    const failure = await runText(session, text)
    if (failure !== undefined) {
      const { error, statement } = failure
      throw new InitScriptError(
        `the init script ${path} failed at statement ${String(statement)}: ${error.message}`,
        { cause: error },
      )
    }
  } finally {
    await session.close()
  }
  await options.catalog.commit({ scripts: [name] })
  options.logger.info({ script: path }, 'ran an init script')
}

export interface TextFailure {
  readonly error: SqlError
  /** Counted from 1. A text that can't be parsed may fail before its first statement is done. */
  readonly statement: number
}

/** Runs the statements of a text, whose answers nobody reads, up to the first that fails. */
export async function runText(session: EngineSession, text: string): Promise<TextFailure | undefined> {
  let failure: TextFailure | undefined
  let done = 0
  const count = (): void => {
    done++
  }
  const sink: ResultSink = {
    ok: count,
    columns: () => undefined,
    rows: () => undefined,
    end: count,
    fail: (error) => {
      failure = { error, statement: done + 1 }
    },
  }
  await session.execute(text, true, sink)
  return failure
}
