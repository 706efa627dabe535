/**
 * Collations that order characters by their code points: the `_bin` collations of Unicode's character sets (PAD SPACE;
 * `utf8mb4_0900_bin` is NO PAD) and `binary`. `latin1_bin` orders by the bytes of latin1 and is none of them.
 */
import { BaseCollation, characterStart, headOf, SPACE, trimmedLength } from './collation-base.js'
import type { CollationDefinition } from './collation-base.js'
import type { CaseMapping } from './collation-case.js'
import {
  SYMBOL_BYTES_MAX,
  writePaddedEnd,
  writePaddedWeight,
  writeUnpaddedEnd,
  writeUnpaddedWeight,
} from './collation-sort-key.js'

/** How WEIGHT_STRING() shows a string: as its bytes, or as numbers of this many bytes. */
export type BinaryWeightForm = 'bytes' | 2 | 3

/** NUL is a character like any other, so none weighs 0. */
const CODES = Uint16Array.from({ length: 0x80 }, (_, codePoint) => codePoint + 1)

export class BinaryCollation extends BaseCollation {
  readonly asciiOrder = CODES

  constructor(
    definition: CollationDefinition,
    caseMapping: CaseMapping,
    private readonly weightForm: BinaryWeightForm,
  ) {
    super(definition, caseMapping)
  }

  compare(a: string, b: string): number {
    if (a === b) return 0
    const length = Math.min(a.length, b.length)
    for (let i = 0; i < length; i++) {
      const x = a.charCodeAt(i)
      const y = b.charCodeAt(i)
      if (x === y) continue
      if (x < 0xd800 || y < 0xd800) return x - y
      // Surrogates have lower numbers than some characters that sort before the pairs that they make.
      const start = characterStart(a, i)
      return (a.codePointAt(start) as number) - (b.codePointAt(start) as number)
    }
    if (!this.padsSpace) return a.length - b.length
    return compareToSpaces(a, length) - compareToSpaces(b, length)
  }

  hashKey(text: string): string {
    return this.padsSpace ? headOf(text, trimmedLength(text)) : text
  }

  writeSortKey(text: string, target: Uint8Array, offset: number): number {
    return this.padsSpace ? writePadded(text, target, offset) : writeUnpadded(text, target, offset)
  }

  sortKeyBytesMax(length: number): number {
    return length * SYMBOL_BYTES_MAX + 1
  }

  weightString(text: string): Uint8Array {
    if (this.weightForm === 'bytes') return this.charset.encode(text)
    const target = Buffer.alloc(text.length * this.weightForm)
    let at = 0
    for (const character of text) {
      at = target.writeUIntBE(character.codePointAt(0) as number, at, this.weightForm)
    }
    return target.subarray(0, at)
  }

  classOf(codePoint: number): number {
    return codePoint
  }

  indexOf(haystack: string, needle: string, from: number): number {
    // JavaScript would clamp `from` for an empty needle.
    return from > haystack.length ? -1 : haystack.indexOf(needle, from)
  }
}

function compareToSpaces(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit !== SPACE) return unit - SPACE
  }
  return 0
}

function writePadded(text: string, target: Uint8Array, offset: number): number {
  let at = offset
  let spaces = 0
  for (let i = 0; i < text.length; i++) {
    const codePoint = text.codePointAt(i) as number
    if (codePoint > 0xffff) i++
    if (codePoint === SPACE) {
      spaces++
    } else {
      at = writePaddedWeight(target, at, codePoint, spaces)
      spaces = 0
    }
  }
  return writePaddedEnd(target, at)
}

function writeUnpadded(text: string, target: Uint8Array, offset: number): number {
  let at = offset
  for (let i = 0; i < text.length; i++) {
    const codePoint = text.codePointAt(i) as number
    if (codePoint > 0xffff) i++
    at = writeUnpaddedWeight(target, at, codePoint)
  }
  return writeUnpaddedEnd(target, at)
}
