/**
 * The weights of the Unicode Collation Algorithm as MySQL uses it (manual 12.10.1): variable elements aren't
 * ignored, contractions of the default table are, no text is normalized, and a character has at most eight elements.
 * Weights of zero are ignorable and left out, so that each level of a text is a row of non-zero numbers.
 *
 * The tables are unpacked when a text first has a character that isn't ASCII.
 */
import { CodePointTable, LIST_FLAG } from './collation-data/code-point-table.js'

/** Entry of a character whose weights are computed. */
const IMPLICIT = 0xffff
/** Most weights of one character at one level. */
export const WEIGHTS_PER_CHARACTER_MAX = 8

/** Computes the weights of a character that the table leaves out; returns how many it wrote to `target`. */
export type ImplicitWeights = (codePoint: number, target: Uint16Array, level: WeightLevel) => number

/** One level of weights: the primary, secondary or tertiary ones of all characters. */
export class WeightLevel {
  private unpacked: CodePointTable | undefined

  constructor(
    /** Weights of the ASCII characters: one each, or 0 for those that are ignorable. */
    readonly ascii: Uint16Array,
    private readonly packed: string,
    readonly implicitWeights: ImplicitWeights,
  ) {}

  get table(): CodePointTable {
    return (this.unpacked ??= new CodePointTable(this.packed))
  }

  /** What the table says of a character: a weight, LIST_FLAG and a list's number, or IMPLICIT. */
  entryOf(codePoint: number): number {
    if (codePoint < 0x80) return this.ascii[codePoint] as number
    const { table } = this
    return codePoint < table.limit ? table.at(codePoint) : IMPLICIT
  }

  /**
   * A number that two characters share exactly if LIKE holds them equal at this level. For LIKE, as in MySQL, a
   * character with computed weights equals only itself, also where comparing holds it equal to others.
   */
  classOf(codePoint: number): number {
    const entry = this.entryOf(codePoint)
    return entry === IMPLICIT ? 0x10000 + codePoint : entry
  }
}

/** Reads one level's weights of a text from left to right. Two of them are kept and used again for all comparisons. */
export class WeightCursor {
  private level: WeightLevel | undefined
  private text = ''
  private position = 0
  private end = 0
  private list: Uint16Array = EMPTY
  private listPosition = 0
  private listEnd = 0
  private readonly computed = new Uint16Array(WEIGHTS_PER_CHARACTER_MAX)

  /** Begins anew with `text[from, to)`. */
  start(level: WeightLevel, text: string, from: number, to: number): void {
    this.level = level
    this.text = text
    this.position = from
    this.end = to
    this.listPosition = this.listEnd = 0
  }

  /** The next weight, or -1 at the end. */
  next(): number {
    if (this.listPosition < this.listEnd) return this.list[this.listPosition++] as number
    const level = this.level as WeightLevel
    while (this.position < this.end) {
      const codePoint = this.text.codePointAt(this.position) as number
      this.position += codePoint > 0xffff ? 2 : 1
      const entry = level.entryOf(codePoint)
      if (entry === 0) continue
      if (entry < LIST_FLAG) return entry
      this.startList(level, entry, codePoint)
      return this.list[this.listPosition++] as number
    }
    return -1
  }

  /** Lists are never empty. */
  private startList(level: WeightLevel, entry: number, codePoint: number): void {
    if (entry === IMPLICIT) {
      this.list = this.computed
      this.listPosition = 0
      this.listEnd = level.implicitWeights(codePoint, this.computed, level)
    } else {
      const { lists, listStarts } = level.table
      const number = entry - LIST_FLAG
      this.list = lists
      this.listPosition = listStarts[number] as number
      this.listEnd = listStarts[number + 1] as number
    }
  }
}

const EMPTY = new Uint16Array(0)

/** Bases of implicit primary weights: unified ideographs, those of the extensions, everything else. */
const IDEOGRAPH_BASE = 0xfb40
const IDEOGRAPH_EXTENSION_BASE = 0xfb80
const OTHER_BASE = 0xfbc0

function writeImplicitPair(base: number, codePoint: number, target: Uint16Array): number {
  target[0] = base + (codePoint >> 15)
  target[1] = 0x8000 | (codePoint & 0x7fff)
  return 2
}

