/**
 * A certificate for servers that were given none, as MySQL makes at its first start: it encrypts, but proves nothing to
 * clients that don't know it. X.509 (RFC 5280) in DER, with a P-256 key.
 */
import { generateKeyPair, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'

const COMMON_NAME = 'Switchyard server, generated'
const YEARS_VALID = 10

const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  Utf8String: 0x0c,
  GeneralizedTime: 0x18,
  Sequence: 0x30,
  Set: 0x31,
  Version: 0xa0,
  Extensions: 0xa3,
  DnsName: 0x82,
  IpAddress: 0x87,
} as const

/** Object identifiers, encoded. */
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex')
const ATTRIBUTE_COMMON_NAME = Buffer.from('550403', 'hex')
const EXTENSION_BASIC_CONSTRAINTS = Buffer.from('551d13', 'hex')
const EXTENSION_SUBJECT_ALTERNATIVE_NAME = Buffer.from('551d11', 'hex')

function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content])
  const size = length <= 0xff ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff)
  return Buffer.concat([Buffer.of(tag), size, content])
}

const sequence = (...contents: readonly Uint8Array[]): Buffer => element(Tag.Sequence, ...contents)
const identifier = (encoded: Uint8Array): Buffer => element(Tag.ObjectIdentifier, encoded)
/** The zero byte in front says that no bits of the last byte are unused. */
const bitString = (bits: Uint8Array): Buffer => element(Tag.BitString, Buffer.of(0), bits)

/** YYYYMMDDHHMMSSZ. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '')
  return element(Tag.GeneralizedTime, Buffer.from(digits, 'latin1'))
}

function name(): Buffer {
  const commonName = element(Tag.Utf8String, Buffer.from(COMMON_NAME))
  return sequence(element(Tag.Set, sequence(identifier(ATTRIBUTE_COMMON_NAME), commonName)))
}

function extensions(): Buffer {
  // The certificate may be handed to clients as the authority that it is checked against.
  const isAuthority = sequence(element(Tag.Boolean, Buffer.of(0xff)))
  const names = sequence(
    element(Tag.DnsName, Buffer.from('localhost')),
    element(Tag.IpAddress, Buffer.of(127, 0, 0, 1)),
    element(Tag.IpAddress, Buffer.from('00000000000000000000000000000001', 'hex')),
  )
  return element(
    Tag.Extensions,
    sequence(
      sequence(
        identifier(EXTENSION_BASIC_CONSTRAINTS),
        element(Tag.Boolean, Buffer.of(0xff)),
        element(Tag.OctetString, isAuthority),
      ),
      sequence(identifier(EXTENSION_SUBJECT_ALTERNATIVE_NAME), element(Tag.OctetString, names)),
    ),
  )
}

export interface CertificateAndKey {
  /** Both in PEM form. */
  readonly certificate: string
  readonly key: string
}

export async function makeSelfSignedCertificate(now = new Date()): Promise<CertificateAndKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(identifier(ECDSA_WITH_SHA256))
  const until = new Date(now)
  until.setUTCFullYear(now.getUTCFullYear() + YEARS_VALID)
  // A leading byte below 128 keeps the number positive, one above 0 keeps its encoding minimal.
  const serialNumber = Buffer.concat([Buffer.of(1), randomBytes(15)])
  const toBeSigned = sequence(
    element(Tag.Version, element(Tag.Integer, Buffer.of(2))),
    element(Tag.Integer, serialNumber),
    algorithm,
    name(),
    sequence(time(now), time(until)),
    name(),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(),
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  const der = sequence(toBeSigned, algorithm, bitString(signature))
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
