/**
 * Goal: the string functions answer what MySQL 8 answers, with its types.
 * Method: a table of calls per family, each bound, converted and evaluated as a statement would do it.
 */
import { stringBuildingFunctions } from './string-building.js'
import { stringEncodingFunctions } from './string-encoding.js'
import { stringLengthFunctions } from './string-length.js'
import { stringPartFunctions } from './string-parts.js'
import { stringSearchFunctions } from './string-search.js'
import { stringTransformationFunctions } from './string-transformation.js'
import { column, decimal, double, functionCaller, tabulate, type Case } from './test-support.js'

const call = functionCaller(
  stringBuildingFunctions,
  stringEncodingFunctions,
  stringLengthFunctions,
  stringPartFunctions,
  stringSearchFunctions,
  stringTransformationFunctions,
)

const bytes = (hex: string) => Buffer.from(hex, 'hex')

const LENGTHS: Case[] = [
  ['ascii', ['2'], '50', 'bigint(4)'],
  ['ascii', ['dx'], '100'],
  ['ascii', [''], '0'],
  ['ascii', ['é'], '195'],
  ['ascii', [bytes('ff00')], '255'],
  ['ascii', [2], '50'],
  ['ascii', [null], null],
  ['ord', ['é'], '50089', 'bigint(8)'],
  ['ord', ['😀'], '4036991104'],
  ['length', ['text'], '4', 'bigint(11)'],
  ['length', ['é😀'], '6'],
  ['length', [bytes('0001')], '2'],
  ['length', [decimal('-1.50')], '5'],
  ['octet_length', ['é'], '2'],
  ['bit_length', ['text'], '32', 'bigint(12)'],
  ['char_length', ['é😀a'], '3', 'bigint(11)'],
  ['char_length', [bytes('c3a9')], '2'],
  ['char', [77, 121, 83, 81, decimal('76.4'), 'binary'], '0x4D7953514C', 'varbinary(20)'],
  ['char', [256, null, 16777216, 'binary'], '0x010001000000'],
  ['char', [-1, 'binary'], '0xFFFFFFFF'],
  ['char', [0xc3a9, 'utf8mb4'], 'é', 'varchar(4)'],
  ['char', [255, 'utf8mb4'], null],
]

const PARTS: Case[] = [
  ['left', ['foobarbar', 5], 'fooba', 'varchar(5)'],
  ['left', ['😀b', 1], '😀'],
  ['left', ['abc', -1], '', 'varchar(0)'],
  ['left', ['abc', 18446744073709551615n], 'abc'],
  ['left', ['abc', null], null],
  ['left', ['abcd', decimal('1.5')], 'ab', 'varchar(2)'],
  ['left', [bytes('c3a9'), 1], '0xC3', 'varbinary(1)'],
  ['right', ['foobarbar', 4], 'rbar', 'varchar(4)'],
  ['right', ['a😀b', 2], '😀b'],
  ['right', ['abc', 10], 'abc', 'varchar(3)'],
  ['substring', ['Quadratically', 5], 'ratically', 'varchar(9)'],
  ['substring', ['Quadratically', 5, 6], 'ratica', 'varchar(6)'],
  ['substring', ['Sakila', -3], 'ila', 'varchar(3)'],
  ['substring', ['Sakila', -5, 3], 'aki', 'varchar(3)'],
  ['substring', ['Sakila', 0], ''],
  ['substring', ['Sakila', -7], ''],
  ['substring', ['Sakila', 2, 0], ''],
  ['substring', ['a😀bc', 2, 2], '😀b'],
  ['substring', ['a😀bc', -2, 9], 'bc'],
  ['substring', ['a', 1, 18446744073709551615n], 'a'],
  ['mid', [column('abc'), column(2)], 'bc', 'varchar(3)'],
  ['substring_index', ['www.mysql.com', '.', 2], 'www.mysql', 'varchar(13)'],
  ['substring_index', ['www.mysql.com', '.', -2], 'mysql.com'],
  ['substring_index', ['www.mysql.com', '.', 0], ''],
  ['substring_index', ['www.mysql.com', 'X', -1], 'www.mysql.com'],
  ['substring_index', ['aaa', 'aa', -1], 'a'],
  ['substring_index', ['aaa', 'AA', 1], 'aaa'],
  ['trim', ['  bar  '], 'bar', 'varchar(7)'],
  ['trim', ['xxbarxx', 'x'], 'bar'],
  ['trim', ['barxxyz', 'XYZ'], 'barxxyz'],
  ['trim', ['abcab', ''], 'abcab'],
  ['trim leading', ['xxxbarxxx', 'x'], 'barxxx'],
  ['trim trailing', ['barxxyzxyz', 'xyz'], 'barx'],
  ['ltrim', ['  a '], 'a '],
  ['rtrim', [' a  '], ' a'],
  ['rtrim', [bytes('612020')], '0x61', 'varbinary(3)'],
]

