/**
 * GROUP BY texts that lie in dictionaries, in two phases: first by the texts as they are, which their numbers in the dictionary stand
 * for, with what each aggregate has so far; then by the collation's keys, of which each text has to be asked once and not each row. A join
 * by such a text comes between the two, with a row for each text.
 */
import { type Expression } from '@switchyard/core/spi'
import type { Apply } from './fragment-totals.js'
import { EMPTY, textOf, type Select } from './fragment-select.js'
import type { ColumnText } from './sql-text.js'
import { equalitySql, textFormOf, type TextForm } from './text-form.js'

/** A column, or what is computed, that rows are grouped by in the first phase. */
interface PhaseKey {
  readonly expression: Expression
  readonly column: ColumnText
}

/** Whether there are few of it: grouping twice by something else would take twice as long. */
export function isFew({ expression, column }: PhaseKey): boolean {
  if (column.dictionary !== undefined) return true
  if (expression.kind === 'call') return FEW_CALLS.has(expression.name)
  return FEW_TYPES.has(expression.type.name)
}

const FEW_TYPES: ReadonlySet<string> = new Set(['date', 'year', 'enum', 'tinyint', 'smallint'])
const FEW_CALLS: ReadonlySet<string> = new Set([
  'year',
  'month',
  'day',
  'dayofmonth',
  'quarter',
  'weekday',
  'hour',
])

/** Aggregates whose answers are added up, or compared, by one of them; of all others the second phase needs their states. */
const COMBINING: Readonly<Record<string, string>> = { count: 'sum', sum: 'sum', min: 'min', max: 'max' }

/** What the first phase has of the aggregates, and the second makes of it. */
export class PartialTotals {
  private readonly names = new Map<string, string>()

  /** `nameOf` says what the second phase calls the `index`th. */
  constructor(private readonly nameOf: (index: number) => string) {}

  get texts(): readonly string[] {
    return [...this.names.keys()]
  }

  readonly apply: Apply = (name, args) => {
    const combining = COMBINING[name]
    if (combining !== undefined) return `${combining}(${this.named(`${name}(${args})`)})`
    return `${name}Merge(${this.named(`${name}State(${args})`)})`
  }

  private named(text: string): string {
    const name = this.names.get(text) ?? this.nameOf(this.names.size)
    this.names.set(text, name)
    return name
  }
}

/** The first phase, and its keys as columns of it. */
interface FirstPhase {
  readonly from: string
  readonly keys: readonly ColumnText[]
}

/** `partials` are listed as `p0`, `p1` and so on. */
export function firstPhase(
  input: Select,
  keys: readonly PhaseKey[],
  partials: readonly string[],
): FirstPhase {
  const listed: string[] = []
  const groupBy: string[] = []
  const columns = keys.map(({ expression, column }, i): ColumnText => {
    const { text, dictionary, key: _, ...facts } = column
    const packed = keys.length > 1 ? packedSql(expression, column) : undefined
    groupBy.push(packed ?? text)
    listed.push(`${packed ?? text} AS g${i}`)
    const form = formOf(column)
    if (dictionary === undefined || form === undefined) return { ...facts, text: `g${i}` }
    if (dictionary.exceptions !== undefined) listed.push(`any(${dictionary.exceptions}) AS h${i}`)
    const shown = packed === undefined ? `g${i}` : `reinterpretAsString(g${i})`
    const key = equalitySql(form, shown, dictionary.exceptions === undefined ? undefined : `h${i}`)
    return { ...facts, text: shown, key }
  })
  partials.forEach((text, i) => listed.push(`${text} AS p${i}`))
  return { from: `(${textOf({ ...input, groupBy }, listed)})`, keys: columns }
}

/**
 * A short text as a number, which is faster to group by beside other keys than a dictionary's. The texts have no byte 0, which a number doesn't
 * tell from none: those that have are exceptions of their form.
 */
function packedSql({ type }: Expression, column: ColumnText): string | undefined {
  const { text, dictionary, hasExceptions } = column
  const form = formOf(column)
  if (dictionary === undefined || form === undefined || form.kind === 'plain' || hasExceptions !== false) {
    return undefined
  }
  // Texts that fold without exceptions are ASCII.
  const bytes = form.kind === 'folded' ? type.length : type.length * 4
  const width = WIDTHS.find((each) => each >= bytes)
  if (width === undefined) return undefined
  const number = `UInt${width * 8}`
  return `CAST(reinterpretAs${number}(${text}) AS ${dictionary.isNullable ? `Nullable(${number})` : number})`
}

/** By the column's own collation, whatever the expression compares it by. */
function formOf({ collation }: ColumnText): TextForm | undefined {
  return collation === undefined ? undefined : textFormOf(collation)
}

const WIDTHS = [2, 4, 8] as const

/** Nothing but a first phase. */
export function phaseSelect({ from }: FirstPhase, columns: Select['columns']): Select {
  return { ...EMPTY, from, columns }
}
