/**
 * Goal: the JSON functions answer what MySQL 8 answers, with its types and errors.
 * Method: a table of calls per family, each bound, converted and evaluated as a statement would do it.
 */
import { BIGINT_TYPE, BOOLEAN_TYPE, decimalType, JSON_TYPE, textType } from '../common/sql-type.js'
import { jsonAttributeFunctions } from './json-attributes.js'
import { jsonCreationFunctions } from './json-creation.js'
import { jsonModificationFunctions } from './json-modification.js'
import { jsonSearchFunctions } from './json-search.js'
import { jsonValueFunctions } from './json-value.js'
import { date, datetime, decimal, double, functionCaller, json, tabulate, type Case } from './test-support.js'

const call = functionCaller(
  jsonAttributeFunctions,
  jsonCreationFunctions,
  jsonModificationFunctions,
  jsonSearchFunctions,
  jsonValueFunctions,
)

const TRUE = { type: BOOLEAN_TYPE, value: 1 }
const JSON_RESULT = 'json(4294967295)'

const CREATION: Case[] = [
  [
    'json_array',
    [1, 'abc', null, TRUE, double(1), decimal('1.50')],
    '[1, "abc", null, true, 1.0, 1.50]',
    JSON_RESULT,
  ],
  ['json_array', [], '[]'],
  ['json_array', [json('{"a":1}'), '{"a":1}'], '[{"a": 1}, "{\\"a\\":1}"]'],
  [
    'json_array',
    [datetime('2024-01-02 03:04:05'), date('2024-01-02')],
    '["2024-01-02 03:04:05.000000", "2024-01-02"]',
  ],
  ['json_object', ['id', 87, 'name', 'carrot'], '{"id": 87, "name": "carrot"}'],
  ['json_object', ['bb', 1, 'a', 2, 'bb', 3], '{"a": 2, "bb": 3}'],
  ['json_object', [1, 2], '{"1": 2}'],
  ['json_quote', ['null'], '"null"', 'varchar(26)'],
  ['json_quote', ['a"\n\u0001'], '"a\\"\\n\\u0001"'],
  ['json_unquote', ['"abc"'], 'abc', 'longtext(4294967295)'],
  ['json_unquote', ['[1, 2]'], '[1, 2]'],
  ['json_unquote', [json('"a\\tb"')], 'a\tb'],
  ['json_unquote', [json('null')], 'null'],
  ['json_pretty', ['{"a":[1,{}],"b":[]}'], '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}'],
]

const DOCUMENT = '{"a": 1, "b": 2, "c": {"d": 4}}'

