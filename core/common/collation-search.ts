/**
 * Finds a string in another one by a collation's equality, for LOCATE() and INSTR(). MySQL compares windows of the
 * haystack that have as many bytes as the needle, without padding; a window that would cut a character in two never
 * matches.
 */
import type { Charset } from './collation.js'

export interface WindowComparison {
  /** Whether `text[from, to)` has the same weights as all of `needle`; trailing spaces count. */
  windowEquals(text: string, from: number, to: number, needle: string): boolean
  /** True only if no two strings that begin with the ASCII characters `a` and `b` have the same weights. */
  startsDifferently(a: number, b: number): boolean
}

export function findWindow(
  haystack: string,
  needle: string,
  from: number,
  charset: Charset,
  comparison: WindowComparison,
): number {
  if (from > haystack.length) return -1
  if (needle.length === 0) return from
  const bytes = charset.byteLength(needle)
  const first = needle.charCodeAt(0)
  for (let at = from; at < haystack.length; at += unitsAt(haystack, at)) {
    const unit = haystack.charCodeAt(at)
    if ((unit | first) < 0x80 && comparison.startsDifferently(unit, first)) continue
    const end = windowEnd(haystack, at, bytes, charset)
    if (end > haystack.length) return -1
    if (end > 0 && comparison.windowEquals(haystack, at, end, needle)) return at
  }
  return -1
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
