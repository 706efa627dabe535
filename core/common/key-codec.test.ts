/**
 * Goal: key bytes order exactly as values do, for every type, direction and combination of parts, and range
 * bounds hold exactly what they should. Method: random values, compared by plain JavaScript (and the
 * collation's own `compare`) on one side and as bytes on the other.
 */
import { ByteBuffer, compareBytes } from './bytes.js'
import type { Collation } from './collation.js'
import { collationByName } from './collations.js'
import { compileKeyEncoder, type KeyEncoder } from './key-codec.js'
import {
  binaryType,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  FLOAT_TYPE,
  INT_TYPE,
  JSON_TYPE,
  textType,
  timeType,
  UNSIGNED_BIGINT_TYPE,
  BIGINT_TYPE,
  DATE_TYPE,
  YEAR_TYPE,
  type SqlType,
} from './sql-type.js'
import type { Value } from './value.js'

let seed = 12345
function random(): number {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return seed / 0x7fffffff
}
const randomInt = (below: number): number => Math.floor(random() * below)

function randomBigint(bits: number): bigint {
  let value = 0n
  for (let i = 0; i < bits; i += 16) value = (value << 16n) | BigInt(randomInt(65536))
  return BigInt.asIntN(bits, value >> BigInt(randomInt(bits)))
}

const canonical = (value: bigint): Value =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value

