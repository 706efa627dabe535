/**
 * One client's socket: packets in, packets out, back-pressure both ways, time limits. What the packets mean is the
 * business of the login and the commands, which either ask for the next one (`receive`) or have each handed to them (`serve`).
 */
import type { Socket } from 'node:net'
import { isPromise, isSqlError, writeAtOnce, type MaybePromise, type SqlError } from '@switchyard/core/spi'
import { OUTPUT_BUFFER_BYTES, releaseBuffer } from '../wire/buffer-pool.js'
import { CompressedStream } from '../wire/compression.js'
import { PacketOutput } from '../wire/packet-output.js'
import { PacketReader } from '../wire/packet-reader.js'
import { resultCharset } from '../wire/result-charset.js'
import { writeError } from '../wire/status-packets.js'
import { internalError } from './internal-error.js'

/** Unsent bytes at which whoever writes has to wait. */
const CONGESTED_BYTES = 2 * OUTPUT_BUFFER_BYTES
/** Unread bytes at which we stop reading while a command runs. */
const READ_AHEAD_BYTES_MAX = 1024 * 1024
/** Pipelined commands answered before other connections get their turn. */
const COMMANDS_PER_TURN = 64
/** Buffers that aren't sent at once are kept by the stream; short answers are copied out of their large buffer instead. */
const COPY_BYTES_MAX = 4096
/** How long a closing connection may take to say goodbye. */
const LINGER_MS = 2000

/** A handler answers when its command is done; what it wrote is sent then. */
export type PacketHandler = (payload: Buffer) => MaybePromise<void>

/** What `receive` rejects with when the client is gone; nothing to report. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/** The time of the last tick, which comes about once a second: limits are seconds, and reading a clock costs. */
export interface CoarseClock {
  /** As performance.now(). */
  readonly nowMs: number
}

export interface ConnectionEvents {
  /** The client is gone, or we closed; called once. */
  closed(): void
  /** Something threw that is no answer to the client. */
  fault(error: unknown): void
}

interface Waiter {
  readonly resolve: (payload: Buffer) => void
  readonly reject: (error: Error) => void
}

export class ClientConnection {
  readonly output = new PacketOutput((buffer, length) => this.send(buffer, length))
  readonly reader: PacketReader
  isClosed = false
  /** Whether a command runs. */
  isBusy = false
  /** Clock's time of the last packet or answer. */
  lastActiveAtMs: number

  private socket: Socket
  /** Writes of a plain socket are done when its queue is empty; encrypted ones are copied somewhere on the way. */
  private isPlain = true
  private compressed: CompressedStream | undefined
  private handler: PacketHandler | undefined
  private waiter: Waiter | undefined
  private drainWaiters: (() => void)[] = []
  private isPaused = false
  private isClosing = false
  private isLastCommand = false
  private closingSinceMs = 0
  private stalledSinceMs = 0
  private stalledBytes = 0

  constructor(
    socket: Socket,
    payloadBytesMax: number,
    private readonly clock: CoarseClock,
    private readonly events: ConnectionEvents,
  ) {
    this.socket = socket
    this.reader = new PacketReader(payloadBytesMax)
    this.lastActiveAtMs = clock.nowMs
    this.listen(socket)
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress
  }

  get isCongested(): boolean {
    return this.socket.writableLength >= CONGESTED_BYTES
  }

