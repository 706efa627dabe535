/**
 * Finds a string in another one by a collation's equality, for LOCATE() and INSTR(). MySQL compares windows of the
 * haystack that have as many bytes as the needle, without padding; a window that would cut a character in two never
 * matches.
 */
import type { Charset } from './collation.js'

export interface WindowComparison {
  /** Whether `text[from, to)` has the same weights as all of `needle`; trailing spaces count. */
  windowEquals(text: string, from: number, to: number, needle: string): boolean
  /**
   * By ASCII character: equal for two characters exactly if they have the same weights, and 0 for those that have
   * none, because strings can be equal though one of them has more of these.
   */
  readonly asciiClasses: Uint16Array
}

const EQUAL = 0
const DIFFERENT = 1
const UNKNOWN = 2

export function findWindow(
  haystack: string,
  needle: string,
  from: number,
  charset: Charset,
  comparison: WindowComparison,
): number {
  if (from > haystack.length) return -1
  if (needle.length === 0) return from
  let bytes = -1
  for (let at = from; at < haystack.length; at += unitsAt(haystack, at)) {
    const start = compareStart(haystack, at, needle, comparison.asciiClasses)
    if (start === DIFFERENT) continue
    if (start === EQUAL) return at
    if (bytes < 0) bytes = charset.byteLength(needle)
    const end = windowEnd(haystack, at, bytes, charset)
    if (end > haystack.length) return -1
    if (end > 0 && comparison.windowEquals(haystack, at, end, needle)) return at
  }
  return -1
}

/** Compares the needle with what stands at `at` as long as both are ASCII; nearly always that decides. */
function compareStart(haystack: string, at: number, needle: string, asciiClasses: Uint16Array): number {
  for (let i = 0; i < needle.length; i++) {
    if (at + i >= haystack.length) return UNKNOWN
    const unit = haystack.charCodeAt(at + i)
    const wanted = needle.charCodeAt(i)
    if ((unit | wanted) >= 0x80) return UNKNOWN
    const unitClass = asciiClasses[unit] as number
    const wantedClass = asciiClasses[wanted] as number
    if (unitClass === 0 || wantedClass === 0) return UNKNOWN
    if (unitClass !== wantedClass) return DIFFERENT
  }
  return EQUAL
}

/**
 * Where the window of `bytes` bytes from `start` on ends: 0 if it would end within a character, more than the text's
 * length if the text is too short.
 */
function windowEnd(text: string, start: number, bytes: number, charset: Charset): number {
  let end = start
  let left = bytes
  while (left > 0 && end < text.length) {
    const codePoint = text.codePointAt(end) as number
    left -= charset.bytesOf(codePoint)
    end += codePoint > 0xffff ? 2 : 1
  }
  if (left > 0) return text.length + 1
  return left < 0 ? 0 : end
}

function unitsAt(text: string, index: number): number {
  return (text.codePointAt(index) as number) > 0xffff ? 2 : 1
}
