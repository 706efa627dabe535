/** Programs of the operating system that run to their end: real clients. */
import { spawn } from 'node:child_process'

export interface CommandEnd {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly input?: string
  /** Of input and output; latin1 keeps bytes as they are. */
  readonly encoding?: 'utf8' | 'latin1'
  readonly timeoutMs?: number
}

/** Runs a program with `input` on its standard input; ends it after `timeoutMs`. */
export function runCommand(
  command: string,
  args: readonly string[],
  { input = '', encoding = 'utf8', timeoutMs = 60_000 }: CommandOptions = {},
): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding(encoding).on('data', (text: string) => (output.stdout += text))
    child.stderr.setEncoding(encoding).on('data', (text: string) => (output.stderr += text))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, ...output }))
    // A program that fails early closes its input.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input, encoding)
  })
}

const MESSAGE_LENGTH_MAX = 2000

/** The standard output of a program that must succeed. */
export async function outputOf(...run: Parameters<typeof runCommand>): Promise<string> {
  const { status, stdout, stderr } = await runCommand(...run)
  if (status !== 0) {
    const told = `${stdout.slice(-MESSAGE_LENGTH_MAX)}${stderr.slice(-MESSAGE_LENGTH_MAX)}`
    throw new Error(`${run[0]} ended with status ${status}: ${told}`)
  }
  return stdout
}
