/** The server's side of a TLS handshake, and what is known of a connection behind it. */
import type { Socket } from 'node:net'
import {
  createSecureContext,
  createServer,
  TLSSocket,
  type PeerCertificate,
  type SecureContextOptions,
} from 'node:tls'
import type { MaybePromise, TlsConnection } from '@switchyard/core/spi'

/** Makes the encrypted socket of a client's plain one. Rejects if the handshake fails; the client has been told. */
export type TlsAcceptor = (plain: Socket) => MaybePromise<TLSSocket>

/** With `ca`, clients are asked for certificates, which those authorities have to vouch for. Throws if certificate and key are none. */
export function makeTlsAcceptor(options: SecureContextOptions): TlsAcceptor {
  const secureContext = createSecureContext(options)
  if (options.ca !== undefined) return (plain) => acceptWithCertificate(plain, options)
  return (plain) => new TLSSocket(plain, { isServer: true, secureContext })
}

/**
 * Only servers of `node:tls` check certificates of clients, and they hand over the encrypted socket without saying which plain one it
 * was made of; hence a server for each client, which listens nowhere.
 */
function acceptWithCertificate(plain: Socket, options: SecureContextOptions): Promise<TLSSocket> {
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: false })
  return new Promise((resolve, reject) => {
    server.once('secureConnection', resolve)
    server.once('tlsClientError', reject)
    plain.once('close', () => reject(new Error('the client left during the handshake')))
    server.emit('connection', plain)
  })
}

/** Only once the client has sent something: the handshake is done then. */
export function describeTls(socket: TLSSocket): TlsConnection {
  const { issuer, subject } = socket.authorized ? socket.getPeerCertificate() : NO_CERTIFICATE
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher().name,
    certificate:
      issuer === undefined || subject === undefined
        ? undefined
        : { issuer: nameLine(issuer), subject: nameLine(subject) },
  }
}

const NO_CERTIFICATE: Partial<PeerCertificate> = {}

/** `/C=SE/O=Shop/CN=Ada`: REQUIRE ISSUER and SUBJECT compare with the line that OpenSSL makes, other bytes than ASCII's as \xHH. */
function nameLine(name: PeerCertificate['subject']): string {
  const parts = Object.entries(name).flatMap(([key, values]: [string, string | string[] | undefined]) =>
    [values ?? []].flat().map((value) => `/${key}=${escaped(value)}`),
  )
  return parts.join('')
}

function escaped(value: string): string {
  const bytes = [...Buffer.from(value)]
  return bytes
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')
}
