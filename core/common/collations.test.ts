/**
 * Goal: collations keep their promises to each other (`compare`, `hashKey` and `sortKey` agree; sort keys end
 * themselves), and those that only MySQL has follow its documented rules.
 * Method: every collation compares all pairs of a set of strings in which each is special to some collation; the
 * `_0900_` ones are checked against the examples of the MySQL manual and of UCA 9.0.0's table.
 */
import type { Collation } from './collation.js'
import {
  allCollations,
  binaryCollationOf,
  charsetOfCollation,
  collationById,
  collationByName,
  defaultCollationOf,
  requireCollation,
} from './collations.js'
import { allCharsets, requireCharset } from './charsets.js'

const SPECIAL_TEXTS = [
  '',
  ' ',
  '  ',
  '\t',
  '\0',
  '\u0001',
  'a',
  'A',
  'a ',
  'a\t',
  'a \t',
  'a  \t',
  'a\0',
  'a !',
  'a  !',
  'a b',
  'a  b',
  'a\u00a0',
  'ab',
  'aB',
  'a\u0001B',
  'Ab\u0001',
  'a-b',
  'é',
  'e',
  'e\u0301',
  'É',
  'Éa',
  'ea',
  'éa',
  'eb',
  'ß',
  'ss',
  's',
  'SS',
  'ﬀ',
  'ff',
  'Å',
  '\u212b',
  'K',
  '\u212a',
  'ø',
  'o',
  'ÿ',
  'Ÿ',
  'ǅ',
  'dž',
  'ж',
  'Ж',
  'カ',
  'か',
  'ガ',
  'カ\u3099',
  '中',
  '㐀',
  '\u{20000}',
  '각',
  '\u1100\u1161\u11a8',
  '가',
  '\u{17000}',
  '\u{18aff}',
  '\ufdfa',
  '\uf900',
  '豈',
  '\uffff',
  '\ufffd',
  '\ue000',
  '😀',
  '😁',
  '😀a',
  '𐐀',
  '𐐨',
  '~',
  '\x7f',
  '[',
  '\\',
  'Ä',
  'ä',
  'zz',
]

function textsOf(collation: Collation): string[] {
  return SPECIAL_TEXTS.filter((text) => collation.charset.canEncode(text))
}

function sortKey(collation: Collation, text: string): Uint8Array {
  const target = new Uint8Array(collation.sortKeyBytesMax(text.length) + 3)
  const end = collation.writeSortKey(text, target, 3)
  return target.subarray(3, end)
}

function isBeginning(head: Uint8Array, whole: Uint8Array): boolean {
  return head.length < whole.length && Buffer.compare(head, whole.subarray(0, head.length)) === 0
}

