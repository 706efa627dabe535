/**
 * Runs regular expressions as ICU does, by backtracking, and counts: a match that takes too many steps ends with
 * ER_REGEXP_TIME_OUT, one that has too many ways open with ER_REGEXP_STACK_OVERFLOW (MySQL manual, `regexp_time_limit` and
 * `regexp_stack_limit`). JavaScript's own engine has no such limits and can't be interrupted.
 *
 * What is left to try lies on a stack of pairs of numbers: an instruction with a position, or a register with the value that it
 * gets back when the search comes down to it.
 */
import { sqlError } from '../common/sql-error.js'
import { Operation, UNBOUNDED, type CharacterSet, type RegularProgram } from './regular-expression-program.js'

/** Marks a pair whose first number says that one code point less may do; the pair below says where that goes on. */
const FEWER = -1
/** Register r is -2 - r on the stack. */
const REGISTER = -2

/** A run over many code points costs little for each. */
const RUN_POINTS_PER_STEP = 64

export interface RegularLimits {
  /** Ways that may still be tried; each search takes from them. */
  steps: number
  /** Bytes that those not tried yet may take. */
  readonly stackBytesMax: number
}

export class RegularMachine {
  private stack = new Int32Array(64)
  private top = 0
  private text = ''
  private limits: RegularLimits = { steps: 0, stackBytesMax: 0 }
  private stackLengthMax = 0
  private readonly registers: Int32Array

  constructor(
    private readonly program: RegularProgram,
    private readonly ignoreCase: boolean,
  ) {
    this.registers = new Int32Array(program.registerCount)
  }

  get groupCount(): number {
    return this.program.groupCount
  }

  /** The first match at or behind `from`: its registers, valid until the next search. */
  search(text: string, from: number, limits: RegularLimits): Int32Array | undefined {
    const { first } = this.program
    this.text = text
    this.limits = limits
    this.stackLengthMax = Math.floor(limits.stackBytesMax / Int32Array.BYTES_PER_ELEMENT)
    this.top = 0
    this.registers.fill(-1)
    try {
      for (let at = from; at <= text.length; at += this.widthAt(at)) {
        if (first !== undefined && (at === text.length || !first.has(this.pointAt(at)))) continue
        this.registers[0] = at
        if (this.run(0, at)) return this.registers
      }
      return undefined
    } finally {
      this.text = ''
      // What one long search needed is not kept for the next.
      if (this.stack.length > 65_536) this.stack = new Int32Array(64)
    }
  }

  private pointAt(at: number): number {
    return this.text.codePointAt(at) as number
  }

  private widthAt(at: number): number {
    return at < this.text.length && this.pointAt(at) > 0xffff ? 2 : 1
  }

  /** Position of the code point before `at`. */
  private before(at: number): number {
    const isPair =
      at > 1 &&
      (this.text.charCodeAt(at - 1) & 0xfc00) === 0xdc00 &&
      (this.text.charCodeAt(at - 2) & 0xfc00) === 0xd800
    return isPair ? at - 2 : at - 1
  }

  private spend(steps: number): void {
    this.limits.steps -= steps
    if (this.limits.steps < 0) throw sqlError('ER_REGEXP_TIME_OUT')
  }

  private push(what: number, value: number): void {
    if (this.top + 2 > this.stack.length) {
      if (this.top + 2 > this.stackLengthMax) throw sqlError('ER_REGEXP_STACK_OVERFLOW')
      const grown = new Int32Array(this.stack.length * 2)
      grown.set(this.stack)
      this.stack = grown
    }
    this.stack[this.top] = what
    this.stack[this.top + 1] = value
    this.top += 2
  }

  private assign(register: number, value: number): void {
    this.push(REGISTER - register, this.registers[register] as number)
    this.registers[register] = value
  }

  /** Runs from an instruction to `match`. On failure stack and registers are as before; on success ways may be open above. */
  private run(start: number, from: number): boolean {
    const { code, sets } = this.program
    const base = this.top
    let next = start
    let at = from
    for (;;) {
      let isDead = false
      switch (code[next]) {
        case Operation.match:
          return true
        case Operation.set: {
          isDead = at >= this.text.length
          if (isDead) break
          const point = this.pointAt(at)
          isDead = !(sets[code[next + 1] as number] as CharacterSet).has(point)
          at += point > 0xffff ? 2 : 1
          next += 2
          break
        }
        case Operation.split:
          this.spend(1)
          this.push(code[next + 1] as number, at)
          next += 2
          break
        case Operation.jump:
          next = code[next + 1] as number
          break
        case Operation.save:
          this.assign(code[next + 1] as number, at)
          next += 2
          break
        case Operation.assign:
          this.assign(code[next + 1] as number, code[next + 2] as number)
          next += 3
          break
        case Operation.loop:
          next = this.loop(next, at)
          break
        case Operation.enter: {
          const counter = code[next + 1] as number
          this.spend(1)
          this.assign(counter, (this.registers[counter] as number) + 1)
          this.assign(code[next + 2] as number, at)
          next += 3
          break
        }
        case Operation.run: {
          const end = this.runSet(next, at)
          isDead = end < 0
          at = end
          next += 4
          break
        }
        case Operation.reference: {
          const end = this.reference(code[next + 1] as number, at)
          isDead = end < 0
          at = end
          next += 2
          break
        }
        case Operation.ahead:
          isDead = this.ahead(next, at) === (code[next + 1] === 1)
          next = code[next + 2] as number
          break
        case Operation.behind:
          isDead = this.behind(next, at) === (code[next + 1] === 1)
          next = code[next + 2] as number
          break
        case Operation.arrived:
          isDead = this.registers[code[next + 1] as number] !== at
          next += 2
          break
        default:
          isDead = !this.isEdge(code[next] as number, at)
          next++
      }
      if (!isDead) continue
      next = this.backtrack(base)
      if (next < 0) return false
      at = this.resumeAt
    }
  }

