#!/usr/bin/env node
/**
 * The command `switchyard`: starts a server and stops it on SIGTERM or SIGINT. A start that fails prints one line on
 * standard error and ends with status 1. A second signal ends the process at once.
 */
import { isSqlError } from '../common/sql-error.js'
import { helpText, parseFlags } from '../loader/flags.js'
import { StartError } from '../loader/start-error.js'
import { installedVersion } from './installation.js'
import { startServer, type RunningServer } from './main.js'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

async function run(args: readonly string[]) {
  const flags = parseFlags(args)
  if (flags.help) {
    print(helpText())
  } else if (flags.version) {
    print(installedVersion())
  } else {
    await serve(args)
  }
}

async function serve(args: readonly string[]) {
  const starting = startServer({ args })
  let signals = 0
  const onSignal = () => {
    signals += 1
    if (signals > 1) process.exit(1)
    // While the server is still starting, it stops as soon as it has; a failing start reports itself below.
    starting.then(shutDown, () => undefined)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  const server = await starting
  surviveFaults(server)
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

// A terminal or pipe that went away must not end the server.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

try {
  await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`switchyard: ${explain(error)}\n`)
  process.exit(1)
}
