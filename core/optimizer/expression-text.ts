/**
 * The text of an expression as it stands in a plan. The text that the binder gave it says what was written, which after columns were
 * replaced and conditions inferred may name other columns.
 */
import type { Expression } from '../plan/expression.js'

const INFIX: ReadonlySet<string> = new Set(
  '+ - * / div % & | ^ << >> = <=> < <= > >= <> and or xor like regexp'.split(' '),
)

/** Calls that the optimizer makes of a value say what the value is. */
const HIDDEN: ReadonlySet<string> = new Set(['index bound', 'exclusive index bound', 'like prefix'])

export function expressionText(expression: Expression): string {
  switch (expression.kind) {
    case 'convert':
      return expression.text === expression.operand.text
        ? expressionText(expression.operand)
        : expression.text
    case 'call': {
      const texts = expression.arguments.map(expressionText)
      const [first = ''] = texts
      const { name } = expression
      if (HIDDEN.has(name)) return first
      if (INFIX.has(name) && texts.length >= 2) return `(${texts.join(` ${name} `)})`
      if (name === 'unary -') return `-(${first})`
      if (name === 'not') return `(not(${first}))`
      if (name.startsWith('is ')) return `(${first} ${name})`
      if (name === 'in') return `(${first} in (${texts.slice(1).join(',')}))`
      if (name === 'between') return `(${first} between ${texts[1] ?? ''} and ${texts[2] ?? ''})`
      return expression.text === '' ? `${name}(${texts.join(',')})` : callText(expression.text, name, texts)
    }
    default:
      return expression.text
  }
}

/** CASE and others with a syntax of their own keep the text as written. */
function callText(written: string, name: string, texts: readonly string[]): string {
  return written.toLowerCase().startsWith(`${name}(`) ? `${name}(${texts.join(',')})` : written
}
