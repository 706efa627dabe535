/**
 * Sizes and durations as people write them in configuration files: '64M', '10s'. A bare number is bytes or
 * milliseconds.
 */
const KIB = 1024
const BYTES: Readonly<Record<string, number>> = { '': 1, K: KIB, M: KIB ** 2, G: KIB ** 3, T: KIB ** 4 }
const MILLISECONDS: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Number of bytes, or undefined if `value` isn't a size. Units are powers of 1024: K, M, G, T. */
export function parseBytes(value: unknown): number | undefined {
  return parseQuantity(value, /^(\d+) ?([KMGT]?)(?:i?B)?$/i, (unit) => BYTES[unit.toUpperCase()])
}

/** Number of milliseconds, or undefined if `value` isn't a duration. Units: ms, s, m, h, d. */
export function parseDuration(value: unknown): number | undefined {
  return parseQuantity(value, /^(\d+) ?(ms|s|m|h|d)?$/, (unit) => MILLISECONDS[unit])
}

function parseQuantity(
  value: unknown,
  form: RegExp,
  factorOf: (unit: string) => number | undefined,
): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  if (typeof value !== 'string') return undefined
  const match = form.exec(value.trim())
  const factor = match === null ? undefined : factorOf(match[2] ?? '')
  if (match === null || factor === undefined) return undefined
  const quantity = Number(match[1]) * factor
  return Number.isSafeInteger(quantity) ? quantity : undefined
}