const ALPHABET = ['a', 'A', 'b', 'é', 'e', ' ', '\t', 'ß', 's', '日', '😀', '!', '0', '_']
const randomText = (): string =>
  Array.from({ length: randomInt(5) }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
const randomBytes = (): Uint8Array =>
  Uint8Array.from({ length: randomInt(5) }, () => [0, 1, 0xff, 0xfe, 65][randomInt(5)] as number)

interface Domain {
  readonly type: SqlType
  readonly draw: () => Value
  readonly compare: (a: Value, b: Value) => number
}

const numeric = (a: Value, b: Value): number => {
  const x = a as number | bigint
  const y = b as number | bigint
  return x < y ? -1 : x > y ? 1 : 0
}
const integers = (type: SqlType, bits: number): Domain => ({
  type,
  draw: () => canonical(type.unsigned ? BigInt.asUintN(bits, randomBigint(bits)) : randomBigint(bits)),
  compare: numeric,
})
const text = (collation: string): Domain => ({
  type: textType(20, collation),
  draw: randomText,
  compare: (a, b) => (collationByName(collation) as Collation).compare(a as string, b as string),
})

const DOMAINS: Readonly<Record<string, Domain>> = {
  int: integers(INT_TYPE, 32),
  tinyint: integers({ ...INT_TYPE, name: 'tinyint' }, 8),
  mediumint: integers({ ...INT_TYPE, name: 'mediumint' }, 24),
  bigint: integers(BIGINT_TYPE, 64),
  'unsigned bigint': integers(UNSIGNED_BIGINT_TYPE, 64),
  'unsigned int': integers({ ...INT_TYPE, unsigned: true }, 32),
  'decimal(10,2)': { type: decimalType(10, 2), draw: () => canonical(randomBigint(33)), compare: numeric },
  'decimal(18,2)': { type: decimalType(18, 2), draw: () => canonical(randomBigint(59)), compare: numeric },
  'decimal(65,30)': { type: decimalType(65, 30), draw: () => canonical(randomBigint(210)), compare: numeric },
  date: { type: DATE_TYPE, draw: () => randomInt(9999 * 512), compare: numeric },
  year: { type: YEAR_TYPE, draw: () => 1901 + randomInt(255), compare: numeric },
  'time(6)': { type: timeType(6), draw: () => Math.floor((random() - 0.5) * 6e12), compare: numeric },
  'time(0)': { type: timeType(0), draw: () => Math.floor((random() - 0.5) * 6e6), compare: numeric },
  'datetime(0)': { type: datetimeType(0), draw: () => Math.floor(random() * 3.5e11), compare: numeric },
  'datetime(6)': {
    type: datetimeType(6),
    draw: () => canonical(BigInt.asUintN(58, randomBigint(58))),
    compare: numeric,
  },
  double: {
    type: DOUBLE_TYPE,
    draw: () =>
      [0, -0, 1.5, -1.5, 5e-324, -5e-324, (random() - 0.5) * 10 ** randomInt(300)][randomInt(7)] as number,
    compare: numeric,
  },
  float: {
    type: FLOAT_TYPE,
    draw: () => Math.fround((random() - 0.5) * 10 ** randomInt(30)),
    compare: numeric,
  },
  utf8mb4_0900_ai_ci: text('utf8mb4_0900_ai_ci'),
  'utf8mb4_general_ci (PAD SPACE)': text('utf8mb4_general_ci'),
  utf8mb4_bin: text('utf8mb4_bin'),
  varbinary: {
    type: binaryType(20),
    draw: randomBytes,
    compare: (a, b) => compareBytes(a as Uint8Array, b as Uint8Array),
  },
}

interface PartOptions {
  readonly descending?: boolean
  readonly prefixLength?: number
}

function encoderOf(types: readonly SqlType[], options: PartOptions = {}, primary = false): KeyEncoder {
  return compileKeyEncoder(
    { columns: types.map((type, i) => ({ name: `c${i}`, type })) },
    {
      primary,
      parts: types.map((_, column) => ({
        column,
        prefixLength: options.prefixLength,
        descending: options.descending ?? false,
      })),
    },
  )
}

function keyOf(encoder: KeyEncoder, row: readonly Value[]): Buffer {
  const target = new ByteBuffer(4)
  encoder.writeRow(target, row)
  return target.copy()
}

const sign = (n: number): number => (n < 0 ? -1 : n > 0 ? 1 : 0)
const orNull = (draw: () => Value): Value => (random() < 0.1 ? null : draw())
const compareNullable = (domain: Domain, a: Value, b: Value): number =>
  a === null || b === null ? (a === null ? 0 : 1) - (b === null ? 0 : 1) : sign(domain.compare(a, b))

describe.each(Object.entries(DOMAINS))('a key part of %s', (_name, domain) => {
  test('orders as its values, NULL first', () => {
    const encoder = encoderOf([domain.type])
    for (let i = 0; i < 2000; i++) {
      const [a, b] = [orNull(domain.draw), orNull(domain.draw)]
      expect([a, b, sign(compareBytes(keyOf(encoder, [a]), keyOf(encoder, [b])))]).toEqual([
        a,
        b,
        compareNullable(domain, a, b),
      ])
    }
  })

  test('orders backwards when descending, NULL last, and leads or follows other parts', () => {
    for (const descending of [false, true]) {
      const other = Object.values(DOMAINS)[randomInt(Object.keys(DOMAINS).length)] as Domain
      const encoder = encoderOf([domain.type, other.type, domain.type], { descending })
      for (let i = 0; i < 700; i++) {
        const draw = (): Value[] => [orNull(domain.draw), orNull(other.draw), orNull(domain.draw)]
        const [a, b] = [draw(), draw()]
        if (random() < 0.6) b[0] = a[0] as Value
        if (random() < 0.5) b[1] = a[1] as Value
        const expected = [domain, other, domain].reduce(
          (order, part, at) => order || compareNullable(part, a[at] as Value, b[at] as Value),
          0,
        )
        const actual = sign(compareBytes(keyOf(encoder, a), keyOf(encoder, b)))
        expect(actual).toBe(expected === 0 ? 0 : descending ? -expected : expected)
      }
    }
  })
})

test('range bounds of a prefix of parts hold exactly its continuations', () => {
  const encoder = encoderOf([INT_TYPE, textType(9, 'utf8mb4_bin'), UNSIGNED_BIGINT_TYPE])
  const draw = (): Value[] => [
    orNull(() => randomInt(4)),
    orNull(() => ['', 'a', 'ab', 'b'][randomInt(4)] as string),
    [0, 1, 18446744073709551615n][randomInt(3)] as Value,
  ]
  const domains: readonly Domain[] = [
    DOMAINS.int as Domain,
    DOMAINS.utf8mb4_bin as Domain,
    DOMAINS['unsigned bigint'] as Domain,
  ]
  const compareTo = (row: readonly Value[], bound: readonly Value[]): number =>
    bound.reduce<number>(
      (order, value, i) => order || compareNullable(domains[i] as Domain, row[i] as Value, value),
      0,
    )
  for (let i = 0; i < 3000; i++) {
    const bound = (): Value[] | undefined => (random() < 0.2 ? undefined : draw().slice(0, randomInt(4)))
    const range = {
      lower: bound(),
      lowerInclusive: random() < 0.5,
      upper: bound(),
      upperInclusive: random() < 0.5,
    }
    const { lower, upper } = encoder.encodeRange(range)
    const row = draw()
    const key = keyOf(encoder, row)
    const inside =
      (lower === undefined || compareBytes(lower, key) <= 0) &&
      (upper === undefined || compareBytes(key, upper) < 0)
    const low = range.lower === undefined || range.lower.length === 0 ? 1 : compareTo(row, range.lower)
    const high = range.upper === undefined || range.upper.length === 0 ? -1 : compareTo(row, range.upper)
    const expected =
      (range.lowerInclusive ? low >= 0 : low > 0) && (range.upperInclusive ? high <= 0 : high < 0)
    expect([row, range, inside]).toEqual([row, range, expected])
  }
})

test('an exclusive bound at the greatest key leaves nothing', () => {
  const encoder = encoderOf([UNSIGNED_BIGINT_TYPE], {}, true)
  const { lower } = encoder.encodeRange({
    lower: [18446744073709551615n],
    lowerInclusive: false,
    upper: undefined,
    upperInclusive: true,
  })
  expect(compareBytes(lower as Buffer, keyOf(encoder, [18446744073709551615n]))).toBeGreaterThan(0)
})

test('a prefix part keeps whole characters, and its exclusive bounds stay inclusive', () => {
  const encoder = encoderOf([textType(20, 'utf8mb4_bin')], { prefixLength: 2 })
  expect(keyOf(encoder, ['abc'])).toEqual(keyOf(encoder, ['ab']))
  expect(keyOf(encoder, ['a😀b'])).toEqual(keyOf(encoder, ['a😀']))
  expect(keyOf(encoder, ['a😀'])).not.toEqual(keyOf(encoder, ['a']))
  const { lower } = encoder.encodeRange({
    lower: ['ab'],
    lowerInclusive: false,
    upper: undefined,
    upperInclusive: true,
  })
  expect(compareBytes(lower as Buffer, keyOf(encoder, ['abc']))).toBe(0)
})

test('collation-equal texts have one key', () => {
  const encoder = encoderOf([textType(20, 'utf8mb4_0900_ai_ci')])
  expect(keyOf(encoder, ['Ébène'])).toEqual(keyOf(encoder, ['EBENE']))
})

test('JSON can not be a part', () => {
  expect(() => encoderOf([JSON_TYPE])).toThrow(expect.objectContaining({ code: 'ER_JSON_USED_AS_KEY' }))
})