describe.each(allCollations().map((collation) => [collation.name, collation] as const))(
  '%s',
  (_, collation) => {
    const texts = textsOf(collation)

    test('compare, hash keys and sort keys agree for all pairs', () => {
      const disagreements: string[] = []
      for (const a of texts) {
        for (const b of texts) {
          const order = Math.sign(collation.compare(a, b))
          const keyOrder = Buffer.compare(sortKey(collation, a), sortKey(collation, b))
          const hashesEqual = collation.hashKey(a) === collation.hashKey(b)
          if (
            order !== keyOrder ||
            hashesEqual !== (order === 0) ||
            order !== -Math.sign(collation.compare(b, a))
          ) {
            disagreements.push(JSON.stringify({ a, b, order, keyOrder, hashesEqual }))
          }
        }
      }
      expect(disagreements).toEqual([])
    })

    test('no sort key is the beginning of another, and all fit their bound', () => {
      const keys = texts.map((text) => sortKey(collation, text))
      keys.forEach((key, i) => {
        expect(key.length).toBeLessThanOrEqual(collation.sortKeyBytesMax((texts[i] ?? '').length))
      })
      const beginnings = keys.filter((key) => keys.some((other) => isBeginning(key, other)))
      expect(beginnings).toEqual([])
    })

    test('the sort keys of two columns order as the columns do', () => {
      const few = texts.filter((text) => text.length <= 2).slice(0, 14)
      const rows = few.flatMap((first) => few.map((second) => [first, second] as const))
      const keys = rows.map((row) => Buffer.concat(row.map((text) => sortKey(collation, text))))
      const compareRows = (i: number, j: number) =>
        collation.compare(rows[i]?.[0] ?? '', rows[j]?.[0] ?? '') ||
        collation.compare(rows[i]?.[1] ?? '', rows[j]?.[1] ?? '')
      const disagreements = rows.flatMap((_row, i) =>
        rows.flatMap((__row, j) => {
          const keyOrder = Buffer.compare(keys[i] ?? Buffer.alloc(0), keys[j] ?? Buffer.alloc(0))
          return keyOrder === Math.sign(compareRows(i, j)) ? [] : [[rows[i], rows[j]]]
        }),
      )
      expect(disagreements).toEqual([])
    })

    test('the order is transitive', () => {
      const sorted = [...texts].sort((a, b) => collation.compare(a, b))
      const disagreements = sorted.flatMap((text, i) =>
        sorted.slice(0, i).filter((earlier) => collation.compare(text, earlier) < 0),
      )
      expect(disagreements).toEqual([])
    })

    test('a text that is its own canonical form is its own hash key', () => {
      const text = 'plain text 42'
      expect(collation.hashKey(text)).toBe(text)
    })

    test('trailing spaces count only with NO PAD', () => {
      expect(collation.compare('a', 'a ') === 0).toBe(collation.padAttribute === 'PAD SPACE')
      // '\t' is lower than the space that is put after 'a'; without padding the longer string is the greater one.
      expect(Math.sign(collation.compare('a\t', 'a'))).toBe(collation.padAttribute === 'PAD SPACE' ? -1 : 1)
    })

    test('it finds itself by name and id', () => {
      expect(collationByName(collation.name.toUpperCase())).toBe(collation)
      expect(collationById(collation.id)).toBe(collation)
    })
  },
)

describe('utf8mb4_0900_*', () => {
  const aiCi = requireCollation('utf8mb4_0900_ai_ci')
  const asCi = requireCollation('utf8mb4_0900_as_ci')
  const asCs = requireCollation('utf8mb4_0900_as_cs')

  /** Columns: two strings, and the sign of their comparison by _ai_ci, _as_ci and _as_cs. */
  test.each([
    ['a', 'A', 0, 0, -1],
    ['a', 'á', 0, -1, -1],
    ['á', 'Á', 0, 0, -1],
    ['e\u0301', 'é', 0, 0, 0],
    ['ß', 'ss', 0, 1, 1],
    ['æ', 'ae', 0, 1, 1],
    ['œ', 'oe', 0, 1, 1],
    ['\u212b', 'Å', 0, 0, 0],
    ['カ', 'か', 0, 0, 1],
    ['ガ', 'か', 0, 1, 1],
    ['a', 'a ', -1, -1, -1],
    ['ab', 'a-b', 1, 1, 1],
    ['co-op', 'coop', -1, -1, -1],
    ['a\u0001b', 'ab', 0, 0, 0],
    ['각', '\u1100\u1161\u11a8', 0, 0, 1],
    // An accent counts only if all letters are equal, and a case only if all accents are.
    ['áa', 'ab', -1, -1, -1],
    ['Áa', 'ab', -1, -1, -1],
    ['Aá', 'aÁ', 0, 0, 1],
    ['Ab', 'aB', 0, 0, 1],
    // Computed weights: ideographs by code point, those of the extensions after them, unassigned ones last.
    ['中', '丠', 1, 1, 1],
    ['\u9fd5', '㐀', -1, -1, -1],
    ['\u{20000}', '\u{e000}', -1, -1, -1],
    ['\u{17000}', '一', -1, -1, -1],
    ['z', '中', -1, -1, -1],
    ['😀', '😁', -1, -1, -1],
    ['1', '①', 0, 0, -1],
    ['ℌ', 'H', 0, 0, 1],
  ])('%j and %j', (a, b, ai, as, cs) => {
    expect([aiCi, asCi, asCs].map((collation) => Math.sign(collation.compare(a, b)))).toEqual([ai, as, cs])
  })

  test('weights of characters, as the collation element table has them', () => {
    const hex = (collation: Collation, text: string) =>
      Buffer.from(collation.weightString(text)).toString('hex')
    expect(hex(aiCi, 'a')).toBe('1c47')
    expect(hex(aiCi, 'é')).toBe('1caa')
    expect(hex(asCi, 'é')).toBe('1caa000000200024')
    expect(hex(asCs, 'Aé')).toBe('1c471caa00000020002000240000000800020002')
    expect(hex(aiCi, '中')).toBe('fb40ce2d')
    expect(hex(aiCi, '㐀')).toBe('fb80b400')
    expect(hex(aiCi, '\u{17001}')).toBe('fb008001')
    expect(hex(aiCi, '\u{10ffff}')).toBe('fbe1ffff')
    expect(hex(asCs, '각')).toBe('3bf53c733cd100000020002000200000000300030003')
  })

  test('a character keeps eight elements at most', () => {
    expect(aiCi.weightString('\ufdfa')).toHaveLength(16)
  })

  test('case mapping is simple and that of Unicode 9.0', () => {
    expect(aiCi.toUpperCase('straße ǆ ﬀ ꭰ')).toBe('STRAßE Ǆ ﬀ Ꭰ')
    expect(aiCi.toLowerCase('İΣ ẞ Ꭰ')).toBe('iσ ß ꭰ')
    // Georgian got its capitals in Unicode 11.
    expect(aiCi.toUpperCase('ა')).toBe('ა')
    expect(aiCi.toUpperCase('𐐨')).toBe('𐐀')
  })
})

