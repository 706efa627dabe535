/**
 * Searches texts for a regular expression in bounded time. JavaScript's engine runs where the pattern and the length of the text
 * bound the work; otherwise our own runs, which counts its steps (docs/decisions/010-regular-expressions.md).
 */
import type { EvaluationContext } from '../common/evaluation.js'
import { RegularMachine, type RegularLimits } from './regular-expression-machine.js'
import { compileProgram } from './regular-expression-program.js'
import { differsFromIcu, parseTree, stepsAtWorst } from './regular-expression-tree.js'

/** Steps that JavaScript's engine may take at worst; some milliseconds. */
const STEPS_MAX = 1_000_000
/** Patterns that take no more steps than this for each character may search texts of any length. */
const STEPS_PER_CHARACTER_MAX = 64
/** MySQL's unit of regexp_time_limit. */
const STEPS_PER_TICK = 10_000
/** Longer than any text. */
const LENGTH_MAX = 2 ** 30

export interface RegularMatch {
  readonly index: number
  readonly end: number
  /** The whole match, then the groups; those that took no part are undefined. */
  readonly groups: readonly (string | undefined)[]
}

export class RegularSearch {
  private readonly expression: RegExp
  private readonly tree
  /** Texts up to this length are JavaScript's. */
  private readonly nativeLengthMax: number
  private machine: RegularMachine | undefined

  /** `translated` is what `translatePattern` answers. Throws ER_REGEXP_PATTERN_TOO_BIG and ER_REGEXP_LOOK_BEHIND_LIMIT. */
  constructor(translated: RegExp) {
    this.expression = new RegExp(translated.source, `${translated.flags}g`)
    this.tree = parseTree(translated.source)
    this.nativeLengthMax = this.findNativeLength()
    // Patterns that only we can match are checked at once, however short the texts are.
    if (this.nativeLengthMax < 0) this.machine = this.makeMachine()
  }

  /** Throws ER_REGEXP_TIME_OUT and ER_REGEXP_STACK_OVERFLOW. */
  matches(text: string, context: EvaluationContext): boolean {
    if (text.length > this.nativeLengthMax) {
      return this.requireMachine().search(text, 0, new SearchLimits(context, text)) !== undefined
    }
    this.expression.lastIndex = 0
    return this.expression.test(text)
  }

  /** All matches at or behind index `from`, one after the other. Throws as `matches`; all of them share one limit. */
  *matchesFrom(text: string, from: number, context: EvaluationContext): Generator<RegularMatch, void> {
    const limits = text.length > this.nativeLengthMax ? new SearchLimits(context, text) : undefined
    for (let at = from; at <= text.length;) {
      const match = limits === undefined ? this.findNative(text, at) : this.findOurs(text, at, limits)
      if (match === undefined) return
      yield match
      at = match.end > match.index ? match.end : match.end + widthAt(text, match.end)
    }
  }

  private findNative(text: string, from: number): RegularMatch | undefined {
    this.expression.lastIndex = from
    const match = this.expression.exec(text)
    if (match === null) return undefined
    return { index: match.index, end: match.index + match[0].length, groups: match }
  }

  private findOurs(text: string, from: number, limits: RegularLimits): RegularMatch | undefined {
    const registers = this.requireMachine().search(text, from, limits)
    if (registers === undefined) return undefined
    const groups: (string | undefined)[] = []
    for (let i = 0; i < this.requireMachine().groupCount; i++) {
      const start = registers[2 * i] as number
      const end = registers[2 * i + 1] as number
      groups.push(start < 0 || end < start ? undefined : text.slice(start, end))
    }
    return { index: registers[0] as number, end: registers[1] as number, groups }
  }

  /** -1 where only our engine matches as MySQL does. */
  private findNativeLength(): number {
    const { tree, expression } = this
    if (differsFromIcu(tree)) return -1
    for (let length = LENGTH_MAX; length >= 1; length /= 2) {
      const steps = stepsAtWorst(tree, length, expression.flags)
      if (steps <= Math.max(STEPS_MAX, STEPS_PER_CHARACTER_MAX * length)) return length
    }
    return 0
  }

  private requireMachine(): RegularMachine {
    return (this.machine ??= this.makeMachine())
  }

  private makeMachine(): RegularMachine {
    const { flags } = this.expression
    return new RegularMachine(compileProgram(this.tree, flags), flags.includes('i'))
  }
}

/** What one evaluation of a function may take: the limit of one search, and a step for each character of its text. */
class SearchLimits implements RegularLimits {
  steps: number
  readonly stackBytesMax: number

  constructor(context: EvaluationContext, text: string) {
    this.steps = limitOf(context, 'regexp_time_limit', STEPS_PER_TICK) + text.length
    this.stackBytesMax = limitOf(context, 'regexp_stack_limit', 1)
  }
}

/** 0 stands for no limit. */
function limitOf(context: EvaluationContext, name: string, unit: number): number {
  const limit = Number(context.session.systemVariable(name, 'global'))
  return limit === 0 ? Infinity : limit * unit
}

function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}
