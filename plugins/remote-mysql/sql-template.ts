/**
 * SQL with holes for the values of one execution: fragments run many times with other values are written once.
 */
import type { Expression, FragmentValues } from '@switchyard/core/spi'
import { literal } from './sql-text.js'

/** Neither names nor anything else that is written here has this character. */
const MARK = '\0'

export class SqlTemplate {
  private readonly expressions: Expression[] = []
  private isUseless = false
  /** One more than there are expressions. */
  private parts: readonly string[] = []

  // ── While it is written ─────────────────────────────────────────────────────────────────────────────────────

  place(expression: Expression): string {
    this.expressions.push(expression)
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
    return this
  }

  // ── Later ───────────────────────────────────────────────────────────────────────────────────────────────────

  text(values: FragmentValues): string {
    const { expressions, parts } = this
    let text = parts[0] ?? ''
    for (let i = 0; i < expressions.length; i++) {
      const expression = expressions[i] as Expression
      text += literal(values.valueOf(expression), expression.type) + (parts[i + 1] as string)
    }
    return text
  }
}
