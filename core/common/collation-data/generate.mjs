/**
 * Makes the tables of this folder from Unicode's published data. Run it again only to change the weights, and then
 * raise `WEIGHTS_VERSION` in `collations.ts`, because indexes keep keys made of them.
 *
 *     node generate.mjs --uca400 allkeys400.txt --uca520 allkeys520.txt --uca900 allkeys-9.0.0.txt \
 *       --unicode300 DIR --unicode520 DIR --unicode900 DIR
 *
 * The first three are the Default Unicode Collation Element Tables of UCA 4.0.0, 5.2.0 and 9.0.0. Debian has them in
 * `mariadb-test-data` (std_data/unicode) and `python3-pyuca`. The folders are the unpacked npm packages
 * `@unicode/unicode-3.0.0`, `-5.2.0` and `-9.0.0`: of the Unicode Character Database only the simple case mappings
 * are used.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { deflateRawSync } from 'node:zlib'

const HERE = dirname(fileURLToPath(import.meta.url))
const PAGE_SIZE = 128
const CODE_POINTS = 0x110000
/** MySQL keeps at most eight collation elements of a character. */
const ELEMENTS_MAX = 8
/** Entry of a code point whose weights are computed. */
const IMPLICIT = 0xffff
/** Entries from here to IMPLICIT are the index of a list of weights. */
const LIST_FLAG = 0x8000

const { values: options } = parseArgs({
  options: Object.fromEntries(
    ['uca400', 'uca520', 'uca900', 'unicode300', 'unicode520', 'unicode900'].map((name) => [
      name,
      { type: 'string' },
    ]),
  ),
})

/** Code point → list of [primary, secondary, tertiary]. MySQL leaves the table's contractions out, and so do we. */
function readElements(path) {
  const elements = new Map()
  for (const line of readFileSync(path, 'latin1').split('\n')) {
    const entry = /^([0-9A-F]{4,6})\s*;\s*((?:\[[^\]]*\])+)/.exec(line)
    if (entry === null) continue
    const list = [...entry[2].matchAll(/\[[.*]([0-9A-F]+)\.([0-9A-F]+)\.([0-9A-F]+)/g)]
    elements.set(
      parseInt(entry[1], 16),
      list.map((match) => match.slice(1, 4).map((hex) => parseInt(hex, 16))),
    )
  }
  return elements
}

/** One level of a weight table: for each code point its non-zero weights, as entries and lists. */
function weightLevel(elements, level, codePointMax) {
  const entries = new Uint16Array(codePointMax + 1).fill(IMPLICIT)
  const lists = new Map()
  for (const [codePoint, all] of elements) {
    if (codePoint > codePointMax) continue
    const weights = all
      .slice(0, ELEMENTS_MAX)
      .map((element) => element[level])
      .filter((weight) => weight !== 0)
    entries[codePoint] = entryOf(weights, lists)
  }
  return { entries, lists: [...lists.values()] }
}

function entryOf(weights, lists) {
  if (weights.length === 0) return 0
  if (weights.length === 1 && weights[0] < LIST_FLAG) return weights[0]
  const key = weights.join()
  const known = lists.get(key)
  if (known !== undefined) return LIST_FLAG | known.ordinal
  const ordinal = lists.size
  if ((LIST_FLAG | ordinal) >= IMPLICIT) throw new Error('too many weight lists')
  lists.set(key, Object.assign([...weights], { ordinal }))
  return LIST_FLAG | ordinal
}

/** Splits a table into pages, each kept once. */
function paginate(entries) {
  const index = []
  const pages = []
  const known = new Map()
  for (let start = 0; start < entries.length; start += PAGE_SIZE) {
    const page = [...entries.subarray(start, start + PAGE_SIZE)]
    const key = page.join()
    if (!known.has(key)) {
      known.set(key, known.size)
      pages.push(...page)
    }
    index.push(known.get(key))
  }
  return { index, pages, pageCount: known.size }
}

/** The layout that `code-point-table.ts` reads: see there. */
function pack({ entries, lists }) {
  const { index, pages, pageCount } = paginate(entries)
  const words = [index.length, pageCount, lists.length, ...index]
  let previous = 0
  for (const entry of pages) {
    words.push((entry - previous) & 0xffff)
    previous = entry
  }
  words.push(...lists.map((list) => list.length), ...lists.flat())
  const bytes = new Uint8Array(words.length * 2)
  words.forEach((word, i) => {
    bytes[i] = word & 0xff
    bytes[words.length + i] = word >> 8
  })
  return deflateRawSync(bytes, { level: 9 }).toString('base64')
}

async function readMapping(folder, name) {
  const path = join(resolve(folder), 'Simple_Case_Mapping', name, 'code-points.mjs')
  return (await import(pathToFileURL(path).href)).default
}

/** A mapping of code points as differences modulo 2^16; no simple case mapping crosses the BMP's border. */
function differences(mapping) {
  const entries = new Uint16Array(CODE_POINTS)
  for (const [from, to] of mapping) {
    if (from >> 16 !== to >> 16) throw new Error(`mapping of ${from} leaves its plane`)
    entries[from] = (to - from) & 0xffff
  }
  return { entries, lists: [] }
}

