/**
 * Sockets without what Node's streams cost a short request: they read into one buffer that all of them share, and what is short is
 * written to the descriptor at once. Node offers the first for sockets that connect (`onread`), not for those that a server accepts, and the
 * second not at all; both need the handle below a socket, which is no documented part of it. Where it isn't as expected, the socket stays as
 * it is, and all works as before, some microseconds slower.
 */
import { writeSync } from 'node:fs'
import { connect, Socket, type NetConnectOpts, type OnReadOpts, type SocketConstructorOpts } from 'node:net'
import { copyRange } from '../common/bytes.js'

/** What is used of the handle: the descriptor, -1 once it is closed. */
interface SocketHandle {
  readonly fd: number
}

interface SocketWithHandle {
  _handle?: SocketHandle | null
}

/** As much as libuv reads at once. */
const READ_BUFFER_BYTES = 64 * 1024
/** On Windows a read is begun before there are bytes, so that each socket needs a buffer of its own; descriptors are none there. */
const IS_POSSIBLE = process.platform !== 'win32'

const shared = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)

function handleOf(socket: Socket): SocketHandle | null | undefined {
  return IS_POSSIBLE ? (socket as unknown as SocketWithHandle)._handle : undefined
}

/** -1 for none. Asking a handle for it is a call out of JavaScript: ask once. */
function descriptorOf(handle: SocketHandle | null | undefined): number {
  return handle?.fd ?? -1
}

/**
 * The socket to use in place of `accepted`, of which nothing has been read (`pauseOnConnect`). It emits 'data' as every
 * socket does; reading begins with `resume`.
 */
export function directSocket(accepted: Socket): Socket {
  const handle = handleOf(accepted)
  if (handle === undefined || handle === null || descriptorOf(handle) < 0) return accepted
  const options: SocketConstructorOpts & { handle: SocketHandle; onread: OnReadOpts } = {
    handle,
    readable: true,
    writable: true,
    onread: sharedReads(() => socket),
  }
  const socket = new Socket(options)
  // The handle has one owner.
  ;(accepted as unknown as SocketWithHandle)._handle = null
  return socket
}

/** Takes bytes that are valid during the call; answers false if they are for whoever listens to 'data'. */
export type BytesTaker = (bytes: Buffer, length: number) => boolean

/** As `connect` of node:net. What is read is offered to `taker` first. */
export function connectDirectly(options: NetConnectOpts, taker: BytesTaker): Socket {
  const socket: Socket = connect(
    IS_POSSIBLE ? { ...options, onread: sharedReads(() => socket, taker) } : options,
  )
  return socket
}

function sharedReads(reader: () => Socket, taker?: BytesTaker): OnReadOpts {
  return {
    buffer: shared,
    callback(length) {
      if (taker?.(shared, length) === true) return true
      // Who listens keeps the bytes, and what another socket reads comes to the same place.
      reader().emit('data', copyRange(shared, 0, length))
      return true
    },
  }
}

/**
 * Writes to the system what it takes at once of the first `length` bytes; answers how many. Only for a socket that isn't
 * encrypted and has nothing queued. What goes wrong is found again by whoever writes the rest to the socket.
 */
export function writeAtOnce(socket: Socket, buffer: Buffer, length: number): number {
  const descriptor = descriptorOf(handleOf(socket))
  if (descriptor < 0) return 0
  try {
    return writeSync(descriptor, buffer, 0, length)
  } catch {
    return 0
  }
}
