/**
 * Hands bytes on between clients and a server, and nothing else, with the sockets that our server has: what a forwarded statement costs at least
 * in one thread of Node. Arguments: own port, the server's port.
 */
import { createServer } from 'node:net'
import { connectDirectly, directSocket, writeAtOnce } from '@switchyard/core/spi'

const [ownPort, port] = process.argv.slice(2).map(Number)

function handOn(socket, bytes) {
  const isFree = socket.writableLength === 0 && !socket.connecting
  const written = isFree ? writeAtOnce(socket, bytes, bytes.length) : 0
  if (written < bytes.length) socket.write(Buffer.from(bytes.subarray(written)))
}

createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
  const client = directSocket(accepted)
  const server = connectDirectly({ port, host: '127.0.0.1' }, (bytes, length) => {
    handOn(client, bytes.subarray(0, length))
    return true
  })
  server.setNoDelay(true)
  client.on('data', (bytes) => {
    handOn(server, bytes)
  })
  for (const [socket, other] of [
    [client, server],
    [server, client],
  ]) {
    socket.on('error', () => undefined)
    socket.on('close', () => other.destroy())
  }
  client.resume()
}).listen(ownPort, '127.0.0.1')
