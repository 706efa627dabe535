/**
 * The data folder: made if it is missing, checked to be writable, and locked against a second server. Only servers with
 * a durable storage have one.
 */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, StartError } from '../loader/start-error.js'
import { lockFolder, type FolderLock } from './folder-lock.js'

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the file system is full',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'it is not a folder',
  ENOENT: 'the system lets nobody make it',
}
const FOLDER_MODE = 0o750

export class DataFolder {
  private lock: FolderLock | undefined

  constructor(readonly path: string) {}

  /** Throws a StartError that tells why the folder can't be used. */
  async open(): Promise<void> {
    try {
      makeFolder(this.path)
      accessSync(this.path, constants.R_OK | constants.W_OK | constants.X_OK)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? ''
      throw new StartError(`can't use the data folder ${this.path}: ${REASONS[code] ?? messageOf(error)}`, {
        cause: error,
      })
    }
    this.lock = await lockFolder(this.path)
  }

  async close(): Promise<void> {
    await this.lock?.release()
    this.lock = undefined
  }
}

/** With its parents. `recursive` never ends where the system calls a folder missing that is there, as below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return
  const parent = dirname(path)
  if (!existsSync(parent)) makeFolder(parent)
  mkdirSync(path, { mode: FOLDER_MODE })
}
