/**
 * The server's side of TLS: certificate and key from the files that the configuration names, else a pair of our own, which is
 * kept in the data folder so that clients may remember it (MySQL manual 8.3.3 "Creating SSL and RSA Certificates").
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '@switchyard/core/spi'
import { makeSelfSignedCertificate, type CertificateAndKey } from './self-signed-certificate.js'
import { makeTlsAcceptor, type TlsAcceptor } from './tls-acceptor.js'

export interface TlsOptions {
  readonly tls: boolean
  /** Paths, '' for none. */
  readonly tlsCertificate: string
  readonly tlsKey: string
  readonly tlsAuthority: string
}

const GENERATED_CERTIFICATE = 'server-cert.pem'
const GENERATED_KEY = 'server-key.pem'
/** Readable by the server's user only. */
const KEY_FILE_MODE = 0o600

/** Undefined if TLS is off. Rejects with one line that names the file that is wrong. */
export async function loadTls(
  options: TlsOptions,
  dataFolder: string,
  logger: Logger,
): Promise<TlsAcceptor | undefined> {
  if (!options.tls) return undefined
  const authority = options.tlsAuthority === '' ? undefined : await readPem(options.tlsAuthority)
  if (options.tlsCertificate === '') {
    const { certificate, key } = await generatedPair(dataFolder, logger)
    return makeAcceptor(certificate, key, authority, GENERATED_CERTIFICATE)
  }
  const certificate = await readPem(options.tlsCertificate)
  const key = await readPem(options.tlsKey)
  return makeAcceptor(certificate, key, authority, `${options.tlsCertificate} and ${options.tlsKey}`)
}

function makeAcceptor(
  certificate: string,
  key: string,
  authority: string | undefined,
  origin: string,
): TlsAcceptor {
  try {
    const ca = authority === undefined ? {} : { ca: authority }
    return makeTlsAcceptor({ cert: certificate, key, ...ca, minVersion: 'TLSv1.2' })
  } catch (error) {
    throw new Error(`${origin}: no certificate and its key: ${messageOf(error)}`, { cause: error })
  }
}

/** The pair in the data folder; a new one if there is none, which lasts as long as the process if it can't be kept. */
async function generatedPair(dataFolder: string, logger: Logger): Promise<CertificateAndKey> {
  const certificateFile = join(dataFolder, GENERATED_CERTIFICATE)
  const keyFile = join(dataFolder, GENERATED_KEY)
  try {
    const [certificate, key] = await Promise.all([
      readFile(certificateFile, 'utf8'),
      readFile(keyFile, 'utf8'),
    ])
    return { certificate, key }
  } catch {
    const pair = await makeSelfSignedCertificate()
    try {
      await writeWhole(keyFile, pair.key, KEY_FILE_MODE)
      await writeWhole(certificateFile, pair.certificate, 0o644)
    } catch (error) {
      logger.debug({ err: error }, 'The generated certificate is not kept')
    }
    return pair
  }
}

/** Never leaves half a file. */
async function writeWhole(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.new`
  await writeFile(draft, content, { mode })
  await rename(draft, path)
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
