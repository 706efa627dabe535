/**
 * The file that LOAD DATA reads: the client's own (LOCAL), or one in the folder that the configuration opens for it.
 */
import { open, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { sqlError } from '../common/sql-error.js'
import type { LoadStatement } from '../plan/syntax/index.js'
import type { ResultSink } from '../spi/session.js'
import type { Actor } from './account-access.js'
import type { ServerCore } from './server-core.js'

const PIECE_BYTES = 1 << 20

interface FileHost extends Actor {
  readonly core: ServerCore
}

/**
 * What opens the statement's file once it is known where its rows go. Throws ER_CLIENT_LOCAL_FILES_DISABLED,
 * ER_OPTION_PREVENTS_STATEMENT, ER_ACCESS_DENIED_ERROR.
 */
export function openerOf(
  { local, file }: LoadStatement,
  host: FileHost,
  sink: ResultSink,
): () => AsyncIterator<Uint8Array> {
  if (!local) {
    const folder = requireFileFolder(host)
    return () => readServerFile(file, folder)
  }
  const request = sink.requestFile?.bind(sink)
  if (host.core.globals.get('local_infile') !== 1 || request === undefined) {
    throw sqlError('ER_CLIENT_LOCAL_FILES_DISABLED')
  }
  return () => request(file)[Symbol.asyncIterator]()
}

/**
 * The folder whose files statements may read and write (secure_file_priv). Throws ER_ACCESS_DENIED_ERROR without the privilege FILE,
 * ER_OPTION_PREVENTS_STATEMENT if there is none.
 */
export function requireFileFolder(host: FileHost): string {
  host.core.checkFileAccess(host)
  const { folder } = host.core.settings.files
  if (folder === '') throw sqlError('ER_OPTION_PREVENTS_STATEMENT', '--secure-file-priv')
  return folder
}

/** A path within the folder; relative ones count from it. */
export function pathWithin(file: string, folder: string): string {
  const path = isAbsolute(file) ? resolve(file) : resolve(folder, file)
  if (!isWithin(path, folder)) throw sqlError('ER_OPTION_PREVENTS_STATEMENT', '--secure-file-priv')
  return path
}

function isWithin(path: string, folder: string): boolean {
  const root = resolve(folder)
  return path.startsWith(root.endsWith(sep) ? root : root + sep)
}

async function* readServerFile(file: string, folder: string): AsyncGenerator<Uint8Array> {
  const path = pathWithin(file, folder)
  // A link must not lead out of the folder.
  const [real, realFolder] = await Promise.all([realpath(path), realpath(folder)]).catch((error: unknown) => {
    throw systemError('EE_STAT', path, error)
  })
  if (!isWithin(real, realFolder)) throw sqlError('ER_OPTION_PREVENTS_STATEMENT', '--secure-file-priv')
  if (!(await stat(real)).isFile()) throw sqlError('EE_STAT', path, 21, 'Is not a file')
  const handle = await open(real, 'r').catch((error: unknown) => {
    throw systemError('EE_STAT', path, error)
  })
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read({ buffer: Buffer.allocUnsafe(PIECE_BYTES) })
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** What the system said of a file, as MySQL tells it. */
export function systemError(code: 'EE_STAT' | 'EE_CANTCREATEFILE', path: string, error: unknown): Error {
  const { errno, message } = error as NodeJS.ErrnoException
  const reason = /^\w+: ([^,]+)/.exec(message)?.[1] ?? message
  return sqlError(code, path, Math.abs(errno ?? 0), reason.charAt(0).toUpperCase() + reason.slice(1))
}

/** As secure_file_priv shows it: with the separator at its end; NULL if no files may be touched. */
export function secureFilePriv(folder: string): string | null {
  return folder === '' ? null : join(folder, sep)
}
