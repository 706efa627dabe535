import { Lexer } from './lexer.js'
import { DEFAULT_PARSER_OPTIONS, parserOptionsOf, toByteString, type ParserOptions } from './options.js'
import { TOKEN_KINDS } from './token.js'

/**
 * Goal: text is cut into tokens as MySQL cuts it (manual, chapter 11). Method: kinds and texts of the tokens of short
 * pieces, with the rules about spaces, points, comments and numbers that differ from other dialects.
 */

function tokens(text: string, options: ParserOptions = DEFAULT_PARSER_OPTIONS): string[] {
  const bytes = toByteString(text)
  const lexer = new Lexer()
  lexer.reset(bytes, 0, bytes.length, options)
  lexer.fill()
  const found: string[] = []
  for (let i = 0; i < lexer.count; i++) {
    const kind = TOKEN_KINDS[lexer.numbers[i] ?? 0] ?? ''
    if (kind === 'end') break
    const source = bytes.slice(lexer.starts[i], lexer.ends[i])
    found.push(/^[A-Z]|^\W/.test(kind) ? kind : `${kind} ${source}`)
  }
  return found
}

test.each<[string, string[]]>([
  // Numbers
  [
    '1 1. .5 1.5 1e3 1.e-3 1E+3 .5e1',
    [
      'integer 1',
      'decimal 1.',
      'decimal .5',
      'decimal 1.5',
      'float 1e3',
      'float 1.e-3',
      'float 1E+3',
      'float .5e1',
    ],
  ],
  [
    '1a 1e 1ea 1e+ 0x 0xZZ 0b2 0X1F',
    [
      'identifier 1a',
      'identifier 1e',
      'identifier 1ea',
      'identifier 1e',
      '+',
      'identifier 0x',
      'identifier 0xZZ',
      'identifier 0b2',
      'identifier 0X1F',
    ],
  ],
  [
    "0x1F 0b101 x'1f' X'' B'1' 0x1g",
    ['hex 0x1F', 'bit 0b101', "hex x'1f'", "hex X''", "bit B'1'", 'identifier 0x1g'],
  ],
  ['1e3abc 1.5x 1.5e', ['float 1e3', 'identifier abc', 'decimal 1.5', 'identifier x', 'invalid 1.5e']],
  [
    "x'1' b'2' x'gg'",
    ["invalid x'1", "string ' b'", 'integer 2', "string ' x'", 'identifier gg', "invalid '"],
  ],
  ['1--1 1 -- 1', ['integer 1', '-', '-', 'integer 1', 'integer 1']],
  // Points
  [
    't.select t . select a.1b a.5 `a`.b',
    [
      'identifier t',
      '.',
      'identifier select',
      'identifier t',
      '.',
      'SELECT',
      'identifier a',
      '.',
      'identifier 1b',
      'identifier a',
      '.',
      'identifier 5',
      'quotedIdentifier `a`',
      '.',
      'identifier b',
    ],
  ],
  ['select.a key.b', ['identifier select', '.', 'identifier a', 'identifier key', '.', 'identifier b']],
  ['a .5 .5', ['identifier a', 'decimal .5', 'decimal .5']],
  // Variables
  [
    "@a @a.b @'x y' @`z` @ @@global.x @@sql_mode",
    [
      'userVariable @a',
      'userVariable @a.b',
      "userVariable @'x y'",
      'userVariable @`z`',
      'userVariable @',
      'systemVariable @@',
      'GLOBAL',
      '.',
      'identifier x',
      'systemVariable @@',
      'identifier sql_mode',
    ],
  ],
  [
    "'root'@'localhost' root@localhost",
    ["string 'root'", "userVariable @'localhost'", 'identifier root', 'userVariable @localhost'],
  ],
  ['@a:=1', ['userVariable @a', ':=', 'integer 1']],
  // Words
  [
    'select SELECT SeLeCt selects $a _a',
    ['SELECT', 'SELECT', 'SELECT', 'identifier selects', 'identifier $a', 'identifier _a'],
  ],
  ['schema rlike some int4 sql_tsi_day', ['DATABASE', 'REGEXP', 'ANY', 'INT', 'DAY']],
  [
    'count(a) count (a) count',
    ['COUNT', '(', 'identifier a', ')', 'identifier count', '(', 'identifier a', ')', 'identifier count'],
  ],
  [
    "_utf8mb4'x' _LATIN1 x'41' _nocharset N'y' n 'z'",
    [
      'introducer _utf8mb4',
      "string 'x'",
      'introducer _LATIN1',
      "hex x'41'",
      'identifier _nocharset',
      "nationalString N'y'",
      'identifier n',
      "string 'z'",
    ],
  ],
  // Quotes
  [
    "'it''s' 'a\\'b' \"c\"\"d\" `e``f`",
    ["string 'it''s'", "string 'a\\'b'", 'string "c""d"', 'quotedIdentifier `e``f`'],
  ],
  ["'open", ["invalid 'open"]],
  ['`open', ['invalid `open']],
  ["'ends with \\'", ["invalid 'ends with \\'"]],
  // Operators
  [
    '<=> <= <> << < >= >> > != ! = := : -> ->> - && & || | ^ ~ { }',
    [
      '<=>',
      '<=',
      '<>',
      '<<',
      '<',
      '>=',
      '>>',
      '>',
      '<>',
      '!',
      '=',
      ':=',
      ':',
      '->',
      '->>',
      '-',
      '&&',
      '&',
      '||',
      '|',
      '^',
      '~',
      '{',
      '}',
    ],
  ],
  ['a->b a- >b', ['identifier a', '->', 'identifier b', 'identifier a', '-', '>', 'identifier b']],
  ['\\N \x01', ['invalid \\', 'identifier N', 'invalid \x01']],
  // Comments
  ['1 -- c\n2 --\n3 # d\n4 /* e */ 5 --', ['integer 1', 'integer 2', 'integer 3', 'integer 4', 'integer 5']],
  ['1 --2', ['integer 1', '-', '-', 'integer 2']],
  [
    '/*!50000 1 */ /*!080000 2 */ /*! 3 */ /*!99999 4 */ /*!100100 5 */ /*M! 6 */',
    ['integer 1', 'integer 2', 'integer 3'],
  ],
  ['/*!50000 1 /* c */ 2 */ 3', ['integer 1', 'integer 2', 'integer 3']],
  ['/*!99999 1 /* c */ 2 */ 3', ['integer 3']],
  ['1 /* open', ['integer 1', 'invalid /* open']],
  ['/*!50000 1', ['integer 1', 'invalid ']],
  ['2 */ 3', ['integer 2', '*', '/', 'integer 3']],
  // Hints are tokens only behind the words that take them.
  ['SELECT /*+ x */ 1', ['SELECT', 'hint /*+ x */', 'integer 1']],
  ['SELECT 1 /*+ x */', ['SELECT', 'integer 1']],
])('%s', (text, expected) => {
  expect(tokens(text)).toEqual(expected)
})

