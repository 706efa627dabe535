/** What all collations have in common: identity, case mapping and LIKE. */
import type { CaseMapping } from './collation-case.js'
import { compileLike, type CharacterClasses, type LikePattern } from './collation-like.js'
import type { Charset, Collation } from './collation.js'

export interface CollationDefinition {
  readonly name: string
  readonly id: number
  readonly charset: Charset
  readonly isDefault: boolean
  readonly padAttribute: 'PAD SPACE' | 'NO PAD'
  readonly caseSensitive: boolean
  readonly isBinary: boolean
  readonly sortLength: number
  readonly version: number
}

export const SPACE = 0x20

export abstract class BaseCollation implements Collation, CharacterClasses {
  readonly name: string
  readonly id: number
  readonly charset: Charset
  readonly version: number
  readonly isDefault: boolean
  readonly padAttribute: 'PAD SPACE' | 'NO PAD'
  readonly caseSensitive: boolean
  readonly isBinary: boolean
  readonly sortLength: number
  protected readonly padsSpace: boolean

  constructor(
    definition: CollationDefinition,
    private readonly caseMapping: CaseMapping,
  ) {
    this.name = definition.name
    this.id = definition.id
    this.charset = definition.charset
    this.version = definition.version
    this.isDefault = definition.isDefault
    this.padAttribute = definition.padAttribute
    this.caseSensitive = definition.caseSensitive
    this.isBinary = definition.isBinary
    this.sortLength = definition.sortLength
    this.padsSpace = definition.padAttribute === 'PAD SPACE'
  }

  abstract readonly asciiOrder: Uint16Array
  abstract compare(a: string, b: string): number
  abstract hashKey(text: string): string
  abstract writeSortKey(text: string, target: Uint8Array, offset: number): number
  abstract sortKeyBytesMax(length: number): number
  abstract weightString(text: string): Uint8Array
  abstract classOf(codePoint: number): number
  abstract indexOf(haystack: string, needle: string, from: number): number

  likePattern(pattern: string, escape: string): LikePattern {
    return compileLike(pattern, escape, this)
  }

  toUpperCase(text: string): string {
    return this.caseMapping.toUpperCase(text)
  }

  toLowerCase(text: string): string {
    return this.caseMapping.toLowerCase(text)
  }
}

/** Length of `text` without its trailing spaces. */
export function trimmedLength(text: string): number {
  let length = text.length
  while (length > 0 && text.charCodeAt(length - 1) === SPACE) length--
  return length
}

/** `text.slice(0, length)`, but the same string where nothing is cut off. */
export function headOf(text: string, length: number): string {
  return length === text.length ? text : text.slice(0, length)
}

/**
 * Where to go on comparing characters after two strings were found equal unit by unit up to `index`: a surrogate pair
 * whose first halves are equal is compared as a whole.
 */
export function characterStart(text: string, index: number): number {
  if (index === 0) return 0
  const unit = text.charCodeAt(index - 1)
  return unit >= 0xd800 && unit <= 0xdbff ? index - 1 : index
}
