/** REQUIRE of an account: how its connections must be encrypted (MySQL manual 15.7.1.3 "CREATE USER SSL/TLS Options"). */
import type { CertificateRule } from '../../catalog/account.js'
import type { TlsConnection } from '../../spi/session.js'

/** `tls` is undefined for connections without it, also on Unix sockets. */
export function meetsTlsRule(rule: CertificateRule, tls: TlsConnection | undefined): boolean {
  if (rule.kind === 'none') return true
  if (tls === undefined) return false
  switch (rule.kind) {
    case 'ssl':
      return true
    case 'x509':
      return tls.certificate !== undefined
    case 'specified':
      return (
        isAsRequired(rule.cipher, tls.cipher) &&
        isAsRequired(rule.issuer, tls.certificate?.issuer) &&
        isAsRequired(rule.subject, tls.certificate?.subject)
      )
  }
}

function isAsRequired(required: string | undefined, present: string | undefined): boolean {
  return required === undefined || required === present
}
