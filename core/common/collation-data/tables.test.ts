/**
 * Goal: the packed tables hold Unicode's data, and never change unnoticed.
 * Method: a digest of all weights for each version; and, where the original of UCA 9.0.0 is installed (Debian's
 * python3-pyuca), a comparison with every line of it. The older tables are checked against MariaDB's.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describeWithFile } from '../../../test/support/system-packages.js'
import { requireCollation } from '../collations.js'

/** If weights are meant to change, raise WEIGHTS_VERSION in `collations.ts`, and put the new digest here. */
const DIGESTS: Readonly<Record<string, readonly [version: number, digest: string]>> = {
  utf8mb4_general_ci: [1, 'd9f1c8d0cfcda62f'],
  utf8mb4_unicode_ci: [1, '7985ff5e403765a7'],
  utf8mb4_unicode_520_ci: [1, '651dab85a8616b2e'],
  utf8mb4_0900_as_cs: [1, '9bc63621defd1434'],
}

function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff
}

test.each(Object.entries(DIGESTS))('%s has the keys of its version', (name, [version, digest]) => {
  const collation = requireCollation(name)
  const key = new Uint8Array(collation.sortKeyBytesMax(2))
  const hash = createHash('sha256')
  for (let codePoint = 0; codePoint < 0x30000; codePoint++) {
    if (isSurrogate(codePoint)) continue
    hash.update(key.subarray(0, collation.writeSortKey(String.fromCodePoint(codePoint), key, 0)))
  }
  expect([collation.version, hash.digest('hex').slice(0, 16)]).toEqual([version, digest])
})

const UCA_900 = '/usr/lib/python3/dist-packages/pyuca/allkeys-9.0.0.txt'

describeWithFile(UCA_900, 'the collation element table of UCA 9.0.0', () => {
  test('utf8mb4_0900_as_cs has its weights', () => {
    const collation = requireCollation('utf8mb4_0900_as_cs')
    const entries = readFileSync(UCA_900, 'latin1').matchAll(/^([0-9A-F]{4,6})\s+;\s+(\S+)/gm)
    const wrong: string[] = []
    let count = 0
    for (const [, codePoint = '', elements = ''] of entries) {
      count++
      const actual = Buffer.from(
        collation.weightString(String.fromCodePoint(parseInt(codePoint, 16))),
      ).toString('hex')
      if (actual.toUpperCase() !== weightStringOf(elements)) wrong.push(codePoint)
    }
    expect(count).toBeGreaterThan(29_000)
    expect(wrong).toEqual([])
  })
})

/** `[.1C47.0020.0008]…` level by level, without zeros, eight elements at most. */
function weightStringOf(elements: string): string {
  const weights = Array.from(elements.matchAll(/\[[.*](\w+)\.(\w+)\.(\w+)\]/g)).slice(0, 8)
  return [1, 2, 3]
    .map((level) => weights.map((element) => element[level] ?? '').filter((weight) => weight !== '0000'))
    .map((level) => level.join(''))
    .join('0000')
}
