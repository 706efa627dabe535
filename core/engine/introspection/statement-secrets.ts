/**
 * Texts of statements as others may read them (process list, logs): passwords are taken out.
 */
import { charsetByName } from '../../common/charsets.js'

const QUOTED = `'(?:[^'\\\\]|\\\\[^]|'')*'|"(?:[^"\\\\]|\\\\[^]|"")*"`
/** PASSWORD 'x', PASSWORD = 'x', SOURCE_PASSWORD = 'x', PASSWORD('x'), SET PASSWORD FOR a = 'x'. */
const PASSWORD = new RegExp(`(password\\w*\\s*(?:[=(]\\s*)?|password\\s+for\\b[^=]*=\\s*)(?:${QUOTED})`, 'gi')
/** IDENTIFIED … BY 'x' … REPLACE 'y', AS 'hash'. */
const IDENTIFIED = new RegExp(`(\\b(?:by|as|replace)\\s*(?:password\\s*)?)(?:${QUOTED})`, 'gi')
/** The naming form of remote databases; see the user guide of virtual databases. */
const REMOTE_NAME = /__remote__[^\s`'";,).]+/g

/** The statement with `<secret>` in the place of passwords and of what was made of them. */
export function withoutSecrets(sql: string): string {
  let text = sql
  if (/password/i.test(text)) text = text.replace(PASSWORD, '$1<secret>')
  if (/\bidentified\b/i.test(text)) text = text.replace(IDENTIFIED, '$1<secret>')
  return text.includes('__remote__') ? text.replace(REMOTE_NAME, '__remote__<secret>') : text
}

/** A statement as it came, one unit a byte of the client's character set, for people to read. */
export function readableStatement(bytes: string, charset: string): string {
  const buffer = Buffer.from(bytes, 'latin1')
  return withoutSecrets(charsetByName(charset)?.decode(buffer) ?? buffer.toString('utf8'))
}
