/**
 * Goal: JSON documents are read, normalised, compared, searched and changed as MySQL does. Method: the examples of the
 * manual (13.5, 14.17) and the errors of its parser.
 */
import { compareJsonTexts, jsonHashKey } from './json-compare.js'
import {
  appendJson,
  containsJson,
  insertJsonCell,
  mergePatch,
  mergePreserve,
  overlapsJson,
  removeJson,
  searchJson,
  setJson,
  type JsonSetMode,
} from './json-edit.js'
import { findNodes, jsonPathText, parseJsonPath } from './json-path.js'
import { isValidJson, normalizeJson, parseJson, printJson, readJson, type JsonNode } from './json.js'

function normal(text: string): string {
  return normalizeJson(text, 1, 'cast_as_json')
}

function read(text: string): JsonNode {
  return readJson(normal(text))
}

describe('normal form', () => {
  test.each([
    ['{"b":1,"aa":2,"a":3}', '{"a": 3, "b": 1, "aa": 2}'],
    ['{"a":1,"a":2}', '{"a": 2}'],
    ['[ 1 ,2, [ ] , { } ]', '[1, 2, [], {}]'],
    ['1.0', '1.0'],
    ['1.50', '1.5'],
    ['1e20', '1e20'],
    ['1E2', '100.0'],
    ['-0', '0'],
    ['123456789012345678', '123456789012345678'],
    ['18446744073709551615', '18446744073709551615'],
    ['18446744073709551616', '1.8446744073709552e19'],
    ['"a\\u00e9\\/\\n\\u0001"', '"aé/\\n\\u0001"'],
    ['"\\ud83d\\ude00"', '"😀"'],
    [' true ', 'true'],
    ['null', 'null'],
    ['{"é":1,"zz":2,"b":3}', '{"b": 3, "zz": 2, "é": 1}'],
  ])('%p is %p', (text, expected) => {
    expect(normal(text)).toBe(expected)
    expect(printJson(readJson(expected))).toBe(expected)
  })

  test('decimals keep their digits between functions', () => {
    expect(printJson(readJson('[1.50, 0.1234567890123456789]'))).toBe('[1.50, 0.1234567890123456789]')
  })
})

describe('malformed documents', () => {
  test.each([
    ['', 'The document is empty.', 0],
    ['[1,2', 'Missing a comma or ] after an array element.', 4],
    ['{"a" 1}', 'Missing a colon after a name of object member.', 5],
    ['{a:1}', 'Missing a name for object member.', 1],
    ['{"a":1 "b"}', 'Missing a comma or } after an object member.', 7],
    ['1 2', 'The document root must not be followed by other values.', 2],
    ['abc', 'Invalid value.', 0],
    ['nul', 'Invalid value.', 3],
    ['"abc', 'Missing a closing quotation mark in string.', 4],
    ['"\\x"', 'Invalid escape character in string.', 1],
    ['"\\u12g4"', 'Incorrect hex digit after \\u escape in string.', 1],
    ['"é\\x"', 'Invalid escape character in string.', 3],
    ['1.', 'Miss fraction part in number.', 2],
    ['1e', 'Miss exponent in number.', 2],
    ['1e999', 'Number too big to be stored in double.', 0],
    ['[1,]', 'Invalid value.', 3],
    ['01', 'The document root must not be followed by other values.', 1],
  ])('%p', (text, reason, position) => {
    expect(parseJson(text)).toEqual({ reason, position })
    expect(isValidJson(text)).toBe(false)
  })

  test('errors name the argument and the function', () => {
    expect(() => normalizeJson('[', 2, 'json_merge')).toThrow(
      'Invalid JSON text in argument 2 to function json_merge: "Invalid value." at position 1.',
    )
  })

  test('depth is limited to 100', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(isValidJson(nested(100))).toBe(true)
    expect(() => parseJson(nested(101))).toThrow(expect.objectContaining({ number: 3157 }))
    expect(isValidJson(nested(101))).toBe(false)
  })
})