  private resumeAt = 0

  /** Takes the last open way above `base`: answers its instruction, -1 if there is none; its position is `resumeAt`. */
  private backtrack(base: number): number {
    const { stack, registers } = this
    while (this.top > base) {
      this.top -= 2
      const what = stack[this.top] as number
      const value = stack[this.top + 1] as number
      if (what >= 0) {
        this.resumeAt = value
        return what
      }
      if (what === FEWER) {
        this.spend(1)
        const at = this.before(value)
        const goesOn = stack[this.top - 2] as number
        if (at > (stack[this.top - 1] as number)) {
          stack[this.top + 1] = at
          this.top += 2
        } else this.top -= 2
        this.resumeAt = at
        return goesOn
      }
      registers[REGISTER - what] = value
    }
    return -1
  }

  /** Where a repetition goes on: another round, or behind it. A round that took nothing is the last. */
  private loop(next: number, at: number): number {
    const { code } = this.program
    const { registers } = this
    const count = registers[code[next + 1] as number] as number
    const body = next + 7
    const exit = code[next + 6] as number
    if (count > 0 && registers[code[next + 2] as number] === at) return exit
    if (count < (code[next + 3] as number)) return body
    const max = code[next + 4] as number
    if (count >= max && max !== UNBOUNDED) return exit
    this.spend(1)
    const isLazy = code[next + 5] === 1
    this.push(isLazy ? body : exit, at)
    return isLazy ? exit : body
  }

  /** As many code points of a set as there are: answers where they end, -1 if they are too few. */
  private runSet(next: number, from: number): number {
    const { code, sets } = this.program
    const set = sets[code[next + 1] as number] as CharacterSet
    const min = code[next + 2] as number
    const max = code[next + 3] as number
    const { text } = this
    let at = from
    let atMin = min === 0 ? from : -1
    let count = 0
    while (count < max && at < text.length) {
      const point = this.pointAt(at)
      if (!set.has(point)) break
      at += point > 0xffff ? 2 : 1
      count++
      if (count === min) atMin = at
    }
    this.spend(1 + Math.floor(count / RUN_POINTS_PER_STEP))
    if (atMin < 0) return -1
    if (at > atMin) {
      this.push(next + 4, atMin)
      this.push(FEWER, at)
    }
    return at
  }

  /** Where the text of a group ends that stands here again; -1 if it doesn't, or if the group has none. */
  private reference(group: number, at: number): number {
    const start = this.registers[2 * group] as number
    const end = this.registers[2 * group + 1] as number
    if (start < 0 || end < start) return -1
    this.spend(1 + Math.floor((end - start) / RUN_POINTS_PER_STEP))
    const wanted = this.text.slice(start, end)
    const found = this.text.slice(at, at + wanted.length)
    const isEqual = wanted === found || (this.ignoreCase && wanted.toLowerCase() === found.toLowerCase())
    return isEqual ? at + wanted.length : -1
  }

  private ahead(next: number, at: number): boolean {
    this.spend(1)
    const base = this.top
    if (!this.run(next + 3, at)) return false
    this.settle(base, this.program.code[next + 1] === 1)
    return true
  }

  /** Tries the body from each place from which it may reach as far as here. */
  private behind(next: number, at: number): boolean {
    const { code } = this.program
    const min = code[next + 3] as number
    const max = code[next + 4] as number
    const base = this.top
    this.assign(code[next + 5] as number, at)
    let start = at
    for (let count = 0; count <= max; count++) {
      this.spend(1)
      if (count >= min && this.run(next + 6, start)) {
        this.settle(base, code[next + 1] === 1)
        return true
      }
      if (start === 0) break
      start = this.before(start)
    }
    this.settle(base, true)
    return false
  }

  /** What a look around left on the stack: its open ways are forgotten; what it captured stays unless `isUndone`. */
  private settle(base: number, isUndone: boolean): void {
    const { stack, registers } = this
    if (isUndone) {
      while (this.top > base) {
        this.top -= 2
        const what = stack[this.top] as number
        if (what <= REGISTER) registers[REGISTER - what] = stack[this.top + 1] as number
      }
      return
    }
    let kept = base
    for (let at = base; at < this.top; at += 2) {
      const what = stack[at] as number
      if (what > REGISTER) continue
      stack[kept] = what
      stack[kept + 1] = stack[at + 1] as number
      kept += 2
    }
    this.top = kept
  }

  private isEdge(operation: number, at: number): boolean {
    const { text } = this
    switch (operation) {
      case Operation.textStart:
        return at === 0
      case Operation.textEnd:
        return at === text.length
      case Operation.lineStart:
        return at === 0 || isLineEnd(text.charCodeAt(at - 1))
      case Operation.lineEnd:
        return at === text.length || isLineEnd(text.charCodeAt(at))
      default:
        throw new Error('invariant: no other operations')
    }
  }
}

/** What JavaScript takes for the end of a line. */
function isLineEnd(unit: number): boolean {
  return unit === 0x0a || unit === 0x0d || unit === 0x2028 || unit === 0x2029
}
