/**
 * What MySQL and Switchyard tell of the columns of a result, as far as it doesn't hang on plans and on versions.
 */
import type { OutcomeColumn } from '../sql/sql-server.js'

/** Why they differ; undefined if they don't. */
export function metadataDifference(
  sql: string,
  ours: readonly OutcomeColumn[],
  theirs: readonly OutcomeColumn[],
): string | undefined {
  // Of the groups of ROLLUP, MySQL tells as of expressions.
  const hasOrigins = !/\bWITH ROLLUP\b/.test(sql)
  for (const [i, their] of theirs.entries()) {
    const own = ours[i]
    if (own === undefined) return `${theirs.length} columns on MySQL, ${ours.length} here`
    const isPlain = hasOrigins && isOfTable(own) && isOfTable(their)
    const [type, flags, origin] = [typeDifference, flagsDifference, originDifference].map((each) =>
      each(own, their, isPlain),
    )
    const difference = type ?? flags ?? (hasOrigins ? origin : undefined)
    if (difference !== undefined) return `column ${i + 1}: ${difference}`
  }
  return undefined
}

function isOfTable({ origin }: OutcomeColumn): boolean {
  return origin.includes('.')
}

function typeDifference(ours: OutcomeColumn, theirs: OutcomeColumn, isPlain: boolean): string | undefined {
  const isSame = isPlain
    ? columnType(ours.type) === columnType(theirs.type)
    : kindOf(ours.type) === kindOf(theirs.type) || [ours, theirs].some(({ type }) => /^\w+\(0\)/.test(type))
  return isSame ? undefined : `${theirs.type} on MySQL, ${ours.type} here`
}

/** Expressions in columns of views are integers of one length, but a temporary table has an INT where others have a BIGINT. */
function columnType(type: string): string {
  return type.replace(/^(int|bigint)\b/, 'integer').replace(/^null\b/, 'varbinary')
}

const KINDS: Readonly<Record<string, string>> = {
  ...{ char: 'text', varchar: 'text' },
  ...{ binary: 'blob', varbinary: 'blob', null: 'blob' },
  ...{ int: 'integer', bigint: 'integer', year: 'integer' },
}

/**
 * What of an expression's type a client goes by. How long it can be and whether it can be NULL, MySQL tells by rules that
 * differ from one function to the next, and not always truly.
 */
function kindOf(type: string): string {
  const name = /^\w+/.exec(type)?.[0] ?? ''
  const kind = KINDS[name] ?? name
  return type.includes(' unsigned') && kind !== 'blob' ? `${kind} unsigned` : kind
}

/** Rows of a temporary table have no keys any more, which hangs on the plan. */
function flagsDifference(ours: OutcomeColumn, theirs: OutcomeColumn, isPlain: boolean): string | undefined {
  const withoutKeys = (flags: string) => flags.replace(/\b(primary|unique|multiple) ?/g, '').trim() || '-'
  if (!isPlain || withoutKeys(ours.flags) === withoutKeys(theirs.flags)) return undefined
  return `flags ${theirs.flags} on MySQL, ${ours.flags} here`
}

/** Expressions have a name of origin there if a temporary table holds them, and columns of views that are, no database. */
function originDifference(ours: OutcomeColumn, theirs: OutcomeColumn): string | undefined {
  const shown = ({ origin }: OutcomeColumn) => {
    const isExpression = /^[^=]* |\(/.test(origin) || !/[=.]/.test(origin)
    return isExpression ? '-' : origin.replace(/(?<=^|=)test\./, '')
  }
  if (shown(ours) === shown(theirs)) return undefined
  return `from ${theirs.origin} on MySQL, from ${ours.origin} here`
}
