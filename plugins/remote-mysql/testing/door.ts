/** A door between two servers, for tests: it can be shut, cut through what goes on, or let nothing out of what comes in. */
import { createServer, connect, type Server, type Socket } from 'node:net'

export class Door {
  private readonly sockets = new Set<Socket>()
  private isSilent = false

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async open(to: number): Promise<Door> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
    const door = new Door(server, address.port)
    server.on('connection', (here) => {
      const there = connect(to, '127.0.0.1')
      for (const [from, other] of [
        [here, there],
        [there, here],
      ] as const) {
        door.sockets.add(from)
        from.on('error', () => undefined)
        from.on('close', () => {
          door.sockets.delete(from)
          other.destroy()
        })
        from.on('data', (bytes: Buffer) => {
          if (!door.isSilent) other.write(bytes)
        })
      }
    })
    return door
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async shut(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.server.close(resolve))
  }

  async openAgain(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve))
  }

  /** Packets go in and don't come out. */
  silence(isSilent: boolean): void {
    this.isSilent = isSilent
    if (!isSilent) this.cut()
  }
}
