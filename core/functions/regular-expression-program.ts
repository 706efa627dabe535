/**
 * Regular expressions as instructions for `RegularMachine`: numbers in an array, an operation and its operands.
 */
import { sqlError } from '../common/sql-error.js'
import { groupsIn, lengthsOf, type RegularTree } from './regular-expression-tree.js'

export const Operation = {
  match: 0,
  /** set: one code point. */
  set: 1,
  /** other: goes on here; if that fails, at `other`. */
  split: 2,
  /** target */
  jump: 3,
  /** register: notes the position. */
  save: 4,
  textStart: 5,
  textEnd: 6,
  lineStart: 7,
  lineEnd: 8,
  /** group: the text that it captured. */
  reference: 9,
  /** register, value */
  assign: 10,
  /** counter, position, min, max, lazy, exit: enters another round, or leaves. */
  loop: 11,
  /** counter, position: a round begins. */
  enter: 12,
  /** set, min, max: as many code points as possible, fewer if that fails. */
  run: 13,
  /** negative, end: a part that must match, or must not, from here on. */
  ahead: 14,
  /** negative, end, min, max, register: a part that must match up to here. */
  behind: 15,
  /** register: the position must be the one noted there. */
  arrived: 16,
} as const

/** `max` of loops without an upper bound. */
export const UNBOUNDED = 0x7fffffff

/** Instructions at most; repetitions cost one each however often they repeat. */
const INSTRUCTIONS_MAX = 2_000_000

export interface RegularProgram {
  readonly code: Int32Array
  readonly sets: readonly CharacterSet[]
  readonly registerCount: number
  /** Groups with the whole match, which is group 0: registers 2n and 2n + 1 are where group n begins and ends. */
  readonly groupCount: number
  /** What a match begins with, if that is one set. */
  readonly first: CharacterSet | undefined
}

/** The code points that an atom of JavaScript matches; what was asked once is known. */
export class CharacterSet {
  private readonly ascii = new Uint8Array(128)
  private readonly others = new Map<number, boolean>()
  private readonly expression: RegExp

  constructor(source: string, ignoreCase: boolean) {
    this.expression = new RegExp(`^(?:${source})$`, ignoreCase ? 'iu' : 'u')
  }

  has(point: number): boolean {
    if (point >= 128) return this.others.get(point) ?? this.lookUp(point)
    const known = this.ascii[point]
    if (known !== UNKNOWN) return known === MEMBER
    const isMember = this.test(point)
    this.ascii[point] = isMember ? MEMBER : NO_MEMBER
    return isMember
  }

  private lookUp(point: number): boolean {
    const isMember = this.test(point)
    if (this.others.size >= POINTS_KNOWN_MAX) this.others.clear()
    this.others.set(point, isMember)
    return isMember
  }

  private test(point: number): boolean {
    return this.expression.test(String.fromCodePoint(point))
  }
}

const UNKNOWN = 0
const MEMBER = 1
const NO_MEMBER = 2
const POINTS_KNOWN_MAX = 4096

/** Throws ER_REGEXP_LOOK_BEHIND_LIMIT for a look behind without a bound, as ICU. */
export function compileProgram(tree: RegularTree, flags: string): RegularProgram {
  return new ProgramWriter(flags).write(tree)
}

class ProgramWriter {
  private readonly code: number[] = []
  private readonly sets = new Map<string, number>()
  private readonly setList: CharacterSet[] = []
  private registers = 0
  private readonly ignoreCase: boolean
  private readonly multiLine: boolean

  constructor(flags: string) {
    this.ignoreCase = flags.includes('i')
    this.multiLine = flags.includes('m')
  }

  write(tree: RegularTree): RegularProgram {
    const groupCount = groupsIn(tree) + 1
    this.registers = 2 * groupCount
    this.node(tree)
    this.emit(Operation.save, 1)
    this.emit(Operation.match)
    return {
      code: Int32Array.from(this.code),
      sets: this.setList,
      registerCount: this.registers,
      groupCount,
      first: this.firstOf(tree),
    }
  }

