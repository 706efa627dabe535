/**
 * Goal: every search ends in bounded time, with MySQL's errors where it would not; and our engine finds what JavaScript's finds
 * where both know the answer.
 *
 * Method: patterns that blow up backtracking engines; random patterns from a seed, matched by both engines; the cases in which
 * ICU and JavaScript differ, as ICU has them.
 */
import { testContext } from '../common/test-context.js'
import { parseMatchType, translatePattern } from './regular-expression.js'
import { RegularMachine } from './regular-expression-machine.js'
import { compileProgram } from './regular-expression-program.js'
import { RegularSearch } from './regular-expression-search.js'
import { differsFromIcu, parseTree } from './regular-expression-tree.js'

const SEED = 20240229

function contextWith(limits: { readonly time?: number; readonly stack?: number } = {}) {
  const { session } = testContext()
  const systemVariable = (name: string): number =>
    name === 'regexp_time_limit' ? (limits.time ?? 32) : (limits.stack ?? 8_000_000)
  return testContext({ context: { session: { ...session, systemVariable } } })
}

function searchFor(pattern: string, matchType = ''): RegularSearch {
  return new RegularSearch(translatePattern(pattern, parseMatchType(matchType, false, 'regexp_like')))
}

function groupsOf(
  pattern: string,
  text: string,
  matchType = '',
): readonly (string | undefined)[] | undefined {
  for (const match of searchFor(pattern, matchType).matchesFrom(text, 0, contextWith())) return match.groups
  return undefined
}