const BUILDING: Case[] = [
  ['concat', ['My', 'S', 'QL'], 'MySQL', 'varchar(5)'],
  ['concat', ['My', null, 'QL'], null],
  ['concat', [decimal('14.3')], '14.3', 'varchar(5)'],
  ['concat', ['é', bytes('00')], '0xC3A900', 'varbinary(5)'],
  ['concat_ws', [',', 'First', null, 'Last'], 'First,Last'],
  ['concat_ws', [null, 'a', 'b'], null],
  ['concat_ws', [',', null], ''],
  ['concat_ws', [',', '', 'a'], ',a', 'varchar(2)'],
  ['repeat', ['MySQL', 3], 'MySQLMySQLMySQL', 'varchar(15)'],
  ['repeat', ['x', 0], ''],
  ['repeat', ['x', -5], ''],
  ['repeat', ['x', column(2)], 'xx', 'longtext(4294967295)'],
  ['space', [3], '   ', 'varchar(3)'],
  ['lpad', ['hi', 4, '??'], '??hi', 'varchar(4)'],
  ['lpad', ['hi', 1, '??'], 'h'],
  ['lpad', ['hi', 5, 'abc'], 'abchi'],
  ['lpad', ['hi', -1, '?'], null],
  ['lpad', ['hi', 4, ''], ''],
  ['rpad', ['😀', 3, 'é'], '😀éé'],
  ['rpad', [bytes('01'), 3, bytes('ff')], '0x01FFFF', 'varbinary(3)'],
  ['insert', ['Quadratic', 3, 4, 'What'], 'QuWhattic', 'varchar(13)'],
  ['insert', ['Quadratic', -1, 4, 'What'], 'Quadratic'],
  ['insert', ['Quadratic', 3, 100, 'What'], 'QuWhat'],
  ['insert', ['abc', 4, 0, 'x'], 'abc'],
  ['insert', ['a😀c', 2, 1, 'b'], 'abc'],
  ['replace', ['www.mysql.com', 'w', 'Ww'], 'WwWwWw.mysql.com', 'varchar(26)'],
  ['replace', ['aAa', 'A', '$&'], 'a$&a'],
  ['replace', ['abc', '', 'x'], 'abc'],
]

const SEARCH: Case[] = [
  ['instr', ['foobarbar', 'BAR'], '4', 'bigint(12)'],
  ['instr', ['xbar', 'foobar'], '0'],
  ['instr', [bytes('4142'), bytes('62')], '0'],
  ['locate', ['bar', 'foobarbar'], '4'],
  ['locate', ['bar', 'foobarbar', 5], '7'],
  ['locate', ['é', '😀É'], '2'],
  ['locate', ['', 'abc'], '1'],
  ['locate', ['', 'abc', 4], '4'],
  ['locate', ['', 'abc', 5], '0'],
  ['locate', ['a', 'abc', 0], '0'],
  ['strcmp', ['text', 'text2'], '-1', 'bigint(3)'],
  ['strcmp', ['a', 'A'], '0'],
  ['strcmp', ['b', 'A'], '1'],
  ['find_in_set', ['b', 'a,B,c'], '2', 'bigint(4)'],
  ['find_in_set', ['a,b', 'a,b'], '0'],
  ['find_in_set', ['', 'a,'], '2'],
  ['find_in_set', ['', ''], '0'],
  ['field', ['Bb', 'Aa', 'BB', 'Cc'], '2', 'bigint(4)'],
  ['field', [null, 'a'], '0'],
  ['field', [2, 1, decimal('2.0')], '2'],
  ['field', [2, 1, '2x'], '2'],
  ['elt', [2, 'Aa', 'Bb'], 'Bb', 'varchar(2)'],
  ['elt', [3, 'Aa', 'Bb'], null],
  ['elt', [0, 'Aa'], null],
  ['make_set', [5, 'hello', null, 'world'], 'hello,world', 'varchar(12)'],
  ['make_set', [0, 'a'], ''],
  ['export_set', [5, 'Y', 'N', ',', 4], 'Y,N,Y,N'],
  ['export_set', [6, '1', '0', '', 5], '01100', 'varchar(64)'],
]

const TRANSFORMATION: Case[] = [
  ['lower', ['QUADRATICALLY É'], 'quadratically é', 'varchar(15)'],
  ['upper', ['Hej ß'], 'HEJ ß'],
  ['upper', [bytes('6162')], '0x6162'],
  ['reverse', ['ab😀'], '😀ba'],
  ['quote', ["Don't\\\0\x1a"], "'Don\\'t\\\\\\0\\Z'", 'varchar(18)'],
  ['quote', [null], 'NULL'],
  ['soundex', ['Hello'], 'H400', 'varchar(5)'],
  ['soundex', ['Quadratically'], 'Q36324'],
  ['soundex', ['  Tymczak'], 'T520'],
  ['soundex', ['é1bcd'], 'é123'],
  ['soundex', ['😀1'], '😀000'],
  ['soundex', ['1234'], ''],
]

