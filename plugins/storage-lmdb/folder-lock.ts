/**
 * Keeps a second process off a folder. Node has no file locks, so the owner listens on a Unix socket in the folder: the
 * kernel closes it with the process, however that ends, and whoever can connect to it knows that the owner lives, also across
 * containers that share the folder.
 *
 * Each newcomer listens under a name of its own and becomes the owner if it then finds no other socket alive. Of two that
 * come at once the one that listened later sees the other; at worst both step back and try again.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join, resolve } from 'node:path'

/** Longest path of a socket that every system takes. */
const SOCKET_PATH_BYTES_MAX = 100
const ATTEMPTS_MAX = 10
const RETRY_MS_MAX = 50

export class FolderLock {
  private constructor(
    private readonly server: Server,
    private readonly shortcut: FileHandle | undefined,
  ) {}

  /** Takes a folder, which is made if it is missing; undefined if another process (or this one) has it. */
  static async take(folder: string): Promise<FolderLock | undefined> {
    await mkdir(folder, { recursive: true })
    if (process.platform === 'win32') return FolderLock.takePipe(folder)
    const shortcut = await shortcutTo(folder)
    const sockets = shortcut === undefined ? folder : `/proc/self/fd/${shortcut.fd}`
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if ((await findOthers(sockets, undefined)).alive > 0) break
      const name = `owner-${randomUUID().slice(0, 8)}.sock`
      const server = await listen(join(sockets, name))
      const others = await findOthers(sockets, name)
      if (others.alive === 0) {
        for (const dead of others.dead) await rm(join(folder, dead), { force: true })
        return new FolderLock(server, shortcut)
      }
      await close(server)
      await new Promise((goOn) => setTimeout(goOn, Math.random() * RETRY_MS_MAX))
    }
    await shortcut?.close()
    return undefined
  }

  /** On Windows sockets have names apart from files, go with their process, and are exclusive by themselves. */
  private static async takePipe(folder: string): Promise<FolderLock | undefined> {
    const digest = createHash('sha256').update(resolve(folder).toLowerCase()).digest('hex')
    try {
      return new FolderLock(await listen(`\\\\.\\pipe\\switchyard-${digest}`), undefined)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
      throw error
    }
  }

  async release(): Promise<void> {
    await close(this.server)
    await this.shortcut?.close()
  }
}

/** The sockets of a folder but `own`: how many live, and the names of those that don't. */
async function findOthers(
  folder: string,
  own: string | undefined,
): Promise<{ alive: number; dead: string[] }> {
  const names = (await readdir(folder)).filter((name) => /^owner-.*\.sock$/.test(name) && name !== own)
  const dead: string[] = []
  for (const name of names) if (!(await isAlive(join(folder, name)))) dead.push(name)
  return { alive: names.length - dead.length, dead }
}

/** A handle through which the sockets of a folder with a long path have short ones. */
async function shortcutTo(folder: string): Promise<FileHandle | undefined> {
  const isLong = Buffer.byteLength(join(folder, 'owner-01234567.sock')) > SOCKET_PATH_BYTES_MAX
  return isLong && process.platform === 'linux' ? await open(folder, 'r') : undefined
}

function listen(path: string): Promise<Server> {
  return new Promise((settle, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.on('error', reject)
    // Exclusive: in a cluster's worker the primary would listen in its place.
    server.listen({ path, exclusive: true }, () => {
      server.unref()
      settle(server)
    })
  })
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      settle(true)
    })
    socket.on('error', () => settle(false))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((settle) => {
    server.close(() => settle())
  })
}
