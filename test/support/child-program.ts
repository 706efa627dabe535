/** Child processes whose output is kept and can be waited for. */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const loader = new URL('../typescript-loader.mjs', import.meta.url).href

export interface ProgramOptions {
  readonly args?: readonly string[]
  readonly folder: string
  /** Added to a small environment that only has PATH and HOME. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface ProgramEnd {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
}

/** Flags for Node under which it runs a TypeScript source of this repository. */
export function sourceFlags(program: string): readonly string[] {
  return ['--import', loader, fileURLToPath(new URL(`../../${program}`, import.meta.url))]
}

/** Runs a source file, named relative to the repository's root. */
export function runSource(program: string, options: ProgramOptions): ChildProgram {
  return new ChildProgram(process.execPath, {
    ...options,
    args: [...sourceFlags(program), ...(options.args ?? [])],
  })
}

export class ChildProgram {
  stdout = ''
  stderr = ''
  readonly ended: Promise<ProgramEnd>
  private readonly child: ChildProcess

  constructor(command: string, { args = [], folder, environment = {} }: ProgramOptions) {
    const { PATH = '', HOME = '' } = process.env
    this.child = spawn(command, args, {
      cwd: folder,
      env: { PATH, HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout?.on('data', (bytes: Buffer) => (this.stdout += bytes.toString()))
    this.child.stderr?.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()))
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (status, signal) => resolve({ status, signal }))
    })
  }

  get processId(): number {
    const { pid } = this.child
    if (pid === undefined) throw new Error('the program could not be started')
    return pid
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Resolves with the match when the output has one; rejects if the program ends before. */
  async waitFor(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    const source = this.child[stream]
    for (;;) {
      const match = pattern.exec(this[stream])
      if (match !== null) return match
      const next = new Promise((resolve) => source?.once('data', resolve))
      const end = await Promise.race([next.then(() => undefined), this.ended])
      if (end !== undefined && pattern.exec(this[stream]) === null) {
        throw new Error(`ended with status ${end.status} before ${pattern}: ${this.stdout}${this.stderr}`)
      }
    }
  }
}
