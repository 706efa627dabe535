/**
 * Servers to measure side by side: ours from the build, and MariaDB from the system, each in a folder of its own.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const ROOT = resolve(import.meta.dirname, '..')

export interface Rival {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** What it keeps is below. */
  readonly folder: string
  stop(): Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

async function untilListening(port: number, child: ChildProcess, what: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`${what} ended with ${child.exitCode}`)
    const isUp = await new Promise<boolean>((done) => {
      const socket = createConnection(port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        done(true)
      })
      socket.once('error', () => {
        done(false)
      })
    })
    if (isUp) return
    await delay(100)
  }
  throw new Error(`${what} doesn't listen`)
}

async function stopChild(child: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((done) => child.once('exit', done))
  child.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
}

/** `arguments` go to Node, before the program: `--cpu-prof` and the like. */
export async function startSwitchyard(
  storage = 'lmdb',
  nodeArguments: readonly string[] = [],
): Promise<Rival> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'))
  const port = await freePort()
  const program = join(ROOT, 'core/dist/main/bin.js')
  const args = [
    ...nodeArguments,
    program,
    '--storage',
    storage,
    '--port',
    String(port),
    '--data-dir',
    join(folder, 'data'),
  ]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  await untilListening(port, child, 'switchyard')
  return {
    name: `switchyard (${storage})`,
    port,
    pid: child.pid ?? 0,
    folder,
    stop: () => stopChild(child, folder),
  }
}

export async function startMariaDb(extra: readonly string[] = []): Promise<Rival> {
  const folder = mkdtempSync(join(tmpdir(), 'mariadb-bench-'))
  const data = join(folder, 'data')
  execFileSync(
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'],
    {
      stdio: 'ignore',
    },
  )
  const port = await freePort()
  const args = [
    '--no-defaults',
    '--user=root',
    `--datadir=${data}`,
    `--socket=${join(folder, 'socket')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--innodb-flush-log-at-trx-commit=1',
    '--innodb-buffer-pool-size=4G',
    '--max-connections=500',
    ...extra,
  ]
  const child = spawn('mariadbd', args, { stdio: 'ignore' })
  await untilListening(port, child, 'mariadbd')
  return { name: 'mariadb', port, pid: child.pid ?? 0, folder, stop: () => stopChild(child, folder) }
}

/** A process that hands bytes on between its port and a server's, and nothing else. */
export function startRelay(to: Rival): Promise<Rival> {
  const folder = mkdtempSync(join(tmpdir(), 'relay-bench-'))
  return relayOf(to, 'bytes alone', folder, [process.execPath, join(ROOT, 'bench/relay.mjs')])
}

/** The same without Node; undefined where there is no compiler. */
export function startNativeRelay(to: Rival): Promise<Rival> | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'relay-bench-'))
  const program = join(folder, 'relay')
  try {
    execFileSync('cc', ['-O2', '-o', program, join(ROOT, 'bench/relay.c')])
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
  return relayOf(to, 'bytes alone, in C', folder, [program])
}

async function relayOf(
  to: Rival,
  name: string,
  folder: string,
  [program = '', ...args]: readonly string[],
): Promise<Rival> {
  const port = await freePort()
  const child = spawn(program, [...args, String(port), String(to.port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await untilListening(port, child, name)
  return { name, port, pid: child.pid ?? 0, folder, stop: () => stopChild(child, folder) }
}

/** Arguments of MariaDB's client. Without TLS, which only one of the rivals offers, and the client then uses. */
export function clientArguments({ port }: Rival, sql: string, ...options: readonly string[]): string[] {
  return ['--no-defaults', '--skip-ssl', '-h127.0.0.1', `-P${port}`, '-uroot', ...options, '-e', sql]
}

/** Runs MariaDB's client and throws away what it prints. */
export function runClient(rival: Rival, sql: string, ...options: readonly string[]): void {
  execFileSync('mariadb', clientArguments(rival, sql, ...options), { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** CPU seconds that a process has used so far. */
export function cpuSeconds(pid: number): number {
  const fields = execFileSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8' })
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
