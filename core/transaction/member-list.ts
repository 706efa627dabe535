/**
 * Who is there now: added and removed at every transaction. A Set would do, but its tables, made anew as members come and go, each
 * point to the next one; once the first of such a chain is old, the garbage collector takes all that follows for alive, and
 * copies it again and again.
 */

/** What a list keeps in its members. */
export interface Member {
  /** Position in the list; -1 outside of it. */
  listPosition: number
}

/** Each member is in one such list at most. The order means nothing. */
export class MemberList<T extends Member> implements Iterable<T> {
  private readonly members: T[] = []

  get size(): number {
    return this.members.length
  }

  /** Nothing happens if it is there already. */
  add(member: T): void {
    if (member.listPosition >= 0) return
    member.listPosition = this.members.length
    this.members.push(member)
  }

  /** Nothing happens if it isn't there. */
  remove(member: T): void {
    const at = member.listPosition
    if (at < 0) return
    member.listPosition = -1
    const last = this.members.pop()
    if (last === undefined || last === member) return
    this.members[at] = last
    last.listPosition = at
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.members[Symbol.iterator]()
  }
}
