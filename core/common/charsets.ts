/** The registry of character sets (MySQL manual 12.2), by the names that SQL uses. */
import { ASCII, BINARY, LATIN1 } from './charset-single-byte.js'
import { UTF8MB3, UTF8MB4 } from './charset-utf8.js'
import { UCS2, UTF16, UTF16LE, UTF32 } from './charset-wide.js'
import type { Charset } from './collation.js'
import { sqlError } from './sql-error.js'

/** In the order of SHOW CHARACTER SET. */
const CHARSETS: readonly Charset[] = [ASCII, BINARY, LATIN1, UCS2, UTF16, UTF16LE, UTF32, UTF8MB3, UTF8MB4]

const BY_NAME: ReadonlyMap<string, Charset> = new Map([
  ...CHARSETS.map((charset) => [charset.name, charset] as const),
  ['utf8', UTF8MB3],
])

/** The character set of the name in any case; `utf8` means utf8mb3. Undefined if there is none. */
export function charsetByName(name: string): Charset | undefined {
  return BY_NAME.get(name) ?? BY_NAME.get(name.toLowerCase())
}

/** As `charsetByName`, but throws ER_UNKNOWN_CHARACTER_SET. */
export function requireCharset(name: string): Charset {
  const charset = charsetByName(name)
  if (charset === undefined) throw sqlError('ER_UNKNOWN_CHARACTER_SET', name)
  return charset
}

export function allCharsets(): readonly Charset[] {
  return CHARSETS
}
