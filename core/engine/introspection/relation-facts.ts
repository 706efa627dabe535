/**
 * What SHOW TABLE STATUS and information_schema.TABLES tell about a relation (MySQL manual 15.7.7.38, 28.3.38).
 */
import { engineName } from '../../catalog/show-create.js'
import type { ExactValue } from '../../common/value.js'
import type { ListingRequest } from './listing.js'
import { walkRelations, type RelationRow } from './relations.js'
import { tableFigures } from './table-size.js'

export interface RelationFacts {
  readonly relation: RelationRow
  readonly engine: string | null
  /** Fields of base tables only, null for others. */
  readonly version: number | null
  readonly rowFormat: string | null
  readonly rows: number | null
  readonly averageRowBytes: number | null
  readonly dataBytes: number | null
  readonly nextAutoIncrement: ExactValue | null
  readonly createdAtMicros: number | null
  readonly collation: string | null
  readonly createOptions: string | null
  readonly comment: string
}

/** Emits facts of every relation that the account may see. */
export function walkRelationFacts(
  request: ListingRequest,
  emit: (facts: RelationFacts) => void,
): Promise<void> {
  return walkRelations(request, async (relation) => {
    emit(await relationFacts(relation, request))
  })
}

const NO_TABLE = {
  engine: null,
  version: null,
  rowFormat: null,
  rows: null,
  averageRowBytes: null,
  dataBytes: null,
  nextAutoIncrement: null,
  createdAtMicros: null,
  collation: null,
  createOptions: null,
  comment: '',
} as const

/** MySQL's version of table definition files; it never changed since. */
const DEFINITION_VERSION = 10

async function relationFacts(relation: RelationRow, request: ListingRequest): Promise<RelationFacts> {
  if (relation.kind === 'view') return { ...NO_TABLE, relation, comment: 'VIEW' }
  if (relation.kind === 'computed') {
    return { ...NO_TABLE, relation, version: DEFINITION_VERSION, rows: 0, createOptions: '' }
  }
  const table = relation.definition
  const figures = await tableFigures(table, request)
  const rows = figures?.rows ?? null
  const dataBytes = figures?.dataBytes ?? null
  return {
    relation,
    engine: engineName(table),
    version: DEFINITION_VERSION,
    rowFormat: rowFormat(table.options.ROW_FORMAT),
    rows,
    averageRowBytes:
      rows === null || dataBytes === null ? null : rows === 0 ? 0 : Math.floor(dataBytes / rows),
    dataBytes,
    nextAutoIncrement: figures?.nextAutoIncrement ?? null,
    createdAtMicros: table.createdAtMicros,
    collation: table.collation,
    createOptions: Object.entries(table.options)
      .map(([name, value]) => `${name.toLowerCase()}=${value}`)
      .join(' '),
    comment: table.comment,
  }
}

function rowFormat(option: string | undefined): string {
  if (option === undefined) return 'Dynamic'
  return option.charAt(0).toUpperCase() + option.slice(1).toLowerCase()
}
