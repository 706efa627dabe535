import { existsSync, readFileSync } from 'node:fs'
import sqlParser from 'node-sql-parser'
import type { Statement } from '../plan/syntax/statement.js'
import { toByteString } from './options.js'
import { parseSingle } from './parse.js'

/**
 * Goal: an independent parser agrees about what statements are and which tables and columns they name. Method: every
 * query and row change of our lists that node-sql-parser reads too is compared; its known faults are listed by name,
 * and each of them must still show, so that the list stays true.
 */

interface Fault {
  readonly name: string
  readonly statements: RegExp
}

/** What node-sql-parser 5.4 gets wrong in statements that it accepts. */
const FAULTS: readonly Fault[] = [
  { name: 'a three-part column name loses its database', statements: /a\.b\.c FROM/ },
  { name: 'tables in parentheses are not reported', statements: /FROM \(t1 JOIN|LEFT JOIN \(t2, t3\)/ },
  {
    name: 'column lists of common table expressions count as columns',
    statements: /^WITH x AS \(SELECT 1\), y \(a, b\)/,
  },
  { name: 'the operator BINARY is a column', statements: /BINARY a, a COLLATE/ },
  { name: 'units and types are columns', statements: /TIMESTAMPADD\(WEEK/ },
  { name: 'a number with an exponent is a column', statements: /1e3FROM/ },
  { name: 'ON DUPLICATE KEY UPDATE is not looked into', statements: /ON DUPLICATE KEY UPDATE/ },
]

interface Names {
  readonly tables: Set<string>
  readonly columns: Set<string>
}

/** Names of base tables and columns anywhere in the tree. */
function namesIn(value: unknown, names: Names = { tables: new Set(), columns: new Set() }): Names {
  if (Array.isArray(value)) value.forEach((child) => namesIn(child, names))
  else if (typeof value === 'object' && value !== null) {
    const node = value as { kind?: string; name?: unknown; table?: unknown }
    if (node.kind === 'table') addName(names.tables, (node.name as { name: string }).name)
    if (node.kind === 'tableBlock' || node.kind === 'insert')
      addName(names.tables, (node.table as { name: string }).name)
    if (node.kind === 'column') addName(names.columns, node.name as string)
    Object.values(value).forEach((child) => namesIn(child, names))
  }
  return names
}

function addName(names: Set<string>, name: string): void {
  names.add(name.toLowerCase())
}

interface Witness {
  readonly type: string
  readonly tables: Set<string>
  readonly columns: Set<string>
}

const parser = new sqlParser.Parser()

/** What node-sql-parser says; undefined where it can't read the statement. */
function witnessOf(sql: string): Witness | undefined {
  let parsed: ReturnType<typeof parser.parse>
  try {
    parsed = parser.parse(sql, { database: 'MySQL' })
  } catch {
    return undefined
  }
  const ast: unknown = Array.isArray(parsed.ast) ? parsed.ast[0] : parsed.ast
  if (typeof ast !== 'object' || ast === null || !('type' in ast)) return undefined
  const last = (entry: string): string => (entry.split('::')[2] ?? '').toLowerCase()
  return {
    type: String(ast.type),
    tables: new Set(parsed.tableList.map(last)),
    // It says `(.*)` both for stars and for rows that name no columns.
    columns: new Set(parsed.columnList.map(last).filter((name) => name !== '(.*)')),
  }
}

const KINDS: Readonly<Record<string, string>> = {
  query: 'select',
  insert: 'insert',
  update: 'update',
  delete: 'delete',
}

function kindOf(statement: Statement): string {
  return statement.kind === 'insert' && statement.replace ? 'replace' : (KINDS[statement.kind] ?? '')
}

const CLIENTS = new URL('../../../shared/conformance/client-statements.tsv', import.meta.url)

/** Queries in the style of reports, beside our lists. */
const REPORTS = [
  "select l_returnflag, sum(l_quantity) as q, avg(l_discount) from lineitem where l_shipdate <= date '1998-12-01' - interval 90 day group by l_returnflag order by l_returnflag",
  'select s_name, count(*) as numwait from supplier, lineitem l1, orders where s_suppkey = l1.l_suppkey and o_orderkey = l1.l_orderkey and exists (select * from lineitem l2 where l2.l_orderkey = l1.l_orderkey) and not exists (select * from lineitem l3 where l3.l_receiptdate > l3.l_commitdate) group by s_name order by numwait desc, s_name limit 100',
  'select c_count, count(*) as custdist from (select c_custkey, count(o_orderkey) as c_count from customer left outer join orders on c_custkey = o_custkey group by c_custkey) as c_orders group by c_count',
  "select sum(case when p_type like 'PROMO%' then l_extendedprice * (1 - l_discount) else 0 end) from lineitem, part where l_partkey = p_partkey",
  'insert into archive (id, total) select o.id, sum(l.price) from orders o join items l on l.order_id = o.id where o.year < 2020 group by o.id',
  'update orders o join customers c on c.id = o.customer_id set o.country = c.country where o.country is null',
  'delete from sessions where last_seen < 5 and user_id not in (select id from users where admin = 1)',
]

function lines(path: URL): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '))
}

interface Comparison {
  readonly sql: string
  readonly ours: { readonly kind: string; readonly tables: string[]; readonly columns: string[] }
  readonly theirs: { readonly kind: string; readonly tables: string[]; readonly columns: string[] }
}

function compare(sql: string): Comparison | undefined {
  const witness = witnessOf(sql)
  if (witness === undefined) return undefined
  let statement: Statement
  try {
    ;({ statement } = parseSingle(toByteString(sql)))
  } catch {
    return undefined
  }
  if (!(statement.kind in KINDS)) return undefined
  const { tables, columns } = namesIn(statement)
  return {
    sql,
    ours: { kind: kindOf(statement), tables: [...tables].sort(), columns: [...columns].sort() },
    theirs: { kind: witness.type, tables: [...witness.tables].sort(), columns: [...witness.columns].sort() },
  }
}

const comparisons = [
  ...REPORTS,
  ...lines(new URL('testdata/accepted.sql', import.meta.url)),
  ...(existsSync(CLIENTS) ? lines(CLIENTS).map((line) => line.split('\t')[1] ?? '') : []),
].flatMap((sql) => compare(sql) ?? [])

function isFaulty(sql: string): boolean {
  return FAULTS.some(({ statements }) => statements.test(sql))
}

test.each(comparisons.filter(({ sql }) => !isFaulty(sql)))('$sql', ({ ours, theirs }) => {
  expect(ours).toEqual(theirs)
})

test.each(FAULTS)('known fault: $name', ({ statements }) => {
  const shown = comparisons.filter(({ sql }) => statements.test(sql))
  expect(shown).not.toHaveLength(0)
  expect(shown.some(({ ours, theirs }) => JSON.stringify(ours) !== JSON.stringify(theirs))).toBe(true)
})

test('enough is compared to mean something', () => {
  expect(comparisons.length).toBeGreaterThan(REPORTS.length + 30)
})
