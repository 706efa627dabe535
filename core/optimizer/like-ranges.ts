/**
 * The range of an index that holds every text matching a LIKE pattern: what begins with the pattern's characters before its first
 * wildcard. The pattern is read when the scan opens, so that one plan serves all patterns; where one begins with a
 * wildcard the range has everything but NULL in it.
 *
 * LIKE compares character by character, an index by the weights of whole strings. The collations here give each character weights
 * of its own, so equal characters in front mean equal weights in front, and all texts with such a beginning lie between the
 * beginning followed by the least and by the greatest character.
 */
import type { Collation } from '../common/collation.js'
import { requireCollation } from '../common/collations.js'
import type { SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { Expression } from '../plan/expression.js'
import { isConstant } from './conditions.js'
import type { OptimizerContext } from './context.js'
import type { ValueInterval } from './range-bounds.js'

/** No index holds more characters of a column than a key has bytes. */
const INDEXED_CHARACTERS_MAX = 3072

export function likeInterval(
  column: SqlType,
  pattern: Expression,
  escape: Expression | undefined,
  context: OptimizerContext,
): ValueInterval | undefined {
  if (escape !== undefined && escape.kind !== 'constant') return undefined
  const stops = escape === undefined ? '%_\\' : `%_\\${String(escape.value)}`
  const now = pattern.kind === 'parameter' ? context.parameter(pattern.slot) : constantOf(pattern)
  if (!isConstant(pattern) || now === null || prefixOf(now, stops) === '') return undefined
  const collation = requireCollation(column.collation)
  const { least, greatest } = extremesOf(collation)
  const length = Math.min(column.length, INDEXED_CHARACTERS_MAX)
  const bound = (filler: string): Expression => ({
    kind: 'call',
    name: 'like prefix',
    arguments: [pattern],
    binding: {
      type: column,
      nullable: true,
      parameterTypes: [undefined],
      compile: ([operand]) => {
        if (operand === undefined) throw new Error('invariant: LIKE has a pattern')
        const tail = filler.repeat(length)
        return (batch, row, evaluation) => {
          const value = operand(batch, row, evaluation)
          return value === null ? null : prefixOf(value, stops) + tail
        }
      },
    },
    volatility: 'immutable',
    type: column,
    nullable: true,
    coercibility: pattern.coercibility,
    text: pattern.text,
  })
  return {
    lower: { expression: bound(least), inclusive: true },
    upper: { expression: bound(greatest), inclusive: true },
    isPoint: false,
    nullSafe: false,
    exact: false,
  }
}

/** Text for a pattern that isn't known before execution: it counts as one with a beginning. */
function constantOf(pattern: Expression): Value {
  return pattern.kind === 'constant' ? pattern.value : 'x'
}

function prefixOf(pattern: Value, stops: string): string {
  const text = String(pattern)
  let end = 0
  while (end < text.length && !stops.includes(text.charAt(end))) end++
  return text.slice(0, end)
}

/** Characters that can follow a beginning: none comes before `least` (nothing, if texts aren't padded) or after `greatest`. */
export interface Extremes {
  readonly least: string
  readonly greatest: string
}

const EXTREMES = new Map<string, Extremes>()

export function extremesOf(collation: Collation): Extremes {
  let extremes = EXTREMES.get(collation.name)
  if (extremes === undefined) {
    extremes = findExtremes(collation)
    EXTREMES.set(collation.name, extremes)
  }
  return extremes
}

/** High code points: the last ones, noncharacters, the ends of scripts that have weights of their own. */
const HIGH_CODE_POINTS = [0x7f, 0xff, 0x9fff, 0xd7a3, 0xfaff, 0xfffd, 0xffff]

function findExtremes(collation: Collation): Extremes {
  const { charset } = collation
  const characters: string[] = []
  if (charset.bytesPerCharMax === 1) {
    for (let byte = 0; byte < 256; byte++) {
      const character = charset.decode(Uint8Array.of(byte))
      if (charset.canEncode(character)) characters.push(character)
    }
  } else {
    for (let code = 0; code < 0x80; code++) characters.push(String.fromCodePoint(code))
    for (const code of HIGH_CODE_POINTS) characters.push(String.fromCodePoint(code))
    if (charset.canEncode('\u{10ffff}')) characters.push('\u{10ffff}')
  }
  const after = (a: string, b: string) => collation.compare(`a${a}`, `a${b}`)
  const greatest = characters.reduce((best, each) => (after(each, best) > 0 ? each : best))
  const least = characters.reduce((best, each) => (after(each, best) < 0 ? each : best))
  // Without padding a text comes before all of its continuations; with it, `a` may come after `a` and a control character.
  return { greatest, least: collation.padAttribute === 'NO PAD' ? '' : least }
}
