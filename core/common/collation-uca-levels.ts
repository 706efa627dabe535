/**
 * `utf8mb4_0900_as_ci` and `utf8mb4_0900_as_cs`: UCA 9.0.0, NO PAD. Strings are compared by their primary weights;
 * only if all of these are equal by the secondary ones, which tell accents apart; and for `_as_cs` at last by the
 * tertiary ones, which tell cases apart.
 */
import { BaseCollation, characterStart } from './collation-base.js'
import type { CollationDefinition } from './collation-base.js'
import type { CaseMapping } from './collation-case.js'
import { findWindow, type WindowComparison } from './collation-search.js'
import type { PrimaryWeights } from './collation-uca.js'
import { WeightCursor, WEIGHTS_PER_CHARACTER_MAX, type WeightLevel } from './collation-weights.js'

const left = new WeightCursor()
const right = new WeightCursor()

const COMMON_SECONDARY = 0x20
const TERTIARY_OF_SMALL = 2
const TERTIARY_OF_CAPITAL = 8
/** Secondary and tertiary weights less this fit in a byte, and 0 is left for the end. */
const SECONDARY_OFFSET = COMMON_SECONDARY - 1
/** More than every class of a character whose primary weights are computed. */
const CLASS_BASE = 0x120000
/** Begins the hash keys that aren't plain ASCII text. Ignorable, so no other key has it. */
const GENERAL_KEY = '\u0001'
const LEVEL_SEPARATOR = '\0'

export class LevelsCollation extends BaseCollation implements WindowComparison {
  readonly asciiClasses: Uint16Array
  readonly asciiOrder: Uint16Array
  private readonly levels: readonly WeightLevel[]

  constructor(
    definition: CollationDefinition,
    caseMapping: CaseMapping,
    private readonly primary: PrimaryWeights,
    private readonly secondary: WeightLevel,
    /** Undefined for `_as_ci`. */
    private readonly tertiary: WeightLevel | undefined,
  ) {
    super(definition, caseMapping)
    const { ascii } = primary.level
    this.asciiOrder = ascii
    this.asciiClasses =
      tertiary === undefined ? ascii : ascii.map((weight, codePoint) => (weight === 0 ? 0 : codePoint))
    this.levels = [primary.level, secondary, ...(tertiary === undefined ? [] : [tertiary])]
  }

  compare(a: string, b: string): number {
    if (a === b) return 0
    const { ascii } = this.primary.level
    const length = Math.min(a.length, b.length)
    let firstDifference = -1
    let i = 0
    for (; i < length; i++) {
      const x = a.charCodeAt(i)
      const y = b.charCodeAt(i)
      if (x === y) continue
      if (firstDifference < 0) firstDifference = i
      if ((x | y) >= 0x80) break
      const xWeight = ascii[x] as number
      const yWeight = ascii[y] as number
      // Two cases of one letter, or a character that is ignorable.
      if (xWeight === yWeight && xWeight !== 0) continue
      if (xWeight === 0 || yWeight === 0) break
      return xWeight - yWeight
    }
    return this.compareFrom(a, b, characterStart(a, firstDifference < 0 ? i : firstDifference))
  }

  hashKey(text: string): string {
    const { asciiFolded } = this.primary
    const ignoresCase = this.tertiary === undefined
    let i = 0
    while (i < text.length) {
      const unit = text.charCodeAt(i)
      const folded = unit < 0x80 ? (asciiFolded[unit] as number) : 0xff
      if (folded === 0xff || (ignoresCase && folded !== unit)) break
      i++
    }
    return i === text.length ? text : this.folded(text)
  }

  writeSortKey(text: string, target: Uint8Array, offset: number): number {
    let at = this.writePrimaries(text, target, offset)
    at = writeLowerLevel(this.secondary, SECONDARY_OFFSET, text, target, at)
    return this.tertiary === undefined ? at : writeLowerLevel(this.tertiary, 0, text, target, at)
  }

  sortKeyBytesMax(length: number): number {
    return length * WEIGHTS_PER_CHARACTER_MAX * (this.levels.length + 1) + this.levels.length
  }

  weightString(text: string): Uint8Array {
    const target = Buffer.alloc((text.length * WEIGHTS_PER_CHARACTER_MAX + 1) * 2 * this.levels.length)
    let at = 0
    for (const level of this.levels) {
      if (level !== this.primary.level) at = target.writeUInt16BE(0, at)
      left.start(level, text, 0, text.length)
      for (let weight = left.next(); weight >= 0; weight = left.next()) at = target.writeUInt16BE(weight, at)
    }
    return target.subarray(0, at)
  }

