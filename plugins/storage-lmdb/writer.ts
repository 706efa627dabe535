/**
 * This thread's end of the writer thread: requests go out, promises come back. The thread is started by the first
 * request; if it dies, the requests under way fail and the next one starts another.
 */
import { SqlError, sqlError } from '@switchyard/core/spi'
import { Worker } from 'node:worker_threads'
import { FORMAT_VERSION, type EnvironmentSettings, type KeyspaceSize } from './environment.js'
import type { Chunk } from './chunk-pool.js'

/** What keyspaces hold, after the request; only those that it changed. */
export type ChangedSizes = ReadonlyMap<number, KeyspaceSize>

export interface Changed {
  readonly sizes: ChangedSizes
  /** Of a store: the leaves that are changed or gone; see `leaf-writer.js`. */
  readonly touched: Buffer
  /** All that there are now, if the request has changed them; see `Environment.aliases`. */
  readonly aliases: ReadonlyMap<number, number> | undefined
}

type Request =
  | { readonly kind: 'store'; readonly chunks: readonly Chunk[]; readonly commitNumber: number | undefined }
  | { readonly kind: 'drop'; readonly keyspace: number }
  | { readonly kind: 'close' }

interface Answer {
  readonly id: number
  readonly sizes?: ChangedSizes
  readonly touched?: Uint8Array<ArrayBuffer>
  readonly aliases?: ReadonlyMap<number, number>
  readonly error?: { readonly message: string; readonly code: number | string | undefined }
}

interface Waiting {
  resolve(changed: Changed): void
  reject(error: SqlError): void
}

const NOTHING = new Uint8Array(0)

export class Writer {
  private worker: Worker | undefined
  private readonly waiting = new Map<number, Waiting>()
  private lastId = 0

  constructor(
    private readonly storage: string,
    private readonly settings: EnvironmentSettings,
  ) {}

  /** Stores write sets in one transaction; with a commit number they are the state of that commit. */
  store(chunks: readonly Chunk[], commitNumber: number | undefined): Promise<Changed> {
    return this.request({ kind: 'store', chunks, commitNumber })
  }

  /** Removes the entries of a keyspace, in several transactions. */
  drop(keyspace: number): Promise<Changed> {
    return this.request({ kind: 'drop', keyspace })
  }

  async close(): Promise<void> {
    const { worker } = this
    if (worker === undefined) return
    await this.request({ kind: 'close' })
    this.worker = undefined
    await worker.terminate()
  }

  private request(request: Request): Promise<Changed> {
    return new Promise((resolve, reject) => {
      const worker = (this.worker ??= this.startWorker())
      const id = ++this.lastId
      this.waiting.set(id, { resolve, reject })
      // The process stays up for an answer, not for an idle thread.
      worker.ref()
      const chunks = request.kind === 'store' ? request.chunks : []
      const moved = chunks.map(({ memory }) => memory).filter((memory) => memory instanceof ArrayBuffer)
      worker.postMessage({ id, ...request }, moved)
    })
  }

  private startWorker(): Worker {
    const worker = new Worker(new URL('./writer-thread.js', import.meta.url), {
      workerData: { settings: this.settings, formatVersion: FORMAT_VERSION },
      // Flags of the process that a worker does not take (of a test runner, say) must not keep it from starting.
      execArgv: [],
    })
    worker.on('message', (answer: Answer) => this.settle(worker, answer))
    worker.on('error', (error) => this.failAll(worker, error))
    worker.on('exit', () => this.failAll(worker, new Error('the writer thread has ended')))
    return worker
  }

  private settle(worker: Worker, { id, sizes = new Map(), touched = NOTHING, aliases, error }: Answer): void {
    const waiting = this.waiting.get(id)
    this.waiting.delete(id)
    if (this.waiting.size === 0) worker.unref()
    if (error === undefined) waiting?.resolve({ sizes, touched: Buffer.from(touched.buffer), aliases })
    else waiting?.reject(this.storageError(error.code, error.message))
  }

  private failAll(worker: Worker, error: unknown): void {
    if (this.worker !== worker) return
    this.worker = undefined
    const failed = [...this.waiting.values()]
    this.waiting.clear()
    const message = error instanceof Error ? error.message : String(error)
    for (const waiting of failed) waiting.reject(this.storageError(undefined, message))
  }

  private storageError(code: number | string | undefined, message: string): SqlError {
    if (isNoRoom(code, message)) return sqlError('ER_DISK_FULL', this.settings.path)
    return new SqlError(
      'ER_STORAGE_UNAVAILABLE',
      sqlError('ER_STORAGE_UNAVAILABLE', this.storage, message).message,
    )
  }
}

/** LMDB's own code for a full map, ENOSPC, EFBIG, EDQUOT, and EIO, which is how a failed write of pages arrives. */
const NO_ROOM_CODES: readonly (number | string | undefined)[] = [-30792, 28, 27, 122, 5]

function isNoRoom(code: number | string | undefined, message: string): boolean {
  return NO_ROOM_CODES.includes(code) || /no space|MDB_MAP_FULL|file too large|quota/i.test(message)
}
