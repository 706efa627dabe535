/**
 * The log that core and plugins write to: structured lines with a level. Secrets don't belong into fields; known names
 * (password, authorization, …) are masked all the same. Building a message for a level that is off costs time: on a hot path ask
 * `isLevelEnabled` first.
 */
import { token, type Token } from './token.js'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

export interface Logger {
  trace(fields: object, message: string): void
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  /** An error goes into the field `err`, with its stack. */
  error(fields: object, message: string): void
  isLevelEnabled(level: LogLevel): boolean
  /** A log that adds `fields` to each line. */
  child(fields: object): Logger
}

export const Logger: Token<Logger> = token('logger')
