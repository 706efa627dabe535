/**
 * Lookups and scans in leaves, in the cache or, if they aren't there, in LMDB. The bytes of entries are shown where they
 * lie, without a copy or an object for each.
 */
import type { EntryVisitor, KeyRange, RunVisitor } from '@switchyard/core/spi'
import type { Environment } from './environment.js'
import { compareBytes, Leaf, LEAF_BYTES_MAX } from './leaf.js'
import type { LeafCache } from './leaf-cache.js'
import { NO_FRAME, type LeafDirectory } from './leaf-directory.js'
import type { Base } from './layers.js'

const NOTHING = Buffer.alloc(0)

/** A leaf that is being read, in a frame of the cache or in memory of its own. */
class OpenLeaf extends Leaf {
  frame = NO_FRAME
  /** Where values are: in the leaf, but for a large one, which stays where LMDB has put it. */
  valueBytes: Buffer = NOTHING
  /** Whether its frame is pinned. */
  isHeld = false
  private own = new Uint16Array(LEAF_BYTES_MAX / 2)
  private ownBytes = Buffer.from(this.own.buffer)

  /** Shows an entry; answers what the visitor answers. */
  visitAt(at: number, visit: EntryVisitor): boolean {
    const { bytes, words, start } = this
    if (this.isLarge) {
      const valueStart = this.valueStart(0)
      return visit(bytes, this.keyStart(0), this.keyEnd(0), this.valueBytes, valueStart, this.valueEnd(0))
    }
    const place = this.tableAt + 2 * at
    return visit(
      bytes,
      start + (words[place] as number),
      start + (words[place + 2] as number),
      bytes,
      start + (words[place + 1] as number),
      start + (words[place + 3] as number),
    )
  }

  /** Copies the leaf that the view shows, or of a large one what is before its value. */
  takeAlong(): void {
    const { bytes, isLarge } = this
    const size = isLarge ? this.valueStart(0) : this.byteSize
    if (size > this.ownBytes.length) {
      this.own = new Uint16Array((size + 1) >>> 1)
      this.ownBytes = Buffer.from(this.own.buffer)
    }
    this.ownBytes.set(bytes.subarray(0, size))
    this.point(this.ownBytes, this.own, 0)
    this.valueBytes = isLarge ? bytes : this.ownBytes
  }
}

export class LeafReader {
  /** Leaves that no scan is reading: more than one is made only for scans within scans. */
  private readonly idle: OpenLeaf[] = []
  /** For lookups, which don't need it any more when another one begins. */
  private readonly looked = new OpenLeaf()

  constructor(
    private readonly environment: Environment,
    private readonly cache: LeafCache,
  ) {}

  /** See `KeyspaceSnapshot.get`. */
  get(base: Base, keyspace: number, key: Uint8Array, visit: EntryVisitor): boolean {
    const leaf = this.looked
    if (!this.goTo(leaf, base, keyspace, key)) return false
    const at = leaf.positionOf(key, 0, key.length)
    if (at === leaf.count) return false
    const keyStart = leaf.keyStart(at)
    const keyEnd = leaf.keyEnd(at)
    const { bytes } = leaf
    if (keyEnd - keyStart !== key.length) return false
    if (compareBytes(bytes, keyStart, keyEnd, key, 0, key.length) !== 0) return false
    visit(bytes, keyStart, keyEnd, leaf.valueBytes, leaf.valueStart(at), leaf.valueEnd(at))
    return true
  }

  /** See `KeyspaceSnapshot.scan`. */
  scan(
    base: Base,
    keyspace: number,
    range: KeyRange,
    reverse: boolean,
    limit: number,
    visit: EntryVisitor,
    visitRun?: RunVisitor,
  ): number {
    if (limit <= 0 || isEmpty(range)) return 0
    const leaf = this.idle.pop() ?? new OpenLeaf()
    try {
      if (reverse) return this.scanBack(leaf, base, keyspace, range, limit, visit)
      return this.scanOn(leaf, base, keyspace, range, limit, visit, visitRun)
    } finally {
      this.release(leaf)
      this.idle.push(leaf)
    }
  }

  private scanOn(
    leaf: OpenLeaf,
    base: Base,
    keyspace: number,
    { lower = NOTHING, upper }: KeyRange,
    limit: number,
    visit: EntryVisitor,
    visitRun: RunVisitor | undefined,
  ): number {
    if (!this.goTo(leaf, base, keyspace, lower)) return 0
    let at = leaf.positionOf(lower, 0, lower.length)
    for (let visited = 0; ;) {
      this.hold(leaf)
      const isEnd = upper === undefined ? leaf.isLast : leaf.endsBehind(upper, 0, upper.length)
      let end = isEnd && upper !== undefined ? leaf.positionOf(upper, 0, upper.length) : leaf.count
      if (end - at > limit - visited) end = at + limit - visited
      if (visitRun !== undefined && !leaf.isLarge && end > at) {
        const taken = visitRun(leaf.bytes, leaf.start, leaf.words, leaf.tableAt + 2 * at, end - at)
        visited += taken
        if (taken < end - at) return visited
        at = end
      }
      for (; at < end; at++) {
        visited++
        if (!leaf.visitAt(at, visit)) return visited
      }
      if (isEnd || visited === limit) return visited
      this.goOn(leaf, base, keyspace)
      at = 0
    }
  }