  /** Resolves when the client has taken what was sent, or is gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.isClosed || !this.socket.writableNeedDrain) resolve()
      else this.drainWaiters.push(resolve)
    })
  }

  /**
   * The next payload of the running exchange. Sends what was written before. Rejects with ConnectionLost, also when the client
   * broke the protocol: it has been told then.
   */
  receive(): Promise<Buffer> {
    this.output.flush()
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject }
      if (this.isClosing) this.rejectWaiter()
      else this.pump()
    })
  }

  /** From now on each payload is a command for `handler`. */
  serve(handler: PacketHandler): void {
    this.handler = handler
    this.pump()
  }

  /**
   * Continues over TLS: `accept` makes the encrypted socket of the plain one, whose unread bytes belong to it. If it rejects, the
   * client hears no more.
   */
  async upgrade<Secure extends Socket>(accept: (plain: Socket) => MaybePromise<Secure>): Promise<Secure> {
    const plain = this.socket
    plain.off('data', this.onData).off('drain', this.onDrain).off('end', this.onEnd)
    plain.pause()
    const unread = this.reader.takeRest()
    if (unread.length > 0) plain.unshift(unread)
    this.isPlain = false
    try {
      const secure = await accept(plain)
      this.socket = secure
      this.listen(secure)
      return secure
    } catch {
      this.destroy()
      throw new ConnectionLost()
    }
  }

  /** Both directions are compressed from the next packet on; for clients that asked for it, behind their login. */
  compress(): void {
    this.compressed = new CompressedStream()
  }

  /** Says why, then closes. */
  closeWith(error: SqlError, withSqlState = true): void {
    if (this.isClosed || this.isClosing) return
    writeError(this.output, error, resultCharset('utf8mb4'), withSqlState)
    this.close()
  }

  /** Sends what was written and closes. The client's further bytes are read and thrown away, so that the answer reaches it. */
  close(): void {
    if (this.isClosed || this.isClosing) return
    this.isClosing = true
    this.closingSinceMs = this.clock.nowMs
    this.output.flush()
    this.reader.discard()
    this.rejectWaiter()
    if (this.isPaused) this.resumeReading()
    this.socket.end()
  }

  /** Closes when the command that runs is done; at once if none does. */
  closeWhenDone(): void {
    if (this.isBusy) this.isLastCommand = true
    else this.close()
  }

  /** Closes at once. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Called about once a second. */
  checkTime(limits: {
    readonly idleMs: number
    readonly stalledMs: number
    readonly partialMs: number
    readonly idleError: SqlError
  }): void {
    const now = this.clock.nowMs
    if (this.isClosing) {
      if (now - this.closingSinceMs > LINGER_MS) this.destroy()
      return
    }
    if (this.isStalled(now, limits.stalledMs)) {
      this.destroy()
      return
    }
    const silentMs = now - this.lastActiveAtMs
    if (this.isBusy && this.waiter === undefined) return
    if (this.reader.isInside || this.isBusy) {
      if (silentMs > limits.partialMs) this.destroy()
    } else if (silentMs > limits.idleMs) {
      this.output.sequence = 0
      this.closeWith(limits.idleError)
    }
  }

  /** Whether unsent bytes have not become fewer for so long. */
  private isStalled(now: number, stalledMs: number): boolean {
    const unsent = this.socket.writableLength
    if (unsent === 0 || unsent !== this.stalledBytes) {
      this.stalledBytes = unsent
      this.stalledSinceMs = now
      return false
    }
    return now - this.stalledSinceMs > stalledMs
  }

  private listen(socket: Socket): void {
    socket.on('data', this.onData).on('drain', this.onDrain).on('end', this.onEnd).on('close', this.onClose)
    // An error is always followed by 'close'.
    socket.on('error', () => undefined)
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.isClosing) return
    this.lastActiveAtMs = this.clock.nowMs
    if (this.compressed === undefined) this.reader.push(chunk)
    else if (!this.pushCompressed(this.compressed, chunk)) return
    this.pump()
    if (!this.isPaused && this.isOccupied() && this.reader.available > this.readAheadBytesMax()) {
      this.isPaused = true
      this.socket.pause()
    }
  }

  /** Strangers may send even less ahead. */
  private readAheadBytesMax(): number {
    return Math.min(READ_AHEAD_BYTES_MAX, this.reader.payloadBytesMax)
  }

  private pushCompressed(stream: CompressedStream, chunk: Buffer): boolean {
    try {
      const bytes = stream.unwrap(chunk)
      if (bytes.length > 0) this.reader.push(bytes)
      return true
    } catch (error) {
      this.onFault(error)
      return false
    }
  }

  /** Whether whole payloads may lie unread because nobody takes them now. */
  private isOccupied(): boolean {
    return this.waiter === undefined && (this.isBusy || this.handler === undefined)
  }

  private resumeReading(): void {
    this.isPaused = false
    this.socket.resume()
  }

  private take(sequence: number): Buffer | undefined {
    let payload: Buffer | undefined
    try {
      payload = this.reader.next(sequence)
    } catch (error) {
      // The answer counts on from what was read, also if it says that it was too much.
      this.output.sequence = (this.reader.sequence + 1) & 0xff
      throw error
    }
    if (payload !== undefined) this.output.sequence = (this.reader.sequence + 1) & 0xff
    else if (this.isPaused) this.resumeReading()
    return payload
  }

  private pump(): void {
    try {
      if (this.waiter !== undefined) this.feedWaiter(this.waiter)
      else if (this.handler !== undefined && !this.isBusy) this.runCommands(this.handler)
    } catch (error) {
      this.onFault(error)
    }
  }

  private feedWaiter(waiter: Waiter): void {
    const payload = this.take(this.output.sequence)
    if (payload === undefined) return
    this.waiter = undefined
    waiter.resolve(payload)
  }

  /** Runs the commands that have arrived; the answers of those that are done at once leave in one write. */
  private runCommands(handler: PacketHandler): void {
    for (let i = 0; i < COMMANDS_PER_TURN; i++) {
      const payload = this.isClosing ? undefined : this.take(0)
      if (payload === undefined) {
        this.output.flush()
        return
      }
      const pending = handler(payload)
      if (pending !== undefined && isPromise(pending)) {
        this.output.flush()
        this.wait(pending)
        return
      }
      if (this.isCongested) {
        this.wait(this.drained())
        return
      }
    }
    this.output.flush()
    this.wait(new Promise((resolve) => setImmediate(resolve)))
  }

  private wait(pending: Promise<void>): void {
    this.isBusy = true
    pending.then(
      () => {
        this.isBusy = false
        this.output.flush()
        this.lastActiveAtMs = this.clock.nowMs
        if (this.isLastCommand) this.close()
        else if (!this.isClosed) this.pump()
      },
      (error: unknown) => {
        this.isBusy = false
        this.onFault(error)
      },
    )
  }

  /** A SqlError here is a breach of the protocol that ends the connection; anything else is our own fault. */
  private onFault(error: unknown): void {
    if (error instanceof ConnectionLost) return
    if (!isSqlError(error)) this.events.fault(error)
    const answer = isSqlError(error) ? error : internalError()
    this.rejectWaiter()
    this.closeWith(answer)
  }

  private send(buffer: Buffer, length: number): void {
    const { socket } = this
    if (!socket.writable) {
      releaseBuffer(buffer)
      return
    }
    if (this.compressed !== undefined) {
      socket.write(this.compressed.wrap(buffer.subarray(0, length)))
      releaseBuffer(buffer)
      return
    }
    if (!this.isPlain || socket.writableLength > 0) {
      this.sendLater(buffer, length)
      return
    }
    const written = writeAtOnce(socket, buffer, length)
    if (written < length) socket.write(buffer.subarray(written, length))
    // An empty queue means that the system took all of it; otherwise the stream still reads the buffer, and keeps it.
    if (socket.writableLength === 0) releaseBuffer(buffer)
  }

  private sendLater(buffer: Buffer, length: number): void {
    if (length <= COPY_BYTES_MAX) {
      this.socket.write(Buffer.from(buffer.subarray(0, length)))
      releaseBuffer(buffer)
    } else this.socket.write(buffer.subarray(0, length), () => releaseBuffer(buffer))
  }

  private readonly onDrain = (): void => {
    const waiters = this.drainWaiters
    if (waiters.length === 0) return
    this.drainWaiters = []
    for (const resolve of waiters) resolve()
  }

  /** The client sends no more. A command that still runs is cancelled: there may be nobody left to hear of it. */
  private readonly onEnd = (): void => {
    if (this.isBusy) this.destroy()
    else this.close()
  }

  private readonly onClose = (): void => {
    if (this.isClosed) return
    this.isClosed = true
    this.isClosing = true
    this.output.discard()
    this.reader.discard()
    this.rejectWaiter()
    this.onDrain()
    this.events.closed()
  }

  private rejectWaiter(): void {
    const { waiter } = this
    this.waiter = undefined
    waiter?.reject(new ConnectionLost())
  }
}
