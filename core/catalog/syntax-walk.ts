/**
 * Looks through expression syntax: which columns it names, and what in it isn't allowed where a definition stands. The tree
 * is plain data, so that one walk serves all kinds of nodes.
 */
import type { ColumnReference, Expression, ExpressionKind, FunctionCall } from '../plan/syntax/expression.js'

interface Node {
  readonly kind?: string
}

/** Visits every node inside of an expression, itself first, sub-queries included. */
export function visitSyntax(root: object, visit: (node: Node) => void): void {
  visit(root)
  for (const child of Object.values(root) as unknown[]) {
    if (Array.isArray(child)) {
      for (const item of child as unknown[]) if (isNode(item)) visitSyntax(item, visit)
    } else if (isNode(child)) visitSyntax(child, visit)
  }
}

function isNode(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** The columns that an expression names, in order, as often as it does. */
export function columnsNamed(expression: Expression): readonly ColumnReference[] {
  const columns: ColumnReference[] = []
  visitSyntax(expression, (node) => {
    if (node.kind === 'column') columns.push(node as ColumnReference)
  })
  return columns
}

const VARIABLE_KINDS: ReadonlySet<string> = new Set<ExpressionKind>([
  'userVariable',
  'userVariableAssignment',
  'systemVariable',
])

/** Sub-queries, parameters, aggregates and windows: nothing that a row alone decides. */
const FORBIDDEN_KINDS: ReadonlySet<string> = new Set<ExpressionKind>([
  'parameter',
  'quantifiedComparison',
  'inQuery',
  'exists',
  'subquery',
  'aggregate',
  'window',
  'match',
  'columnDefault',
  'defaultKeyword',
  'insertedValue',
])

/** Functions whose answer depends on more than their arguments. */
const NONDETERMINISTIC: ReadonlySet<string> = new Set([
  'benchmark',
  'connection_id',
  'curdate',
  'current_date',
  'current_role',
  'current_time',
  'current_timestamp',
  'current_user',
  'curtime',
  'database',
  'found_rows',
  'get_lock',
  'is_free_lock',
  'is_used_lock',
  'last_insert_id',
  'load_file',
  'localtime',
  'localtimestamp',
  'now',
  'rand',
  'release_all_locks',
  'release_lock',
  'row_count',
  'schema',
  'session_user',
  'sleep',
  'sysdate',
  'system_user',
  'unix_timestamp',
  'user',
  'utc_date',
  'utc_time',
  'utc_timestamp',
  'uuid',
  'uuid_short',
  'version',
])

/** What DEFAULT (…) may not call either. */
const FORBIDDEN_IN_DEFAULTS: ReadonlySet<string> = new Set([
  'benchmark',
  'found_rows',
  'get_lock',
  'is_free_lock',
  'is_used_lock',
  'load_file',
  'release_all_locks',
  'release_lock',
  'row_count',
  'sleep',
])

/** Why an expression can't stand in a definition, or undefined if it can. */
export type Objection =
  | { readonly kind: 'construct' }
  | { readonly kind: 'variable' }
  | { readonly kind: 'function'; readonly name: string }

/**
 * What an expression has that a generated column and a check can't (MySQL manual 15.1.20.6 and 15.1.20.8), or a default value
 * (13.6), which may be volatile.
 */
export function objectionTo(
  expression: Expression,
  use: 'generated' | 'check' | 'default',
): Objection | undefined {
  const forbidden = use === 'default' ? FORBIDDEN_IN_DEFAULTS : NONDETERMINISTIC
  let found: Objection | undefined
  visitSyntax(expression, (node) => {
    if (node.kind === undefined || found !== undefined) return
    if (VARIABLE_KINDS.has(node.kind)) found = { kind: 'variable' }
    else if (FORBIDDEN_KINDS.has(node.kind)) found = { kind: 'construct' }
    else if (node.kind === 'function') found = objectionToCall(node as FunctionCall, forbidden)
  })
  return found
}

function objectionToCall(call: FunctionCall, forbidden: ReadonlySet<string>): Objection | undefined {
  const name = call.name.toLowerCase()
  // Stored functions are never allowed; UNIX_TIMESTAMP of something doesn't read the clock.
  if (call.database !== undefined) return { kind: 'function', name: `${call.database}.${call.name}` }
  if (name === 'unix_timestamp' && call.arguments.length > 0) return undefined
  return forbidden.has(name) ? { kind: 'function', name } : undefined
}
