/**
 * The log: pino, on standard error. JSON lines by default, lines for people on a terminal. Fields that hold secrets by
 * their name are masked, whoever logs them.
 */
import { pino, type DestinationStream } from 'pino'
import type { ConfigValues } from '../loader/config-schema.js'
import type { Logger } from '../spi/logger.js'

const SECRET_NAMES = [
  'password',
  'rootPassword',
  'secretKey',
  'passwd',
  'secret',
  'token',
  'authorization',
  'passphrase',
]
/** At the top, and one and two levels down, which covers options and connection settings. */
const SECRET_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
const STANDARD_ERROR = 2

/** `destination` replaces standard error, for tests. */
export async function createLog(
  settings: ConfigValues['log'],
  destination?: NodeJS.WritableStream,
): Promise<Logger> {
  const usePretty = settings.format === 'auto' ? process.stderr.isTTY : settings.format === 'pretty'
  const stream = usePretty
    ? await prettyStream(destination)
    : (destination ?? pino.destination({ dest: STANDARD_ERROR, sync: true }))
  const log: Logger = pino(
    {
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_PATHS, censor: '***' },
    },
    stream,
  )
  return log
}

/** Loaded only where it is used: it costs start time. */
async function prettyStream(destination: NodeJS.WritableStream | undefined): Promise<DestinationStream> {
  const { PinoPretty } = await import('pino-pretty')
  return PinoPretty({
    colorize: process.stderr.isTTY,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
    sync: true,
    destination: destination ?? STANDARD_ERROR,
  })
}
