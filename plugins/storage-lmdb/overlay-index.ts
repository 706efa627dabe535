/**
 * The records of an overlay in key order: a B+tree of record numbers that only grows. Leaves are chained, so that a
 * cursor walks either way without a path.
 */

/** What the index asks its overlay for. */
export interface RecordKeys {
  /** Negative, 0 or positive as a record sorts before, at or behind a key. */
  compare(record: number, keyspace: number, key: Uint8Array, start: number, end: number): number
}

const FANOUT = 64

class Leaf {
  readonly records = new Int32Array(FANOUT)
  count = 0
  next: Leaf | undefined
  previous: Leaf | undefined
}

/** `first[i]` is the first record that child `i + 1` had when it was made. */
class Branch {
  readonly first: number[] = []
  readonly children: Node[] = []
}

type Node = Leaf | Branch

/** A new right neighbour, and its first record. */
interface Split {
  readonly node: Node
  readonly first: number
}

export class OverlayIndex {
  private root: Node = new Leaf()

  constructor(private readonly keys: RecordKeys) {}

  /** Inserts a record whose key, given again, is not there yet. */
  insert(record: number, keyspace: number, key: Uint8Array, start: number, end: number): void {
    const split = this.insertBelow(this.root, record, keyspace, key, start, end)
    if (split === undefined) return
    const root = new Branch()
    root.children.push(this.root, split.node)
    root.first.push(split.first)
    this.root = root
  }

  cursor(): OverlayCursor {
    return new OverlayCursor(this)
  }

  /** The leaf that a key belongs to. */
  leafOf(keyspace: number, key: Uint8Array, start: number, end: number): Leaf {
    let node = this.root
    while (node instanceof Branch) node = node.children[this.childOf(node, keyspace, key, start, end)] as Node
    return node
  }

  /** Position of the first record of a leaf that is ≥ a key. */
  positionIn(leaf: Leaf, keyspace: number, key: Uint8Array, start: number, end: number): number {
    const { records } = leaf
    let low = 0
    let high = leaf.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.keys.compare(records[middle] as number, keyspace, key, start, end) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  private childOf({ first }: Branch, keyspace: number, key: Uint8Array, start: number, end: number): number {
    let low = 0
    let high = first.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.keys.compare(first[middle] as number, keyspace, key, start, end) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }

  private insertBelow(
    node: Node,
    record: number,
    keyspace: number,
    key: Uint8Array,
    start: number,
    end: number,
  ): Split | undefined {
    if (node instanceof Leaf) {
      return insertIntoLeaf(node, this.positionIn(node, keyspace, key, start, end), record)
    }
    const at = this.childOf(node, keyspace, key, start, end)
    const split = this.insertBelow(node.children[at] as Node, record, keyspace, key, start, end)
    if (split === undefined) return undefined
    node.first.splice(at, 0, split.first)
    node.children.splice(at + 1, 0, split.node)
    return node.children.length > FANOUT ? splitBranch(node) : undefined
  }
}

function insertIntoLeaf(leaf: Leaf, at: number, record: number): Split | undefined {
  if (leaf.count < FANOUT) {
    leaf.records.copyWithin(at + 1, at, leaf.count)
    leaf.records[at] = record
    leaf.count++
    return undefined
  }
  // At the end, where ascending keys arrive, the leaf stays full.
  const kept = at === FANOUT ? FANOUT : FANOUT / 2
  const right = new Leaf()
  right.records.set(leaf.records.subarray(kept))
  right.count = FANOUT - kept
  leaf.count = kept
  right.next = leaf.next
  right.previous = leaf
  if (leaf.next !== undefined) leaf.next.previous = right
  leaf.next = right
  if (at < kept || (at === kept && kept < FANOUT)) insertIntoLeaf(leaf, at, record)
  else insertIntoLeaf(right, at - kept, record)
  return { node: right, first: right.records[0] as number }
}

function splitBranch(branch: Branch): Split {
  const kept = branch.children.length >>> 1
  const right = new Branch()
  right.children.push(...branch.children.splice(kept))
  right.first.push(...branch.first.splice(kept))
  return { node: right, first: branch.first.pop() as number }
}

/** Stands on a record, or nowhere. */
export class OverlayCursor {
  private leaf: Leaf | undefined
  private at = 0

  constructor(private readonly index: OverlayIndex) {}

  /** The record's number; NONE (-1) behind either end. */
  get record(): number {
    const { leaf, at } = this
    return leaf === undefined || at >= leaf.count ? -1 : (leaf.records[at] as number)
  }

  /** Goes to the first record ≥ a key. */
  seek(keyspace: number, key: Uint8Array, start: number, end: number): void {
    this.leaf = this.index.leafOf(keyspace, key, start, end)
    this.at = this.index.positionIn(this.leaf, keyspace, key, start, end)
    if (this.at === this.leaf.count) this.toLeaf(this.leaf.next, 0)
  }

  /** Goes to the last record < a key. */
  seekBefore(keyspace: number, key: Uint8Array, start: number, end: number): void {
    this.leaf = this.index.leafOf(keyspace, key, start, end)
    this.at = this.index.positionIn(this.leaf, keyspace, key, start, end)
    this.previous()
  }

  next(): void {
    if (this.leaf !== undefined && ++this.at >= this.leaf.count) this.toLeaf(this.leaf.next, 0)
  }

  previous(): void {
    if (this.leaf !== undefined && --this.at < 0) this.toLeaf(this.leaf.previous, Infinity)
  }

  private toLeaf(leaf: Leaf | undefined, at: number): void {
    this.leaf = leaf
    this.at = leaf === undefined ? 0 : Math.min(at, leaf.count - 1)
  }
}