const ENCODING: Case[] = [
  ['hex', ['abc'], '616263', 'varchar(24)'],
  ['hex', ['é'], 'C3A9'],
  ['hex', [255], 'FF', 'varchar(16)'],
  ['hex', [-1], 'FFFFFFFFFFFFFFFF'],
  ['hex', [decimal('15.5')], '10'],
  ['hex', [double(-2.5)], 'FFFFFFFFFFFFFFFD'],
  ['hex', [decimal('12345678901234567890.1')], 'AB54A98CEB1F0800'],
  ['hex', [double(15.5)], '10'],
  ['hex', [double(1e30)], 'FFFFFFFFFFFFFFFF'],
  ['unhex', ['4D7953514C'], '0x4D7953514C', 'varbinary(5)'],
  ['unhex', ['F'], '0x0F'],
  ['unhex', ['GG'], null],
  ['to_base64', ['abc'], 'YWJj', 'varchar(16)'],
  ['to_base64', ['a'.repeat(58)], `${'YWFh'.repeat(19)}\nYQ==`],
  ['from_base64', ['YWJj'], '0x616263'],
  ['from_base64', ['YW Jj\n'], '0x616263'],
  ['from_base64', ['YWJ'], null],
  ['from_base64', ['#'], null],
]

describe.each([
  ['lengths', LENGTHS],
  ['parts', PARTS],
  ['building', BUILDING],
  ['search', SEARCH],
  ['transformation', TRANSFORMATION],
  ['encoding', ENCODING],
])('string functions: %s', (_family, cases) => {
  test.each(tabulate(call, cases))('%s', (_title, actual, expected) => {
    expect(actual()).toEqual(expected)
  })
})

describe('max_allowed_packet', () => {
  const small = { context: { packetBytesMax: 10 } }
  test.each<Case>([
    ['concat', ['123456', 'ééé'], null],
    ['repeat', ['é', 6], null],
    ['repeat', ['x', 1000000000000], null],
    ['space', [11], null],
    ['lpad', ['a', 3, 'b'], null],
    ['replace', ['aaaa', 'a', 'bcde'], null],
    ['insert', ['123456', 1, 0, '78901'], null],
    ['to_base64', ['123456789'], null],
  ])('%s(%j) is too long', (name, args) => {
    const result = call(name, args, small)
    expect(result.text).toBeNull()
    expect(result.warnings).toEqual([
      `Warning Result of ${name === 'space' ? 'space' : name}() was larger than max_allowed_packet (10) - truncated`,
    ])
  })

  test('what just fits is given', () => {
    expect(call('repeat', ['é', 5], small).text).toBe('ééééé')
    expect(call('concat', ['12345', '67890'], small).text).toBe('1234567890')
  })
})

describe('collations', () => {
  const latin1 = (text: string) =>
    column({ type: { ...typeOf(text), collation: 'latin1_swedish_ci' }, value: text })
  const binary = (text: string) =>
    column({ type: { ...typeOf(text), collation: 'utf8mb4_bin' }, value: text })
  const typeOf = (text: string) => ({
    name: 'varchar' as const,
    unsigned: false,
    zerofill: false,
    length: text.length,
    scale: 0,
    collation: '',
  })

  test('the result has the collation of the column', () => {
    expect(call('concat', [latin1('a'), 'b']).collation).toBe('latin1_swedish_ci')
    expect(call('concat', [binary('a'), latin1('b')]).collation).toBe('utf8mb4_bin')
  })

  test('searches follow it', () => {
    expect(call('instr', [binary('abc'), 'B']).text).toBe('0')
    expect(call('instr', [latin1('abc'), 'B']).text).toBe('2')
  })

  test('lengths are those of the character set', () => {
    expect(call('length', [latin1('é')]).text).toBe('1')
    expect(call('hex', [latin1('é')]).text).toBe('E9')
  })

  test('two collations of columns cannot be compared', () => {
    const accents = column({ type: { ...typeOf('a'), collation: 'utf8mb4_general_ci' }, value: 'a' })
    const other = column({ type: { ...typeOf('a'), collation: 'utf8mb4_0900_ai_ci' }, value: 'a' })
    expect(() => call('strcmp', [accents, other])).toThrow(
      /Illegal mix of collations .* for operation 'strcmp'/,
    )
  })
})

test('invalid digits warn', () => {
  expect(call('unhex', ['GG']).warnings).toEqual([
    "Warning Incorrect string value: ''GG'' for function unhex",
  ])
  expect(call('char', [255, 'utf8mb4']).warnings).toEqual(["Warning Invalid utf8mb4 character string: 'FF'"])
})
