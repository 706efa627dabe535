/** The packets of the connection phase (MySQL internals manual, "Connection Phase"): greeting, response, method switch. */
import { randomBytes } from 'node:crypto'
import { sqlError } from '@switchyard/core/spi'
import { Capability } from '../wire/capabilities.js'
import { PayloadReader } from '../wire/payload-reader.js'
import { PayloadWriter } from '../wire/payload-writer.js'

const PROTOCOL_VERSION = 10
const NONCE_BYTES = 20
const NONCE_HEAD_BYTES = 8
/** utf8mb4_0900_ai_ci; clients name their own. */
const GREETING_COLLATION_ID = 255
/** SERVER_STATUS_AUTOCOMMIT. */
const GREETING_STATUS = 2
/** Connection attributes of one client together, as performance_schema_session_connect_attrs_size's upper limit. */
const ATTRIBUTES_BYTES_MAX = 64 * 1024
const SSL_REQUEST_BYTES = 32

/** Random, seven-bit and without zero: clients take the nonce for a C string. */
export function makeNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES).map((byte) => (byte % 127) + 1)
}

export interface Greeting {
  readonly version: string
  readonly connectionId: number
  readonly nonce: Uint8Array
  readonly capabilities: number
  readonly method: string
}

export function greetingPacket(greeting: Greeting): Buffer {
  const { nonce, capabilities } = greeting
  return new PayloadWriter()
    .uint8(PROTOCOL_VERSION)
    .zeroTerminated(greeting.version)
    .uint32(greeting.connectionId)
    .raw(nonce.subarray(0, NONCE_HEAD_BYTES))
    .uint8(0)
    .uint16(capabilities & 0xffff)
    .uint8(GREETING_COLLATION_ID)
    .uint16(GREETING_STATUS)
    .uint16(capabilities >>> 16)
    .uint8(nonce.length + 1)
    .zeros(10)
    .raw(nonce.subarray(NONCE_HEAD_BYTES))
    .uint8(0)
    .zeroTerminated(greeting.method)
    .take()
}

export interface HandshakeResponse {
  readonly capabilities: number
  readonly collationId: number
  readonly user: string
  readonly database: string | undefined
  /** Undefined if the client doesn't name one. */
  readonly method: string | undefined
  readonly message: Buffer
  readonly attributes: Readonly<Record<string, string>>
}

/** Whether the payload is the short response that asks for TLS before anything secret is said. */
export function isSslRequest(payload: Buffer): boolean {
  return payload.length === SSL_REQUEST_BYTES && (payload.readUInt32LE(0) & Capability.Ssl) !== 0
}

/**
 * The client's answer to the greeting. Clients of before MySQL 4.1 are ER_NOT_SUPPORTED_AUTH_MODE. `serverCapabilities` masks
 * what the client claims: both have to know of a feature.
 */
export function parseHandshakeResponse(payload: Buffer, serverCapabilities: number): HandshakeResponse {
  const reader = new PayloadReader(payload)
  const capabilities = reader.uint32() & serverCapabilities
  if ((capabilities & Capability.Protocol41) === 0) throw sqlError('ER_NOT_SUPPORTED_AUTH_MODE')
  reader.skip(4)
  const collationId = reader.uint8()
  reader.skip(23)
  const user = reader.zeroTerminated().toString('utf8')
  const message = readMessage(reader, capabilities)
  const hasDatabase = (capabilities & Capability.ConnectWithDatabase) !== 0
  const database = hasDatabase ? reader.zeroTerminated().toString('utf8') : ''
  const namesMethod = (capabilities & Capability.PluginAuthentication) !== 0 && reader.remaining > 0
  const method = namesMethod ? reader.zeroTerminated().toString('utf8') : undefined
  const hasAttributes = (capabilities & Capability.ConnectAttributes) !== 0
  return {
    capabilities,
    collationId,
    user,
    database: database === '' ? undefined : database,
    method,
    message,
    attributes: hasAttributes ? readAttributes(reader) : {},
  }
}

function readMessage(reader: PayloadReader, capabilities: number): Buffer {
  if ((capabilities & Capability.PluginAuthenticationLength) !== 0) return reader.lengthEncodedBytes()
  if ((capabilities & Capability.SecureConnection) !== 0) return reader.slice(reader.uint8())
  return reader.zeroTerminated()
}

function readAttributes(reader: PayloadReader): Readonly<Record<string, string>> {
  if (reader.remaining === 0) return {}
  const bytes = reader.lengthEncodedBytes()
  if (bytes.length > ATTRIBUTES_BYTES_MAX) return {}
  const pairs = new PayloadReader(bytes)
  const attributes: [string, string][] = []
  while (pairs.remaining > 0) {
    const name = pairs.lengthEncodedBytes().toString('utf8')
    attributes.push([name, pairs.lengthEncodedBytes().toString('utf8')])
  }
  return Object.fromEntries(attributes)
}

/** What COM_CHANGE_USER carries behind its command byte. */
export function parseChangeUser(payload: Buffer, capabilities: number): HandshakeResponse {
  const reader = new PayloadReader(payload, 1)
  const user = reader.zeroTerminated().toString('utf8')
  const message =
    (capabilities & Capability.SecureConnection) !== 0
      ? reader.slice(reader.uint8())
      : reader.zeroTerminated()
  const database = reader.zeroTerminated().toString('utf8')
  const collationId = reader.remaining >= 2 ? reader.uint16() : GREETING_COLLATION_ID
  const namesMethod = (capabilities & Capability.PluginAuthentication) !== 0 && reader.remaining > 0
  const method = namesMethod ? reader.zeroTerminated().toString('utf8') : undefined
  const hasAttributes = (capabilities & Capability.ConnectAttributes) !== 0
  return {
    capabilities,
    collationId,
    user,
    database: database === '' ? undefined : database,
    method,
    message,
    attributes: hasAttributes ? readAttributes(reader) : {},
  }
}

/** AuthSwitchRequest: start over with this method. */
export function switchPacket(method: string, data: Uint8Array): Buffer {
  return new PayloadWriter().uint8(0xfe).zeroTerminated(method).raw(data).take()
}
