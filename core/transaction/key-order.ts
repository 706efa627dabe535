/**
 * The order over the entries of one keyspace in an overlay: references in blocks of bounded size.
 */

/** A reference is `chunk * CHUNK_SPAN + offset`: a safe integer, and a small one in the first chunk. */
export const CHUNK_SPAN = 0x80000000
export const NO_REFERENCE = -1

const BLOCK_ENTRIES_MAX = 512

/** What an order asks its overlay for. */
export interface OrderedEntries {
  /** Order of a key and the key of an entry. */
  compareTo(key: Uint8Array, keyStart: number, keyEnd: number, reference: number): number
}

/** Entries that stand side by side in the order. */
export class Block {
  constructor(
    readonly references: number[],
    /** What `prefixOf` says of their keys: a search looks at few of the entries themselves, which lie far apart in memory. */
    readonly prefixes: number[],
  ) {}
}

const PREFIX_BYTES = 6

/** The first bytes of a key as a number: of two keys with different ones the greater has the greater. */
function prefixOf(key: Uint8Array, start: number, end: number): number {
  const size = end - start
  let prefix = 0
  for (let i = 0; i < PREFIX_BYTES; i++) {
    prefix = prefix * 256 + (i < size ? (key[start + i] as number) : 0)
  }
  return prefix
}

/** References to the entries of one keyspace, ascending by key, one for each key. */
export class KeyOrder {
  readonly blocks: Block[] = [new Block([], [])]
  /** Places in the undo list of entries that the blocks don't have yet: the last ones of the keyspace. */
  readonly unordered: number[] = []
  /** Where `find` found the key, or where it belongs. */
  block = 0
  index = 0
  private prefix = 0

  find(entries: OrderedEntries, key: Uint8Array, keyStart: number, keyEnd: number): boolean {
    const blocks = this.blocks
    this.prefix = prefixOf(key, keyStart, keyEnd)
    let low = 0
    let high = blocks.length - 1
    // Ascending writes are common: look behind the end first.
    if (high > 0 && this.isBehind(entries, key, keyStart, keyEnd, blocks[high - 1] as Block)) low = high
    while (low < high) {
      const middle = (low + high) >>> 1
      const block = blocks[middle] as Block
      if (this.isBehind(entries, key, keyStart, keyEnd, block)) low = middle + 1
      else high = middle
    }
    this.block = low
    return this.findInBlock(entries, blocks[low] as Block, key, keyStart, keyEnd)
  }

  get isEmpty(): boolean {
    return this.unordered.length === 0 && this.blocks.length === 1 && this.blocks[0]?.references.length === 0
  }

  foundReference(): number {
    return (this.blocks[this.block] as Block).references[this.index] as number
  }

  replaceFound(reference: number): void {
    ;(this.blocks[this.block] as Block).references[this.index] = reference
  }

  /** Answers whether the order is empty now. */
  removeFound(): boolean {
    const { references, prefixes } = this.blocks[this.block] as Block
    references.splice(this.index, 1)
    prefixes.splice(this.index, 1)
    if (references.length > 0) return false
    if (this.blocks.length === 1) return true
    this.blocks.splice(this.block, 1)
    return false
  }

  /** Answers the reference that was there before, or NO_REFERENCE. */
  set(entries: OrderedEntries, key: Uint8Array, keyStart: number, keyEnd: number, reference: number): number {
    if (this.find(entries, key, keyStart, keyEnd)) {
      const replaced = this.foundReference()
      this.replaceFound(reference)
      return replaced
    }
    const block = this.blocks[this.block] as Block
    const { references, prefixes } = block
    if (this.index === references.length) {
      references.push(reference)
      prefixes.push(this.prefix)
    } else {
      references.splice(this.index, 0, reference)
      prefixes.splice(this.index, 0, this.prefix)
    }
    if (references.length > BLOCK_ENTRIES_MAX) this.split(block)
    return NO_REFERENCE
  }

  /** In the middle, but at the end of the order right behind it, so that ascending inserts fill blocks. */
  private split({ references, prefixes }: Block): void {
    const isLast = this.block === this.blocks.length - 1
    const at = isLast ? references.length - 1 : references.length >>> 1
    this.blocks.splice(this.block + 1, 0, new Block(references.splice(at), prefixes.splice(at)))
  }

  private isBehind(
    entries: OrderedEntries,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    block: Block,
  ): boolean {
    return this.compare(entries, key, keyStart, keyEnd, block, block.references.length - 1) > 0
  }

  /** Order of the key that is looked for and the one at a place. */
  private compare(
    entries: OrderedEntries,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    { references, prefixes }: Block,
    at: number,
  ): number {
    const difference = this.prefix - (prefixes[at] as number)
    return difference === 0 ? entries.compareTo(key, keyStart, keyEnd, references[at] as number) : difference
  }

  private findInBlock(
    entries: OrderedEntries,
    block: Block,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
  ): boolean {
    let low = 0
    let high = block.references.length
    // For the same reason.
    if (high > 0) {
      const atEnd = this.compare(entries, key, keyStart, keyEnd, block, high - 1)
      if (atEnd >= 0) {
        this.index = atEnd === 0 ? high - 1 : high
        return atEnd === 0
      }
      high--
    }
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = this.compare(entries, key, keyStart, keyEnd, block, middle)
      if (order === 0) {
        this.index = middle
        return true
      }
      if (order > 0) low = middle + 1
      else high = middle
    }
    this.index = low
    return false
  }
}