describe('other collations', () => {
  test('general_ci: one character is one weight, and all emoji are equal', () => {
    const general = requireCollation('utf8mb4_general_ci')
    expect(general.compare('ß', 's')).toBe(0)
    expect(general.compare('ß', 'ss')).not.toBe(0)
    expect(general.compare('😀', '🎉')).toBe(0)
    expect(general.compare('É', 'e')).toBe(0)
    expect(general.compare('Ы', 'ы')).toBe(0)
  })

  test('_bin orders by code point, also beyond the BMP', () => {
    for (const name of ['utf8mb4_bin', 'utf8mb4_0900_bin']) {
      expect(requireCollation(name).compare('😀', '\uffff')).toBeGreaterThan(0)
      expect(requireCollation(name).compare('a', 'A')).toBeGreaterThan(0)
    }
  })

  test('latin1_bin orders by bytes', () => {
    expect(requireCollation('latin1_bin').compare('€', 'À')).toBeLessThan(0)
  })

  test('latin1_swedish_ci: Å, Ä and Ö follow Z, Ü is Y', () => {
    const swedish = requireCollation('latin1_swedish_ci')
    const letters = ['Ö', 'Ä', 'Z', 'A', 'Å']
    expect(letters.sort((a, b) => swedish.compare(a, b))).toEqual(['A', 'Z', 'Å', 'Ä', 'Ö'])
    expect(swedish.compare('ü', 'Y')).toBe(0)
  })

  test('binary strings have no case', () => {
    expect(requireCollation('binary').toUpperCase('aé')).toBe('aé')
  })
})

