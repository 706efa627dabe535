/**
 * Reads the tables that `generate.mjs` makes: a 16-bit entry for every code point, kept in pages of which equal ones
 * are stored once.
 *
 * Layout before compression, in 16-bit words: the number of index words, pages and lists; the index (code point / 128
 * → page); the pages' entries, each as the difference to the entry before it; the lengths of the lists; the lists.
 * The low bytes of all words come first, then the high bytes. What an entry means is up to the reader; in weight
 * tables `LIST_FLAG | n` stands for list n.
 */
import { inflateRawSync } from 'node:zlib'

const PAGE_BITS = 7
const PAGE_SIZE = 1 << PAGE_BITS

/** In weight tables: entries from here on are no weights, but stand for a list of them. */
export const LIST_FLAG = 0x8000

export class CodePointTable {
  private readonly pageStarts: Uint32Array
  private readonly entries: Uint16Array
  /** All lists after one another; list n is `lists.subarray(listStarts[n], listStarts[n + 1])`. */
  readonly lists: Uint16Array
  readonly listStarts: Uint32Array

  constructor(packed: string) {
    const words = unpackWords(packed)
    const [indexLength = 0, pageCount = 0, listCount = 0] = words
    const pagesStart = 3 + indexLength
    const lengthsStart = pagesStart + pageCount * PAGE_SIZE
    this.pageStarts = Uint32Array.from(words.subarray(3, pagesStart), (page) => page * PAGE_SIZE)
    this.entries = runningSums(words.subarray(pagesStart, lengthsStart))
    this.listStarts = startsOf(words.subarray(lengthsStart, lengthsStart + listCount))
    this.lists = words.slice(lengthsStart + listCount)
  }

  /** One more than the greatest code point that the table covers. */
  get limit(): number {
    return this.pageStarts.length * PAGE_SIZE
  }

  /** The entry of a code point below `limit`. */
  at(codePoint: number): number {
    return this.entries[
      (this.pageStarts[codePoint >> PAGE_BITS] as number) + (codePoint & (PAGE_SIZE - 1))
    ] as number
  }
}

function unpackWords(packed: string): Uint16Array {
  const bytes = inflateRawSync(Buffer.from(packed, 'base64'))
  const count = bytes.length / 2
  const words = new Uint16Array(count)
  for (let i = 0; i < count; i++) words[i] = (bytes[i] as number) | ((bytes[count + i] as number) << 8)
  return words
}

function runningSums(differences: Uint16Array): Uint16Array {
  const sums = new Uint16Array(differences.length)
  let sum = 0
  for (let i = 0; i < differences.length; i++) sums[i] = sum = (sum + (differences[i] as number)) & 0xffff
  return sums
}

function startsOf(lengths: Uint16Array): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1)
  for (let i = 0; i < lengths.length; i++) starts[i + 1] = (starts[i] as number) + (lengths[i] as number)
  return starts
}