describe('patterns that take exponential time', () => {
  const text = `${'a'.repeat(5000)}!`
  test.each([
    '^(a+)+$',
    '^(a|aa)+$',
    '^(a|a?)+$',
    '(a*)*b',
    '(.*)(.*)(.*)(.*)(.*)[^a!]',
    '(?:a?){5000}b',
    '(?=(a+)+b)a',
    '(?<!(?:a|aa){1,30})b|(a|a)*c',
    '(a+)\\1+b',
    '^(?:(?:a{1,9}){1,9}){1,9}$',
  ])('%s', (pattern) => {
    const search = searchFor(pattern)
    const started = performance.now()
    const attempt = () => search.matches(text, contextWith())
    let answer: unknown
    try {
      answer = attempt()
    } catch (error) {
      answer = (error as { number?: number }).number
    }
    // A wrong answer would be true; how long it took is no matter of correctness, but a minute would be.
    expect([false, 3698, 3699]).toContain(answer)
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test('regexp_time_limit is the limit, 0 is none', () => {
    const pattern = searchFor('^(a+)+$')
    const short = `${'a'.repeat(18)}!`
    expect(() => pattern.matches(`${'a'.repeat(1000)}!`, contextWith())).toThrow(
      expect.objectContaining({ number: 3699 }),
    )
    expect(pattern.matches(short, contextWith({ time: 0 }))).toBe(false)
    expect(() => searchFor('^(a|b|ab)*c').matches('ab'.repeat(100_000), contextWith({ time: 1 }))).toThrow(
      expect.objectContaining({ number: 3699 }),
    )
  })

  test('regexp_stack_limit is the limit of what is left to try', () => {
    const long = 'ab'.repeat(10_000)
    expect(searchFor('^(?:a|b)*$').matches(long, contextWith())).toBe(true)
    expect(() => searchFor('^(?:a|b)*$').matches(long, contextWith({ stack: 10_000 }))).toThrow(
      expect.objectContaining({ number: 3698 }),
    )
  })

  test('patterns of linear work search texts of any length', () => {
    const long = `${'x'.repeat(3_000_000)}needle`
    expect(searchFor('needle').matches(long, contextWith())).toBe(true)
    expect(searchFor('^x*needle$').matches(long, contextWith())).toBe(true)
    expect(searchFor('[0-9]{3}').matches(long, contextWith())).toBe(false)
  })

  test('one evaluation has one limit, however many matches it looks for', () => {
    const search = searchFor('(?:a|aa)+?b')
    const count = () => [...search.matchesFrom('aaaaaaaaaaaaaac'.repeat(2000), 0, contextWith({ time: 1 }))]
    expect(count).toThrow(expect.objectContaining({ number: 3699 }))
  })
})

describe('where ICU and JavaScript differ', () => {
  test('a group keeps what it captured in an earlier round', () => {
    expect(groupsOf('(?:(a)|b)*', 'ab')).toEqual(['ab', 'a'])
  })

  test('a reference to a group that captured nothing matches nothing', () => {
    expect(groupsOf('(?:(a)|b)\\1', 'b')).toBeUndefined()
    expect(groupsOf('(?:(a)|b)\\1', 'aa')).toEqual(['aa', 'a'])
    expect(groupsOf('(a)\\1', 'aA', 'i')).toEqual(['aA', 'a'])
  })

  test('a look behind has a bound', () => {
    expect(() => searchFor('(?<=a+)b(c)*').matches('ab', contextWith())).toThrow(
      expect.objectContaining({ number: 3695 }),
    )
    expect(groupsOf('(?<=a{1,3})b(c)*', 'aabc')).toEqual(['bc', 'c'])
  })

  test('patterns that are nested too deeply are refused', () => {
    const deep = `${'('.repeat(300)}a${')'.repeat(300)}`
    expect(() => searchFor(deep)).toThrow(expect.objectContaining({ number: 3700 }))
  })
})

describe(`both engines, seed ${SEED}`, () => {
  let state = SEED
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const pick = (...list: readonly string[]): string => list[next(list.length)] as string

  function randomPattern(depth: number): string {
    switch (depth === 0 ? 0 : next(9)) {
      case 1:
        return `(${randomPattern(depth - 1)})`
      case 2:
        return `(?:${randomPattern(depth - 1)}|${randomPattern(depth - 1)})`
      case 3:
        return `(?:${randomPattern(depth - 1)})${pick('*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{1,}?')}`
      case 4:
        return `${pick('(?=', '(?!', '(?<=', '(?<!')}${pick('a', 'b', 'ab', '[^a]', 'é|a', '😀')})`
      case 5:
      case 6:
        return randomPattern(depth - 1) + randomPattern(depth - 1)
      case 7:
        return pick('^', '$', '\\b', 'a*', '[ab]+', '.*', '.{1,2}', '\\w+')
      default:
        return pick('a', 'b', 'B', '.', '[^b]', '\\n', 'é', '😀', 'ab', '\\d', '[a-z]')
    }
  }

  const randomText = (): string =>
    Array.from({ length: next(9) }, () => pick('a', 'b', 'A', '\n', 'é', '😀', '1')).join('')

  test('find the same', () => {
    let compared = 0
    const differences: unknown[] = []
    for (let round = 0; round < 6000; round++) {
      const pattern = randomPattern(4)
      const translated = translatePattern(
        pattern,
        parseMatchType(pick('', 'i', 'm', 'n'), false, 'regexp_like'),
      )
      const tree = parseTree(translated.source)
      if (differsFromIcu(tree)) continue
      const machine = new RegularMachine(
        compileProgram(tree, translated.flags),
        translated.flags.includes('i'),
      )
      for (let i = 0; i < 4; i++) {
        const text = randomText()
        const registers = machine.search(text, 0, { steps: 1e7, stackBytesMax: 1e7 })
        const match = new RegExp(translated.source, `${translated.flags}d`).exec(text)
        // V8 finds empty matches in the midst of a surrogate pair, against the specification.
        if (match !== null && (text.charCodeAt(match.index) & 0xfc00) === 0xdc00) continue
        const found =
          registers === undefined ? undefined : Array.from(registers.subarray(0, 2 * machine.groupCount))
        const wanted = match?.indices?.flatMap((range) => range ?? [-1, -1])
        // Comparing here is much faster than `expect` for each.
        if (String(found) !== String(wanted)) differences.push({ pattern, text, found, wanted })
        compared++
      }
    }
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(10_000)
  })
})
