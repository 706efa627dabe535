/**
 * A minimal client of the MySQL protocol for tests that look at single packets: it sends payloads or raw bytes and hands
 * out what arrives, packet by packet. It is written from the protocol's description, not from the server's code.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export const CAPABILITIES = {
  longPassword: 1,
  foundRows: 2,
  longFlag: 4,
  connectWithDatabase: 8,
  compress: 0x20,
  localFiles: 0x80,
  protocol41: 0x200,
  interactive: 0x400,
  ssl: 0x800,
  transactions: 0x2000,
  secureConnection: 0x8000,
  multiStatements: 0x10000,
  multiResults: 0x20000,
  pluginAuth: 0x80000,
  connectAttributes: 0x100000,
  sessionTrack: 0x800000,
  deprecateEof: 0x1000000,
} as const

const C = CAPABILITIES
export const DEFAULT_CAPABILITIES: number =
  C.longPassword |
  C.longFlag |
  C.protocol41 |
  C.transactions |
  C.secureConnection |
  C.multiResults |
  C.pluginAuth

export interface Packet {
  readonly sequence: number
  readonly payload: Buffer
}

export interface ServerGreeting {
  readonly version: string
  readonly connectionId: number
  readonly nonce: Buffer
  readonly capabilities: number
  readonly method: string
}

export interface ErrorPacket {
  readonly number: number
  readonly sqlState: string
  readonly message: string
}

export interface LoginOptions {
  readonly user?: string
  readonly message?: Buffer
  readonly method?: string
  readonly database?: string
  readonly capabilities?: number
}

export type Address = { readonly port: number; readonly host?: string } | { readonly path: string }

export class WireClient {
  /** Number of the next packet that is sent. */
  sequence = 0
  isClosed = false
  greeting: ServerGreeting | undefined
  private bytes: Buffer = Buffer.alloc(0)
  /** What arrived since `bytes` was looked at. */
  private arrived: Buffer[] = []
  private wake: (() => void) | undefined

  /** What lies below TLS. */
  private readonly plain: Socket

  private constructor(private socket: Socket) {
    this.plain = socket
    this.listen(socket)
  }

  static async connect(address: Address): Promise<WireClient> {
    const socket = connect({ host: '127.0.0.1', ...address })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new WireClient(socket)
  }

  /** Connects and logs in; throws the server's error. */
  static async login(address: Address, options: LoginOptions = {}): Promise<WireClient> {
    const client = await WireClient.connect(address)
    await client.readGreeting()
    client.sendLogin(options)
    const answer = await client.receive()
    if (answer[0] === 0xff) throw new Error(parseError(answer).message)
    return client
  }

  /** Stops reading: what the server sends piles up on its side. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** Bytes as they are, without a header. */
  sendRaw(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  /** One packet with the next sequence number. */
  send(payload: Uint8Array): void {
    this.sendRaw(packet(payload, this.sequence))
    this.sequence = (this.sequence + 1) & 0xff
  }

  /** A command: a packet that starts a new exchange. */
  command(code: number, argument: Uint8Array | string = ''): void {
    this.sequence = 0
    this.send(Buffer.concat([Buffer.of(code), Buffer.from(argument)]))
  }

  /** The next packet; rejects when the server closes before it. */
  async receivePacket(): Promise<Packet> {
    for (;;) {
      if (this.arrived.length > 0) this.bytes = Buffer.concat([this.bytes, ...this.arrived])
      this.arrived = []
      const length = this.bytes.length < 4 ? Infinity : this.bytes.readUIntLE(0, 3)
      if (this.bytes.length >= 4 + length) {
        const sequence = this.bytes[3] as number
        const payload = this.bytes.subarray(4, 4 + length)
        this.bytes = this.bytes.subarray(4 + length)
        this.sequence = (sequence + 1) & 0xff
        return { sequence, payload }
      }
      if (this.isClosed) throw new Error('the server closed the connection')
      await new Promise<void>((resolve) => (this.wake = resolve))
    }
  }

  async receive(): Promise<Buffer> {
    return (await this.receivePacket()).payload
  }

  /** The next packet, which must be an error. */
  async receiveError(): Promise<ErrorPacket> {
    return parseError(await this.receive())
  }

  /** Resolves when the server has closed. */
  async closed(): Promise<void> {
    while (!this.isClosed) await new Promise<void>((resolve) => (this.wake = resolve))
  }

  async readGreeting(): Promise<ServerGreeting> {
    const payload = await this.receive()
    if (payload[0] === 0xff) throw new Error(parseError(payload).message)
    this.greeting = parseGreeting(payload)
    return this.greeting
  }

  sendLogin(options: LoginOptions = {}): void {
    const { user = 'root', message = Buffer.alloc(0), method = 'mysql_native_password', database } = options
    let capabilities = options.capabilities ?? DEFAULT_CAPABILITIES
    if (database !== undefined) capabilities |= C.connectWithDatabase
    this.send(
      Buffer.concat([
        loginHead(capabilities),
        Buffer.from(`${user}\0`),
        Buffer.of(message.length),
        message,
        database === undefined ? Buffer.alloc(0) : Buffer.from(`${database}\0`),
        Buffer.from(`${method}\0`),
      ]),
    )
  }

  /** Asks for TLS and continues encrypted. */
  async upgrade(capabilities: number = DEFAULT_CAPABILITIES): Promise<void> {
    this.send(loginHead(capabilities | C.ssl))
    this.plain.removeAllListeners('data')
    const secure = connectTls({ socket: this.plain, rejectUnauthorized: false })
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve)
      secure.once('error', reject)
    })
    this.socket = secure
    this.listen(secure)
  }

  /** Gives the socket away; the client hears of nothing any more. */
  detach(): Socket {
    this.socket.removeAllListeners('data')
    return this.socket
  }

  /** Says goodbye at the TCP level. */
  end(): void {
    this.socket.end()
  }

  /** Is gone without a word. */
  reset(): void {
    this.plain.resetAndDestroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  private listen(socket: Socket): void {
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.arrived.push(chunk)
      this.wake?.()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.isClosed = true
      this.wake?.()
    })
  }
}

export function packet(payload: Uint8Array, sequence: number): Buffer {
  const header = Buffer.alloc(4)
  header.writeUIntLE(payload.length, 0, 3)
  header[3] = sequence
  return Buffer.concat([header, payload])
}

function loginHead(capabilities: number): Buffer {
  const head = Buffer.alloc(32)
  head.writeUInt32LE(capabilities >>> 0, 0)
  head.writeUInt32LE(0x1000000, 4)
  head[8] = 255
  return head
}

export function parseError(payload: Buffer): ErrorPacket {
  if (payload[0] !== 0xff) throw new Error(`not an error packet: ${payload.toString('hex')}`)
  const hasState = payload[3] === 0x23
  return {
    number: payload.readUInt16LE(1),
    sqlState: hasState ? payload.toString('latin1', 4, 9) : '',
    message: payload.toString('utf8', hasState ? 9 : 3),
  }
}

function parseGreeting(payload: Buffer): ServerGreeting {
  const versionEnd = payload.indexOf(0, 1)
  const at = versionEnd + 1
  const nonceTail = payload.subarray(at + 31, at + 43)
  return {
    version: payload.toString('latin1', 1, versionEnd),
    connectionId: payload.readUInt32LE(at),
    nonce: Buffer.concat([payload.subarray(at + 4, at + 12), nonceTail]),
    capabilities: (payload.readUInt16LE(at + 13) | (payload.readUInt16LE(at + 18) << 16)) >>> 0,
    method: payload.toString('latin1', at + 44, payload.length - 1),
  }
}