const SEARCH: Case[] = [
  ['json_extract', ['[10, 20, [30, 40]]', '$[1]'], '20', JSON_RESULT],
  ['json_extract', ['[10, 20, [30, 40]]', '$[1]', '$[0]'], '[20, 10]'],
  ['json_extract', ['[10, 20, [30, 40]]', '$[2][*]'], '[30, 40]'],
  ['json_extract', ['{"a": null}', '$.a'], 'null'],
  ['json_extract', ['{"a": 1}', '$.b'], null],
  ['json_extract', [null, '$'], null],
  ['->', [json(DOCUMENT), '$.c.d'], '4'],
  ['->>', [json('{"a": "x\\"y"}'), '$.a'], 'x"y', 'longtext(4294967295)'],
  ['json_contains', [json(DOCUMENT), '1', '$.a'], '1', 'bigint(1)'],
  ['json_contains', [json(DOCUMENT), '1', '$.b'], '0'],
  ['json_contains', [json(DOCUMENT), '{"d": 4}', '$.a'], '0'],
  ['json_contains', [json(DOCUMENT), '{"d": 4}', '$.c'], '1'],
  ['json_contains', [json(DOCUMENT), '1', '$.x'], null],
  ['json_contains_path', [DOCUMENT, 'one', '$.a', '$.e'], '1', 'bigint(1)'],
  ['json_contains_path', [DOCUMENT, 'all', '$.a', '$.e'], '0'],
  ['json_contains_path', [DOCUMENT, 'one', '$.c.d'], '1'],
  ['json_contains_path', [DOCUMENT, 'all', '$.x'], '0'],
  ['json_keys', ['{"a": 1, "b": {"c": 30}}'], '["a", "b"]'],
  ['json_keys', ['{"a": 1, "b": {"c": 30}}', '$.b'], '["c"]'],
  ['json_keys', ['[1]'], null],
  ['json_overlaps', ['[1,3,5,7]', '[2,5,7]'], '1'],
  ['json_overlaps', ['[[1,2],[3,4],5]', '[1,[2,3],[4,5]]'], '0'],
  ['json_overlaps', ['{"a":1,"b":10}', '{"c":1,"b":10}'], '1'],
  ['json_overlaps', ['[4,5,6,7]', '6'], '1'],
  ['member of', [17, '[23, "abc", 17, "ab", 10]'], '1', 'bigint(1)'],
  ['member of', ['17', '[23, "abc", 17, "ab", 10]'], '0'],
  ['member of', [json('[4,5]'), '[[3,4],[4,5]]'], '1'],
  ['json_search', ['["abc", [{"k": "10"}, "def"], {"x":"abc"}]', 'one', 'abc'], '"$[0]"'],
  ['json_search', ['["abc", [{"k": "10"}, "def"], {"x":"abc"}]', 'all', 'abc'], '["$[0]", "$[2].x"]'],
  ['json_search', ['["abc", [{"k": "10"}, "def"], {"x":"abc"}]', 'all', 'ghi'], null],
  [
    'json_search',
    ['["abc", [{"k": "10"}, "def"], {"x":"abc"}]', 'all', '10', null, '$[*][0].k'],
    '"$[1][0].k"',
  ],
  ['json_search', ['["abc", "a%c"]', 'all', 'a|%c', '|'], '"$[1]"'],
  ['json_value', ['{"fname": "Joe", "lname": "Palmer"}', '$.fname'], 'Joe', 'varchar(512)'],
  ['json_value', ['{"a": 1.5}', '$.a'], '1.5'],
  ['json_value', ['{"a": [1]}', '$.a'], '[1]'],
  ['json_value', ['{"a": null}', '$.a'], null],
  [
    'json_value',
    ['{"item": "shoes", "price": "49.95"}', '$.price', { type: decimalType(4, 2), value: null }],
    '49.95',
    'decimal(4,2)',
  ],
  [
    'json_value',
    ['{"a": "x"}', '$.a', { type: BIGINT_TYPE, value: null }, 'null', null, 'default', -1],
    '-1',
    'bigint(21)',
  ],
  [
    'json_value',
    ['{"a": "x"}', '$.b', { type: textType(5, 'utf8mb4_bin'), value: null }, 'default', 'none'],
    'none',
  ],
  ['json_value', ['{"a": [1]}', '$.a', { type: JSON_TYPE, value: null }], '[1]'],
]

const MODIFICATION: Case[] = [
  [
    'json_set',
    ['{"a": 1, "b": [2, 3]}', '$.a', 10, '$.c', '[true, false]'],
    '{"a": 10, "b": [2, 3], "c": "[true, false]"}',
    JSON_RESULT,
  ],
  [
    'json_insert',
    ['{"a": 1, "b": [2, 3]}', '$.a', 10, '$.c', '[true, false]'],
    '{"a": 1, "b": [2, 3], "c": "[true, false]"}',
  ],
  ['json_replace', ['{"a": 1, "b": [2, 3]}', '$.a', 10, '$.c', '[true, false]'], '{"a": 10, "b": [2, 3]}'],
  ['json_set', ['[1]', '$[5]', null], '[1, null]'],
  ['json_set', ['[1]', null, 2], null],
  ['json_remove', ['["a", ["b", "c"], "d"]', '$[1]'], '["a", "d"]'],
  ['json_array_append', ['["a", ["b", "c"], "d"]', '$[1]', 1], '["a", ["b", "c", 1], "d"]'],
  ['json_array_append', ['{"a": 1}', '$', 'z'], '[{"a": 1}, "z"]'],
  ['json_array_insert', ['["a", {"b": [1, 2]}, [3, 4]]', '$[1]', 'x'], '["a", "x", {"b": [1, 2]}, [3, 4]]'],
  ['json_array_insert', ['["a", {"b": [1, 2]}, [3, 4]]', '$[100]', 'x'], '["a", {"b": [1, 2]}, [3, 4], "x"]'],
  ['json_merge_preserve', ['[1, 2]', '[true, false]'], '[1, 2, true, false]'],
  [
    'json_merge_preserve',
    ['{ "a": 1, "b": 2 }', '{ "a": 3, "c": 4 }', '{ "a": 5 }'],
    '{"a": [1, 3, 5], "b": 2, "c": 4}',
  ],
  ['json_merge_preserve', ['1', null], null],
  ['json_merge_patch', ['{"a":1, "b":2}', '{"b":null}'], '{"a": 1}'],
  [
    'json_merge_patch',
    ['{ "a": 1, "b": 2 }', '{ "a": 3, "c":4 }', '{ "a": 5, "d":6 }'],
    '{"a": 5, "b": 2, "c": 4, "d": 6}',
  ],
  ['json_merge_patch', ['{"a": 1}', null], null],
  ['json_merge_patch', [null, '[1]'], '[1]'],
]