  classOf(codePoint: number): number {
    // Computed weights differ already at the first level. Other entries have 16 bits; together they stay exact.
    const primary = this.primary.level.classOf(codePoint)
    if (primary > 0xffff) return primary
    const upper = CLASS_BASE + primary * 0x10000 + this.secondary.entryOf(codePoint)
    return this.tertiary === undefined ? upper : upper * 0x10000 + this.tertiary.entryOf(codePoint)
  }

  indexOf(haystack: string, needle: string, from: number): number {
    return findWindow(haystack, needle, from, this.charset, this)
  }

  windowEquals(text: string, from: number, to: number, needle: string): boolean {
    return this.levels.every((level) => {
      left.start(level, text, from, to)
      right.start(level, needle, 0, needle.length)
      return compareLevel() === 0
    })
  }

  /** Compares level by level from a place up to which the strings are equal. */
  private compareFrom(a: string, b: string, start: number): number {
    for (const level of this.levels) {
      left.start(level, a, start, a.length)
      right.start(level, b, start, b.length)
      const difference = compareLevel()
      if (difference !== 0) return difference
    }
    return 0
  }

  private writePrimaries(text: string, target: Uint8Array, offset: number): number {
    left.start(this.primary.level, text, 0, text.length)
    let at = offset
    for (let weight = left.next(); weight >= 0; weight = left.next()) {
      target[at++] = weight >> 8
      target[at++] = weight & 0xff
    }
    // Lower than the high byte of every weight.
    target[at++] = 0
    return at
  }

  /** A function of the levels' weights alone: plain ASCII text where such a text has the same weights. */
  private folded(text: string): string {
    const primaries = weightsOf(this.primary.level, text)
    const secondaries = weightsOf(this.secondary, text)
    const tertiaries = this.tertiary === undefined ? undefined : weightsOf(this.tertiary, text)
    const ascii = this.asciiText(primaries, secondaries, tertiaries)
    if (ascii !== undefined) return ascii
    const key = GENERAL_KEY + asString(primaries) + LEVEL_SEPARATOR + asString(secondaries)
    return tertiaries === undefined ? key : key + LEVEL_SEPARATOR + asString(tertiaries)
  }

  private asciiText(
    primaries: readonly number[],
    secondaries: readonly number[],
    tertiaries: readonly number[] | undefined,
  ): string | undefined {
    if (secondaries.length !== primaries.length || (tertiaries ?? primaries).length !== primaries.length) {
      return undefined
    }
    let text = ''
    for (let i = 0; i < primaries.length; i++) {
      const codePoint = this.primary.representative(primaries[i] as number)
      const character = withCase(codePoint, tertiaries?.[i] ?? TERTIARY_OF_SMALL)
      if (codePoint >= 0x80 || secondaries[i] !== COMMON_SECONDARY || character === undefined)
        return undefined
      text += character
    }
    return text
  }
}

/** The ASCII character with the primary weight of `codePoint` (a small letter, if a letter) and a tertiary weight. */
function withCase(codePoint: number, tertiary: number): string | undefined {
  const character = String.fromCharCode(codePoint)
  if (tertiary === TERTIARY_OF_SMALL) return character
  const capital = character.toUpperCase()
  return tertiary === TERTIARY_OF_CAPITAL && capital !== character ? capital : undefined
}

/** Compares what the two cursors have left; the shorter is less. */
function compareLevel(): number {
  for (;;) {
    const x = left.next()
    const y = right.next()
    if (x !== y) return x - y
    if (x < 0) return 0
  }
}

function weightsOf(level: WeightLevel, text: string): number[] {
  const weights: number[] = []
  left.start(level, text, 0, text.length)
  for (let weight = left.next(); weight >= 0; weight = left.next()) weights.push(weight)
  return weights
}

function asString(weights: readonly number[]): string {
  let text = ''
  for (const weight of weights) text += String.fromCharCode(weight)
  return text
}

function writeLowerLevel(
  level: WeightLevel,
  weightOffset: number,
  text: string,
  target: Uint8Array,
  offset: number,
): number {
  left.start(level, text, 0, text.length)
  let at = offset
  for (let weight = left.next(); weight >= 0; weight = left.next()) target[at++] = weight - weightOffset
  target[at++] = 0
  return at
}
