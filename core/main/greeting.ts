/** What the terminal shows when the server is ready: how to connect, with commands to copy. */
import type { ServerSettings } from '../spi/settings.js'

/** One protocol's addresses. */
export interface Listener {
  /** What it speaks: 'mysql', 'http'. */
  readonly kind: string
  readonly addresses: readonly string[]
}

export interface GreetingFacts {
  readonly version: string
  readonly settings: ServerSettings
  /** The storage mode. */
  readonly mode: string
  readonly isDurable: boolean
  readonly listeners: readonly Listener[]
}

/** Several lines, without a line end behind the last. */
export function greeting({ version, settings, mode, isDurable, listeners }: GreetingFacts): string {
  const place = isDurable ? `data in ${settings.dataFolder}` : 'nothing is kept on disk'
  const user = settings.rootPassword === '' ? '-u root' : '-u root -p'
  return [
    `Switchyard ${version} is ready (storage ${mode}, ${place}).`,
    ...listeners.flatMap(({ kind, addresses }) =>
      addresses.map(
        (address) => `  ${kind === 'mysql' ? clientCommand(address, user) : `${kind}: ${address}`}`,
      ),
    ),
    'Ctrl+C stops it.',
  ].join('\n')
}

function clientCommand(address: string, user: string): string {
  const network = /^(.*):(\d+)$/.exec(address)
  if (network === null) return `mariadb -S ${address} ${user}`
  const [, host = '', port = ''] = network
  return `mariadb -h ${reachable(host)} -P ${port} ${user}`
}

/** An address that a client on this machine can use. */
function reachable(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  return bare === '0.0.0.0' || bare === '::' || bare === '' ? '127.0.0.1' : bare
}
