/**
 * Upper and lower case as UPPER() and LOWER() see it (MySQL manual 14.8): one character becomes one character, by the
 * simple case mappings of the Unicode version that a collation belongs to. So the sharp s stays as it is, and the
 * length in characters never changes. JavaScript's own functions serve ASCII only: they follow Unicode's special
 * casing and the ICU of the day.
 */
import { CodePointTable } from './collation-data/code-point-table.js'
import {
  UNICODE_300_LOWERCASE,
  UNICODE_300_UPPERCASE,
  UNICODE_520_LOWERCASE,
  UNICODE_520_UPPERCASE,
  UNICODE_900_LOWERCASE,
  UNICODE_900_UPPERCASE,
} from './collation-data/simple-case.js'

export interface CaseMapping {
  toUpperCase(text: string): string
  toLowerCase(text: string): string
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false
  return true
}

/** ASCII letters are mapped, and of the other characters those that the subclass knows. */
abstract class TextCaseMapping implements CaseMapping {
  toUpperCase(text: string): string {
    return isAscii(text) ? text.toUpperCase() : mapCharacters(text, this.upperOf)
  }

  toLowerCase(text: string): string {
    return isAscii(text) ? text.toLowerCase() : mapCharacters(text, this.lowerOf)
  }

  protected abstract readonly upperOf: (codePoint: number) => number
  protected abstract readonly lowerOf: (codePoint: number) => number
}

function mapCharacters(text: string, mapped: (codePoint: number) => number): string {
  let result = ''
  for (const character of text) result += String.fromCodePoint(mapped(character.codePointAt(0) as number))
  return result
}

class UnicodeCaseMapping extends TextCaseMapping {
  protected readonly upperOf: (codePoint: number) => number
  protected readonly lowerOf: (codePoint: number) => number

  constructor(upper: string, lower: string) {
    super()
    this.upperOf = differenceTable(upper)
    this.lowerOf = differenceTable(lower)
  }
}

/** A mapping kept as differences of the low 16 bits, unpacked at its first use. */
export function differenceTable(packed: string): (codePoint: number) => number {
  let table: CodePointTable | undefined
  return (codePoint) => {
    table ??= new CodePointTable(packed)
    return (codePoint & ~0xffff) | ((codePoint + table.at(codePoint)) & 0xffff)
  }
}

/** The letters of latin1 whose other case is 0x20 away: all but the sharp s, the y with diaeresis, × and ÷. */
class Latin1CaseMapping extends TextCaseMapping {
  protected readonly upperOf = (codePoint: number): number =>
    isAsciiLower(codePoint) || (codePoint >= 0xe0 && codePoint <= 0xfe && codePoint !== 0xf7)
      ? codePoint - 0x20
      : codePoint
  protected readonly lowerOf = (codePoint: number): number =>
    isAsciiUpper(codePoint) || (codePoint >= 0xc0 && codePoint <= 0xde && codePoint !== 0xd7)
      ? codePoint + 0x20
      : codePoint
}

class AsciiCaseMapping extends TextCaseMapping {
  protected readonly upperOf = asciiUpper
  protected readonly lowerOf = (codePoint: number): number =>
    isAsciiUpper(codePoint) ? codePoint + 0x20 : codePoint
}

export function isAsciiUpper(codePoint: number): boolean {
  return codePoint >= 0x41 && codePoint <= 0x5a
}

export function isAsciiLower(codePoint: number): boolean {
  return codePoint >= 0x61 && codePoint <= 0x7a
}

/** The capital of a small ASCII letter; any other character as it is. */
export function asciiUpper(codePoint: number): number {
  return isAsciiLower(codePoint) ? codePoint - 0x20 : codePoint
}

/** Unicode 3.0: `_general_ci`, `_unicode_ci` and `_bin`. */
export const UNICODE_300_CASE: CaseMapping = new UnicodeCaseMapping(
  UNICODE_300_UPPERCASE,
  UNICODE_300_LOWERCASE,
)
/** Unicode 5.2: `_unicode_520_ci`. */
export const UNICODE_520_CASE: CaseMapping = new UnicodeCaseMapping(
  UNICODE_520_UPPERCASE,
  UNICODE_520_LOWERCASE,
)
/** Unicode 9.0: `_0900_…`. */
export const UNICODE_900_CASE: CaseMapping = new UnicodeCaseMapping(
  UNICODE_900_UPPERCASE,
  UNICODE_900_LOWERCASE,
)
export const LATIN1_CASE: CaseMapping = new Latin1CaseMapping()
export const ASCII_CASE: CaseMapping = new AsciiCaseMapping()
/** UPPER() and LOWER() don't change binary strings. */
export const NO_CASE: CaseMapping = { toUpperCase: (text) => text, toLowerCase: (text) => text }