describe('LIKE', () => {
  const like = (name: string, text: string, pattern: string, escape = '\\') => {
    const { matches, matchesAscii } = requireCollation(name).likePattern(pattern, escape)
    const bytes = Buffer.from(`>${text}<`)
    const ofBytes = matchesAscii(bytes, 1, bytes.length - 1)
    expect(ofBytes).toBe(/^[\0-\x7f]*$/.test(text) ? matches(text) : undefined)
    return matches(text)
  }

  test.each([
    ['', '', true],
    ['', '%', true],
    ['', '_', false],
    ['abc', 'ABC', true],
    ['abc', 'ab', false],
    ['abc', 'a%', true],
    ['abc', '%c', true],
    ['abc', '%B%', true],
    ['abc', 'a_c', true],
    ['abc', '_', false],
    ['abc', '___', true],
    ['abc', '%____%', false],
    ['aXbXc', 'a%X%c', true],
    ['aab', '%ab', true],
    ['aXa', 'a%a%a', false],
    ['ab', 'ab%ab', false],
    ['abab', 'ab%ab', true],
    ['mississippi', '%iss%ip%i', true],
    ['mississippi', '%issip%ssi%', false],
    ['100%', '100\\%', true],
    ['1000', '100\\%', false],
    ['a_b', 'a\\_b', true],
    ['a\\', 'a\\', true],
    ['a\\b', 'a\\\\b', true],
    ['é', 'e', true],
    ['ß', 'ss', false],
    ['😀b', '_b', true],
    ['a😀', 'a_', true],
    ['a😀', 'a__', false],
    ['x😀', '%😀', true],
    ['a ', 'a', false],
    ['a', 'a ', false],
  ])('%j LIKE %j is %s', (text, pattern, expected) => {
    expect(like('utf8mb4_0900_ai_ci', text, pattern)).toBe(expected)
  })

  test('an escape can be any character or none', () => {
    expect(like('utf8mb4_0900_ai_ci', 'a%', 'a|%', '|')).toBe(true)
    expect(like('utf8mb4_0900_ai_ci', 'ab', 'a|%', '|')).toBe(false)
    expect(like('utf8mb4_0900_ai_ci', 'a\\b', 'a\\%', '')).toBe(true)
    expect(like('utf8mb4_0900_ai_ci', 'a%', 'a😀%', '😀')).toBe(true)
  })

  test('case and accents count where the collation says so', () => {
    expect(like('utf8mb4_0900_as_ci', 'É', 'é')).toBe(true)
    expect(like('utf8mb4_0900_as_ci', 'é', 'e')).toBe(false)
    expect(like('utf8mb4_0900_as_cs', 'É', 'é')).toBe(false)
    expect(like('utf8mb4_bin', 'xABCx', '%ABC%')).toBe(true)
    expect(like('utf8mb4_bin', 'xABCx', '%aBC%')).toBe(false)
    expect(like('utf8mb4_bin', 'aba', 'ab%ba')).toBe(false)
  })

  test('a pattern of many wildcards takes no exponential time', () => {
    const text = 'a'.repeat(2000)
    expect(like('utf8mb4_0900_ai_ci', text, `${'%a'.repeat(50)}b`)).toBe(false)
  })
})

describe('indexOf', () => {
  const aiCi = requireCollation('utf8mb4_0900_ai_ci')

  test.each([
    ['foobar', 'BAR', 0, 3],
    ['foobar', 'x', 0, -1],
    ['foobar', '', 2, 2],
    ['foobar', '', 6, 6],
    ['foobar', '', 7, -1],
    ['abab', 'ab', 1, 2],
    ['😀é', 'É', 0, 2],
    // A match has as many bytes as what is looked for.
    ['xé', 'e', 0, -1],
    ['xß', 'ss', 0, 1],
    ['a ', 'a', 0, 0],
    ['a', 'a ', 0, -1],
  ])('%j in %j from %i', (haystack, needle, from, expected) => {
    expect(aiCi.indexOf(haystack, needle, from)).toBe(expected)
  })
})

describe('the registry', () => {
  test('every character set has its default and its binary collation', () => {
    for (const charset of allCharsets()) {
      expect(defaultCollationOf(charset).isDefault).toBe(true)
      expect(defaultCollationOf(charset).charset).toBe(charset)
      expect(binaryCollationOf(charset).isBinary).toBe(true)
      expect(
        allCollations().filter((collation) => collation.charset === charset && collation.isDefault),
      ).toHaveLength(1)
    }
  })

  test('names of before 8.0.30 are understood, unknown ones are not', () => {
    expect(collationByName('utf8_general_ci')?.name).toBe('utf8mb3_general_ci')
    expect(collationByName('utf8mb4_klingon_ci')).toBeUndefined()
    expect(() => requireCollation('utf8mb4_klingon_ci')).toThrow(
      expect.objectContaining({ number: 1273, message: "Unknown collation: 'utf8mb4_klingon_ci'" }),
    )
    expect(charsetOfCollation('utf8mb4_bin')).toBe(requireCharset('utf8mb4'))
  })
})
