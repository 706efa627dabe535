/** Functions that answer with one of their arguments: IF, CASE, IFNULL, COALESCE, NULLIF. Also what a condition is. */
import { isText, readsColumns, sameType, type Expression, type SqlType } from '@switchyard/core/spi'
import { compareSql } from './fragment-comparison.js'
import {
  castSql,
  digitsOf,
  isDistinguishable,
  isExactNumber,
  need,
  Refusal,
  type Entry,
  type Render,
} from './fragment-render.js'

/** SQL of a branch. */
type RenderBranch = (branch: Expression) => string

/** A call of one of these functions with its branches made by `branch`, or undefined for any other call. */
export function caseSql(expression: Expression, render: Render, branch: RenderBranch): string | undefined {
  if (expression.kind !== 'call') return undefined
  const { name, arguments: args } = expression
  switch (name) {
    case 'if': {
      const [condition, yes, no] = args
      return `if(${logicSql('', [need(condition)], render)}, ${branch(need(yes))}, ${branch(need(no))})`
    }
    case 'case': {
      const hasElse = args.length % 2 === 1
      const isCondition = (i: number): boolean => i % 2 === 0 && i < args.length - 1
      const parts = args.map((each, i) => (isCondition(i) ? logicSql('', [each], render) : branch(each)))
      return `multiIf(${parts.join(', ')}${hasElse ? '' : ', NULL'})`
    }
    case 'ifnull':
    case 'coalesce':
      return `coalesce(${args.map(branch).join(', ')})`
    case 'nullif': {
      const [value, other] = [need(args[0]), need(args[1])]
      return `if(${compareSql('=', value, other, render)}, NULL, ${branch(value)})`
    }
    default:
      return undefined
  }
}

const entry: Entry = (_args, call, render) => {
  const sql = caseSql(call, render, (branch) => branchSql(branch, call.type, render))
  if (sql === undefined) throw new Error('invariant: it is one of these')
  return castSql(sql, call.type)
}

export const BRANCH_ENTRIES: readonly (readonly [string, Entry])[] = [
  ['if', entry],
  ['case', entry],
  ['ifnull', entry],
  ['coalesce', entry],
  ['nullif', entry],
]

/** One of several values of which one is the result: all must be of its type. */
function branchSql(branch: Expression, type: SqlType, render: Render): string {
  if (isExactNumber(branch.type) && isExactNumber(type)) {
    const [from, to] = [digitsOf(branch.type), digitsOf(type)]
    if (from.whole > to.whole || from.scale > to.scale) throw new Refusal(`${branch.text} may not fit`)
    return castSql(render(branch), type)
  }
  if (branch.type.name === 'null') return castSql('NULL', type)
  if (isText(branch.type) && isText(type)) return render(branch)
  if (!sameType(branch.type, type) || !isDistinguishable(type)) {
    throw new Refusal(`no entry for ${branch.type.name} where ${type.name} is wanted`)
  }
  return render(branch)
}

export function logicSql(operator: string, args: readonly Expression[], render: Render): string {
  const parts = args.map((each) => {
    if (!isExactNumber(each.type)) throw new Refusal(`${each.text} is no condition there`)
    return isTest(each) ? render(each) : `(${render(each)} != 0)`
  })
  return `(${parts.join(operator)})`
}

const TESTS: ReadonlySet<string> = new Set([
  ...['=', '<>', '<', '<=', '>', '>=', '<=>', 'and', 'or', 'xor', 'not'],
  ...['is null', 'is not null', 'is true', 'is false', 'in', 'between', 'like'],
])

/** Whether it is 1, 0 or NULL. */
function isTest(expression: Expression): boolean {
  return expression.kind === 'call' && TESTS.has(expression.name) && readsColumns(expression)
}
