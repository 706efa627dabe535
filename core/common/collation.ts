/**
 * Character sets and collations: what the rest of the engine asks of them. The registry in
 * `collations.ts` has the instances.
 */

import type { LikePattern } from './collation-like.js'

/** How text is turned into bytes and back (MySQL manual, chapter 12 "Character Sets"). */
export interface Charset {
  readonly name: string
  /** As SHOW CHARACTER SET describes it. */
  readonly description: string
  /** Most bytes that one character takes. */
  readonly bytesPerCharMax: number
  readonly defaultCollation: string
  /** Whether it is an encoding of Unicode: its strings convert to the others' without loss, save utf8mb3 and ucs2. */
  readonly isUnicode: boolean
  /** Bytes that the character takes; of one that the set doesn't have, those of `?`. */
  bytesOf(codePoint: number): number
  /** Length of `encode(text)`, as OCTET_LENGTH() tells it. */
  byteLength(text: string): number
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
 *
 * Sort keys end themselves: none is the beginning of another. So keys of several columns can be written one after
 * the other without a terminator or escapes, and inverting a key's bytes gives descending order. They aren't MySQL's
 * weight strings; those are what `weightString` is for.
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
  /** Whether characters are compared by their code only (the `_bin` collations and `binary`). */
  readonly isBinary: boolean
  /** SORTLEN of SHOW COLLATION. */
  readonly sortLength: number
  /**
   * Weights of the ASCII characters. Where the first characters of two strings that differ in weight are ASCII with weights
   * above 0, they decide the order, whatever follows: strings needn't be decoded for that.
   */
  readonly asciiOrder: Uint16Array
  /** Negative, zero or positive, as for `Array.prototype.sort`. */
  compare(a: string, b: string): number
  /**
   * A canonical string: equal for strings that compare equal, different for others. Cheap for ASCII. It is made for
   * maps in memory: it can hold lone surrogates, so don't encode it, and don't keep it.
   */
  hashKey(text: string): string
  /** Writes the memcmp-ordered key of `text` and returns the end offset; grows nothing, see `sortKeyBytesMax`. */
  writeSortKey(text: string, target: Uint8Array, offset: number): number
  /** Upper bound of the bytes that `writeSortKey` needs for a text of `length` UTF-16 units. */
  sortKeyBytesMax(length: number): number
  /** The weights as WEIGHT_STRING() shows them (MySQL manual 14.8): of a PAD SPACE collation without padding. */
  weightString(text: string): Uint8Array
  /**
   * LIKE (MySQL manual 14.8.1): `%` any run, `_` one character, compared per character by this collation.
   * Trailing spaces count. `escape` is one character, or empty if none escapes. A constant pattern is prepared once.
   */
  likePattern(pattern: string, escape: string): LikePattern
  /**
   * Where `needle` first stands in `haystack` at or after `from` (UTF-16 indexes), or -1: LOCATE() and INSTR(). As in
   * MySQL, a match takes as many bytes in the character set as `needle` does, so `e` isn't found in `é` where UTF-8
   * gives them different lengths though they compare equal; trailing spaces count.
   */
  indexOf(haystack: string, needle: string, from: number): number
  toUpperCase(text: string): string
  toLowerCase(text: string): string
}
