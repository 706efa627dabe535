/**
 * Definitions of databases, tables and views to catalog records and back.
 */
import type { SqlType, TypeName } from '../common/sql-type.js'
import type {
  CheckDefinition,
  ColumnDefault,
  ColumnDefinition,
  DatabaseDefinition,
  ForeignKeyDefinition,
  IndexDefinition,
  IndexPart,
  Placement,
  ReferentialAction,
  RelationDefinition,
  RowHistory,
  TableDefinition,
  ViewDefinition,
} from '../plan/schema.js'
import { decodeValue, encodeRecord, encodeValue, Fields, type JsonValue } from './record-codec.js'

// ---- Databases ------------------------------------------------------------------------------------------------

export function encodeDatabase(database: DatabaseDefinition): Buffer {
  return encodeRecord({ ...database })
}

export function decodeDatabase(bytes: Buffer): DatabaseDefinition {
  const fields = Fields.parse(bytes, 'database')
  return Object.freeze({
    id: fields.number('id'),
    name: fields.text('name'),
    charset: fields.text('charset'),
    collation: fields.text('collation'),
    isSystem: fields.flag('isSystem'),
  })
}

// ---- Tables and views -----------------------------------------------------------------------------------------

export function encodeRelation(relation: RelationDefinition): Buffer {
  return encodeRecord(relation.kind === 'table' ? tableRecord(relation) : { ...relation })
}

export function decodeRelation(bytes: Buffer): RelationDefinition {
  const fields = Fields.parse(bytes, 'relation')
  return fields.oneOf('kind', ['table', 'view']) === 'table' ? decodeTable(fields) : decodeView(fields)
}

type JsonRecord = Readonly<Record<string, JsonValue | undefined>>

function tableRecord(table: TableDefinition): JsonRecord {
  return {
    ...table,
    columns: table.columns.map(columnRecord),
    indexes: table.indexes.map((index) => ({ ...index, parts: index.parts.map((part) => ({ ...part })) })),
    foreignKeys: table.foreignKeys.map((foreignKey) => ({ ...foreignKey })),
    checks: table.checks.map((check) => ({ ...check })),
    placements: table.placements.map((placement) => ({ ...placement })),
    rowHistory: table.rowHistory && {
      presentFrom: table.rowHistory.presentFrom,
      schemas: table.rowHistory.schemas.map(({ version, columns }) => ({
        version,
        columns: columns.map(({ id, type, nullable }) => ({ id, type: { ...type }, nullable })),
      })),
    },
  }
}

function columnRecord(column: ColumnDefinition): JsonRecord {
  const { default: missing, generated, absentValue } = column
  return {
    ...column,
    type: { ...column.type },
    default: missing.kind === 'value' ? { kind: 'value', value: encodeValue(missing.value) } : { ...missing },
    generated: generated && { ...generated },
    absentValue: absentValue === undefined ? undefined : encodeValue(absentValue),
  }
}

function decodeTable(fields: Fields): TableDefinition {
  const history = fields.optionalRecord('rowHistory')
  return Object.freeze({
    kind: 'table',
    id: fields.number('id'),
    version: fields.number('version'),
    database: fields.text('database'),
    name: fields.text('name'),
    columns: fields.records('columns').map(decodeColumn),
    indexes: fields.records('indexes').map(decodeIndex),
    foreignKeys: fields.records('foreignKeys').map(decodeForeignKey),
    checks: fields.records('checks').map(decodeCheck),
    placements: fields.records('placements').map(decodePlacement),
    charset: fields.text('charset'),
    collation: fields.text('collation'),
    comment: fields.optionalText('comment') ?? '',
    temporary: fields.flag('temporary'),
    engineAsWritten: fields.optionalText('engineAsWritten'),
    options: Object.freeze(fields.textMap('options')),
    createdAtMicros: fields.number('createdAtMicros'),
    ...(history === undefined ? {} : { rowHistory: decodeHistory(history) }),
  })
}

function decodeHistory(fields: Fields): RowHistory {
  return Object.freeze({
    presentFrom: fields.number('presentFrom'),
    schemas: fields.records('schemas').map((schema) => ({
      version: schema.number('version'),
      columns: schema.records('columns').map((column) => ({
        id: column.number('id'),
        type: decodeType(column.record('type')),
        nullable: column.flag('nullable'),
      })),
    })),
  })
}

