/** The character set that a client wants its results in (character_set_results, MySQL manual 12.4). */
import { charsetByName, defaultCollationOf, type Charset } from '@switchyard/core/spi'

export interface ResultCharset {
  /** Undefined for character_set_results = NULL or binary: text goes out in its column's own character set. */
  readonly charset: Charset | undefined
  /** What column definitions name for text; undefined for character_set_results = NULL: each column's own collation. */
  readonly collationId: number | undefined
}

/** Number of `binary`, which column definitions name for everything that isn't text. */
export const BINARY_COLLATION_ID = 63

const AS_STORED: ResultCharset = { charset: undefined, collationId: undefined }
const AS_BYTES: ResultCharset = { charset: undefined, collationId: BINARY_COLLATION_ID }
const known = new Map<string, ResultCharset>()

/** One instance a name, so that what is made for it can be kept beside it. */
export function resultCharset(name: string | null): ResultCharset {
  if (name === null) return AS_STORED
  if (name === 'binary') return AS_BYTES
  let result = known.get(name)
  if (result === undefined) {
    const charset = charsetByName(name)
    if (charset === undefined) return AS_STORED
    result = { charset, collationId: defaultCollationOf(charset).id }
    known.set(name, result)
  }
  return result
}

/** Names and messages, which are UTF-8 where the client wants no conversion. */
export function encodeText(text: string, { charset }: ResultCharset): Uint8Array {
  return charset === undefined || charset.name === 'utf8mb4'
    ? Buffer.from(text, 'utf8')
    : charset.encode(text)
}
