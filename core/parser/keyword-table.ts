import { KEYWORDS } from './token.js'

/**
 * Finds keywords in the source text without making strings: an open-addressing hash table over upper-case bytes.
 * The lexer feeds the hash while it walks over the word: `hash = hashStep(hash, byte)` from 0.
 */

const SIZE = 4096
const WORD_NUMBER = new Int16Array(SIZE).fill(-1)
const WORD_LENGTH_MAX = Math.max(...KEYWORDS.map(({ word }) => word.length))
const WORDS: readonly string[] = KEYWORDS.map(({ word }) => word)
const TOKEN_NUMBERS = Uint16Array.from(KEYWORDS, ({ number }) => number)
const IS_FUNCTION = Uint8Array.from(KEYWORDS, ({ isFunction }) => (isFunction ? 1 : 0))

/** Letters hash without case; clearing bit 5 also of digits and `_` does no harm. */
export function hashStep(hash: number, c: number): number {
  return (Math.imul(hash, 31) + (c & 0xdf)) | 0
}

WORDS.forEach((word, index) => {
  let hash = 0
  for (let i = 0; i < word.length; i++) hash = hashStep(hash, word.charCodeAt(i))
  let slot = slotOf(hash)
  while ((WORD_NUMBER[slot] ?? -1) >= 0) slot = (slot + 1) & (SIZE - 1)
  WORD_NUMBER[slot] = index
})

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 12)) & (SIZE - 1)
}

/** Token number of the keyword that spans `start` to `end`, or 0 if it is none. `isFunctionKeyword` adds to it. */
export function findKeyword(text: string, start: number, end: number, hash: number): number {
  const length = end - start
  if (length > WORD_LENGTH_MAX) return 0
  let slot = slotOf(hash)
  for (;;) {
    const index = WORD_NUMBER[slot] ?? -1
    if (index < 0) return 0
    const word = WORDS[index]
    if (word?.length === length && equalsWord(text, start, word)) {
      lastIndex = index
      return TOKEN_NUMBERS[index] ?? 0
    }
    slot = (slot + 1) & (SIZE - 1)
  }
}

let lastIndex = 0

/** Whether the keyword that `findKeyword` just found is one only in front of `(`. */
export function isFunctionKeyword(): boolean {
  return IS_FUNCTION[lastIndex] === 1
}

/** Whether `text` holds `word`, given in upper case, at `start` in any case. */
export function equalsWord(text: string, start: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    const c = text.charCodeAt(start + i)
    if ((c >= 97 && c <= 122 ? c - 32 : c) !== word.charCodeAt(i)) return false
  }
  return true
}