describe('order', () => {
  const ordered = [
    'null',
    '-1.5',
    '0',
    '1',
    '1.5',
    '18446744073709551615',
    '"A"',
    '"a"',
    '"aa"',
    '{}',
    '{"a": 1}',
    '[]',
    '[1]',
    '[1, 2]',
    '[2]',
    'false',
    'true',
  ]
  test('by type, then by value', () => {
    const values = ordered.map(normal)
    for (let i = 0; i < values.length; i++) {
      for (let j = 0; j < values.length; j++) {
        const order = Math.sign(compareJsonTexts(values[i] as string, values[j] as string))
        expect([values[i], values[j], order]).toEqual([values[i], values[j], Math.sign(i - j)])
      }
    }
  })

  test('equal numbers have equal keys', () => {
    expect(compareJsonTexts('1', '1.0')).toBe(0)
    const keys = new Set(['1', '1.0', '1.00', '10e-1'].map((text) => jsonHashKey(text)))
    expect(keys.size).toBe(1)
    expect(jsonHashKey('{"a": [1.50, "1.0"]}')).toBe(jsonHashKey('{"a": [1.5, "1.0"]}'))
    expect(jsonHashKey('"1.0"')).not.toBe(jsonHashKey('"1"'))
    expect(jsonHashKey('0.1')).not.toBe(jsonHashKey('0.10000000000000001e1'))
  })
})

describe('paths', () => {
  const document = '{"a": {"b": [1, 2, {"c": 3}]}, "d e": 4, "x": [[5, 6], 7]}'
  test.each([
    ['$', [normal(document)]],
    ['$.a.b[0]', ['1']],
    ['$.a.b[last]', ['{"c": 3}']],
    ['$.a.b[last-1]', ['2']],
    ['$.a.b[5]', []],
    ['$.a.b[*]', ['1', '2', '{"c": 3}']],
    ['$.a.b[0 to 1]', ['1', '2']],
    ['$.a.b[last-1 to last]', ['2', '{"c": 3}']],
    ['$."d e"', ['4']],
    ['$.*', ['{"b": [1, 2, {"c": 3}]}', '4', '[[5, 6], 7]']],
    ['$**.c', ['3']],
    ['$.a**[0]', ['{"b": [1, 2, {"c": 3}]}', '1', '2', '{"c": 3}', '3']],
    ['$.a[0].b[1]', ['2']],
    ['$.x[0][last]', ['6']],
    [' $ . a . b [ 1 ] ', ['2']],
    ['$.missing', []],
  ])('%p', (path, expected) => {
    const found = findNodes(read(document), parseJsonPath(path)).map(printJson)
    expect([...found].sort()).toEqual([...expected].sort())
  })

  test.each([
    ['a', 1],
    ['$a', 1],
    ['$.', 2],
    ['$[a]', 2],
    ['$**', 3],
    ['$[2 to 1]', 9],
    ['$.a[', 4],
    ['', 1],
  ])('%p is malformed', (path, position) => {
    expect(() => parseJsonPath(path)).toThrow(
      `Invalid JSON path expression. The error is around character position ${position}.`,
    )
  })

  test('text', () => {
    expect(jsonPathText(['a', 0, 'b c', 'ü', '1x'])).toBe('$.a[0]."b c".ü."1x"')
  })
})