test('ANSI_QUOTES', () => {
  expect(tokens('"a"', parserOptionsOf('ANSI_QUOTES'))).toEqual(['quotedIdentifier "a"'])
})

test('IGNORE_SPACE', () => {
  expect(tokens('count (a)', parserOptionsOf('IGNORE_SPACE'))).toEqual(['COUNT', '(', 'identifier a', ')'])
})

test('NO_BACKSLASH_ESCAPES', () => {
  expect(tokens("'a\\' 'b'", parserOptionsOf('NO_BACKSLASH_ESCAPES'))).toEqual(["string 'a\\'", "string 'b'"])
})

test('literals are numbered in the order of the text, also in version comments', () => {
  const text = "1 'a' /*!50000 x'41' */ b'1' 1.5 ? @'v' `5` a1 /* 7 */ 2"
  const lexer = new Lexer()
  lexer.reset(text, 0, text.length, DEFAULT_PARSER_OPTIONS)
  lexer.fill()
  const ordinals: number[] = []
  for (let i = 0; i < lexer.count; i++) {
    const kind = TOKEN_KINDS[lexer.numbers[i] ?? 0] ?? ''
    if (['integer', 'decimal', 'string', 'hex', 'bit'].includes(kind))
      ordinals.push((lexer.details[i] ?? 0) >> 1)
  }
  expect(ordinals).toEqual([0, 1, 2, 3, 4, 5])
  expect([lexer.literalCount, lexer.parameterCount]).toEqual([6, 1])
})

test('reading stops behind a semicolon and goes on when asked', () => {
  const lexer = new Lexer()
  lexer.reset('a;b', 0, 3, DEFAULT_PARSER_OPTIONS)
  lexer.fill()
  expect(lexer.count).toBe(2)
  lexer.fill()
  expect(lexer.count).toBe(4)
})

test('a text of any number of tokens fits', () => {
  const text = '1,'.repeat(10000) + '1'
  const lexer = new Lexer()
  lexer.reset(text, 0, text.length, DEFAULT_PARSER_OPTIONS)
  lexer.fill()
  expect(lexer.count).toBe(20002)
  expect(lexer.starts[20000]).toBe(20000)
})
