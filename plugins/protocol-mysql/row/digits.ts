/** Integers as decimal digits, written straight into the output. */

/** The digits of 00 to 99, two bytes each. */
const PAIRS = new Uint8Array(200)
for (let i = 0; i < 100; i++) {
  PAIRS[i * 2] = 48 + Math.floor(i / 10)
  PAIRS[i * 2 + 1] = 48 + (i % 10)
}

const BILLION = 1_000_000_000
const MINUS = 45
const ZERO = 48

function digitCount(value: number): number {
  if (value < 10_000) {
    if (value < 100) return value < 10 ? 1 : 2
    return value < 1000 ? 3 : 4
  }
  if (value < 1_000_000) return value < 100_000 ? 5 : 6
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8
  return value < BILLION ? 9 : 10
}

/** Writes exactly `count` digits of `value` (below 10^count and below 2^31), zeros in front. Returns the end. */
export function writePadded(target: Buffer, at: number, value: number, count: number): number {
  const end = at + count
  let i = end
  let rest = value | 0
  while (i - at >= 2) {
    const quotient = (rest / 100) | 0
    const pair = (rest - quotient * 100) << 1
    target[--i] = PAIRS[pair + 1] as number
    target[--i] = PAIRS[pair] as number
    rest = quotient
  }
  if (i > at) target[at] = ZERO + rest
  return end
}

/** Writes a safe integer and returns the end. */
export function writeInteger(target: Buffer, at: number, value: number): number {
  let start = at
  let magnitude = value
  if (value < 0) {
    target[start++] = MINUS
    magnitude = -value
  }
  if (magnitude < BILLION) return writePadded(target, start, magnitude, digitCount(magnitude))
  const high = Math.floor(magnitude / BILLION)
  const middle = writePadded(target, start, high, digitCount(high))
  return writePadded(target, middle, magnitude - high * BILLION, 9)
}

/** As `writePadded` for any safe integer. */
export function writePaddedWide(target: Buffer, at: number, value: number, count: number): number {
  if (count <= 9) return writePadded(target, at, value, count)
  const high = Math.floor(value / BILLION)
  const middle = writePaddedWide(target, at, high, count - 9)
  return writePadded(target, middle, value - high * BILLION, 9)
}
