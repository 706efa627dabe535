/**
 * An ordered map from (keyspace, key bytes) to an entry, with snapshots that cost nothing: a B+tree whose nodes are
 * copied before they are changed as long as an older version may still be looking at them. Storages in memory keep
 * their rows in one.
 *
 * Order: keyspace first, then keys as unsigned bytes, shorter first.
 */
import { insertAt, removeAt, SortedEntries } from './sorted-entries.js'
import { compareToKey, type TreeEntry } from './tree-entry.js'

export { compareToKey, TreeEntry } from './tree-entry.js'

/** Entries of a leaf, or children of a branch, at most. Small enough that copying a path stays cheap. */
const FANOUT_MAX = 32
/** Two neighbours that have no more than this together become one. */
const MERGE_MAX = FANOUT_MAX / 2

/**
 * A leaf holds `entries` and no children. A branch holds `children`, and between each two of them, in `entries`, a key
 * that is ≤ everything to its right and > everything to its left. Only the root of an empty tree is empty.
 */
class Node {
  constructor(
    /** Who may change this node in place: the edit that made it, until the next snapshot. */
    readonly edit: object,
    readonly entries: SortedEntries,
    readonly children: Node[] | undefined,
  ) {}

  ownedBy(edit: object): Node {
    return this.edit === edit ? this : new Node(edit, this.entries.copy(), this.children?.slice())
  }

  get size(): number {
    return this.children === undefined ? this.entries.length : this.children.length
  }
}

/** One version of the map: immutable, however the tree changes later. */
export class EntryTreeSnapshot {
  constructor(
    /** @internal */
    public root: Node,
    protected entryCount: number,
  ) {}

  /** Number of entries, removals included. */
  get size(): number {
    return this.entryCount
  }

  find(keyspace: number, key: Uint8Array, start: number, end: number): TreeEntry | undefined {
    let node = this.root
    while (node.children !== undefined) {
      node = node.children[node.entries.countUpTo(keyspace, key, start, end)] as Node
    }
    const entry = node.entries.at(node.entries.countBelow(keyspace, key, start, end))
    return entry !== undefined && compareToKey(entry, keyspace, key, start, end) === 0 ? entry : undefined
  }

  /** A cursor that stands nowhere yet. */
  cursor(): EntryCursor {
    return new EntryCursor(this.root)
  }
}

/** The map in its changing form. */
export class EntryTree extends EntryTreeSnapshot {
  private edit: object = {}
  /** What the last `put` or `remove` found at its key. */
  private found: TreeEntry | undefined

  constructor() {
    super(new Node({}, new SortedEntries(), undefined), 0)
  }

  /** The map as it is now. Takes no time; the next changes copy the nodes that they touch. */
  snapshot(): EntryTreeSnapshot {
    this.edit = {}
    return new EntryTreeSnapshot(this.root, this.entryCount)
  }

  /** Puts an entry (or a tombstone) in place of the one with its key, which is answered. */
  put(entry: TreeEntry): TreeEntry | undefined {
    const root = this.root.ownedBy(this.edit)
    const right = this.insert(root, entry)
    this.root = right === undefined ? root : newBranch(this.edit, root, right)
    const replaced = this.takeFound()
    if (replaced === undefined) this.entryCount++
    return replaced
  }

  /** Takes an entry out, which is answered; undefined if there is none. */
  remove(keyspace: number, key: Uint8Array, start: number, end: number): TreeEntry | undefined {
    if (this.find(keyspace, key, start, end) === undefined) return undefined
    const root = this.root.ownedBy(this.edit)
    this.takeOut(root, keyspace, key, start, end)
    this.root = this.withoutIdleLevels(root)
    this.entryCount--
    return this.takeFound()
  }

  private takeFound(): TreeEntry | undefined {
    const found = this.found
    this.found = undefined
    return found
  }

  /** The root that is left when branches of one child, or of none, are dropped from the top. */
  private withoutIdleLevels(root: Node): Node {
    let top = root
    while (top.children !== undefined && top.children.length < 2) {
      top = top.children[0] ?? new Node(this.edit, new SortedEntries(), undefined)
    }
    return top
  }

  /** Inserts below `node`, which this edit owns. Answers the new right neighbour if the node had to be split. */
  private insert(node: Node, entry: TreeEntry): Node | undefined {
    const { keyspace, bytes, keyStart, keyEnd } = entry
    if (node.children === undefined) {
      const at = node.entries.countBelow(keyspace, bytes, keyStart, keyEnd)
      const present = node.entries.at(at)
      if (present !== undefined && compareToKey(present, keyspace, bytes, keyStart, keyEnd) === 0) {
        this.found = present
        node.entries.replace(at, entry)
        return undefined
      }
      node.entries.insert(at, entry)
      return node.entries.length > FANOUT_MAX ? this.splitLeaf(node, at) : undefined
    }
    const at = node.entries.countUpTo(keyspace, bytes, keyStart, keyEnd)
    const child = this.ownChild(node.children, at)
    const right = this.insert(child, entry)
    if (right === undefined) return undefined
    node.entries.insert(at, separatorOf(right))
    insertAt(node.children, at + 1, right)
    return node.children.length > FANOUT_MAX ? this.splitBranch(node, node.children) : undefined
  }

