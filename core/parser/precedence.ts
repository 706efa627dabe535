import { TOKEN_KINDS, tokenNumber, type TokenKind } from './token.js'

/**
 * Levels of the infix operators, from loose to tight. They are those of MySQL's grammar, which is stricter than the table of
 * manual 14.4.1: predicates take arithmetic on their left and don't chain (`a LIKE b LIKE c` is an error), LIKE takes
 * a simple expression on its right, comparisons take predicates, and NOT and IS TRUE are no operands of those.
 */

export const OR = 1
export const XOR = 2
export const AND = 3
export const NOT = 4
export const COMPARISON = 5
export const PREDICATE = 6
export const BITS = 7
const BIT_AND = 8
const SHIFT = 9
export const ADDITIVE = 10
const MULTIPLICATIVE = 11
const POWER = 12
export const SIMPLE = 13

const LEVELS: readonly (readonly [number, readonly TokenKind[]])[] = [
  [OR, ['OR', '||']],
  [XOR, ['XOR']],
  [AND, ['AND', '&&']],
  [COMPARISON, ['=', '<=>', '<', '<=', '>', '>=', '<>', 'IS']],
  [PREDICATE, ['IN', 'LIKE', 'REGEXP', 'BETWEEN', 'NOT', 'MEMBER', 'SOUNDS']],
  [BITS, ['|']],
  [BIT_AND, ['&']],
  [SHIFT, ['<<', '>>']],
  [ADDITIVE, ['+', '-']],
  [MULTIPLICATIVE, ['*', '/', '%', 'DIV', 'MOD']],
  [POWER, ['^']],
]

/** Level of each token number as an infix operator; 0 is none. */
export const INFIX_LEVEL = new Uint8Array(TOKEN_KINDS.length)
for (const [level, kinds] of LEVELS) for (const kind of kinds) INFIX_LEVEL[tokenNumber(kind)] = level
