/**
 * JSON_TABLE (MySQL manual 14.17.6): rows and columns from one document. Each path gives rows, each nested path rows for those of
 * its parent: the parent's columns repeat, siblings follow each other with NULLs for the others, and a parent whose
 * nested paths find nothing has one row with NULLs.
 */
import type { Batch } from '../common/batch.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { isJsonArray, isJsonObject, parseJsonArgument, printJson, type JsonNode } from '../common/json.js'
import { findNodes, type JsonPath } from '../common/json-path.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import { BOOLEAN_TYPE, JSON_TYPE, textType, type SqlType } from '../common/sql-type.js'
import { compileStore } from '../common/store.js'
import type { Value } from '../common/value.js'

/** What ON EMPTY and ON ERROR answer; a default is a value of the column's type. */
export type JsonTableResponse = { readonly kind: 'error' } | { readonly kind: 'value'; readonly value: Value }

/** A column; `position` is its place in the rows. */
export type JsonTableColumn =
  | { readonly kind: 'ordinality'; readonly position: number }
  | {
      readonly kind: 'exists'
      readonly position: number
      readonly path: JsonPath
      readonly store: JsonStore
    }
  | {
      readonly kind: 'path'
      readonly position: number
      readonly name: string
      readonly path: JsonPath
      readonly isJson: boolean
      readonly store: JsonStore
      readonly onEmpty: JsonTableResponse
      readonly onError: JsonTableResponse
    }

/** A path with its columns; the outermost one stands for the whole table. */
export interface JsonTableLevel {
  readonly path: JsonPath
  readonly columns: readonly JsonTableColumn[]
  readonly nested: readonly JsonTableLevel[]
}

/** Converts a part of a document, no container, to a value of a column's type; throws what strict mode throws. */
export type JsonStore = (node: JsonNode, context: EvaluationContext) => Value

/** How parts of documents become values of `type`. */
export function compileJsonStore(type: SqlType, name: string): JsonStore {
  if (type.name === 'json') return printJson
  const ofText = compileStore(type, textType(65535, 'utf8mb4_bin'))
  const ofJson = compileStore(type, JSON_TYPE)
  const ofBoolean = compileStore(type, BOOLEAN_TYPE)
  return (node, context) => {
    if (node === null) return null
    const strict = quietlyStrict(context)
    if (typeof node === 'string') return ofText(node, strict, name, 1)
    if (typeof node === 'boolean' && !isStringType(type)) return ofBoolean(Number(node), strict, name, 1)
    return ofJson(printJson(node), strict, name, 1)
  }
}

function isStringType(type: SqlType): boolean {
  return type.collation !== '' && type.name !== 'bit'
}

/** What doesn't fit is an error for ON ERROR to answer, and nothing else warns. */
function quietlyStrict(context: EvaluationContext): EvaluationContext {
  return Object.create(context, {
    strict: { value: true },
    warn: { value: () => undefined },
  }) as EvaluationContext
}

/** Appends the rows of a document to `into`, whose columns stand behind the one of the document itself. */
export class JsonTableRows {
  private readonly row: Value[]

  constructor(
    private readonly into: Batch,
    private readonly context: EvaluationContext,
  ) {
    this.row = into.columns.map(() => null)
  }

  add(level: JsonTableLevel, document: string): void {
    this.addLevel(level, parseJsonArgument(document, 1, 'json_table'))
  }

  /** Answers how many rows the level's path gave. */
  private addLevel(level: JsonTableLevel, root: JsonNode): number {
    const nodes = findNodes(root, level.path)
    nodes.forEach((node, i) => {
      this.context.checkKilled()
      for (const column of level.columns) this.row[column.position] = this.valueOf(column, node, i + 1)
      let rows = 0
      for (const nested of level.nested) {
        rows += this.addLevel(nested, node)
        this.clear(nested)
      }
      if (rows === 0) this.into.pushRow(this.row)
    })
    return nodes.length
  }

  /** Siblings and later rows see NULLs. */
  private clear({ columns, nested }: JsonTableLevel): void {
    for (const { position } of columns) this.row[position] = null
    for (const level of nested) this.clear(level)
  }

  private valueOf(column: JsonTableColumn, node: JsonNode, ordinal: number): Value {
    switch (column.kind) {
      case 'ordinality':
        return ordinal
      case 'exists':
        return column.store(findNodes(node, column.path).length > 0, this.context)
      case 'path':
        return this.pathValue(column, findNodes(node, column.path))
    }
  }

  private pathValue(column: Extract<JsonTableColumn, { kind: 'path' }>, found: readonly JsonNode[]): Value {
    const [first, ...others] = found
    if (first === undefined) {
      if (column.onEmpty.kind === 'value') return column.onEmpty.value
      throw sqlError('ER_MISSING_JSON_TABLE_VALUE', column.name)
    }
    if (column.isJson)
      return others.length === 0 && first === null ? null : printJson(others.length > 0 ? [...found] : first)
    if (others.length > 0 || isJsonArray(first) || isJsonObject(first)) {
      if (column.onError.kind === 'value') return column.onError.value
      throw sqlError('ER_WRONG_JSON_TABLE_VALUE', column.name)
    }
    try {
      return column.store(first, this.context)
    } catch (error) {
      if (!isSqlError(error)) throw error
      if (column.onError.kind === 'value') return column.onError.value
      if (error.code === 'ER_INVALID_JSON_VALUE_FOR_CAST') throw error
      throw sqlError('ER_JT_VALUE_OUT_OF_RANGE', column.name)
    }
  }
}