  private emit(...numbers: readonly number[]): number {
    if (this.code.length > INSTRUCTIONS_MAX) throw sqlError('ER_REGEXP_PATTERN_TOO_BIG')
    return this.code.push(...numbers)
  }

  private node(tree: RegularTree): void {
    switch (tree.kind) {
      case 'set':
        this.emit(Operation.set, this.setOf(tree.source))
        return
      case 'sequence':
        for (const item of tree.items) this.node(item)
        return
      case 'choice':
        this.choice(tree.branches)
        return
      case 'repeat':
        this.repeat(tree)
        return
      case 'group':
        this.emit(Operation.save, 2 * tree.number)
        this.node(tree.body)
        this.emit(Operation.save, 2 * tree.number + 1)
        return
      case 'look':
        this.look(tree)
        return
      case 'edge':
        if (tree.edge === '^') this.emit(this.multiLine ? Operation.lineStart : Operation.textStart)
        else this.emit(this.multiLine ? Operation.lineEnd : Operation.textEnd)
        return
      case 'reference':
        this.emit(Operation.reference, tree.group)
    }
  }

  private choice(branches: readonly RegularTree[]): void {
    const ends: number[] = []
    branches.forEach((branch, i) => {
      if (i === branches.length - 1) {
        this.node(branch)
        return
      }
      const split = this.emit(Operation.split, 0)
      this.node(branch)
      ends.push(this.emit(Operation.jump, 0))
      this.code[split - 1] = this.code.length
    })
    for (const end of ends) this.code[end - 1] = this.code.length
  }

  private repeat({ body, min, max, lazy }: Extract<RegularTree, { kind: 'repeat' }>): void {
    const most = Math.min(max, UNBOUNDED)
    if (body.kind === 'set' && !lazy) {
      this.emit(Operation.run, this.setOf(body.source), Math.min(min, UNBOUNDED), most)
      return
    }
    const counter = this.registers++
    const position = this.registers++
    this.emit(Operation.assign, counter, 0)
    const start = this.code.length
    const behind = this.emit(
      ...[Operation.loop, counter, position, Math.min(min, UNBOUNDED), most, lazy ? 1 : 0, 0],
    )
    this.emit(Operation.enter, counter, position)
    this.node(body)
    this.emit(Operation.jump, start)
    this.code[behind - 1] = this.code.length
  }

  private look({ body, behind, negative }: Extract<RegularTree, { kind: 'look' }>): void {
    const sign = negative ? 1 : 0
    if (!behind) {
      const start = this.emit(Operation.ahead, sign, 0)
      this.node(body)
      this.emit(Operation.match)
      this.code[start - 1] = this.code.length
      return
    }
    const [min, max] = lengthsOf(body)
    if (max === Infinity) throw sqlError('ER_REGEXP_LOOK_BEHIND_LIMIT')
    const register = this.registers++
    const start = this.emit(Operation.behind, sign, 0, min, max, register)
    this.node(body)
    this.emit(Operation.arrived, register)
    this.emit(Operation.match)
    this.code[start - 4] = this.code.length
  }

  private setOf(source: string): number {
    let index = this.sets.get(source)
    if (index === undefined) {
      index = this.setList.length
      this.sets.set(source, index)
      this.setList.push(new CharacterSet(source, this.ignoreCase))
    }
    return index
  }

  private firstOf(tree: RegularTree): CharacterSet | undefined {
    switch (tree.kind) {
      case 'set':
        return this.setList[this.setOf(tree.source)]
      case 'group':
        return this.firstOf(tree.body)
      case 'repeat':
        return tree.min > 0 ? this.firstOf(tree.body) : undefined
      case 'sequence':
        return tree.items.length === 0 ? undefined : this.firstOf(tree.items[0] as RegularTree)
      default:
        return undefined
    }
  }
}
