/**
 * Strings as digits and back: HEX, UNHEX, TO_BASE64, FROM_BASE64 (MySQL manual 14.8 "String Functions and
 * Operators").
 */
import { byteLengthMax } from '../common/byte-length.js'
import { raise, shown } from '../common/conditions.js'
import { decimalToDouble } from '../common/decimal.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { binaryType, NULL_TYPE, textType, type SqlType } from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'
import { latin1Text } from '../common/value-text.js'
import type { ArgumentInfo, ScalarFunction } from '../spi/functions.js'
import { numericKindOf } from './numeric-types.js'
import { packetOverflow } from './packet-limit.js'
import type { ParameterKind } from './parameters.js'
import { charactersOf, STRING_LENGTH_MAX } from './result-types.js'
import { evaluator1, scalarFunction, strict1, type Call } from './support.js'

const NUMBERS = new Set<string>([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'float',
  'double',
  'year',
  'bit',
])

function isNumber(type: SqlType): boolean {
  return NUMBERS.has(type.name)
}

function argumentType({ args }: Call): SqlType {
  return args[0]?.type ?? NULL_TYPE
}

function hexOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex').toUpperCase()
}

/** 64 bits in hexadecimal. DECIMAL goes through DOUBLE, as in MySQL; what is beyond 64 bits has all bits set. */
function hexOfNumber(type: SqlType): (value: number | bigint) => string {
  const hex = (value: ExactValue) => BigInt.asUintN(64, BigInt(value)).toString(16).toUpperCase()
  const hexOfDouble = (value: number) => {
    if (value <= -(2 ** 63) || value >= 2 ** 64) return 'F'.repeat(16)
    return hex(BigInt(Math.trunc(value > 0 ? value + 0.5 : value - 0.5)))
  }
  switch (numericKindOf(type)) {
    case 'integer':
      return hex
    case 'decimal':
      return (value) => hexOfDouble(decimalToDouble(value, type.scale))
    case 'double':
      return (value) => hexOfDouble(Number(value))
  }
}

/** Numbers are written in base 16, strings byte by byte. */
function hexKinds(args: readonly ArgumentInfo[]): readonly ParameterKind[] {
  return args.map(({ type }) => (isNumber(type) ? 'any' : 'bytes'))
}

function hexType(call: Call): SqlType {
  const type = argumentType(call)
  const length = isNumber(type) ? 16 : Math.min(byteLengthMax(type) * 2, STRING_LENGTH_MAX)
  return textType(length, call.environment.connectionCollation)
}

function unhex(text: string, context: EvaluationContext): Uint8Array | null {
  if (/^[0-9a-fA-F]*$/.test(text)) return Buffer.from(text.length % 2 === 0 ? text : `0${text}`, 'hex')
  raise(context, 'ER_WRONG_VALUE_FOR_TYPE', 'string', `'${shown(text)}'`, 'unhex')
  return null
}

/** Characters per line of Base64 text. */
const BASE64_LINE = 76
const BASE64_INPUT_PER_LINE = (BASE64_LINE / 4) * 3

function base64Length(bytes: number): number {
  const characters = Math.ceil(bytes / 3) * 4
  return characters + Math.max(Math.ceil(characters / BASE64_LINE) - 1, 0)
}

function compileToBase64([data]: readonly Evaluator[], { name }: Call): Evaluator {
  return evaluator1(data as Evaluator, (bytes: Uint8Array, context) => {
    if (base64Length(bytes.length) > context.packetBytesMax) return packetOverflow(name, context)
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const lines: string[] = []
    for (let at = 0; at < source.length; at += BASE64_INPUT_PER_LINE) {
      lines.push(source.toString('base64', at, Math.min(at + BASE64_INPUT_PER_LINE, source.length)))
    }
    return lines.join('\n')
  })
}

const BASE64_TEXT = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** NULL if the text, white space apart, is no Base64. */
function fromBase64(bytes: Uint8Array): Uint8Array | null {
  const text = latin1Text(bytes).replace(/[ \t\n\r\v\f]+/g, '')
  return BASE64_TEXT.test(text) ? Buffer.from(text, 'base64') : null
}

export const stringEncodingFunctions: readonly ScalarFunction[] = [
  scalarFunction('hex', {
    parameters: ['bytes'],
    kinds: hexKinds,
    type: hexType,
    compile: ([value], call) => {
      const type = argumentType(call)
      if (isNumber(type)) return evaluator1(value as Evaluator, hexOfNumber(type))
      return evaluator1(value as Evaluator, hexOfBytes)
    },
  }),
  scalarFunction('unhex', {
    parameters: ['text'],
    type: (call) => binaryType(Math.ceil(charactersOf(call, 0) / 2)),
    nullable: true,
    compile: strict1(unhex),
  }),
  scalarFunction('to_base64', {
    parameters: ['bytes'],
    type: (call) =>
      textType(
        Math.min(base64Length(byteLengthMax(argumentType(call))), STRING_LENGTH_MAX),
        call.environment.connectionCollation,
      ),
    nullable: true,
    compile: compileToBase64,
  }),
  scalarFunction('from_base64', {
    parameters: ['bytes'],
    type: (call) => binaryType(Math.ceil(byteLengthMax(argumentType(call)) / 4) * 3),
    nullable: true,
    compile: strict1(fromBase64),
  }),
]