function decodeColumn(fields: Fields): ColumnDefinition {
  const generated = fields.optionalRecord('generated')
  const absentValue = fields.raw('absentValue')
  return Object.freeze({
    id: fields.number('id'),
    name: fields.text('name'),
    type: decodeType(fields.record('type')),
    nullable: fields.flag('nullable'),
    default: decodeDefault(fields.record('default')),
    autoIncrement: fields.flag('autoIncrement'),
    onUpdateNow: fields.flag('onUpdateNow'),
    generated: generated && { sql: generated.text('sql'), stored: generated.flag('stored') },
    comment: fields.optionalText('comment') ?? '',
    invisible: fields.flag('invisible'),
    ...(fields.flag('hidden') ? { hidden: true as const } : {}),
    ...(absentValue === undefined ? {} : { absentValue: decodeValue(absentValue) }),
  })
}

function decodeType(fields: Fields): SqlType {
  const members = fields.optionalTexts('members')
  return Object.freeze({
    name: fields.text('name') as TypeName,
    unsigned: fields.flag('unsigned'),
    zerofill: fields.flag('zerofill'),
    length: fields.number('length'),
    scale: fields.number('scale'),
    collation: fields.text('collation'),
    ...(members === undefined ? {} : { members: Object.freeze(members) }),
  })
}

function decodeDefault(fields: Fields): ColumnDefault {
  const kind = fields.oneOf('kind', ['none', 'value', 'now', 'expression'])
  switch (kind) {
    case 'value':
      return { kind, value: decodeValue(fields.raw('value') ?? null) }
    case 'expression':
      return { kind, sql: fields.text('sql') }
    default:
      return { kind }
  }
}

function decodeIndex(fields: Fields): IndexDefinition {
  const algorithm = fields.optionalText('algorithm')
  return Object.freeze({
    id: fields.number('id'),
    name: fields.text('name'),
    primary: fields.flag('primary'),
    unique: fields.flag('unique'),
    parts: fields.records('parts').map(decodePart),
    visible: fields.flag('visible'),
    comment: fields.optionalText('comment') ?? '',
    algorithm: algorithm === undefined ? undefined : fields.oneOf('algorithm', ['BTREE', 'HASH']),
    collationVersions: fields.numbers('collationVersions'),
  })
}

function decodePart(fields: Fields): IndexPart {
  return {
    column: fields.number('column'),
    prefixLength: fields.optionalNumber('prefixLength'),
    descending: fields.flag('descending'),
  }
}

const ACTIONS: readonly ReferentialAction[] = ['RESTRICT', 'CASCADE', 'SET NULL', 'NO ACTION', 'SET DEFAULT']

function decodeForeignKey(fields: Fields): ForeignKeyDefinition {
  return Object.freeze({
    id: fields.number('id'),
    name: fields.text('name'),
    columns: fields.numbers('columns'),
    referencedDatabase: fields.text('referencedDatabase'),
    referencedTable: fields.text('referencedTable'),
    referencedColumns: fields.texts('referencedColumns'),
    onDelete: fields.oneOf('onDelete', ACTIONS),
    onUpdate: fields.oneOf('onUpdate', ACTIONS),
  })
}

function decodeCheck(fields: Fields): CheckDefinition {
  return Object.freeze({
    name: fields.text('name'),
    sql: fields.text('sql'),
    enforced: fields.flag('enforced'),
  })
}

function decodePlacement(fields: Fields): Placement {
  return Object.freeze({
    id: fields.number('id'),
    storage: fields.text('storage'),
    role: fields.oneOf('role', ['primary', 'secondary']),
    feed: fields.oneOf('feed', ['none', 'changes', 'interval', 'manual', 'binlog']),
    state: fields.oneOf('state', ['active', 'loading', 'failed']),
  })
}

function decodeView(fields: Fields): ViewDefinition {
  return Object.freeze({
    kind: 'view',
    id: fields.number('id'),
    version: fields.number('version'),
    database: fields.text('database'),
    name: fields.text('name'),
    sql: fields.text('sql'),
    columnNames: fields.optionalTexts('columnNames'),
    algorithm: fields.oneOf('algorithm', ['UNDEFINED', 'MERGE', 'TEMPTABLE']),
    definer: fields.text('definer'),
    sqlSecurity: fields.oneOf('sqlSecurity', ['DEFINER', 'INVOKER']),
    checkOption: fields.oneOf('checkOption', ['NONE', 'LOCAL', 'CASCADED']),
    sqlMode: fields.number('sqlMode'),
    connectionCollation: fields.text('connectionCollation'),
  })
}
