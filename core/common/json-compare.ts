/**
 * Order and equality of JSON values (MySQL manual 13.5 "Comparison and Ordering of JSON Values").
 */
import { compareDecimals, doubleToDecimal, formatDecimal } from './decimal.js'
import {
  compareUtf8,
  isJsonArray,
  isJsonObject,
  JsonDecimal,
  JsonDouble,
  quoteJson,
  readJson,
  sortedKeys,
  type JsonNode,
  type JsonObject,
} from './json.js'
import type { ExactValue } from './value.js'

/** Types by precedence; numbers of all kinds are one. */
function rankOf(node: JsonNode): number {
  if (node === null) return 0
  if (typeof node === 'string') return 2
  if (typeof node === 'boolean') return 5
  if (isJsonArray(node)) return 4
  return isJsonObject(node) ? 3 : 1
}

/** Negative, zero or positive; deterministic also for objects, whose order MySQL leaves open. */
export function compareJson(a: JsonNode, b: JsonNode): number {
  const rank = rankOf(a)
  const difference = rank - rankOf(b)
  if (difference !== 0) return difference
  switch (rank) {
    case 0:
      return 0
    case 2:
      return compareUtf8(a as string, b as string)
    case 5:
      return Number(a) - Number(b)
    case 4:
      return compareArrays(a as JsonNode[], b as JsonNode[])
    case 3:
      return compareObjects(a as JsonObject, b as JsonObject)
    default:
      return compareNumbers(a as JsonNumber, b as JsonNumber)
  }
}

type JsonNumber = ExactValue | JsonDouble | JsonDecimal

function compareNumbers(a: JsonNumber, b: JsonNumber): number {
  if (a instanceof JsonDecimal || b instanceof JsonDecimal) return compareAsDecimals(a, b)
  const x = a instanceof JsonDouble ? a.value : a
  const y = b instanceof JsonDouble ? b.value : b
  return x < y ? -1 : x > y ? 1 : 0
}

function compareAsDecimals(a: JsonNumber, b: JsonNumber): number {
  const x = asDecimal(a)
  const y = asDecimal(b)
  return compareDecimals(x.unscaled, x.scale, y.unscaled, y.scale)
}

function asDecimal(number: JsonNumber): JsonDecimal {
  if (number instanceof JsonDecimal) return number
  if (number instanceof JsonDouble) return new JsonDecimal(doubleToDecimal(number.value, 30), 30)
  return new JsonDecimal(number, 0)
}

function compareArrays(a: readonly JsonNode[], b: readonly JsonNode[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const order = compareJson(a[i] as JsonNode, b[i] as JsonNode)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareObjects(a: JsonObject, b: JsonObject): number {
  if (a.size !== b.size) return a.size - b.size
  const keysA = sortedKeys(a)
  const keysB = sortedKeys(b)
  for (let i = 0; i < keysA.length; i++) {
    const key = keysA[i] as string
    const order = compareUtf8(key, keysB[i] as string)
    if (order !== 0) return order
    const valueOrder = compareJson(a.get(key) ?? null, b.get(key) ?? null)
    if (valueOrder !== 0) return valueOrder
  }
  return 0
}

/** Order of two values of type JSON. */
export function compareJsonTexts(a: string, b: string): number {
  return a === b ? 0 : compareJson(readJson(a), readJson(b))
}

/** A text that is equal for values of type JSON that compare equal: 1, 1.0 and 1.00 give one key. */
export function jsonHashKey(value: string): string {
  // Only a number with a point or an exponent can be equal to one that is written differently.
  return /[.eE]/.test(value) ? canonicalText(readJson(value)) : value
}

function canonicalText(node: JsonNode): string {
  if (typeof node === 'string') return quoteJson(node)
  if (isJsonArray(node)) return `[${node.map(canonicalText).join(', ')}]`
  if (isJsonObject(node)) {
    const members = sortedKeys(node).map(
      (key) => `${quoteJson(key)}: ${canonicalText(node.get(key) ?? null)}`,
    )
    return `{${members.join(', ')}}`
  }
  if (node instanceof JsonDouble) return canonicalDouble(node.value)
  if (node instanceof JsonDecimal) return stripZeros(formatDecimal(node.unscaled, node.scale))
  return String(node)
}

function canonicalDouble(value: number): string {
  if (Number.isInteger(value)) return String(BigInt(value))
  return Math.abs(value) < 1e-20 ? String(value) : stripZeros(formatDecimal(doubleToDecimal(value, 40), 40))
}

function stripZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