  private scanBack(
    leaf: OpenLeaf,
    base: Base,
    keyspace: number,
    { lower = NOTHING, upper }: KeyRange,
    limit: number,
    visit: EntryVisitor,
  ): number {
    if (upper === undefined ? !this.goToLast(leaf, base, keyspace) : !this.goTo(leaf, base, keyspace, upper))
      return 0
    let at = upper === undefined ? leaf.count : leaf.positionOf(upper, 0, upper.length)
    for (let visited = 0; ;) {
      this.hold(leaf)
      const isEnd = leaf.beginsAtOrBefore(lower, 0, lower.length)
      let end = isEnd ? leaf.positionOf(lower, 0, lower.length) : 0
      if (at - end > limit - visited) end = at - limit + visited
      while (at > end) {
        visited++
        if (!leaf.visitAt(--at, visit)) return visited
      }
      if (isEnd || visited === limit) return visited
      this.goBack(leaf, base, keyspace)
      at = leaf.count
    }
  }

  /** Keeps the leaf's frame from being used for another one, whatever the visitor reads. */
  private hold(leaf: OpenLeaf): void {
    if (leaf.frame !== NO_FRAME) this.cache.pin(leaf.frame)
    leaf.isHeld = true
  }

  private release(leaf: OpenLeaf): void {
    if (leaf.isHeld && leaf.frame !== NO_FRAME) this.cache.unpin(leaf.frame)
    leaf.isHeld = false
  }

  /** Goes to the leaf that a key belongs to; answers false if the keyspace has none. */
  private goTo(leaf: OpenLeaf, base: Base, keyspace: number, key: Uint8Array): boolean {
    const directory = this.cache.directory(keyspace)
    // Not on to the next leaf if this one ends too early: it may have a large entry, to be read for nothing.
    if (directory?.floor(key, 0, key.length) === true && this.open(leaf, base, keyspace, directory)) {
      if (leaf.endsBehind(key, 0, key.length)) return true
    }
    if (base.empty.has(keyspace)) return false
    const bytes = this.environment.fetchFloor(base, keyspace, key, true)
    if (bytes === undefined) {
      base.empty.add(keyspace)
      return false
    }
    this.take(leaf, base, keyspace, bytes)
    if (!leaf.endsBehind(key, 0, key.length)) throw new Error('invariant: leaves tile their keyspace')
    return true
  }

  private goToLast(leaf: OpenLeaf, base: Base, keyspace: number): boolean {
    const directory = this.cache.directory(keyspace)
    if (directory?.last() === true && this.open(leaf, base, keyspace, directory) && leaf.isLast) return true
    const bytes = this.environment.fetchFloor(base, keyspace, undefined, false)
    return bytes !== undefined && this.take(leaf, base, keyspace, bytes)
  }

  /** Goes to the next leaf. */
  private goOn(leaf: OpenLeaf, base: Base, keyspace: number): void {
    this.release(leaf)
    const { bytes, upperStart, upperEnd } = leaf
    const directory = this.cache.directory(keyspace)
    if (directory?.find(bytes, upperStart, upperEnd) === true) {
      const frame = this.cache.frameOf(directory, base.sequence)
      if (frame !== NO_FRAME) {
        this.show(leaf, frame)
        return
      }
    }
    const found = this.environment.fetch(base, keyspace, bytes, upperStart, upperEnd)
    if (found === undefined) throw new Error('invariant: a leaf that is not the last has a neighbour')
    this.take(leaf, base, keyspace, found)
  }

  /** Goes to the leaf before. */
  private goBack(leaf: OpenLeaf, base: Base, keyspace: number): void {
    this.release(leaf)
    // A copy, which a Buffer's own slice isn't: the frame may get another leaf.
    const bound = Uint8Array.prototype.slice.call(leaf.bytes, leaf.lowerStart, leaf.upperStart)
    const directory = this.cache.directory(keyspace)
    if (directory?.before(bound, 0, bound.length) === true && this.open(leaf, base, keyspace, directory)) {
      const { bytes, upperStart, upperEnd } = leaf
      if (compareBytes(bytes, upperStart, upperEnd, bound, 0, bound.length) === 0 && !leaf.isLast) return
    }
    const found = this.environment.fetchFloor(base, keyspace, bound, false)
    if (found === undefined) throw new Error('invariant: a leaf that is not the first has a neighbour')
    this.take(leaf, base, keyspace, found)
    if (leaf.isLast || compareBytes(leaf.bytes, leaf.upperStart, leaf.upperEnd, bound, 0, bound.length) !== 0)
      throw new Error('invariant: leaves tile their keyspace')
  }

  /** Opens the leaf that a directory stands at; answers false if this state doesn't have it. */
  private open(leaf: OpenLeaf, base: Base, keyspace: number, directory: LeafDirectory): boolean {
    const frame = this.cache.frameOf(directory, base.sequence)
    if (frame !== NO_FRAME) {
      this.show(leaf, frame)
      return true
    }
    const { keys, keyStart, keyEnd } = directory
    const found = this.environment.fetch(base, keyspace, keys, keyStart, keyEnd)
    if (found !== undefined) return this.take(leaf, base, keyspace, found)
    if (base.sequence === this.cache.sequence) this.cache.forget(directory)
    return false
  }

  private show(leaf: OpenLeaf, frame: number): void {
    this.cache.show(frame, leaf)
    leaf.frame = frame
    leaf.valueBytes = leaf.bytes
  }

  /** Takes a leaf from where LMDB has left it, which serves for the next one too. */
  private take(leaf: OpenLeaf, base: Base, keyspace: number, bytes: Buffer): true {
    leaf.point(bytes, this.environment.words, 0)
    leaf.frame = leaf.isLarge ? NO_FRAME : this.cache.keep(keyspace, base.sequence, leaf)
    // A lookup is over when the next one comes.
    if (leaf.frame === NO_FRAME && leaf !== this.looked) leaf.takeAlong()
    else leaf.valueBytes = leaf.bytes
    return true
  }
}

function isEmpty({ lower, upper }: KeyRange): boolean {
  return lower !== undefined && upper !== undefined && Buffer.compare(lower, upper) >= 0
}
