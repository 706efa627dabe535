/**
 * From the first byte to an authenticated session: greeting, TLS, the exchange of the login's method, and its end. The
 * decisions are the server's (`AuthenticationFlow`); this carries its messages.
 */
import {
  isSqlError,
  sqlError,
  type ClientInfo,
  type LoginRequest,
  type Server,
  type Session,
  type TlsConnection,
} from '@switchyard/core/spi'
import { describeTls, type TlsAcceptor } from '../tls-acceptor.js'
import { Capability, SERVER_CAPABILITIES } from '../wire/capabilities.js'
import { Header } from '../wire/constants.js'
import type { ClientConnection } from './client-connection.js'
import {
  greetingPacket,
  isSslRequest,
  makeNonce,
  parseHandshakeResponse,
  switchPacket,
  type HandshakeResponse,
} from './handshake.js'

/** No method needs more messages. */
const EXCHANGES_MAX = 16
const NOTHING = new Uint8Array(0)
/** What clients that name no method mean. */
const METHOD_OF_OLD_CLIENTS = 'mysql_native_password'

/** How this listener receives clients. */
export interface LoginTerms {
  readonly server: Server
  /** Undefined: no TLS. */
  readonly acceptTls: TlsAcceptor | undefined
  readonly requireTls: boolean
  readonly offersLocalFiles: boolean
}

/** Where a client comes from, as its socket tells. */
export interface Peer {
  readonly host: string
  readonly port: number
  readonly isLoopback: boolean
  readonly isUnixSocket: boolean
}

/** What a login leaves for the commands, and for COM_CHANGE_USER. */
export interface Client {
  readonly capabilities: number
  readonly nonce: Uint8Array
  readonly peer: Peer
  readonly isSecure: boolean
  readonly tls: TlsConnection | undefined
}

export interface LoggedIn {
  readonly client: Client
  readonly session: Session
}

/** Rejects with ConnectionLost, or with the SqlError that the client shall hear. */
export async function logIn(
  connection: ClientConnection,
  connectionId: number,
  peer: Peer,
  terms: LoginTerms,
): Promise<LoggedIn> {
  const { server, acceptTls } = terms
  const nonce = makeNonce()
  const capabilities =
    SERVER_CAPABILITIES |
    (acceptTls === undefined ? 0 : Capability.Ssl) |
    (terms.offersLocalFiles ? Capability.LocalFiles : 0)
  const method = server.defaultAuthenticationMethod
  connection.output.packet(
    greetingPacket({ version: server.version, connectionId, nonce, capabilities, method }),
  )
  let payload = await connection.receive()
  let tls: TlsConnection | undefined
  if (acceptTls !== undefined && isSslRequest(payload)) {
    const socket = await connection.upgrade(acceptTls)
    payload = await connection.receive()
    tls = describeTls(socket)
  }
  const response = parseHandshakeResponse(payload, capabilities)
  if (terms.requireTls && tls === undefined && !peer.isUnixSocket)
    throw sqlError('ER_SECURE_TRANSPORT_REQUIRED')
  const client: Client = {
    capabilities: response.capabilities,
    nonce,
    peer,
    isSecure: tls !== undefined || peer.isUnixSocket,
    tls,
  }
  return { client, session: await openSession(connection, connectionId, server, client, response) }
}

/** The exchange of a login's method, and the session behind it; also for COM_CHANGE_USER. */
export async function openSession(
  connection: ClientConnection,
  connectionId: number,
  server: Server,
  client: Client,
  response: HandshakeResponse,
  beforeOpening: () => unknown = () => undefined,
): Promise<Session> {
  const request: LoginRequest = {
    user: response.user,
    database: response.database,
    client: clientInfo(client, response),
    nonce: client.nonce,
  }
  const account = await authenticate(connection, connectionId, server, request, response)
  await beforeOpening()
  const session = await server.openSession(request, account, connectionId)
  if ((client.capabilities & Capability.FoundRows) !== 0) session.setFoundRows(true)
  return session
}

function clientInfo(client: Client, response: HandshakeResponse): ClientInfo {
  const { host, port, isLoopback } = client.peer
  return {
    host,
    port,
    isLoopback,
    isSecure: client.isSecure,
    tls: client.tls,
    isCompressed: (client.capabilities & Capability.Compress) !== 0,
    attributes: response.attributes,
    collationId: response.collationId,
    isInteractive: (client.capabilities & Capability.Interactive) !== 0,
    ignoresSpace: (client.capabilities & Capability.IgnoreSpace) !== 0,
  }
}

/** Answers the account, or throws what denied it. */
async function authenticate(
  connection: ClientConnection,
  connectionId: number,
  server: Server,
  request: LoginRequest,
  response: HandshakeResponse,
): Promise<string> {
  const flow = server.beginLogin(request, connectionId)
  const canSwitch = (response.capabilities & Capability.PluginAuthentication) !== 0
  let step = await flow.receive(response.method ?? METHOD_OF_OLD_CLIENTS, response.message)
  for (let i = 0; i < EXCHANGES_MAX; i++) {
    switch (step.kind) {
      case 'welcome':
        return step.account
      case 'denied':
        throw step.error
      case 'switch':
        if (!canSwitch) throw sqlError('ER_NOT_SUPPORTED_AUTH_MODE')
        connection.output.packet(switchPacket(step.method, step.data))
        step = await flow.receive(undefined, await connection.receive())
        break
      case 'send':
        connection.output.packet(Buffer.concat([Buffer.of(Header.MoreAuthenticationData), step.data]))
        step = await flow.receive(undefined, step.expectAnswer ? await connection.receive() : NOTHING)
        break
    }
  }
  throw sqlError('ER_HANDSHAKE_ERROR')
}

/** A broken packet before the login is a bad handshake, whatever exactly is wrong with it. */
export function loginError(error: unknown): unknown {
  return isSqlError(error) && error.code === 'ER_MALFORMED_PACKET' ? sqlError('ER_HANDSHAKE_ERROR') : error
}