/** For `_unicode_ci`: the table ends with the BMP, and all further characters weigh the same. */
export function implicitWeights400(codePoint: number, target: Uint16Array): number {
  if (codePoint <= 0xffff) return implicitWeights520(codePoint, target)
  target[0] = 0xfffd
  return 1
}

/** For `_unicode_520_ci`; MySQL knows the ideographs of Unicode 4.0 only. */
export function implicitWeights520(codePoint: number, target: Uint16Array): number {
  let base = OTHER_BASE
  if (codePoint >= 0x3400 && codePoint <= 0x4db5) base = IDEOGRAPH_EXTENSION_BASE
  else if (codePoint >= 0x4e00 && codePoint <= 0x9fa5) base = IDEOGRAPH_BASE
  return writeImplicitPair(base, codePoint, target)
}

/** First and last characters of the extensions A to E in Unicode 9.0. */
const IDEOGRAPH_EXTENSIONS_900: readonly (readonly [number, number])[] = [
  [0x3400, 0x4db5],
  [0x20000, 0x2a6d6],
  [0x2a700, 0x2b734],
  [0x2b740, 0x2b81d],
  [0x2b820, 0x2cea1],
]
const TANGUT_MIN = 0x17000
const TANGUT_MAX = 0x18aff
const TANGUT_BASE = 0xfb00

function ideographBase900(codePoint: number): number {
  if (codePoint >= 0x4e00 && codePoint <= 0x9fd5) return IDEOGRAPH_BASE
  if (codePoint >= 0xfa0e && codePoint <= 0xfa29) return IDEOGRAPH_BASE
  return IDEOGRAPH_EXTENSIONS_900.some(([first, last]) => codePoint >= first && codePoint <= last)
    ? IDEOGRAPH_EXTENSION_BASE
    : OTHER_BASE
}

/** Hangul syllables are made of a leading consonant, a vowel and perhaps a trailing consonant (jamo). */
const HANGUL_MIN = 0xac00
/** The block's last code point; the last syllable is U+D7A3. */
const HANGUL_MAX = 0xd7af
const VOWELS = 21
const TRAILS = 28

function isHangul(codePoint: number): boolean {
  return codePoint >= HANGUL_MIN && codePoint <= HANGUL_MAX
}

/** Writes a syllable's jamo as code points; returns how many there are. */
function decomposeHangul(syllable: number, target: Uint16Array): number {
  const index = syllable - HANGUL_MIN
  const trail = index % TRAILS
  target[0] = 0x1100 + Math.floor(index / (VOWELS * TRAILS))
  target[1] = 0x1161 + (Math.floor(index / TRAILS) % VOWELS)
  target[2] = 0x11a7 + trail
  return trail === 0 ? 2 : 3
}

/** Primary weights of `_0900_…`. */
export function implicitPrimaries900(codePoint: number, target: Uint16Array, level: WeightLevel): number {
  if (isHangul(codePoint)) {
    const count = decomposeHangul(codePoint, target)
    for (let i = 0; i < count; i++) target[i] = level.entryOf(target[i] as number)
    return count
  }
  if (codePoint < TANGUT_MIN || codePoint > TANGUT_MAX) {
    return writeImplicitPair(ideographBase900(codePoint), codePoint, target)
  }
  target[0] = TANGUT_BASE
  target[1] = 0x8000 | (codePoint - TANGUT_MIN)
  return 2
}

const COMMON_SECONDARY = 0x20
const COMMON_TERTIARY = 2
/** MySQL tells a Hangul syllable from its jamo at the third level. */
const HANGUL_TERTIARY = 3

/** Secondary weights of `_0900_…`. */
export function implicitSecondaries900(codePoint: number, target: Uint16Array): number {
  return fillElements(codePoint, target, COMMON_SECONDARY)
}

/** Tertiary weights of `_0900_…`. */
export function implicitTertiaries900(codePoint: number, target: Uint16Array): number {
  return fillElements(codePoint, target, isHangul(codePoint) ? HANGUL_TERTIARY : COMMON_TERTIARY)
}

/** The same weight for each jamo; once for other characters, whose second element has a primary weight only. */
function fillElements(codePoint: number, target: Uint16Array, weight: number): number {
  const count = isHangul(codePoint) ? decomposeHangul(codePoint, target) : 1
  target.fill(weight, 0, count)
  return count
}