/**
 * The weights of `utf8mb4_general_ci`: a character of the BMP weighs what its upper case in Unicode 3.0 weighs, and
 * that is the capital of its base letter if its canonical decomposition starts with a Latin, Greek or Cyrillic one. A
 * character that is merely another's duplicate (such as the Kelvin sign) keeps its own weight, and two letters are
 * exceptions: the sharp s weighs as S, and the short I of Cyrillic is a letter of its own.
 * Normalization is taken from JavaScript; Unicode guarantees that it never changes for an assigned character.
 */
function generalWeights(upper) {
  const weights = new Map([[0xdf, 0x53]])
  for (let codePoint = 0x80; codePoint <= 0xffff; codePoint++) {
    if (weights.has(codePoint) || (codePoint >= 0xd800 && codePoint <= 0xdfff)) continue
    const capital = upper.get(codePoint) ?? codePoint
    const base = baseLetter(capital)
    const weight = upper.get(base) ?? base
    if (weight !== codePoint) weights.set(codePoint, weight)
  }
  for (let letter = 0x61; letter <= 0x7a; letter++) weights.set(letter, letter - 0x20)
  return weights
}

function baseLetter(capital) {
  const text = String.fromCodePoint(capital)
  if (capital === 0x419 || text.normalize('NFC') !== text) return capital
  const base = text.normalize('NFD').codePointAt(0)
  return /(?=\p{Letter})[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u.test(
    String.fromCodePoint(base),
  )
    ? base
    : capital
}

function write(name, source, tables) {
  const constants = tables.map(({ constant, comment, value }) =>
    typeof value === 'string'
      ? `/** ${comment} */\nexport const ${constant}: string = \`\n${value.match(/.{1,108}/g).join('\n')}\n\``
      : `/** ${comment} */\n// prettier-ignore\nexport const ${constant}: readonly number[] = [\n${rows(value)}\n]`,
  )
  const head = `/** Made by generate.mjs from ${source}; see code-point-table.ts for the layout. */\n`
  writeFileSync(join(HERE, name), head + constants.join('\n\n') + '\n')
}

function rows(numbers) {
  const lines = []
  for (let i = 0; i < numbers.length; i += 16) lines.push(`  ${numbers.slice(i, i + 16).join(', ')},`)
  return lines.join('\n')
}

function asciiPrimaries(elements) {
  return Array.from({ length: 128 }, (_, codePoint) => elements.get(codePoint)[0][0])
}

function writePrimaries(version, path, codePointMax, drop = []) {
  const elements = readElements(path)
  const ascii = asciiPrimaries(elements)
  for (const codePoint of drop) elements.delete(codePoint)
  write(`uca-${version}-primary.ts`, `the collation element table of UCA ${version.split('').join('.')}`, [
    { constant: `UCA_${version}_ASCII`, comment: 'Primary weights of U+0000 to U+007F.', value: ascii },
    {
      constant: `UCA_${version}_PRIMARY`,
      comment: 'Primary weights.',
      value: pack(weightLevel(elements, 0, codePointMax)),
    },
  ])
  return elements
}

// MySQL's table for UCA 4.0.0 covers the BMP, and leaves out U+FDFA, which has 18 elements.
writePrimaries('400', options.uca400, 0xffff, [0xfdfa])
writePrimaries('520', options.uca520, CODE_POINTS - 1)
const elements900 = writePrimaries('900', options.uca900, CODE_POINTS - 1)
write('uca-900-lower-levels.ts', 'the collation element table of UCA 9.0.0', [
  {
    constant: 'UCA_900_SECONDARY',
    comment: 'Secondary weights.',
    value: pack(weightLevel(elements900, 1, CODE_POINTS - 1)),
  },
  {
    constant: 'UCA_900_TERTIARY',
    comment: 'Tertiary weights.',
    value: pack(weightLevel(elements900, 2, CODE_POINTS - 1)),
  },
])

const unicodeVersions = { 300: options.unicode300, 520: options.unicode520, 900: options.unicode900 }
const caseTables = []
for (const [version, folder] of Object.entries(unicodeVersions)) {
  for (const direction of ['Uppercase', 'Lowercase']) {
    caseTables.push({
      constant: `UNICODE_${version}_${direction.toUpperCase()}`,
      comment: `Simple ${direction.toLowerCase()} mappings of Unicode ${version.split('').join('.')}, as differences.`,
      value: pack(differences(await readMapping(folder, direction))),
    })
  }
}
write('simple-case.ts', "the Unicode Character Database's simple case mappings", caseTables)
write('general-ci.ts', "Unicode 3.0.0's upper case mappings and canonical decompositions", [
  {
    constant: 'GENERAL_CI',
    comment: 'Weights of general_ci, as differences to the code point.',
    value: pack(differences(generalWeights(await readMapping(options.unicode300, 'Uppercase')))),
  },
])
