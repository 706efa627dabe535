/**
 * Collations of the Unicode Collation Algorithm that compare primary weights only: `_unicode_ci` (UCA 4.0.0, PAD
 * SPACE), `_unicode_520_ci` (UCA 5.2.0, PAD SPACE) and `utf8mb4_0900_ai_ci` (UCA 9.0.0, NO PAD).
 */
import { BaseCollation, characterStart, headOf, SPACE, trimmedLength } from './collation-base.js'
import type { CollationDefinition } from './collation-base.js'
import type { CaseMapping } from './collation-case.js'
import { LIST_FLAG } from './collation-data/code-point-table.js'
import { findWindow, type WindowComparison } from './collation-search.js'
import { WeightCursor, WEIGHTS_PER_CHARACTER_MAX, type WeightLevel } from './collation-weights.js'

const left = new WeightCursor()
const right = new WeightCursor()

/** The primary level, and which ASCII characters stand for its weights in hash keys. */
export class PrimaryWeights {
  /** For each ASCII character the one that stands for its weight in hash keys; 0xFF if it is ignorable. */
  readonly asciiFolded: Uint8Array
  private readonly asciiOfWeight: Uint8Array

  constructor(readonly level: WeightLevel) {
    const { ascii } = level
    this.asciiOfWeight = new Uint8Array(Math.max(...ascii) + 1)
    // Only the cases of a letter share a weight; the small letter comes last.
    ascii.forEach((weight, codePoint) => (this.asciiOfWeight[weight] = codePoint))
    this.asciiOfWeight[0] = 0xff
    this.asciiFolded = Uint8Array.from(ascii, (weight) => this.asciiOfWeight[weight] as number)
  }

  get spaceWeight(): number {
    return this.level.ascii[SPACE] as number
  }

  /** Whether the text has ASCII characters only, and none is ignorable. */
  isPlainAscii(text: string): boolean {
    const { ascii } = this.level
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80 || ascii[unit] === 0) return false
    }
    return true
  }

  /** The character that stands for a weight in hash keys: an ASCII one, or one from U+0201 on. */
  representative(weight: number): number {
    const ascii = weight < this.asciiOfWeight.length ? (this.asciiOfWeight[weight] as number) : 0
    return ascii === 0 ? weight : ascii
  }
}

export class PrimaryCollation extends BaseCollation implements WindowComparison {
  readonly asciiClasses: Uint16Array
  readonly asciiOrder: Uint16Array

  constructor(
    definition: CollationDefinition,
    caseMapping: CaseMapping,
    private readonly weights: PrimaryWeights,
  ) {
    super(definition, caseMapping)
    this.asciiClasses = weights.level.ascii
    this.asciiOrder = weights.level.ascii
  }

  compare(a: string, b: string): number {
    if (a === b) return 0
    const { ascii } = this.weights.level
    const length = Math.min(a.length, b.length)
    let i = 0
    for (; i < length; i++) {
      const x = a.charCodeAt(i)
      const y = b.charCodeAt(i)
      if (x === y) continue
      if ((x | y) >= 0x80) break
      const xWeight = ascii[x] as number
      const yWeight = ascii[y] as number
      if (xWeight === yWeight) continue
      if (xWeight === 0 || yWeight === 0) break
      return xWeight - yWeight
    }
    return this.compareFrom(a, b, characterStart(a, i))
  }

