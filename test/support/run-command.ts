/** Programs of the operating system that run to their end: real clients. */
import { spawn } from 'node:child_process'

export interface CommandEnd {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program with `input` on its standard input; ends it after `timeoutMs`. */
export function runCommand(
  command: string,
  args: readonly string[],
  { input = '', timeoutMs = 60_000 }: { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, ...output }))
    // A program that fails early closes its input.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** The standard output of a program that must succeed. */
export async function outputOf(...run: Parameters<typeof runCommand>): Promise<string> {
  const { status, stdout, stderr } = await runCommand(...run)
  if (status !== 0) throw new Error(`${run[0]} ended with status ${status}: ${stderr}${stdout}`)
  return stdout
}