const ATTRIBUTES: Case[] = [
  ['json_depth', ['[10, {"a": 20}]'], '3', 'bigint(21)'],
  ['json_depth', ['[]'], '1'],
  ['json_length', ['{"a": 1, "b": {"c": 30}}'], '2'],
  ['json_length', ['{"a": 1, "b": {"c": 30}}', '$.b'], '1'],
  ['json_length', ['1'], '1'],
  ['json_length', ['{"a": 1}', '$.x'], null],
  ['json_type', ['{"a": [10, true]}'], 'OBJECT'],
  ['json_type', [json('18446744073709551615')], 'UNSIGNED INTEGER'],
  ['json_type', ['1.5'], 'DOUBLE'],
  ['json_type', [json('null')], 'NULL'],
  ['json_type', ['true'], 'BOOLEAN'],
  ['json_valid', ['{"a": 1}'], '1', 'bigint(1)'],
  ['json_valid', ['hello'], '0'],
  ['json_valid', [1], '0'],
  ['json_valid', [null], null],
  ['json_storage_size', ['{"a": 1000, "b": "wxyz", "c": "[1, 3, 5, 7]"}'], '47'],
  ['json_storage_size', ['{"a": 1000, "b": "a", "c": "[1, 3, 5, 7]"}'], '44'],
  ['json_storage_size', ['[100, "json", [[10, 20, 30], 3, 5], 425.05]'], '56'],
  ['json_storage_free', [json('{}')], '0'],
]

describe.each([
  ['creation', CREATION],
  ['search', SEARCH],
  ['modification', MODIFICATION],
  ['attributes', ATTRIBUTES],
])('JSON functions: %s', (_family, cases) => {
  test.each(tabulate(call, cases))('%s', (_title, actual, expected) => {
    expect(actual()).toEqual(expected)
  })
})

describe('errors', () => {
  test.each<[string, Case[1], string | RegExp]>([
    [
      'json_extract',
      ['{a}', '$'],
      /^Invalid JSON text in argument 1 to function json_extract: ".*" at position 1\.$/,
    ],
    [
      'json_extract',
      [1, '$'],
      /^Invalid data type for JSON data in argument 1 to function json_extract; a JSON string/,
    ],
    [
      'json_length',
      [Buffer.from('1')],
      "Cannot create a JSON value from a string with CHARACTER SET 'binary'.",
    ],
    [
      'json_extract',
      ['{}', 'a'],
      /^Invalid JSON path expression\. The error is around character position 1\.$/,
    ],
    ['json_set', ['{}', '$.*', 1], /may not contain the \* and \*\* tokens/],
    [
      'json_set',
      ['{}', '$.a', 1, '$.b'],
      "Incorrect parameter count in the call to native function 'json_set'",
    ],
    ['json_object', ['a'], "Incorrect parameter count in the call to native function 'json_object'"],
    ['json_object', [null, 1], 'JSON documents may not contain NULL member names.'],
    [
      'json_contains_path',
      ['{}', 'some', '$.a'],
      /json_contains_path is invalid: it must be 'one' or 'all'\.$/,
    ],
    ['json_search', ['{}', 'one', 'a', 'xy'], 'Incorrect arguments to ESCAPE'],
    ['json_quote', [1], 'Incorrect type for argument 1 in function json_quote.'],
    [
      'json_value',
      ['{}', '$.a', { type: BIGINT_TYPE, value: null }, 'error'],
      /No value was found by 'json_value'/,
    ],
  ])('%s(%j)', (name, args, message) => {
    expect(() => call(name, args)).toThrow(message)
  })
})
