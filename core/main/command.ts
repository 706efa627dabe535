/**
 * What the command `switchyard` does: starts a server and stops it on SIGTERM or SIGINT. A start that fails prints one
 * line on standard error and ends with status 1. A second signal ends the process at once.
 */
import { isSqlError } from '../common/sql-error.js'
import { helpText, parseFlags } from '../loader/flags.js'
import { StartError } from '../loader/start-error.js'
import { installedVersion } from './installation.js'
import { startServer, type RunningServer, type StartOptions } from './main.js'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** Never rejects: what goes wrong is told on standard error. `options` are for tests. */
export async function runCommand(args: readonly string[], options: StartOptions = {}): Promise<void> {
  // A terminal or pipe that went away must not end the server.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  try {
    const flags = parseFlags(args)
    if (flags.help) print(helpText())
    else if (flags.version) print(installedVersion())
    else await serve({ ...options, args })
  } catch (error) {
    process.stderr.write(`switchyard: ${explain(error)}\n`)
    process.exit(1)
  }
}

async function serve(options: StartOptions) {
  const starting = startServer(options)
  let signals = 0
  const onSignal = () => {
    signals += 1
    if (signals > 1) process.exit(1)
    // While the server is still starting, it stops as soon as it has; a failing start is told by the caller.
    starting.then(shutDown, () => undefined)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  const server = await starting
  surviveFaults(server)
  void server.stopRequested.then(() => shutDown(server))
  print(server.greeting)
}

async function shutDown(server: RunningServer) {
  await server.stop()
  server.logger.info({}, 'stopped')
  process.exit(0)
}

/** A fault that nobody caught, in core or a plugin, costs what it belonged to, not everybody's server. */
function surviveFaults({ logger }: RunningServer) {
  process.on('uncaughtException', (error) => {
    logger.error({ err: error }, 'uncaught exception')
  })
  process.on('unhandledRejection', (reason) => {
    logger.error({ err: reason }, 'unhandled rejection')
  })
}

function print(text: string) {
  process.stdout.write(`${text}\n`)
}

/** One line for what an operator can mend; the whole stack for a fault of ours. */
function explain(error: unknown): string {
  if (error instanceof StartError || isSqlError(error)) return error.message
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? error.message : (error.stack ?? error.message)
}
