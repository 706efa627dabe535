/**
 * How sort keys are written. A key is a row of symbols in which no symbol is the beginning of another, and it ends
 * with one that stands nowhere else; hence no key is the beginning of another.
 *
 * PAD SPACE compares as if strings went on with spaces for ever, so what follows the last other character must
 * sort between what is lower and what is higher than a space: 'a\t' < 'a' < 'a!'. Therefore there are three symbols
 * in the space's place, in this order: a space of a run that a lower character follows, the end, and a space of a run
 * that a higher character follows. Trailing spaces are not written. With NO PAD the end is the lowest symbol.
 */

/** Most bytes of a symbol that `writeSymbol` writes. */
export const SYMBOL_BYTES_MAX = 4

const SPACE = 0x20
const SPACE_BEFORE_LOWER = SPACE
const PAD_SPACE_END = SPACE + 1
const SPACE_BEFORE_HIGHER = SPACE + 2
const NO_PAD_END = 0

/** Writes a symbol as UTF-8 writes a code point: one to four bytes in the order of the numbers. Returns the end. */
export function writeSymbol(target: Uint8Array, offset: number, symbol: number): number {
  let at = offset
  if (symbol < 0x80) {
    target[at++] = symbol
    return at
  }
  if (symbol < 0x800) {
    target[at++] = 0xc0 | (symbol >> 6)
  } else {
    if (symbol < 0x10000) {
      target[at++] = 0xe0 | (symbol >> 12)
    } else {
      target[at++] = 0xf0 | (symbol >> 18)
      target[at++] = 0x80 | ((symbol >> 12) & 0x3f)
    }
    target[at++] = 0x80 | ((symbol >> 6) & 0x3f)
  }
  target[at++] = 0x80 | (symbol & 0x3f)
  return at
}

/** Writes a weight after `spaces` spaces. The weight isn't that of the space, which is 0x20. Returns the end. */
export function writePaddedWeight(
  target: Uint8Array,
  offset: number,
  weight: number,
  spaces: number,
): number {
  const isHigher = weight > SPACE
  let at = offset
  if (spaces > 0) {
    target.fill(isHigher ? SPACE_BEFORE_HIGHER : SPACE_BEFORE_LOWER, at, at + spaces)
    at += spaces
  }
  return writeSymbol(target, at, isHigher ? weight + 2 : weight)
}

export function writePaddedEnd(target: Uint8Array, offset: number): number {
  target[offset] = PAD_SPACE_END
  return offset + 1
}

/** For NO PAD: weights begin at 0, which is the end's. */
export function writeUnpaddedWeight(target: Uint8Array, offset: number, weight: number): number {
  return writeSymbol(target, offset, weight + 1)
}

export function writeUnpaddedEnd(target: Uint8Array, offset: number): number {
  target[offset] = NO_PAD_END
  return offset + 1
}
