/**
 * The registry of collations (MySQL manual 12.10), with MySQL's names and ids. Look-ups hand out shared instances, so
 * two collations are the same exactly if they are the same object.
 */
import { BinaryCollation, type BinaryWeightForm } from './collation-binary.js'
import type { CollationDefinition } from './collation-base.js'
import {
  ASCII_CASE,
  asciiUpper,
  differenceTable,
  LATIN1_CASE,
  NO_CASE,
  UNICODE_300_CASE,
  UNICODE_520_CASE,
  UNICODE_900_CASE,
  type CaseMapping,
} from './collation-case.js'
import { GENERAL_CI } from './collation-data/general-ci.js'
import { UCA_400_ASCII, UCA_400_PRIMARY } from './collation-data/uca-400-primary.js'
import { UCA_520_ASCII, UCA_520_PRIMARY } from './collation-data/uca-520-primary.js'
import { UCA_900_SECONDARY, UCA_900_TERTIARY } from './collation-data/uca-900-lower-levels.js'
import { UCA_900_ASCII, UCA_900_PRIMARY } from './collation-data/uca-900-primary.js'
import {
  ASCII_GENERAL_WEIGHTS,
  LATIN1_BYTE_WEIGHTS,
  LATIN1_GENERAL_CI_WEIGHTS,
  LATIN1_GENERAL_CS_WEIGHTS,
  LATIN1_SWEDISH_WEIGHTS,
} from './collation-latin1.js'
import { SimpleCollation, type CharacterWeights } from './collation-simple.js'
import { PrimaryCollation, PrimaryWeights } from './collation-uca.js'
import { LevelsCollation } from './collation-uca-levels.js'
import {
  implicitPrimaries900,
  implicitSecondaries900,
  implicitTertiaries900,
  implicitWeights400,
  implicitWeights520,
  WeightLevel,
} from './collation-weights.js'
import { ASCII, BINARY, LATIN1 } from './charset-single-byte.js'
import { UTF8MB3, UTF8MB4 } from './charset-utf8.js'
import { UCS2, UTF16, UTF16LE, UTF32 } from './charset-wide.js'
import type { Charset, Collation } from './collation.js'
import { sqlError } from './sql-error.js'

/** Raise it when weights or the form of sort keys change: it says which indexes are to be rebuilt. */
const WEIGHTS_VERSION = 1

type Traits = Partial<Pick<CollationDefinition, 'padAttribute' | 'caseSensitive' | 'isBinary' | 'sortLength'>>

function define(charset: Charset, name: string, id: number, traits: Traits = {}): CollationDefinition {
  return {
    name,
    id,
    charset,
    isDefault: charset.defaultCollation === name,
    padAttribute: 'PAD SPACE',
    caseSensitive: traits.isBinary ?? false,
    isBinary: false,
    sortLength: 1,
    version: WEIGHTS_VERSION,
    ...traits,
  }
}

function simple(
  definition: CollationDefinition,
  weights: CharacterWeights,
  caseMapping: CaseMapping,
): SimpleCollation {
  return new SimpleCollation(definition, caseMapping, weights)
}

const generalWeight = differenceTable(GENERAL_CI)
const GENERAL_WEIGHTS: CharacterWeights = {
  bytesPerWeight: 2,
  weightOf(codePoint) {
    if (codePoint < 0x80) return asciiUpper(codePoint)
    return codePoint > 0xffff ? 0xfffd : generalWeight(codePoint)
  },
}

function general(charset: Charset, id: number): Collation {
  return simple(define(charset, `${charset.name}_general_ci`, id), GENERAL_WEIGHTS, UNICODE_300_CASE)
}

function binary(charset: Charset, id: number, weightForm: BinaryWeightForm): Collation {
  return new BinaryCollation(
    define(charset, `${charset.name}_bin`, id, { isBinary: true }),
    UNICODE_300_CASE,
    weightForm,
  )
}

const PRIMARY_400 = new PrimaryWeights(
  new WeightLevel(Uint16Array.from(UCA_400_ASCII), UCA_400_PRIMARY, implicitWeights400),
)
const PRIMARY_520 = new PrimaryWeights(
  new WeightLevel(Uint16Array.from(UCA_520_ASCII), UCA_520_PRIMARY, implicitWeights520),
)
const LEVEL_900 = new WeightLevel(Uint16Array.from(UCA_900_ASCII), UCA_900_PRIMARY, implicitPrimaries900)
const PRIMARY_900 = new PrimaryWeights(LEVEL_900)
const SECONDARY_900 = new WeightLevel(
  LEVEL_900.ascii.map((primary) => (primary === 0 ? 0 : 0x20)),
  UCA_900_SECONDARY,
  implicitSecondaries900,
)
/** Capital letters have the third weight 8, the other characters 2. */
const TERTIARY_900 = new WeightLevel(
  LEVEL_900.ascii.map((primary, codePoint) =>
    primary === 0 ? 0 : codePoint >= 0x41 && codePoint <= 0x5a ? 8 : 2,
  ),
  UCA_900_TERTIARY,
  implicitTertiaries900,
)

/** UCA collations before 9.0 have a sort length of 8. */
const PADDED_UCA: Traits = { sortLength: 8 }
const UNPADDED_UCA: Traits = { padAttribute: 'NO PAD', sortLength: 0 }