  /** Cuts a leaf in halves; at its end, where ascending keys arrive, leaves it nearly full. */
  private splitLeaf(leaf: Node, insertedAt: number): Node {
    const cut = insertedAt === FANOUT_MAX ? FANOUT_MAX : (FANOUT_MAX + 1) >>> 1
    return new Node(this.edit, leaf.entries.cutOff(cut), undefined)
  }

  private splitBranch(branch: Node, children: Node[]): Node {
    const cut = (children.length + 1) >>> 1
    const right = new Node(this.edit, branch.entries.cutOff(cut), children.splice(cut))
    // The separator between the halves goes up; `separatorOf` finds the same key again.
    branch.entries.remove(cut - 1)
    return right
  }

  /** Removes below `node`, which this edit owns and which holds the key. */
  private takeOut(node: Node, keyspace: number, key: Uint8Array, start: number, end: number): void {
    if (node.children === undefined) {
      const at = node.entries.countBelow(keyspace, key, start, end)
      this.found = node.entries.at(at)
      node.entries.remove(at)
      return
    }
    const at = node.entries.countUpTo(keyspace, key, start, end)
    const child = this.ownChild(node.children, at)
    this.takeOut(child, keyspace, key, start, end)
    if (child.size === 0) {
      removeAt(node.children, at)
      if (node.entries.length > 0) node.entries.remove(at > 0 ? at - 1 : 0)
    } else if (child.size <= MERGE_MAX) this.mergeAround(node, node.children, at)
  }

  /** Joins child `at` with a neighbour if both are small. */
  private mergeAround(node: Node, children: Node[], at: number): void {
    const left = this.fitTogether(children, at - 1) ? at - 1 : at
    if (!this.fitTogether(children, left)) return
    const target = this.ownChild(children, left)
    const source = children[left + 1] as Node
    if (target.children !== undefined) {
      target.entries.insert(target.entries.length, node.entries.at(left) as TreeEntry)
      target.children.push(...(source.children ?? []))
    }
    target.entries.append(source.entries)
    node.entries.remove(left)
    removeAt(children, left + 1)
  }

  private fitTogether(children: Node[], left: number): boolean {
    const first = children[left]
    const second = children[left + 1]
    return first !== undefined && second !== undefined && first.size + second.size <= MERGE_MAX
  }

  private ownChild(children: Node[], at: number): Node {
    const child = (children[at] as Node).ownedBy(this.edit)
    children[at] = child
    return child
  }
}

/** A key between a new node and its left neighbour: the node's first. */
function separatorOf(node: Node): TreeEntry {
  let first = node
  while (first.children !== undefined) first = first.children[0] as Node
  return (first.entries.at(0) as TreeEntry).keyOnly()
}

/** A branch over two neighbours. */
function newBranch(edit: object, left: Node, right: Node): Node {
  const entries = new SortedEntries()
  entries.insert(0, separatorOf(right))
  return new Node(edit, entries, [left, right])
}

/** Walks one version of the map in both directions. */
export class EntryCursor {
  /** The entry that the cursor stands on; undefined before the first seek and beyond either end. */
  entry: TreeEntry | undefined
  /** From the root to the leaf, and which child or entry was taken in each. */
  private readonly path: Node[] = []
  private readonly positions: number[] = []

  constructor(private readonly root: Node) {}

  /** Goes to the first entry ≥ the key. */
  seek(keyspace: number, key: Uint8Array, start: number, end: number): void {
    this.descend(keyspace, key, start, end)
    const leaf = this.path[this.path.length - 1] as Node
    const at = leaf.entries.countBelow(keyspace, key, start, end)
    this.positions.push(at)
    if (at < leaf.entries.length) this.entry = leaf.entries.at(at)
    else this.next()
  }

  /** Goes to the last entry < the key. */
  seekBefore(keyspace: number, key: Uint8Array, start: number, end: number): void {
    this.descend(keyspace, key, start, end)
    const leaf = this.path[this.path.length - 1] as Node
    this.positions.push(leaf.entries.countBelow(keyspace, key, start, end))
    this.previous()
  }

  next(): void {
    this.step(1)
  }

  previous(): void {
    this.step(-1)
  }

  private descend(keyspace: number, key: Uint8Array, start: number, end: number): void {
    this.path.length = 0
    this.positions.length = 0
    let node = this.root
    this.path.push(node)
    while (node.children !== undefined) {
      const at = node.entries.countUpTo(keyspace, key, start, end)
      this.positions.push(at)
      node = node.children[at] as Node
      this.path.push(node)
    }
  }

  private step(direction: 1 | -1): void {
    const { path, positions } = this
    let depth = path.length - 1
    if (depth < 0) return
    const leaf = path[depth] as Node
    const at = (positions[depth] as number) + direction
    if (at >= 0 && at < leaf.entries.length) {
      positions[depth] = at
      this.entry = leaf.entries.at(at)
      return
    }
    // Up to the first node that has another child in this direction, then down along its near edge.
    do {
      if (--depth < 0) {
        this.entry = undefined
        path.length = 0
        positions.length = 0
        return
      }
      positions[depth] = (positions[depth] as number) + direction
    } while ((positions[depth] as number) < 0 || (positions[depth] as number) >= (path[depth] as Node).size)
    while (depth < path.length - 1) {
      const child = ((path[depth] as Node).children as Node[])[positions[depth] as number] as Node
      depth++
      path[depth] = child
      positions[depth] = direction > 0 ? 0 : child.size - 1
    }
    const reached = path[depth] as Node
    this.entry = reached.entries.at(positions[depth] as number)
  }
}
