/**
 * The query of a view in the form that is kept: what it means must not depend on the default database, nor on columns that
 * its tables get later.
 */
import { Binder } from '../../binder/binder.js'
import type { BinderEnvironment } from '../../binder/environment.js'
import { nameKey } from '../../catalog/names.js'
import type {
  QualifiedName,
  QueryBody,
  QueryExpression,
  SelectBlock,
  SelectItem,
  SelectWildcard,
  TableReference,
  WithClause,
} from '../../plan/syntax/index.js'

// ---- Wildcards ------------------------------------------------------------------------------------------------

/** `*` and `t.*` of the query's blocks, and of derived tables in them, written out as the columns that they are now. */
export function withoutWildcards(query: QueryExpression, environment: BinderEnvironment): QueryExpression {
  return new WildcardExpansion(environment).query(query, undefined)
}

class WildcardExpansion {
  constructor(private readonly environment: BinderEnvironment) {}

  query(query: QueryExpression, outer: WithClause | undefined): QueryExpression {
    return { ...query, body: this.body(query.body, query.with ?? outer) }
  }

  private body(body: QueryBody, common: WithClause | undefined): QueryBody {
    switch (body.kind) {
      case 'select':
        return this.block(body, common)
      case 'setOperation':
        return { ...body, operands: body.operands.map((operand) => this.body(operand, common)) }
      case 'query':
        return this.query(body, common)
      case 'valuesBlock':
      case 'tableBlock':
        return body
    }
  }

  private block(block: SelectBlock, common: WithClause | undefined): SelectBlock {
    const items = block.items.flatMap((item): readonly SelectItem[] =>
      item.kind === 'selectWildcard' ? this.columnsOf(item, block, common) : [item],
    )
    return { ...block, items, from: block.from.map((reference) => this.reference(reference, common)) }
  }

  private reference(reference: TableReference, common: WithClause | undefined): TableReference {
    switch (reference.kind) {
      case 'derivedTable':
        return reference.lateral ? reference : { ...reference, query: this.query(reference.query, common) }
      case 'join':
        return {
          ...reference,
          left: this.reference(reference.left, common),
          right: this.reference(reference.right, common),
        }
      default:
        return reference
    }
  }

  /** What the wildcard stands for, found by binding a block that selects nothing else. */
  private columnsOf(
    wildcard: SelectWildcard,
    block: SelectBlock,
    common: WithClause | undefined,
  ): readonly SelectItem[] {
    const { start, end } = wildcard
    const body: SelectBlock = {
      ...block,
      items: [wildcard],
      distinct: false,
      where: undefined,
      groupBy: [],
      rollup: false,
      having: undefined,
      windows: [],
    }
    const query: QueryExpression = {
      kind: 'query',
      with: common,
      body,
      orderBy: [],
      limit: undefined,
      locking: [],
      into: undefined,
      start,
      end,
    }
    return new Binder(this.environment).select(query).columns.map(({ name, origin }) => ({
      kind: 'selectExpression',
      expression: { kind: 'column', database: undefined, table: origin?.tableAlias, name, start, end },
      alias: undefined,
      name,
      start,
      end,
    }))
  }
}

// ---- Databases ------------------------------------------------------------------------------------------------

/** The query with every table qualified. Names of common table expressions stay as they are, where they are visible. */
export function withDatabase(query: QueryExpression, database: string): QueryExpression {
  return qualify(query, database, new Set()) as QueryExpression
}

type SyntaxObject = Readonly<Record<string, unknown>>

/** The tree is plain data: one walk copies all kinds of nodes. */
function qualify(node: unknown, database: string, common: ReadonlySet<string>): unknown {
  if (Array.isArray(node)) return (node as unknown[]).map((item) => qualify(item, database, common))
  if (typeof node !== 'object' || node === null) return node
  const source = node as SyntaxObject
  const visible = source.kind === 'query' ? withCommon(source as unknown as QueryExpression, common) : common
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(source)) copy[name] = qualify(value, database, visible)
  if (source.kind === 'table') copy.name = qualifiedName(source.name as QualifiedName, database, common)
  if (source.kind === 'tableBlock') {
    copy.table = qualifiedName(source.table as QualifiedName, database, common)
  }
  return copy
}

function withCommon(query: QueryExpression, common: ReadonlySet<string>): ReadonlySet<string> {
  if (query.with === undefined) return common
  return new Set([...common, ...query.with.elements.map((element) => nameKey(element.name))])
}

function qualifiedName(name: QualifiedName, database: string, common: ReadonlySet<string>): QualifiedName {
  if (name.database !== undefined || common.has(nameKey(name.name))) return name
  return { ...name, database }
}
