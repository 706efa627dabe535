/**
 * Goal: a direct socket is a socket like any other: nobody's bytes change after they were handed out, what the system doesn't take is left to
 * the writer, and a closed one takes nothing.
 * Method: real connections over loopback, the accepted end made direct.
 */
import { once } from 'node:events'
import { connect, createServer, Socket, type AddressInfo, type Server } from 'node:net'
import { directSocket, writeAtOnce } from './direct-socket.js'

let server: Server
const open: Socket[] = []

beforeEach(async () => {
  server = createServer({ pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy()
  server.close()
})

async function connection(): Promise<{ client: Socket; accepted: Socket }> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  open.push(client, accepted)
  return { client, accepted }
}

async function directPair(): Promise<{ client: Socket; socket: Socket }> {
  const { client, accepted } = await connection()
  const socket = directSocket(accepted)
  open.push(socket)
  return { client, socket }
}

test('the bytes of one client stay when those of another are read', async () => {
  const pairs = [await directPair(), await directPair()]
  const chunks: Buffer[] = []
  for (const { socket } of pairs) {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.resume()
  }
  for (const text of ['first', 'other', 'third']) {
    for (const { client } of pairs) {
      const expected = chunks.length + 1
      client.write(text)
      while (chunks.length < expected) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  expect(chunks.map(String)).toEqual(['first', 'first', 'other', 'other', 'third', 'third'])
})

test('says where the client came from, and when it ends', async () => {
  const { client, socket } = await directPair()
  expect(socket.remoteAddress).toBe('127.0.0.1')
  expect(socket.remotePort).toBe(client.localPort)
  socket.resume()
  client.end()
  await once(socket, 'end')
})

test('while it is paused nothing is read, and nothing is lost', async () => {
  const { client, socket } = await directPair()
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.resume()
  client.write('a')
  while (chunks.length === 0) await new Promise((resolve) => setImmediate(resolve))
  socket.pause()
  await new Promise((resolve) => client.write('b', resolve))
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(Buffer.concat(chunks).toString()).toBe('a')
  socket.resume()
  while (chunks.length === 1) await new Promise((resolve) => setImmediate(resolve))
  expect(Buffer.concat(chunks).toString()).toBe('ab')
})

test('writes what the system takes, and leaves the rest to the stream', async () => {
  const { client, socket } = await directPair()
  const bytes = Buffer.alloc(32 * 1024 * 1024)
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at)
  let written = writeAtOnce(socket, bytes, bytes.length)
  expect(written).toBeGreaterThan(0)
  // The system carries bytes on to the other end meanwhile, which makes room, until that end is full too.
  for (let taken = written; taken > 0; written += taken) {
    taken = writeAtOnce(socket, bytes.subarray(written), bytes.length - written)
  }
  expect(written).toBeLessThan(bytes.length)
  socket.end(bytes.subarray(written))
  const received: Buffer[] = []
  client.on('data', (chunk: Buffer) => received.push(chunk))
  await once(client, 'end')
  expect(Buffer.concat(received).equals(bytes)).toBe(true)
})

test('writes nothing to a socket that is closed', async () => {
  const { socket } = await directPair()
  socket.destroy()
  expect(writeAtOnce(socket, Buffer.from('x'), 1)).toBe(0)
})

test('a socket without a handle stays as it is', () => {
  const socket = new Socket()
  expect(directSocket(socket)).toBe(socket)
  expect(writeAtOnce(socket, Buffer.from('x'), 1)).toBe(0)
})
