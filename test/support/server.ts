/**
 * The real server as a child process, on a data folder of its own and a port that the system chooses: started, stopped,
 * killed, and started again on what it left.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection, type Connection, type ConnectionOptions } from 'mysql2/promise'
import { ChildProgram, sourceFlags, type ProgramEnd } from './child-program.js'
import { temporaryFolder, writeFiles } from './temporary-folder.js'

export interface ServerOptions {
  /** Where configuration and data are, from an earlier start; default: a new temporary folder. */
  readonly folder?: string
  /** The text of the configuration file, without port and data folder. Only with a new folder. */
  readonly config?: string
  readonly args?: readonly string[]
  /** For Node, before the program. */
  readonly nodeFlags?: readonly string[]
  /** A program that runs the server, with its own arguments: a tracer. It must become the server by `exec`. */
  readonly under?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

const NO_SAMPLE = 'init: { sample: false }\n'

const started = new Set<TestServer>()

export class TestServer {
  private constructor(
    readonly folder: string,
    private readonly program: ChildProgram,
    readonly port: number,
  ) {
    started.add(this)
    void program.ended.then(() => started.delete(this))
  }

  /** Resolves when the server listens; rejects with its output when it ends before. */
  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const { folder, program } = launch(options)
    const [, port] = await program.waitFor('stdout', / -P (\d+)/)
    return new TestServer(folder, program, Number(port))
  }

  /** Starts a server and kills it some time later, whatever it is doing then. */
  static async startAndKill(options: ServerOptions, afterMs: number): Promise<void> {
    const { program } = launch(options)
    const timer = setTimeout(() => program.kill('SIGKILL'), afterMs)
    await program.ended
    clearTimeout(timer)
  }

  get processId(): number {
    return this.program.processId
  }

  /** What it wrote to its log. */
  get log(): string {
    return this.program.stderr
  }

  get dataFolder(): string {
    return join(this.folder, 'data')
  }

  get address() {
    return { host: '127.0.0.1', port: this.port, user: 'root' } as const
  }

  /** A connection of mysql2 as root. */
  async connect(options: ConnectionOptions = {}): Promise<Connection> {
    const connection = await createConnection({ ...this.address, ...options })
    // The server's end is told by the statement under way; without a listener it would be thrown a second time.
    connection.on('error', () => undefined)
    return connection
  }

  signal(signal: NodeJS.Signals): void {
    this.program.kill(signal)
  }

  get ended(): Promise<ProgramEnd> {
    return this.program.ended
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.program.kill('SIGKILL')
    await this.program.ended
  }

  /** SIGTERM; answers how the process ended. */
  async stop(): Promise<ProgramEnd> {
    this.program.kill('SIGTERM')
    return this.program.ended
  }

  /** Memory that the process holds, in bytes. Linux only. */
  async residentBytes(): Promise<number> {
    const { readFile } = await import('node:fs/promises')
    const status = await readFile(`/proc/${this.processId}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
  }
}

function launch(options: ServerOptions): { readonly folder: string; readonly program: ChildProgram } {
  const { args = [], nodeFlags = [], under = [], environment = {} } = options
  const folder = options.folder ?? temporaryFolder()
  if (!existsSync(join(folder, 'server.yaml'))) {
    const own = options.config ?? NO_SAMPLE
    // The column engine is a process of its own, which few tests need.
    const storage = /^storage:/m.test(own) ? '' : 'storage: lmdb\n'
    const fixed = `port: 0\ndataDir: ./data\n${storage}`
    writeFiles(folder, { 'server.yaml': fixed + own })
  }
  const node = [process.execPath, ...nodeFlags, ...sourceFlags('core/main/bin.ts')]
  const [command = process.execPath, ...rest] = [...under, ...node, '--config', 'server.yaml', ...args]
  return { folder, program: new ChildProgram(command, { args: rest, folder, environment }) }
}

/** For `afterEach`: no server outlives its test. */
export async function killServers(): Promise<void> {
  await Promise.all([...started].map((server) => server.kill()))
}
