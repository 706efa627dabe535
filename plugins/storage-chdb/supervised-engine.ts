/**
 * The engine in a child process that is started again whenever it ends. Queries under way fail then, each with the reason; those that
 * come while it starts wait for it. The first restart comes at once; if it ends again soon, the next ones come later and later.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rm, statfs, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Batch, textType, type Logger } from '@switchyard/core/spi'
import { EngineGone, type BlockStream, type ColumnEngine, type Layout } from './column-engine.js'
import { DICTIONARY_TEXTS_MAX, writeEngineConfig } from './engine-config.js'
import { BlockReader } from './block-reader.js'
import { EngineProcess, type EngineProcessOptions } from './engine-process.js'

export interface SupervisedEngineOptions extends EngineProcessOptions {
  readonly partBytes: number
  /** Folders where blocks that are inserted are put down for the engine to read, the preferred one first. */
  readonly spoolPaths: readonly string[]
  /** Wait before the second restart in a row; doubled for each further one. */
  readonly backOffMs: number
  readonly backOffMaxMs: number
  /** How long a query waits for an engine that is being started. */
  readonly waitMaxMs: number
}

/** A process that lived so long is no failed start. */
const HEALTHY_MS = 60_000

const ONE_PLACE = Promise.resolve<Layout>({
  cluster: undefined,
  shardCount: 1,
  dictionaryTexts: DICTIONARY_TEXTS_MAX,
})

export class SupervisedEngine implements ColumnEngine {
  private current: Promise<EngineProcess> | undefined
  private isStopping = true
  private failures = 0
  private lastFile = 0
  private stopWaiting: (() => void) | undefined

  constructor(
    private readonly options: SupervisedEngineOptions,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    this.isStopping = false
    await this.removeSpools()
    this.current = this.launch()
    await this.current
  }

  async open(): Promise<boolean> {
    if (existsSync(this.options.path)) await this.start()
    else this.isStopping = false
    return this.current !== undefined
  }

  async stop(): Promise<void> {
    this.isStopping = true
    this.stopWaiting?.()
    const child = await this.current?.catch(() => undefined)
    await child?.stop()
    await this.removeSpools()
  }

  get partBytes(): number {
    return this.options.partBytes
  }

  layout(): Promise<Layout> {
    return ONE_PLACE
  }

  async run(sql: string, signal?: AbortSignal): Promise<void> {
    await (await this.child(signal)).run(sql, signal)
  }

  async query(sql: string, signal?: AbortSignal): Promise<BlockStream> {
    return (await this.child(signal)).query(sql, signal)
  }

  async flushTable(name: string): Promise<void> {
    const paths = `SELECT arrayJoin(data_paths), metadata_path FROM system.tables`
    const stream = await this.query(`${paths} WHERE database = currentDatabase() AND name = '${name}'`)
    const path = textType(4096, 'utf8mb4_bin')
    const found = Batch.ofTypes([path, path])
    try {
      for (let block = await stream.next(); block !== undefined; block = await stream.next()) {
        found.rowCount += new BlockReader(block).next(found.columns)
      }
    } finally {
      await stream.close()
    }
    for (let row = 0; row < found.rowCount; row++) {
      const [parts, definition] = found.row(row).map(String)
      if (parts === undefined || definition === undefined) continue
      await syncFolder(parts)
      // It may have got its name just now.
      await syncNames(dirname(resolve(this.options.path, definition)))
    }
  }

  async queryWith(
    block: Buffer,
    sqlOf: (source: string) => string,
    signal?: AbortSignal,
  ): Promise<BlockStream> {
    const file = await this.putDown([block])
    const remove = () => rm(file, { force: true })
    try {
      const stream = await this.query(sqlOf(sourceOf(file)), signal)
      return {
        begun: stream.begun,
        next: () => stream.next(),
        close: async () => {
          await stream.close()
          await remove()
        },
      }
    } catch (error) {
      await remove()
      throw error
    }
  }

  async insert(into: string, blocks: readonly Buffer[], signal?: AbortSignal): Promise<void> {
    const file = await this.putDown(blocks)
    try {
      await this.run(`${into} SELECT * FROM ${sourceOf(file)}`, signal)
    } finally {
      await rm(file, { force: true })
    }
  }

  private async putDown(pieces: readonly Buffer[]): Promise<string> {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const path = join(await this.spoolFor(bytes), `${++this.lastFile}.native`)
    const file = await open(path, 'w', 0o600)
    try {
      await writeAll(file, pieces)
    } finally {
      await file.close()
    }
    return path
  }

