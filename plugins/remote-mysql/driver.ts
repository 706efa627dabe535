/**
 * What is used of mysql2's connections besides what its types tell: commands of our own. The library connects, logs in, encrypts and
 * takes the stream apart into packets; a command of its own, made for programs, costs several times what a short answer takes.
 */
import type { Connection } from 'mysql2'
import type { Duplex } from 'node:stream'

/** The library's packet; the bytes are valid during the call. */
export interface DriverPacket {
  readonly buffer: Buffer
  /** Where the payload is. */
  readonly offset: number
  readonly end: number
}

/** Called without a packet when its turn has come, and with each packet of the answer; answers whether that was the last one. */
export interface DriverCommand {
  execute(packet: DriverPacket | undefined, driver: Driver): boolean
}

interface OwnCommands {
  /** Of the packet that comes next. */
  sequenceId: number
  /** The encrypted one, behind a login with TLS. */
  readonly stream: Duplex
  addCommand(command: DriverCommand): void
}

export type Driver = Connection & OwnCommands

export function driverOf(connection: Connection): Driver {
  const driver = connection as Connection & Partial<OwnCommands>
  if (typeof driver.addCommand !== 'function' || driver.stream === undefined) {
    throw new Error('invariant: the client library takes commands')
  }
  return driver as Driver
}
