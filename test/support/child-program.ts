/** Programs of this repository as child processes, run from their TypeScript sources. */
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

export class ChildProgram {
  stdout = ''
  stderr = ''
  readonly ended: Promise<ProgramEnd>
  private readonly child: ChildProcess

  /** `program` is a source file, relative to the repository's root. */
  constructor(program: string, { args = [], folder, environment = {} }: ProgramOptions) {
    const file = fileURLToPath(new URL(`../../${program}`, import.meta.url))
    const { PATH = '', HOME = '' } = process.env
    this.child = spawn(process.execPath, ['--import', loader, file, ...args], {
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
