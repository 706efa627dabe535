/**
 * SQL with holes for the values of one execution: fragments run many times with other values are written once. Where each hole stands beside
 * a column of its own kind, its value may as well be the parameter of a prepared statement: elsewhere a remote could take a parameter for
 * another type than the literal has.
 */
import {
  isInteger,
  isText,
  type Expression,
  type FragmentValues,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'
import { literal } from './sql-text.js'

/** Neither names nor anything else that is written here has this character. */
const MARK = '\0'

/** Uses of a template after which it is prepared. */
const USES_MIN = 3

export class SqlTemplate {
  private readonly expressions: Expression[] = []
  /** How many of the holes may be parameters. */
  private bindable = 0
  private isUseless = false
  /** One more than there are expressions. */
  private parts: readonly string[] = []
  /** For prepared statements; undefined if its values must be literals. */
  private preparedText: string | undefined
  private useCount = 0

  /** `isPointRead`: whether it reads one row by a unique key. */
  constructor(readonly isPointRead: boolean) {}

  // ── While it is written ─────────────────────────────────────────────────────────────────────────────────────

  /** `beside` is the type of what decides how the value is taken: of the column that it is compared with. */
  place(expression: Expression, beside: SqlType | undefined): string {
    this.expressions.push(expression)
    if (beside !== undefined && bindsAs(expression.type, beside)) this.bindable++
    return `${MARK}${this.expressions.length - 1}${MARK}`
  }

  /** The SQL depends on values otherwise. */
  giveUp(): void {
    this.isUseless = true
  }

  /** Texts may come in another order than they were written in, or several times, or not at all. */
  finish(text: string): this | undefined {
    if (this.isUseless) return undefined
    const pieces = text.split(MARK)
    const written = [...this.expressions]
    this.expressions.length = 0
    this.parts = pieces.filter((_, i) => i % 2 === 0)
    for (let i = 1; i < pieces.length; i += 2) {
      const expression = written[Number(pieces[i])]
      if (expression === undefined) throw new Error('invariant: holes are numbered')
      this.expressions.push(expression)
    }
    if (this.bindable === written.length) this.preparedText = this.parts.join('?')
    return this
  }

  // ── Later ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether it doesn't wait for locks. */
  get isImpatient(): boolean {
    return isImpatient(this.parts.at(-1) ?? '')
  }

  /** What is run again and again. */
  get isWorthPreparing(): boolean {
    return this.useCount >= USES_MIN
  }

  get bound(): string | undefined {
    return this.preparedText
  }

  /** It can't be prepared there, or what it answers can't be read then. */
  keepToText(): void {
    this.preparedText = undefined
  }

  valuesOf(values: FragmentValues): readonly Value[] {
    this.useCount++
    const { expressions } = this
    const found: Value[] = []
    for (let i = 0; i < expressions.length; i++) found.push(values.valueOf(expressions[i] as Expression))
    return found
  }

  /** With values of `valuesOf`. */
  text(values: readonly Value[]): string {
    const { expressions, parts } = this
    let text = parts[0] ?? ''
    for (let i = 0; i < expressions.length; i++) {
      text += literal(values[i] as Value, (expressions[i] as Expression).type) + (parts[i + 1] as string)
    }
    return text
  }
}

/** A statement of a template with the values of one execution. */
export class FilledTemplate {
  constructor(
    readonly template: SqlTemplate,
    readonly values: readonly Value[],
  ) {}

  get text(): string {
    return this.template.text(this.values)
  }

  get isImpatient(): boolean {
    return this.template.isImpatient
  }
}

/** Whether SQL of ours doesn't wait for locks. */
export function isImpatient(sql: string): boolean {
  return sql.endsWith(' NOWAIT')
}

function bindsAs(value: SqlType, column: SqlType): boolean {
  return isInteger(value) ? isInteger(column) : isText(value) && isText(column)
}
