/**
 * Character classes of SQL text. Text is a byte string, so a table of 256 entries covers it; bytes from 0x80 on
 * belong to characters that may stand in identifiers (manual, 11.2).
 */

/** What a token that starts with the byte may be. */
export const SPACE = 1
export const LETTER = 2
export const DIGIT = 3

/** The class of each byte; 0 for operators, quotes and whatever else. */
export const CHARACTER_CLASS = new Uint8Array(256)
/** 1 for bytes of unquoted identifiers: letters, digits, `_`, `$` and everything from 0x80 on. */
export const IS_IDENTIFIER = new Uint8Array(256)

for (let c = 0; c < 256; c++) {
  const letter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 36 || c >= 128
  const digit = c >= 48 && c <= 57
  if (letter) CHARACTER_CLASS[c] = LETTER
  if (digit) CHARACTER_CLASS[c] = DIGIT
  if (letter || digit) IS_IDENTIFIER[c] = 1
  if (c === 32 || (c >= 9 && c <= 13)) CHARACTER_CLASS[c] = SPACE
}

/** Whether the byte at `at` continues an identifier; false behind the end of the text. */
export function isIdentifierAt(text: string, at: number): boolean {
  return IS_IDENTIFIER[text.charCodeAt(at)] === 1
}

export function isDigitAt(text: string, at: number): boolean {
  const c = text.charCodeAt(at)
  return c >= 48 && c <= 57
}

/** The offset of the first byte from `at` on that is not a digit. */
export function skipDigits(text: string, at: number, end: number): number {
  while (at < end && isDigitAt(text, at)) at++
  return at
}
