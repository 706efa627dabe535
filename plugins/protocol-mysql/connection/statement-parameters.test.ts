/**
 * Goal: parameters arrive with the type that was declared and the exact value. Method: the layouts of the manual, type by
 * type, and what is wrong with them.
 */
import { PayloadReader } from '../wire/payload-reader.js'
import { BoundParameters, readParameters } from './statement-parameters.js'

/** One parameter of type `type` (hex, flag included) whose bytes are `value` (hex). */
function read(type: string, value: string, charset = 'utf8mb4') {
  const payload = Buffer.from(`00` + `01` + type + value, 'hex')
  const reader = new PayloadReader(payload)
  const [parameter] = readParameters(reader, new BoundParameters(1), charset)
  expect(reader.remaining).toBe(0)
  return parameter
}

const hex = (text: string): string => {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([Buffer.of(bytes.length), bytes]).toString('hex')
}

describe('readParameters', () => {
  it.each<[string, string, string, unknown]>([
    ['0100', 'ff', 'int', -1],
    ['0180', 'ff', 'int', 255],
    ['0200', 'feff', 'int', -2],
    ['0280', 'feff', 'int', 65_534],
    ['0d80', 'e807', 'int', 2024],
    ['0300', 'ffffffff', 'int', -1],
    ['0380', 'ffffffff', 'bigint', 4_294_967_295],
    ['0900', '01000000', 'int', 1],
    ['0800', 'ffffffffffffffff', 'bigint', -1],
    ['0800', '0000000000000000', 'bigint', 0],
    ['0800', '0000008000000000', 'bigint', 2 ** 31],
    ['0800', 'ffffff7fffffffff', 'bigint', -(2 ** 31) - 1],
    ['0800', 'ffffffffffff1f00', 'bigint', Number.MAX_SAFE_INTEGER],
    ['0800', '0000000000002000', 'bigint', 2n ** 53n],
    ['0800', '010000000000e0ff', 'bigint', -Number.MAX_SAFE_INTEGER],
    ['0800', '000000000000e0ff', 'bigint', -(2n ** 53n)],
    ['0800', 'ffffffffffff2000', 'bigint', 2n ** 53n + 2n ** 48n - 1n],
    ['0800', '0000000000000080', 'bigint', -(2n ** 63n)],
    ['0880', 'ffffffffffff1f00', 'bigint', Number.MAX_SAFE_INTEGER],
    ['0880', '0000000000002000', 'bigint', 2n ** 53n],
    ['0880', '0100000000002000', 'bigint', 2n ** 53n + 1n],
    ['0880', 'ffffffffffffffff', 'bigint', 2n ** 64n - 1n],
    ['0400', '0000c03f', 'float', 1.5],
    ['0500', '000000000000f83f', 'double', 1.5],
    ['0600', '', 'null', null],
    ['f600', hex('-12.340'), 'decimal', -12_340],
    ['0000', hex('123456789012345678901234567890'), 'decimal', 123456789012345678901234567890n],
    ['0a00', '04da070a11', 'date', (2010 * 16 + 10) * 32 + 17],
    ['0a00', '00', 'date', 0],
    ['0c00', '07da070a11131b1e', 'datetime', ((2010 * 13 + 10) * 32 + 17) * 86_400 + 70_050],
    ['0700', '04da070a11', 'datetime', ((2010 * 13 + 10) * 32 + 17) * 86_400],
    [
      '0c00',
      '0bda070a11131b1e01000000',
      'datetime',
      BigInt(((2010 * 13 + 10) * 32 + 17) * 86_400 + 70_050) * 1_000_000n + 1n,
    ],
    ['0c00', '07da070d11131b1e', 'datetime', 0],
    ['0b00', '080178000000131b1e', 'time', -3_020_399],
    ['0b00', '080101000000131b1e', 'time', -(86_400 + 70_050)],
    ['0b00', '0c0001000000000000e8030000', 'time', 86_400 * 1_000_000 + 1000],
    ['0b00', '0800ffffffff000000', 'time', 3_020_399],
    ['0b00', '00', 'time', 0],
    ['fd00', hex('grün'), 'varchar', 'grün'],
    ['fe00', hex(''), 'varchar', ''],
    ['0f00', hex('x'), 'varchar', 'x'],
    ['f500', hex('{}'), 'varchar', '{}'],
    ['fc00', '0300ff61', 'varbinary', Uint8Array.of(0, 255, 97)],
    // No UTF-8: what a driver sends for binary data without saying so.
    ['fd00', '0300ff61', 'varbinary', Uint8Array.of(0, 255, 97)],
  ])('type %s, bytes %s: %s', (type, bytes, name, value) => {
    const parameter = read(type, bytes)
    expect(parameter?.type.name).toBe(name)
    expect(parameter?.value).toEqual(value)
  })

  it('types what it reads', () => {
    expect(read('f600', hex('-12.340'))?.type).toMatchObject({ length: 5, scale: 3 })
    expect(read('0880', '0100000000000000')?.type.unsigned).toBe(true)
    expect(read('0c00', '0bda070a11131b1e01000000')?.type.scale).toBe(6)
    expect(read('fd00', hex('a'))?.type).toBe(read('fd00', hex('bb'))?.type)
    expect(read('fd00', hex('a'))?.type.collation).toBe('utf8mb4_0900_ai_ci')
  })

  it("decodes text in the client's character set", () => {
    expect(read('fd00', '01e9', 'latin1')).toMatchObject({
      value: 'é',
      type: { collation: 'latin1_swedish_ci' },
    })
    expect(read('fd00', '01e9', 'binary')?.value).toEqual(Uint8Array.of(0xe9))
  })

  it.each([
    ['a value that is cut', '0300', '010000'],
    ['a length beyond the end', 'fd00', 'fdffffff61'],
    ['a length that is no length', 'fd00', 'ff61'],
    ['a length of NULL', 'fd00', 'fb'],
    ['an impossible length of a date', '0a00', '05da070a1101'],
    ['an impossible length of a time', '0b00', '0178'],
    ['an unknown type', '1300', '0161'],
  ])('refuses %s', (_what, type, bytes) => {
    expect(() => read(type, bytes)).toThrow(expect.objectContaining({ number: 1835 }))
  })

  it.each(['0000c07f', '0000807f'])('refuses the float %s, which no SQL value is', (bytes) => {
    expect(() => read('0400', bytes)).toThrow(expect.objectContaining({ number: 1210 }))
  })

  it('wants types before values', () => {
    const reader = new PayloadReader(Buffer.from('0000' + '0100', 'hex'))
    expect(() => readParameters(reader, new BoundParameters(1), 'utf8mb4')).toThrow(
      expect.objectContaining({ number: 1210 }),
    )
  })

  it('reads NULLs from the bitmap, also beyond the first byte', () => {
    const bound = new BoundParameters(10)
    const payload = Buffer.concat([
      Buffer.of(0b1111_1110, 0b0000_0001, 1),
      Buffer.concat(Array.from({ length: 10 }, () => Buffer.of(1, 0))),
      Buffer.of(5, 6),
    ])
    const values = readParameters(new PayloadReader(payload), bound, 'utf8mb4').map(({ value }) => value)
    expect(values).toEqual([5, ...Array.from({ length: 8 }, () => null), 6])
    const again = Buffer.of(0xff, 0b11, 0)
    const nulls = readParameters(new PayloadReader(again), bound, 'utf8mb4').map(({ value }) => value)
    expect(nulls).toEqual(Array.from({ length: 10 }, () => null))
  })

  it('takes a long value in the place of one in the packet, whatever the bitmap says', () => {
    const bound = new BoundParameters(2)
    bound.appendLongData(0, Buffer.from('lo'), 100)
    bound.appendLongData(0, Buffer.from('ng'), 100)
    const payload = Buffer.from('00' + '01' + 'fc00' + '0100' + '07', 'hex')
    const values = readParameters(new PayloadReader(payload), bound, 'utf8mb4').map(({ value }) => value)
    expect(values).toEqual([Uint8Array.from(Buffer.from('long')), 7])
  })

  it('keeps what it read when the packet is gone', () => {
    const payload = Buffer.from('00' + '01' + 'fc00' + '026162', 'hex')
    const [parameter] = readParameters(new PayloadReader(payload), new BoundParameters(1), 'utf8mb4')
    payload.fill(0)
    expect(parameter?.value).toEqual(Uint8Array.of(0x61, 0x62))
  })
})
