/**
 * LOAD DATA LOCAL: the client sends a file of its own when it is asked to (MySQL internals manual, "LOCAL INFILE
 * Request"), packet by packet, and an empty packet behind it.
 */
import { Header } from '../wire/constants.js'
import type { ClientConnection } from './client-connection.js'

export async function* requestLocalFile(connection: ClientConnection, name: string): AsyncGenerator<Buffer> {
  const request = Buffer.concat([Buffer.of(Header.LocalFile), Buffer.from(name, 'utf8')])
  connection.output.packet(request)
  connection.output.flush()
  let isComplete = false
  try {
    for (;;) {
      const content = await connection.receive()
      isComplete = content.length === 0
      if (isComplete) return
      yield content
    }
  } finally {
    // Who stops early still has to let the client finish before it hears the answer.
    while (!isComplete && !connection.isClosed) isComplete = (await connection.receive()).length === 0
  }
}
