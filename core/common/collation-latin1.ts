/**
 * The weights of latin1's and ascii's collations. A weight is one byte: that of a base letter for
 * `latin1_swedish_ci`, and a place in an order of all 256 characters for `latin1_general_ci` and `_cs`.
 */
import { asciiUpper } from './collation-case.js'
import type { CharacterWeights } from './collation-simple.js'
import { latin1Byte } from './charset-single-byte.js'

const QUESTION_MARK = 0x3f

/** Weights by byte; a character outside the set weighs as the question mark that it would be stored as. */
function byteWeights(weights: Uint8Array): CharacterWeights {
  return {
    bytesPerWeight: 1,
    weightOf(codePoint) {
      const byte = latin1Byte(codePoint)
      return weights[byte < 0 ? QUESTION_MARK : byte] as number
    },
  }
}

function weightsFor(weightOf: (byte: number) => number): CharacterWeights {
  return byteWeights(Uint8Array.from({ length: 0x100 }, (_, byte) => weightOf(byte)))
}

/**
 * Swedish: the letters after Z are Å, Ä and Ö, which take the places of `[`, `\` and `]`; Æ counts as Ä and Ü as Y.
 * Ø and Þ equal their small letters only. All others lose their accents.
 */
const SWEDISH_GROUPS: readonly (readonly [string, string])[] = [
  ['A', 'ÀÁÂÃàáâã'],
  ['[', 'Åå'],
  ['\\', 'ÄÆäæ'],
  ['C', 'Çç'],
  ['E', 'ÈÉÊËèéêë'],
  ['I', 'ÌÍÎÏìíîï'],
  ['D', 'Ðð'],
  ['N', 'Ññ'],
  ['O', 'ÒÓÔÕòóôõ'],
  [']', 'Öö'],
  ['U', 'ÙÚÛùúû'],
  ['Y', 'ÜÝüý'],
  ['Ø', 'ø'],
  ['Þ', 'þ'],
]

function swedishWeights(): CharacterWeights {
  const weightOf = new Map<number, number>()
  for (const [base, members] of SWEDISH_GROUPS) {
    for (const member of members) weightOf.set(member.charCodeAt(0), base.charCodeAt(0))
  }
  return weightsFor((byte) => weightOf.get(byte) ?? asciiUpper(byte))
}

/** The order of the letters in `latin1_general_cs`; ÿ has no capital in it. */
const GENERAL_LETTERS =
  'AaÀàÁáÂâÃãÄäÅåÆæBbCcÇçDdÐðEeÈèÉéÊêËëFfGgHhIiÌìÍíÎîÏïJjKkLlMmNnÑñOoÒòÓóÔôÕõÖöØøPpQqRrSsßTtUuÙùÚúÛûÜüVvWwXxYyÝýÿZzÞþ'

/** `@` and what is before it, letters, the rest of ASCII but DEL, × and ÷, and all others. */
function generalOrder(): number[] {
  const letters = Array.from(GENERAL_LETTERS, (letter) => letter.charCodeAt(0))
  const order = [...range(0x00, 0x40), ...letters, ...range(0x5b, 0x60), ...range(0x7b, 0x7e), 0xd7, 0xf7]
  return [...order, ...range(0x7f, 0xbf)]
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

function generalWeights(caseSensitive: boolean): CharacterWeights {
  const order = generalOrder()
  const places = new Map(order.map((byte, place) => [byte, place]))
  return weightsFor((byte) => places.get(caseSensitive ? byte : latin1Upper(byte)) as number)
}

function latin1Upper(byte: number): number {
  const isAccentedSmall = byte >= 0xe0 && byte <= 0xfe && byte !== 0xf7
  return isAccentedSmall ? byte - 0x20 : asciiUpper(byte)
}

export const LATIN1_SWEDISH_WEIGHTS: CharacterWeights = swedishWeights()
export const LATIN1_GENERAL_CI_WEIGHTS: CharacterWeights = generalWeights(false)
export const LATIN1_GENERAL_CS_WEIGHTS: CharacterWeights = generalWeights(true)
/** The bytes themselves: `latin1_bin`. */
export const LATIN1_BYTE_WEIGHTS: CharacterWeights = weightsFor((byte) => byte)
export const ASCII_GENERAL_WEIGHTS: CharacterWeights = weightsFor(asciiUpper)
