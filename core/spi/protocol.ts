/**
 * # Protocol
 *
 * A listener: it accepts clients, speaks their language, and drives a `Session` of the engine for each. The loader makes one
 * instance from the plugin's options; `start` is called when everything behind it is ready to work, `stopAccepting` first thing at
 * shutdown, `stop` when running statements have ended or their time is up.
 *
 * A protocol owes the server: limits before authentication (size of a packet, time, number of connections), an error reply to
 * everything that it doesn't understand, back-pressure (a slow client holds its own query, nobody else), and no crash
 * whatever the bytes.
 *
 * Stability: beta. Example and reference: `plugins/protocol-mysql`.
 */
import type { Server } from './session.js'
import { token, type Token } from './token.js'

export interface Protocol {
  /** Instance name in the configuration. */
  readonly name: string
  /** What it speaks, in a word: 'mysql', 'http'. */
  readonly kind: string
  /** Listens. Rejects with an error whose one line says what is wrong (port taken, no right to bind). */
  start(server: Server): Promise<void>
  /** Addresses it listens on, for the log and the greeting on the terminal: '127.0.0.1:3306', '/run/x.sock'. */
  readonly addresses: readonly string[]
  stopAccepting(): Promise<void>
  /** Closes what is still open. */
  stop(): Promise<void>
}

/** Multi-injection. */
export const Protocol: Token<Protocol> = token('protocol')
