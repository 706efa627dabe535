/**
 * Binds JSON_TABLE (MySQL manual 14.17.6) to a computed table: its first column, which no query sees, is given the document, and
 * the others follow from that.
 */
import { Batch } from '../common/batch.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { isJsonArray, isJsonObject, parseJson, type JsonNode } from '../common/json.js'
import { parseJsonPath, type JsonPath } from '../common/json-path.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import { isBinary, isText, JSON_TYPE, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import {
  compileJsonStore,
  JsonTableRows,
  type JsonStore,
  type JsonTableColumn,
  type JsonTableLevel,
  type JsonTableResponse,
} from '../functions/json-table.js'
import { integerType } from '../functions/result-types.js'
import type { Expression } from '../plan/expression.js'
import type { VirtualTable } from '../plan/logical.js'
import type {
  JsonOnResponse,
  JsonTable as JsonTableSyntax,
  JsonTableColumn as ColumnSyntax,
  StringLiteral,
} from '../plan/syntax/index.js'
import type { Binding } from './binding.js'
import { plainContext } from './binding.js'
import { convertTo } from './calls.js'
import { constantValue } from './constants.js'
import { Scope } from './scope.js'

const NESTED_PATHS_MAX = 16
const NULL_RESPONSE: JsonTableResponse = { kind: 'value', value: null }

interface NamedColumn {
  readonly name: string
  readonly type: SqlType
}

/** The table with its document still to be given, as the value of column 0. */
export function bindJsonTable(binding: Binding, syntax: JsonTableSyntax): VirtualTable {
  return new JsonTableBinder(binding, syntax).table()
}

/** The document: JSON, or text to be parsed. Throws ER_INVALID_TYPE_FOR_JSON, ER_INVALID_JSON_CHARSET. */
export function jsonTableDocument(document: Expression): Expression {
  const { type } = document
  if (isBinary(type)) throw sqlError('ER_INVALID_JSON_CHARSET', 'binary')
  const isDocument = type.name === 'json' || type.name === 'null' || isText(type)
  if (!isDocument) throw sqlError('ER_INVALID_TYPE_FOR_JSON', 1, 'json_table')
  return document
}

class JsonTableBinder {
  private readonly columns: NamedColumn[] = [{ name: '', type: JSON_TYPE }]
  private nestedPaths = 0

  constructor(
    private readonly binding: Binding,
    private readonly syntax: JsonTableSyntax,
  ) {}

  table(): VirtualTable {
    const { syntax } = this
    const root = this.level(syntax.path, syntax.columns)
    const columns = this.columns.map(({ name, type }) => ({ name, type, nullable: true }))
    const types = columns.map(({ type }) => type)
    const rowsOf = (args: readonly Value[], context: EvaluationContext): Batch => {
      const rows = Batch.ofTypes(types)
      const [document = null] = args
      if (document !== null) new JsonTableRows(rows, context).add(root, document as string)
      return rows
    }
    return Object.freeze({ database: '', name: syntax.alias, columns, rowsOf })
  }

  private level(path: StringLiteral, list: readonly ColumnSyntax[]): JsonTableLevel {
    const columns: JsonTableColumn[] = []
    const nested: JsonTableLevel[] = []
    for (const each of list) {
      if (each.kind === 'nested') {
        if (++this.nestedPaths > NESTED_PATHS_MAX) {
          throw sqlError('ER_JT_MAX_NESTED_PATH', NESTED_PATHS_MAX, this.syntax.alias)
        }
        nested.push(this.level(each.path, each.columns))
      } else columns.push(this.column(each))
    }
    return { path: this.path(path), columns, nested }
  }

  private column(syntax: Exclude<ColumnSyntax, { kind: 'nested' }>): JsonTableColumn {
    const { environment } = this.binding
    const { name } = syntax
    const position = this.columns.length
    if (this.columns.some((other) => other.name.toLowerCase() === name.toLowerCase())) {
      throw sqlError('ER_DUP_FIELDNAME', name)
    }
    if (syntax.kind === 'ordinality') {
      this.columns.push({ name, type: ORDINALITY_TYPE })
      return { kind: 'ordinality', position }
    }
    const type = environment.columnType(syntax.type, name)
    this.columns.push({ name, type })
    const path = this.path(syntax.path)
    const store = compileJsonStore(type, name)
    if (syntax.kind === 'exists') return { kind: 'exists', position, path, store }
    return {
      kind: 'path',
      position,
      name,
      path,
      isJson: type.name === 'json',
      store,
      onEmpty: this.response(syntax.onEmpty, name, type, store),
      onError: this.response(syntax.onError, name, type, store),
    }
  }

  /** Paths are part of the plan: as no expression has them, other statements must have the same. */
  private path(literal: StringLiteral): JsonPath {
    const { environment } = this.binding
    const text = environment.decode(literal.bytes, literal.introducer ?? environment.clientCharset)
    if (text === undefined) throw sqlError('ER_INVALID_JSON_PATH', 1)
    return parseJsonPath(text)
  }

  private response(
    syntax: JsonOnResponse | undefined,
    name: string,
    type: SqlType,
    store: JsonStore,
  ): JsonTableResponse {
    if (syntax === undefined || syntax.kind === 'null') return NULL_RESPONSE
    if (syntax.kind === 'error') return { kind: 'error' }
    const node = this.defaultNode(syntax, name)
    const isContainer = isJsonArray(node) || isJsonObject(node)
    if (type.name !== 'json' && isContainer) throw sqlError('ER_INVALID_DEFAULT', name)
    try {
      return { kind: 'value', value: store(node, this.binding.evaluation) }
    } catch (error) {
      if (isSqlError(error)) throw sqlError('ER_INVALID_DEFAULT', name)
      throw error
    }
  }

  /** The text of a default is JSON. */
  private defaultNode(syntax: Extract<JsonOnResponse, { kind: 'default' }>, name: string): JsonNode {
    const scope = new Scope(undefined, [])
    const value = this.binding.expression(syntax.value, plainContext(scope, 'a table function argument'))
    const constant = constantValue(this.binding, isText(value.type) ? value : convertTo(value, JSON_TYPE))
    const parsed = typeof constant?.value === 'string' ? parseJson(constant.value) : undefined
    if (parsed === undefined || !('node' in parsed)) throw sqlError('ER_INVALID_DEFAULT', name)
    return parsed.node
  }
}

const ORDINALITY_TYPE: SqlType = Object.freeze({ ...integerType(11), name: 'int', unsigned: true })