  hashKey(text: string): string {
    const length = this.padsSpace ? trimmedLength(text) : text.length
    const { asciiFolded } = this.weights
    let i = 0
    while (i < length) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80 || asciiFolded[unit] !== unit) break
      i++
    }
    return i === length ? headOf(text, length) : this.folded(headOf(text, length))
  }

  writeSortKey(text: string, target: Uint8Array, offset: number): number {
    return this.padsSpace ? this.writePadded(text, target, offset) : this.writeUnpadded(text, target, offset)
  }

  sortKeyBytesMax(length: number): number {
    return length * WEIGHTS_PER_CHARACTER_MAX * 2 + 2
  }

  weightString(text: string): Uint8Array {
    const target = Buffer.alloc(text.length * WEIGHTS_PER_CHARACTER_MAX * 2)
    left.start(this.weights.level, text, 0, text.length)
    let at = 0
    for (let weight = left.next(); weight >= 0; weight = left.next()) at = target.writeUInt16BE(weight, at)
    return target.subarray(0, at)
  }

  classOf(codePoint: number): number {
    return this.weights.level.classOf(codePoint)
  }

  indexOf(haystack: string, needle: string, from: number): number {
    return findWindow(haystack, needle, from, this.charset, this)
  }

  windowEquals(text: string, from: number, to: number, needle: string): boolean {
    left.start(this.weights.level, text, from, to)
    right.start(this.weights.level, needle, 0, needle.length)
    for (;;) {
      const weight = left.next()
      if (weight !== right.next()) return false
      if (weight < 0) return true
    }
  }

  /** Compares weight by weight from a place up to which the strings are equal. */
  private compareFrom(a: string, b: string, start: number): number {
    const { level } = this.weights
    left.start(level, a, start, a.length)
    right.start(level, b, start, b.length)
    for (;;) {
      const x = left.next()
      const y = right.next()
      if (x === y) {
        if (x < 0) return 0
        continue
      }
      if (!this.padsSpace || (x >= 0 && y >= 0)) return x - y
      return y < 0 ? this.compareToSpaces(x, left) : -this.compareToSpaces(y, right)
    }
  }

  /** Compares the rest of a text, `weight` and what `cursor` has left, to spaces without end. */
  private compareToSpaces(weight: number, cursor: WeightCursor): number {
    const { spaceWeight } = this.weights
    for (let next = weight; next >= 0; next = cursor.next())
      if (next !== spaceWeight) return next - spaceWeight
    return 0
  }

  private folded(text: string): string {
    if (this.weights.isPlainAscii(text)) return text.toLowerCase()
    const { spaceWeight, level } = this.weights
    left.start(level, text, 0, text.length)
    let key = ''
    let spaces = 0
    for (let weight = left.next(); weight >= 0; weight = left.next()) {
      if (weight === spaceWeight && this.padsSpace) {
        spaces++
        continue
      }
      for (; spaces > 0; spaces--) key += ' '
      key += String.fromCharCode(this.weights.representative(weight))
    }
    return key
  }

  private writeUnpadded(text: string, target: Uint8Array, offset: number): number {
    left.start(this.weights.level, text, 0, text.length)
    let at = offset
    for (let weight = left.next(); weight >= 0; weight = left.next()) at = writeWeight(target, at, weight)
    // Lower than the high byte of every weight.
    target[at++] = 0
    return at
  }

  /** See `collation-sort-key.ts` for the three symbols in the space's place. */
  private writePadded(text: string, target: Uint8Array, offset: number): number {
    const { spaceWeight, level } = this.weights
    left.start(level, text, 0, text.length)
    let at = offset
    let spaces = 0
    for (let weight = left.next(); weight >= 0; weight = left.next()) {
      if (weight === spaceWeight) {
        spaces++
        continue
      }
      const isHigher = weight > spaceWeight
      for (; spaces > 0; spaces--) at = writeWeight(target, at, isHigher ? spaceWeight + 2 : spaceWeight)
      // The tables' own weights are below 0x8000; computed ones come in pairs, or are above all others.
      at = writeWeight(target, at, isHigher && weight < LIST_FLAG ? weight + 2 : weight)
    }
    return writeWeight(target, at, spaceWeight + 1)
  }
}

function writeWeight(target: Uint8Array, offset: number, weight: number): number {
  target[offset] = weight >> 8
  target[offset + 1] = weight & 0xff
  return offset + 2
}
