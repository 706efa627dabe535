/**
 * Goal: folded keys are equal and order exactly as the collation has it, and what counts as regular can be computed from the text alone.
 * Method: random texts of ASCII, ignorable, accented, expanding and faraway characters, compared with the collation itself.
 */
import { collationByName, createVector, textType, type BytesVector } from '@switchyard/core/spi'
import { exceptionsIn, textFormOf, type Folding } from './text-form.js'

const collation = collationByName('utf8mb4_0900_ai_ci')

function folding(): Folding {
  const form = textFormOf('utf8mb4_0900_ai_ci')
  if (form?.kind !== 'folded') throw new Error('the default collation is folded')
  return form.folding
}

/** As `translate` has it. */
function ranked(bytes: Buffer, { characters, ranks }: Folding): Buffer {
  return Buffer.from(
    bytes.map((byte) => ranks.charCodeAt(characters.indexOf(String.fromCharCode(byte))) || byte),
  )
}

const PIECES = Array.from("aAbBzZ019 _-~.,'\t\n\u0001\u007fäÄéßÆœ中国Ωяㄅ가😀\u0301\u200b\u00ad½™ａﬀÞð¤€")

test('folded keys are those of the collation', () => {
  const form = folding()
  let seed = 1
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const text = (): string => Array.from({ length: random(4) }, () => PIECES[random(PIECES.length)]).join('')
  for (let i = 0; i < 20_000; i++) {
    const [a, b] = [text(), text()]
    const expected = Math.sign(collation?.compare(a, b) ?? 0)
    const [x, y] = [form.keyOf(a), form.keyOf(b)]
    expect([a, b, x.equals(y)]).toEqual([a, b, expected === 0])
    expect([a, b, Buffer.compare(ranked(x, form), ranked(y, form))]).toEqual([a, b, expected])
  }
})

test('regular texts are their own keys in small letters', () => {
  const form = folding()
  const ascii = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code))
  for (const character of [...ascii, 'Hello World 42!', '']) {
    const bytes = Buffer.from(character)
    if (form.isException(bytes, 0, bytes.length)) continue
    expect(form.keyOf(character)).toEqual(Buffer.from(character.toLowerCase()))
  }
})

test('exceptions are found row by row', () => {
  const vector = createVector(textType(10, 'utf8mb4_0900_ai_ci')) as BytesVector
  for (const value of ['abc', null, 'é', '\u0001', '']) vector.push(value)
  const found = exceptionsIn({ kind: 'folded', folding: folding() }, vector, 5)
  expect(found?.map((bytes) => bytes.toString('latin1'))).toEqual(['', '', '\u0001e', '\u0001', ''])
  expect(exceptionsIn({ kind: 'padded' }, vector, 3)).toBeUndefined()
  expect(exceptionsIn({ kind: 'padded' }, vector, 4)?.map((bytes) => bytes.length)).toEqual([0, 0, 0, 1])
})
