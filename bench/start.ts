/**
 * How long the server takes to listen, and what it holds when nobody asks anything: `npm run bench -- bench/start.ts`. The first start
 * makes the data folder and the sample database; the others find them.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from './rivals.js'

const PROGRAM = resolve(import.meta.dirname, '../core/dist/main/bin.js')

async function isListening(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1')
  const isUp = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ])
  socket.destroy()
  return isUp
}

const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'))
for (const start of ['first start', 'second start', 'third start']) {
  const port = await freePort()
  const startedMs = performance.now()
  const args = [PROGRAM, '--storage', 'lmdb', '--port', String(port), '--data-dir', folder]
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  while (!(await isListening(port).catch(() => false))) await delay(2)
  const listeningMs = performance.now() - startedMs
  await delay(3000)
  const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8')
  const megabytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  console.log(`${start}: listening after ${listeningMs.toFixed(0)} ms, idle ${megabytes.toFixed(0)} MB`)
  child.kill('SIGTERM')
  await once(child, 'exit')
}
rmSync(folder, { recursive: true })
