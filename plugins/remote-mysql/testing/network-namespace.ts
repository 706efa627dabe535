/**
 * A network of a test's own, with one host in it whose cable can be pulled: packets are lost then, both ways, and nobody is told. It takes root,
 * and a kernel that lets it (network namespaces, veth).
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { findCommand } from '../../../test/support/system-packages.js'

const RELAY = `
  const { createServer, connect } = require('node:net')
  const [port, path] = process.argv.slice(1)
  createServer((from) => {
    const to = connect(path)
    from.on('error', () => to.destroy()).pipe(to)
    to.on('error', () => from.destroy()).pipe(from)
  }).listen(Number(port), () => console.log('ready'))`

const PORT = 3306

/** Whether this machine lets us have one. */
export function hasNetworkNamespaces(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || findCommand('ip') === undefined)
    return false
  const name = `probe-${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0
  const linked =
    made &&
    spawnSync('ip', ['link', 'add', `p${process.pid}`, 'type', 'veth', 'peer', 'name', `q${process.pid}`])
      .status === 0
  if (linked) spawnSync('ip', ['link', 'delete', `p${process.pid}`])
  if (made) spawnSync('ip', ['netns', 'delete', name])
  return linked
}

export class NetworkNamespace {
  readonly port = PORT

  private constructor(
    private readonly name: string,
    private readonly cable: string,
    /** Of the host in it. */
    readonly host: string,
    private readonly relay: ChildProcess,
  ) {}

  /** What connects to the host comes out at a Unix socket outside. */
  static async open(path: string): Promise<NetworkNamespace> {
    const id = process.pid % 65536
    const name = `switchyard-${id}`
    const [here, there] = [`sy${id}a`, `sy${id}b`]
    // Of the networks that are set aside for measurements.
    const network = `198.18.${id >> 8}.`
    const host = (id & 0x3f) * 4
    ip('netns', 'add', name)
    ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name)
    ip('address', 'add', `${network}${host + 1}/30`, 'dev', here)
    ip('link', 'set', here, 'up')
    ip('-n', name, 'address', 'add', `${network}${host + 2}/30`, 'dev', there)
    ip('-n', name, 'link', 'set', there, 'up')
    const relay = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', RELAY, String(PORT), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(relay.stdout, 'data')
    return new NetworkNamespace(name, there, `${network}${host + 2}`, relay)
  }

  silence(isSilent: boolean): void {
    ip('-n', this.name, 'link', 'set', this.cable, isSilent ? 'down' : 'up')
  }

  close(): Promise<void> {
    this.relay.kill('SIGKILL')
    ip('netns', 'delete', this.name)
    return Promise.resolve()
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
