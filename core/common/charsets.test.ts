/**
 * Goal: text goes to bytes and back as MySQL's character sets have it, and what a set lacks or can't read is told.
 * Method: round trips of every character, known byte sequences, and malformed ones of each kind.
 */
import { allCharsets, charsetByName, requireCharset } from './charsets.js'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe.each(allCharsets().map((charset) => [charset.name, charset] as const))('%s', (_, charset) => {
  test('every character that it has comes back, and its length is known', () => {
    const wrong: number[] = []
    let known = 0
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += codePoint < 0x3000 ? 1 : 61) {
      const text = String.fromCodePoint(codePoint)
      if (!charset.canEncode(text)) continue
      known++
      const encoded = charset.encode(text)
      const agrees =
        charset.decode(encoded) === text &&
        encoded.length === charset.bytesOf(codePoint) &&
        encoded.length === charset.byteLength(text) &&
        charset.firstInvalid(encoded) === -1
      if (!agrees) wrong.push(codePoint)
    }
    expect(known).toBeGreaterThanOrEqual(128)
    expect(wrong).toEqual([])
  })

  test('a part of the bytes is decoded', () => {
    const encoded = charset.encode('abc')
    const width = encoded.length / 3
    expect(charset.decode(encoded, width, 2 * width)).toBe('b')
    expect(charset.decode(encoded, width)).toBe('bc')
    expect(charset.firstInvalid(encoded, width)).toBe(-1)
  })

  test('a character that it lacks becomes a question mark', () => {
    if (charset.canEncode('a😀')) return
    expect(charset.encode('a😀b')).toEqual(charset.encode('a?b'))
    expect(charset.byteLength('a😀b')).toBe(charset.encode('a?b').length)
  })
})

describe('utf8', () => {
  test.each([
    ['a stray continuation byte', bytes(0x61, 0x80), 1],
    ['an overlong form of two bytes', bytes(0xc0, 0x80), 0],
    ['an overlong form of three bytes', bytes(0xe0, 0x80, 0x80), 0],
    ['an overlong form of four bytes', bytes(0xf0, 0x80, 0x80, 0x80), 0],
    ['a surrogate', bytes(0x61, 0xed, 0xa0, 0x80), 1],
    ['more than U+10FFFF', bytes(0xf4, 0x90, 0x80, 0x80), 0],
    ['a lead byte of five', bytes(0xf8, 0x80, 0x80, 0x80, 0x80), 0],
    ['a cut character', bytes(0x61, 0x62, 0xe2, 0x82), 2],
    ['a character cut by another', bytes(0xe2, 0x82, 0x61), 0],
  ])('%s is invalid', (_, input, at) => {
    expect(requireCharset('utf8mb4').firstInvalid(input)).toBe(at)
    expect(requireCharset('utf8mb3').firstInvalid(input)).toBe(at)
    expect(requireCharset('utf8mb4').decode(input)).toContain('\ufffd')
  })

  test('utf8mb3 has no characters of four bytes', () => {
    const emoji = bytes(0x61, 0xf0, 0x9f, 0x98, 0x80)
    expect(requireCharset('utf8mb4').firstInvalid(emoji)).toBe(-1)
    expect(requireCharset('utf8mb3').firstInvalid(emoji)).toBe(1)
    expect(requireCharset('utf8mb3').decode(emoji)).toBe('a\ufffd')
    expect(requireCharset('utf8mb3').canEncode('😀')).toBe(false)
  })

  test('half a surrogate pair is no character', () => {
    expect(requireCharset('utf8mb4').canEncode('\ud83d')).toBe(false)
  })
})

describe('latin1', () => {
  const latin1 = requireCharset('latin1')

  test('is code page 1252 with the open bytes as control characters', () => {
    expect(latin1.encode('€é\u0081Ÿ')).toEqual(Buffer.from([0x80, 0xe9, 0x81, 0x9f]))
    expect(latin1.decode(bytes(0x80, 0x81, 0x8d, 0x8f, 0x90, 0x9d, 0xff))).toBe(
      '€\u0081\u008d\u008f\u0090\u009dÿ',
    )
    expect(latin1.canEncode('\u0080')).toBe(false)
  })

  test('every byte comes back', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    expect(Buffer.from(latin1.encode(latin1.decode(all)))).toEqual(Buffer.from(all))
  })
})

test('ascii reads other bytes as question marks', () => {
  expect(requireCharset('ascii').decode(bytes(0x61, 0xe9))).toBe('a?')
  expect(requireCharset('ascii').firstInvalid(bytes(0x61, 0xe9))).toBe(1)
})

test('utf16 and utf32 refuse what is no character', () => {
  expect(requireCharset('utf16').firstInvalid(bytes(0, 0x61, 0xd8, 0x3d))).toBe(2)
  expect(requireCharset('utf16').decode(bytes(0xdc, 0, 0, 0x61))).toBe('\ufffda')
  expect(requireCharset('utf16le').encode('é')).toEqual(Buffer.from([0xe9, 0]))
  expect(requireCharset('ucs2').firstInvalid(bytes(0xd8, 0x3d, 0xde, 0))).toBe(0)
  expect(requireCharset('utf32').firstInvalid(bytes(0, 0x11, 0, 0))).toBe(0)
  expect(requireCharset('utf32').firstInvalid(bytes(0, 0, 0, 0x61, 0))).toBe(4)
})

test('names are found in any case, and utf8 is utf8mb3', () => {
  expect(charsetByName('UTF8')?.name).toBe('utf8mb3')
  expect(charsetByName('Latin1')?.name).toBe('latin1')
  expect(charsetByName('klingon')).toBeUndefined()
  expect(() => requireCharset('klingon')).toThrow(
    expect.objectContaining({ number: 1115, message: "Unknown character set: 'klingon'" }),
  )
})
