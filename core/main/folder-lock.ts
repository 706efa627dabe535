/**
 * Keeps two servers from using one data folder. The lock is a Unix socket in the folder that its owner listens on: the
 * operating system closes it when the process ends, however it ends, so that a lock left behind by kill -9 or a power cut
 * is told from a held one by connecting to it. Process ids would not do: they are reused, and mean nothing across
 * containers that share a volume. On Windows a named pipe does the same.
 */
import { createHash } from 'node:crypto'
import { lstatSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf, StartError } from '../loader/start-error.js'

const LOCK_NAME = 'server.lock'
/** Room for a path in a socket address: 104 bytes on macOS, 108 on Linux, with the closing zero. */
const SOCKET_PATH_BYTES_MAX = 103
/** An owner that has bound but not yet listened refuses connections for an instant. */
const RECHECK_DELAY_MS = 50
const ATTEMPTS_MAX = 5

export interface FolderLock {
  release(): Promise<void>
}

type Holder =
  | { readonly kind: 'held'; readonly by: string }
  | { readonly kind: 'stale'; readonly identity: string }
  | { readonly kind: 'gone' }

/** Takes the lock of an existing folder, or throws a StartError that tells who has it. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = socketPath(folder)
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const server = await tryToListen(path, folder)
    if (server !== undefined) return { release: () => close(server) }
    const holder = await findHolder(path)
    if (holder.kind === 'held') {
      throw new StartError(`the data folder ${folder} is in use by another server (${holder.by})`)
    }
    if (holder.kind === 'stale') removeStale(path, holder.identity)
  }
  throw new StartError(`can't lock the data folder ${folder}: other servers are starting on it`)
}

/** In the folder itself if the path fits; else a name made of the folder's path. */
function socketPath(folder: string): string {
  const real = realpathSync(folder)
  const digest = createHash('sha256').update(real).digest('hex').slice(0, 32)
  if (process.platform === 'win32') return `\\\\?\\pipe\\switchyard-${digest}`
  const inFolder = join(real, LOCK_NAME)
  const candidates = [
    inFolder,
    relative(process.cwd(), inFolder),
    join(tmpdir(), `switchyard-${digest}.lock`),
  ]
  return candidates.find((path) => Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) ?? inFolder
}

/** Binding creates the socket or fails, in one step. Answers undefined when it exists already. */
function tryToListen(path: string, folder: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      // Whoever asks has gone when this fails.
      socket.on('error', () => socket.destroy())
      socket.end(`process ${process.pid}`)
    })
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(new StartError(`can't lock the data folder ${folder}: ${error.message}`, { cause: error }))
    })
    server.listen(path, () => {
      // The lock must not keep a process alive that has nothing else to do.
      server.unref()
      resolve(server)
    })
  })
}

async function findHolder(path: string): Promise<Holder> {
  const first = await ask(path)
  if (first.kind !== 'stale') return first
  await delay(RECHECK_DELAY_MS)
  const second = await ask(path)
  return second.kind === 'stale' && second.identity !== first.identity ? { kind: 'gone' } : second
}

function ask(path: string): Promise<Holder> {
  const identity = identityOf(path)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = createConnection(path)
    socket.setEncoding('utf8')
    // An owner that is stopped or busy holds the lock all the same.
    socket.setTimeout(1000, () => socket.destroy())
    socket.on('data', (text: string) => (answer += text))
    socket.on('close', (hadError) => {
      if (!hadError) resolve({ kind: 'held', by: answer === '' ? 'it does not answer' : answer })
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || identity === undefined) resolve({ kind: 'gone' })
      else if (error.code === 'ECONNREFUSED') resolve({ kind: 'stale', identity })
      else if (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        resolve({ kind: 'held', by: 'it is ending' })
      else reject(new StartError(`can't check the lock ${path}: ${error.message}`, { cause: error }))
    })
  })
}

/** Tells a file from one that was made later in its place, even if that was given the same inode. */
function identityOf(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? undefined : `${stats.ino}:${stats.mtimeNs}`
}

/**
 * Removes the socket that was found stale, and only that one: another server may have done the same and taken the lock since.
 * A rename takes hold of one file, whose identity is then compared.
 */
function removeStale(path: string, identity: string) {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    // Someone else was faster; the next attempt sees whose it is.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new StartError(`can't remove the stale lock ${path}: ${messageOf(error)}`, { cause: error })
  }
  if (identityOf(aside) === identity) rmSync(aside, { force: true })
  else renameSync(aside, path)
}

function close(server: Server): Promise<void> {
  // Closing a listening socket also removes its file.
  return new Promise((resolve) => server.close(() => resolve()))
}