function unicode(charset: Charset, id: number): Collation {
  return new PrimaryCollation(
    define(charset, `${charset.name}_unicode_ci`, id, PADDED_UCA),
    UNICODE_300_CASE,
    PRIMARY_400,
  )
}

function unicode520(charset: Charset, id: number): Collation {
  const definition = define(charset, `${charset.name}_unicode_520_ci`, id, PADDED_UCA)
  return new PrimaryCollation(definition, UNICODE_520_CASE, PRIMARY_520)
}

const UTF8MB4_0900: readonly Collation[] = [
  new PrimaryCollation(
    define(UTF8MB4, 'utf8mb4_0900_ai_ci', 255, UNPADDED_UCA),
    UNICODE_900_CASE,
    PRIMARY_900,
  ),
  new LevelsCollation(
    define(UTF8MB4, 'utf8mb4_0900_as_ci', 305, UNPADDED_UCA),
    UNICODE_900_CASE,
    PRIMARY_900,
    SECONDARY_900,
    undefined,
  ),
  new LevelsCollation(
    define(UTF8MB4, 'utf8mb4_0900_as_cs', 278, { ...UNPADDED_UCA, caseSensitive: true }),
    UNICODE_900_CASE,
    PRIMARY_900,
    SECONDARY_900,
    TERTIARY_900,
  ),
  new BinaryCollation(
    define(UTF8MB4, 'utf8mb4_0900_bin', 309, { padAttribute: 'NO PAD', isBinary: true }),
    UNICODE_900_CASE,
    'bytes',
  ),
]

const LATIN1_COLLATIONS: readonly Collation[] = [
  simple(
    define(LATIN1, 'latin1_bin', 47, { caseSensitive: true, isBinary: true }),
    LATIN1_BYTE_WEIGHTS,
    LATIN1_CASE,
  ),
  simple(define(LATIN1, 'latin1_general_ci', 48), LATIN1_GENERAL_CI_WEIGHTS, LATIN1_CASE),
  simple(
    define(LATIN1, 'latin1_general_cs', 49, { caseSensitive: true }),
    LATIN1_GENERAL_CS_WEIGHTS,
    LATIN1_CASE,
  ),
  simple(define(LATIN1, 'latin1_swedish_ci', 8), LATIN1_SWEDISH_WEIGHTS, LATIN1_CASE),
]

const COLLATIONS: readonly Collation[] = [
  new BinaryCollation(define(ASCII, 'ascii_bin', 65, { isBinary: true }), ASCII_CASE, 'bytes'),
  simple(define(ASCII, 'ascii_general_ci', 11), ASCII_GENERAL_WEIGHTS, ASCII_CASE),
  new BinaryCollation(
    define(BINARY, 'binary', 63, { padAttribute: 'NO PAD', isBinary: true }),
    NO_CASE,
    'bytes',
  ),
  ...LATIN1_COLLATIONS,
  binary(UCS2, 90, 2),
  general(UCS2, 35),
  binary(UTF16, 55, 3),
  general(UTF16, 54),
  binary(UTF16LE, 62, 3),
  general(UTF16LE, 56),
  binary(UTF32, 61, 3),
  general(UTF32, 60),
  binary(UTF8MB3, 83, 2),
  general(UTF8MB3, 33),
  unicode520(UTF8MB3, 214),
  unicode(UTF8MB3, 192),
  ...UTF8MB4_0900,
  binary(UTF8MB4, 46, 3),
  general(UTF8MB4, 45),
  unicode520(UTF8MB4, 246),
  unicode(UTF8MB4, 224),
].sort((a, b) => (a.name < b.name ? -1 : 1))

const BY_ID: ReadonlyMap<number, Collation> = new Map(
  COLLATIONS.map((collation) => [collation.id, collation]),
)
const BY_NAME: ReadonlyMap<string, Collation> = new Map(
  COLLATIONS.flatMap((collation) => {
    const { name } = collation
    // The names of before 8.0.30 are still understood.
    const former = name.replace(/^utf8mb3_/, 'utf8_')
    return [[name, collation] as const, [former, collation] as const]
  }),
)

/** The collation of the name in any case, or undefined. */
export function collationByName(name: string): Collation | undefined {
  return BY_NAME.get(name) ?? BY_NAME.get(name.toLowerCase())
}

/** As `collationByName`, but throws ER_UNKNOWN_COLLATION. */
export function requireCollation(name: string): Collation {
  const collation = collationByName(name)
  if (collation === undefined) throw sqlError('ER_UNKNOWN_COLLATION', name)
  return collation
}

/** The collation with MySQL's id, as clients send it in the handshake; or undefined. */
export function collationById(id: number): Collation | undefined {
  return BY_ID.get(id)
}

/** The character set of a known collation; throws ER_UNKNOWN_COLLATION. */
export function charsetOfCollation(name: string): Charset {
  return requireCollation(name).charset
}

/** What a string in the character set compares by unless a collation is named. */
export function defaultCollationOf(charset: Charset): Collation {
  return requireCollation(charset.defaultCollation)
}

/** The `_bin` collation of a character set that has one; `binary` for binary. */
export function binaryCollationOf(charset: Charset): Collation {
  return charset === BINARY ? requireCollation('binary') : requireCollation(`${charset.name}_bin`)
}

/** All collations in the order of SHOW COLLATION. */
export function allCollations(): readonly Collation[] {
  return COLLATIONS
}
