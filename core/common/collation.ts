/**
 * Character sets and collations: what the rest of the engine asks of them. The registry in
 * `collations.ts` has the instances.
 */

/** How text is turned into bytes and back (MySQL manual, chapter 12 "Character Sets"). */
export interface Charset {
  readonly name: string
  /** Most bytes that one character takes. */
  readonly bytesPerCharMax: number
  readonly defaultCollation: string
  /** Bytes of `text`; a character that the set doesn't have becomes `?`. */
  encode(text: string): Uint8Array
  /** Text of `bytes[start, end)`; malformed sequences become U+FFFD (`?` for one-byte sets). */
  decode(bytes: Uint8Array, start?: number, end?: number): string
  /** Index of the first byte that starts no valid character, or -1. */
  firstInvalid(bytes: Uint8Array, start?: number, end?: number): number
  /** Whether every character of `text` exists in the set. */
  canEncode(text: string): boolean
}

/**
 * An order and an equality of strings. `compare`, `hashKey` and `sortKey` agree: two strings compare equal
 * exactly if their hash keys are equal and exactly if their sort keys are equal, and sort keys order as
 * `compare` does when their bytes are compared as unsigned numbers. The version changes when weights do, and
 * is kept with every index.
 */
export interface Collation {
  readonly name: string
  /** MySQL's collation id, as sent in column definitions. */
  readonly id: number
  readonly charset: Charset
  readonly version: number
  readonly isDefault: boolean
  /** Whether trailing spaces count ('NO PAD') or not ('PAD SPACE'). */
  readonly padAttribute: 'PAD SPACE' | 'NO PAD'
  readonly caseSensitive: boolean
  /** Negative, zero or positive, as for `Array.prototype.sort`. */
  compare(a: string, b: string): number
  /** A canonical string: equal for strings that compare equal, different for others. Cheap for ASCII. */
  hashKey(text: string): string
  /** Writes the memcmp-ordered key of `text` and returns the end offset; grows nothing, see `sortKeyBytesMax`. */
  writeSortKey(text: string, target: Uint8Array, offset: number): number
  /** Upper bound of the bytes that `writeSortKey` needs for a text of `length` UTF-16 units. */
  sortKeyBytesMax(length: number): number
  /**
   * LIKE (MySQL manual 14.8.1): `%` any run, `_` one character, compared per character by this collation.
   * Returns a predicate so that a constant pattern is prepared once.
   */
  likeMatcher(pattern: string, escape: string): (text: string) => boolean
  /** `haystack`'s position (UTF-16 index) of `needle` by this collation's equality at or after `from`, or -1. */
  indexOf(haystack: string, needle: string, from: number): number
  toUpperCase(text: string): string
  toLowerCase(text: string): string
}