describe('changes', () => {
  const set = (document: string, path: string, mode: JsonSetMode) =>
    printJson(setJson(read(document), parseJsonPath(path), 9, mode))
  test.each([
    ['{"a": 1, "b": [2, 3]}', '$.a', 'set', '{"a": 9, "b": [2, 3]}'],
    ['{"a": 1}', '$.c', 'set', '{"a": 1, "c": 9}'],
    ['{"a": 1}', '$.a', 'insert', '{"a": 1}'],
    ['{"a": 1}', '$.c', 'insert', '{"a": 1, "c": 9}'],
    ['{"a": 1}', '$.c', 'replace', '{"a": 1}'],
    ['{"a": [1]}', '$.a[5]', 'set', '{"a": [1, 9]}'],
    ['{"a": 1}', '$.a[1]', 'set', '{"a": [1, 9]}'],
    ['{"a": 1}', '$.a[0]', 'set', '{"a": 9}'],
    ['{"a": 1}', '$.x.y', 'set', '{"a": 1}'],
    ['[1]', '$', 'set', '9'],
    ['[1, 2]', '$[last-5]', 'insert', '[9, 1, 2]'],
  ] as const)('%p, %p, %p', (document, path, mode, expected) => {
    expect(set(document, path, mode)).toBe(expected)
  })

  test('removal', () => {
    const remove = (document: string, path: string) =>
      printJson(removeJson(read(document), parseJsonPath(path)))
    expect(remove('["a", ["b", "c"], "d"]', '$[1]')).toBe('["a", "d"]')
    expect(remove('{"a": {"b": 1}}', '$.a.b')).toBe('{"a": {}}')
    expect(remove('{"a": 1}', '$.x')).toBe('{"a": 1}')
    expect(() => remove('[1]', '$')).toThrow(expect.objectContaining({ number: 3153 }))
    expect(() => remove('[1]', '$[*]')).toThrow(expect.objectContaining({ number: 3149 }))
  })

  test('arrays', () => {
    const document = '["a", ["b", "c"], "d"]'
    expect(printJson(appendJson(read(document), parseJsonPath('$[1]'), 1))).toBe('["a", ["b", "c", 1], "d"]')
    expect(printJson(appendJson(read(document), parseJsonPath('$[0]'), 2))).toBe(
      '[["a", 2], ["b", "c"], "d"]',
    )
    expect(printJson(insertJsonCell(read('["a", {"b": [1, 2]}]'), parseJsonPath('$[1].b[0]'), 'x'))).toBe(
      '["a", {"b": ["x", 1, 2]}]',
    )
    expect(printJson(insertJsonCell(read('[1]'), parseJsonPath('$[100]'), 'x'))).toBe('[1, "x"]')
    expect(() => insertJsonCell(read('{"a": 1}'), parseJsonPath('$.a'), 1)).toThrow(
      expect.objectContaining({ number: 3165 }),
    )
  })

  test('merging', () => {
    const preserve = (a: string, b: string) => printJson(mergePreserve(read(a), read(b)))
    expect(preserve('[1, 2]', '[true, false]')).toBe('[1, 2, true, false]')
    expect(preserve('{"name": "x"}', '{"id": 47}')).toBe('{"id": 47, "name": "x"}')
    expect(preserve('1', 'true')).toBe('[1, true]')
    expect(preserve('[1, 2]', '{"id": 47}')).toBe('[1, 2, {"id": 47}]')
    expect(preserve('{"a": 1, "b": 2}', '{"a": 3, "c": 4}')).toBe('{"a": [1, 3], "b": 2, "c": 4}')
    const patch = (a: string, b: string) => printJson(mergePatch(read(a), read(b)))
    expect(patch('{"a": 1, "b": 2}', '{"a": 3, "c": 4, "b": null}')).toBe('{"a": 3, "c": 4}')
    expect(patch('[1, 2]', '{"id": 47}')).toBe('{"id": 47}')
    expect(patch('{"a": {"x": 1}}', '{"a": {"y": 2}}')).toBe('{"a": {"x": 1, "y": 2}}')
  })
})

describe('searching', () => {
  test('containment and overlap', () => {
    const contains = (a: string, b: string) => containsJson(read(a), read(b))
    expect(contains('{"a": 1, "b": 2, "c": {"d": 4}}', '{"a": 1}')).toBe(true)
    expect(contains('{"c": {"d": 4}}', '{"d": 4}')).toBe(false)
    expect(contains('[1, 2, [3]]', '[1, 3]')).toBe(false)
    expect(contains('[1, 2, [3]]', '[[3]]')).toBe(true)
    expect(contains('[1, 2]', '1.0')).toBe(true)
    const overlaps = (a: string, b: string) => overlapsJson(read(a), read(b))
    expect(overlaps('[1, 3, 5, 7]', '[2, 5, 7]')).toBe(true)
    expect(overlaps('{"a": 1, "b": 10}', '{"c": 1, "b": 10}')).toBe(true)
    expect(overlaps('{"a": 1}', '{"a": 2}')).toBe(false)
    expect(overlaps('[4, 5]', '4')).toBe(true)
  })

  test('paths of strings', () => {
    const document = read('["abc", [{"k": "10"}, "def"], {"x":"abc"}, {"y":"bcd"}]')
    const is = (wanted: string) => (text: string) => text === wanted
    expect(searchJson(document, is('abc'), false, [])).toEqual(['$[0]', '$[2].x'])
    expect(searchJson(document, is('abc'), true, [])).toEqual(['$[0]'])
    expect(searchJson(document, is('10'), false, [parseJsonPath('$[1]')])).toEqual(['$[1][0].k'])
    expect(searchJson(document, is('10'), false, [parseJsonPath('$**.k')])).toEqual(['$[1][0].k'])
    expect(searchJson(document, is('abc'), false, [parseJsonPath('$[*]')])).toEqual(['$[0]', '$[2].x'])
  })
})
