/** A listener on a free port of the loopback address, over a fake engine. */
import { MysqlProtocol, type MysqlProtocolOptions } from '../mysql-protocol.js'
import { FakeServer, memoryLogger, type LogLine, type Script } from './fake-server.js'

export interface Listener {
  readonly port: number
  readonly server: FakeServer
  readonly protocol: MysqlProtocol
  /** What the protocol logged. */
  readonly log: readonly LogLine[]
  stop(): Promise<void>
}

export async function startListener(
  script: Script = {},
  overrides: Partial<MysqlProtocolOptions> = {},
): Promise<Listener> {
  const log: LogLine[] = []
  const server = new FakeServer(script)
  const protocol = new MysqlProtocol({
    name: 'mysql',
    tcp: { host: '127.0.0.1', port: 0 },
    socketPath: undefined,
    loadTls: () => Promise.resolve(undefined),
    requireTls: false,
    localFiles: false,
    connectTimeoutMs: 10_000,
    readTimeoutMs: 30_000,
    pendingLoginsMax: 2000,
    logger: memoryLogger(log),
    ...overrides,
  })
  await protocol.start(server)
  const port = Number(/:(\d+)$/.exec(protocol.addresses[0] ?? '')?.[1] ?? 0)
  return { port, server, protocol, log, stop: () => protocol.stop() }
}

/** Resolves when the condition holds; rejects after some seconds. */
export async function eventually(condition: () => boolean, what: string, limitMs = 5000): Promise<void> {
  const until = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > until) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
