/** The server's side of TLS: certificate and key from files, read when the listener starts. */
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContext } from 'node:tls'

export interface TlsFiles {
  readonly tlsCertificate: string
  readonly tlsKey: string
  readonly tlsAuthority: string
}

/** Undefined without a certificate. Rejects with one line that names the file that is wrong. */
export async function loadSecureContext(files: TlsFiles): Promise<SecureContext | undefined> {
  if (files.tlsCertificate === '') return undefined
  const [cert, key, ca] = await Promise.all([
    readPem(files.tlsCertificate),
    readPem(files.tlsKey),
    files.tlsAuthority === '' ? undefined : readPem(files.tlsAuthority),
  ])
  try {
    return createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }), minVersion: 'TLSv1.2' })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${files.tlsCertificate} and ${files.tlsKey} are no certificate and its key: ${reason}`, {
      cause: error,
    })
  }
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new Error(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
