/**
 * Characters of JavaScript strings. MySQL counts characters as code points, JavaScript counts UTF-16 units; the two
 * agree for every string without surrogates, which one fast regular expression finds out.
 */

export { codePointCount as characterCount, firstCodePoints as firstCharacters } from '../common/value-text.js'

const SURROGATE = /[\ud800-\udfff]/

/** Whether one UTF-16 unit is one character throughout `text`. */
export function hasOnlySingleUnits(text: string): boolean {
  return !SURROGATE.test(text)
}

/** UTF-16 index at which character `count` (0-based) starts; the length of the text if it has fewer characters. */
export function unitIndex(text: string, count: number): number {
  if (count <= 0) return 0
  if (count >= text.length) return text.length
  if (hasOnlySingleUnits(text)) return count
  let index = 0
  for (let seen = 0; seen < count && index < text.length; seen++) index += unitsAt(text, index)
  return index
}

/** Number of characters before the UTF-16 index `index`. */
export function characterIndex(text: string, index: number): number {
  return hasOnlySingleUnits(text) ? index : countBefore(text, index)
}

/** `count` characters from character `start` (0-based, within the text). */
export function characterSlice(text: string, start: number, count: number): string {
  if (hasOnlySingleUnits(text)) return text.substring(start, start + count)
  const from = unitIndex(text, start)
  return text.slice(from, from + unitIndex(text.slice(from), count))
}

/** UTF-16 units, 1 or 2, of the character at UTF-16 index `index`. */
export function unitsAt(text: string, index: number): number {
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1
}

function countBefore(text: string, end: number): number {
  let count = 0
  for (let index = 0; index < end; index += unitsAt(text, index)) count++
  return count
}