  /** The process as it is now; undefined between two lives. For tests and for the log. */
  async processId(): Promise<number | undefined> {
    return (await this.current)?.processId
  }

  private async removeSpools(): Promise<void> {
    for (const path of this.options.spoolPaths) await rm(path, { recursive: true, force: true })
  }

  /** The first folder with room, or the last. */
  private async spoolFor(bytes: number): Promise<string> {
    const { spoolPaths, path } = this.options
    for (const spool of spoolPaths) {
      try {
        await mkdir(spool, { recursive: true, mode: 0o700 })
        const { bavail, bsize } = await statfs(spool)
        if (bavail * bsize > bytes * 2) return spool
      } catch {
        // No such place on this system: the next one.
      }
    }
    return spoolPaths.at(-1) ?? path
  }

  private async child(signal: AbortSignal | undefined): Promise<EngineProcess> {
    if (this.isStopping) throw new EngineGone('it is not started')
    this.current ??= this.launchFirst()
    return within(this.current, this.options.waitMaxMs, signal)
  }

  /** The next query tries again if it fails. */
  private async launchFirst(): Promise<EngineProcess> {
    try {
      return await this.launch()
    } catch (error) {
      this.current = undefined
      throw new EngineGone(error instanceof Error ? error.message : String(error))
    }
  }

  private async launch(): Promise<EngineProcess> {
    const startedMs = performance.now()
    await mkdir(this.options.path, { recursive: true })
    const config = await writeEngineConfig(`${this.options.path}.xml`)
    const connectionArgs = [config, ...this.options.connectionArgs]
    const child = new EngineProcess({ ...this.options, connectionArgs })
    await child.ready()
    void child.ended.then(({ reason }) => {
      if (this.isStopping) return
      this.logger.error({ reason }, 'the column engine ended; it is started again')
      if (performance.now() - startedMs > HEALTHY_MS) this.failures = 0
      this.current = this.relaunch()
      this.current.catch(() => undefined)
    })
    return child
  }

  /** Until one start succeeds, or the server stops. */
  private async relaunch(): Promise<EngineProcess> {
    for (;;) {
      const { backOffMs, backOffMaxMs } = this.options
      const waitMs = this.failures === 0 ? 0 : Math.min(backOffMs * 2 ** (this.failures - 1), backOffMaxMs)
      this.failures++
      await this.pause(waitMs)
      if (this.isStopping) throw new EngineGone('the server stops')
      try {
        return await this.launch()
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.logger.error({ reason }, 'the column engine could not be started again')
      }
    }
  }

  private pause(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs)
      this.stopWaiting = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** A folder in memory for blocks on their way, and one beside the data. A server that was killed finds its own again. */
export function spoolFolders(dataFolder: string): readonly string[] {
  const name = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16)
  return [`/dev/shm/switchyard-${name}`, join(dataFolder, 'spool')]
}

/** A call takes so many pieces at most. */
const PIECES_MAX = 512

async function writeAll(file: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  for (let at = 0; at < pieces.length; at += PIECES_MAX) {
    const some = pieces.slice(at, at + PIECES_MAX)
    const size = some.reduce((sum, piece) => sum + piece.length, 0)
    const { bytesWritten } = await file.writev(some)
    // What a full folder took no more is written again, so that the error says why.
    if (bytesWritten < size) await file.writeFile(Buffer.concat(some).subarray(bytesWritten))
  }
}

/** Flushes the names in a folder of parts, and those in the parts themselves. */
async function syncFolder(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true })
  const parts = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name))
  for (const folder of [...parts, path]) {
    try {
      await syncNames(folder)
    } catch (error) {
      // Parts that were merged go away at any time.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

async function syncNames(folder: string): Promise<void> {
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}

function sourceOf(file: string): string {
  return `file('${file.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}', 'Native')`
}

async function within<T>(promise: Promise<T>, waitMs: number, signal: AbortSignal | undefined): Promise<T> {
  let giveUp: ((reason: string) => void) | undefined
  const given = new Promise<never>((_, reject) => {
    giveUp = (reason) => {
      reject(new EngineGone(reason))
    }
  })
  const abort = (): void => giveUp?.('the statement ended')
  const timer = setTimeout(() => giveUp?.('it is being started'), waitMs)
  if (signal?.aborted === true) abort()
  signal?.addEventListener('abort', abort)
  try {
    return await Promise.race([promise, given])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
