/**
 * Collations that give every character one weight: `_general_ci`, and all of latin1 and ascii. `_general_ci` knows
 * Unicode's first 65,536 characters; the others weigh as U+FFFD, so they are all equal.
 */
import { BaseCollation, characterStart, headOf, SPACE, trimmedLength } from './collation-base.js'
import type { CollationDefinition } from './collation-base.js'
import { isAscii, type CaseMapping } from './collation-case.js'
import { findWindow, type WindowComparison } from './collation-search.js'
import { SYMBOL_BYTES_MAX, writePaddedEnd, writePaddedWeight } from './collation-sort-key.js'

export interface CharacterWeights {
  /** Weights are below 65,536; that of the space is 0x20, and no other character has it. */
  weightOf(codePoint: number): number
  /** Bytes of a weight in a weight string. */
  readonly bytesPerWeight: 1 | 2
}

/** All collations of this kind are PAD SPACE. */
export class SimpleCollation extends BaseCollation implements WindowComparison {
  readonly asciiClasses: Uint16Array
  readonly asciiOrder: Uint16Array
  private readonly asciiWeights: Uint16Array
  /** Weight → the last ASCII character that has it, which represents the weight in hash keys. */
  private readonly asciiOfWeight = new Map<number, number>()
  /** For each ASCII character the one that represents its weight. */
  private readonly asciiFolded: Uint8Array
  /** Where the characters begin that represent the other weights. */
  private readonly otherWeightsStart: number

  constructor(
    definition: CollationDefinition,
    caseMapping: CaseMapping,
    private readonly weights: CharacterWeights,
  ) {
    super(definition, caseMapping)
    this.asciiWeights = Uint16Array.from({ length: 0x80 }, (_, codePoint) => weights.weightOf(codePoint))
    this.asciiClasses = this.asciiWeights.map((weight) => weight + 1)
    this.asciiOrder = this.asciiClasses
    this.asciiWeights.forEach((weight, codePoint) => this.asciiOfWeight.set(weight, codePoint))
    this.asciiFolded = Uint8Array.from(
      this.asciiWeights,
      (weight) => this.asciiOfWeight.get(weight) as number,
    )
    // Weights of two bytes are those of ASCII, or from 0x80 on; weights of one byte are moved out of ASCII's way.
    this.otherWeightsStart = weights.bytesPerWeight === 1 ? 0x100 : 0
  }

  compare(a: string, b: string): number {
    if (a === b) return 0
    const length = Math.min(a.length, b.length)
    for (let i = 0; i < length; i++) {
      const x = a.charCodeAt(i)
      const y = b.charCodeAt(i)
      if (x === y) continue
      if ((x | y) >= 0x80) return this.compareFrom(a, b, characterStart(a, i))
      const difference = (this.asciiWeights[x] as number) - (this.asciiWeights[y] as number)
      if (difference !== 0) return difference
    }
    return this.compareToSpaces(a, length) - this.compareToSpaces(b, length)
  }

  hashKey(text: string): string {
    const length = trimmedLength(text)
    let i = 0
    while (i < length) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80 || this.asciiFolded[unit] !== unit) break
      i++
    }
    return i === length ? headOf(text, length) : this.folded(headOf(text, length))
  }

  writeSortKey(text: string, target: Uint8Array, offset: number): number {
    let at = offset
    let spaces = 0
    for (let i = 0; i < text.length; i++) {
      const codePoint = text.codePointAt(i) as number
      if (codePoint > 0xffff) i++
      const weight = this.classOf(codePoint)
      if (weight === SPACE) {
        spaces++
      } else {
        at = writePaddedWeight(target, at, weight, spaces)
        spaces = 0
      }
    }
    return writePaddedEnd(target, at)
  }

  sortKeyBytesMax(length: number): number {
    return length * SYMBOL_BYTES_MAX + 1
  }

  weightString(text: string): Uint8Array {
    const { bytesPerWeight } = this.weights
    const target = Buffer.alloc(text.length * bytesPerWeight)
    let at = 0
    for (const character of text) {
      at = target.writeUIntBE(this.classOf(character.codePointAt(0) as number), at, bytesPerWeight)
    }
    return target.subarray(0, at)
  }

  classOf(codePoint: number): number {
    return codePoint < 0x80 ? (this.asciiWeights[codePoint] as number) : this.weights.weightOf(codePoint)
  }

  indexOf(haystack: string, needle: string, from: number): number {
    return findWindow(haystack, needle, from, this.charset, this)
  }

  windowEquals(text: string, from: number, to: number, needle: string): boolean {
    let i = from
    let j = 0
    while (i < to && j < needle.length) {
      const x = text.codePointAt(i) as number
      const y = needle.codePointAt(j) as number
      if (x !== y && this.classOf(x) !== this.classOf(y)) return false
      i += x > 0xffff ? 2 : 1
      j += y > 0xffff ? 2 : 1
    }
    return i === to && j === needle.length
  }

  /** Compares character by character from a place up to which the strings are equal. */
  private compareFrom(a: string, b: string, start: number): number {
    let i = start
    let j = start
    while (i < a.length && j < b.length) {
      const x = a.codePointAt(i) as number
      const y = b.codePointAt(j) as number
      const difference = this.classOf(x) - this.classOf(y)
      if (difference !== 0) return difference
      i += x > 0xffff ? 2 : 1
      j += y > 0xffff ? 2 : 1
    }
    return this.compareToSpaces(a, i) - this.compareToSpaces(b, j)
  }

  /** Compares the rest of a text to spaces without end. */
  private compareToSpaces(text: string, from: number): number {
    for (let i = from; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit !== SPACE) return this.classOf(text.codePointAt(i) as number) - SPACE
    }
    return 0
  }

  private folded(text: string): string {
    // Where letters differ by case only, their representatives are the small ones.
    if (this.asciiFolded[0x41] === 0x61 && isAscii(text)) return text.toLowerCase()
    let key = ''
    for (const character of text) {
      const weight = this.classOf(character.codePointAt(0) as number)
      key += String.fromCharCode(this.asciiOfWeight.get(weight) ?? weight + this.otherWeightsStart)
    }
    return key
  }
}
