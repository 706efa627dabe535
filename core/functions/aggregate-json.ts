/**
 * JSON_ARRAYAGG and JSON_OBJECTAGG (MySQL manual 14.19.1). NULL values become JSON null; without rows they are NULL.
 */
import type { Batch } from '../common/batch.js'
import { compileJsonNode, type JsonNodeOf } from '../common/conversion-json.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { Accumulator, AggregateBinding } from '../common/function-binding.js'
import { printJson, type JsonArray, type JsonObject } from '../common/json.js'
import { sqlError } from '../common/sql-error.js'
import { isText, JSON_TYPE, textType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { textLengthMax } from '../common/value-text.js'
import type { AggregateFunction, ArgumentInfo } from '../spi/functions.js'
import { aggregate } from './aggregate-support.js'

/** A rough size of a node's memory: what matters is that it grows with the rows. */
const NODE_BYTES = 32

function sizeOf(value: Value): number {
  if (typeof value === 'string') return NODE_BYTES + value.length * 2
  return value instanceof Uint8Array ? NODE_BYTES + value.length : NODE_BYTES
}

class ArrayAccumulator implements Accumulator {
  private readonly array: JsonArray = []
  private bytes = 0

  constructor(
    private readonly argument: Evaluator,
    private readonly nodeOf: JsonNodeOf,
  ) {}

  get byteSize(): number {
    return this.bytes
  }

  add(batch: Batch, row: number, context: EvaluationContext): void {
    const value = this.argument(batch, row, context)
    this.array.push(this.nodeOf(value, context))
    this.bytes += sizeOf(value)
  }

  result(): Value {
    return this.array.length === 0 ? null : printJson(this.array)
  }
}

class ObjectAccumulator implements Accumulator {
  private readonly object: JsonObject = new Map()
  private bytes = 0

  constructor(
    private readonly key: Evaluator,
    private readonly value: Evaluator,
    private readonly nodeOf: JsonNodeOf,
  ) {}

  get byteSize(): number {
    return this.bytes
  }

  add(batch: Batch, row: number, context: EvaluationContext): void {
    const key = this.key(batch, row, context) as string | null
    if (key === null) throw sqlError('ER_JSON_DOCUMENT_NULL_KEY')
    const value = this.value(batch, row, context)
    this.object.set(key, this.nodeOf(value, context))
    this.bytes += sizeOf(key) + sizeOf(value)
  }

  result(): Value {
    return this.object.size === 0 ? null : printJson(this.object)
  }
}

function bindArray(args: readonly ArgumentInfo[]): AggregateBinding {
  const [argument] = args as readonly [ArgumentInfo]
  const nodeOf = compileJsonNode(argument.type)
  return {
    type: JSON_TYPE,
    nullable: true,
    parameterTypes: [undefined],
    ignoresNulls: false,
    compile: ([operand]) => {
      return () => new ArrayAccumulator(operand as Evaluator, nodeOf)
    },
  }
}

function bindObject(args: readonly ArgumentInfo[]): AggregateBinding {
  const [key, value] = args as readonly [ArgumentInfo, ArgumentInfo]
  const nodeOf = compileJsonNode(value.type)
  const keyType = isText(key.type) ? undefined : textType(textLengthMax(key.type), 'utf8mb4_bin')
  return {
    type: JSON_TYPE,
    nullable: true,
    parameterTypes: [keyType, undefined],
    ignoresNulls: false,
    compile: ([evaluateKey, evaluateValue]) => {
      return () => new ObjectAccumulator(evaluateKey as Evaluator, evaluateValue as Evaluator, nodeOf)
    },
  }
}

export const jsonAggregates: readonly AggregateFunction[] = [
  aggregate('json_arrayagg', bindArray, [1, 1], false),
  aggregate('json_objectagg', bindObject, [2, 2], false),
]
