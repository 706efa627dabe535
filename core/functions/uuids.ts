/**
 * Universally unique identifiers: UUID, UUID_SHORT, UUID_TO_BIN, BIN_TO_UUID, IS_UUID (MySQL manual 14.23
 * "Miscellaneous Functions").
 */
import { randomBytes, randomInt } from 'node:crypto'
import type { Evaluator } from '../common/evaluation.js'
import { shown } from '../common/conditions.js'
import { sqlError } from '../common/sql-error.js'
import { binaryType, BOOLEAN_TYPE } from '../common/sql-type.js'
import { exact, type ExactValue } from '../common/value.js'
import { latin1Text } from '../common/value-text.js'
import type { ScalarFunction } from '../spi/functions.js'
import { systemText, unsignedIntegerType } from './result-types.js'
import { evaluator1, scalarFunction, strict1, type Compile } from './support.js'

const UUID_BYTES = 16

// ---- making ---------------------------------------------------------------------------------------------------

/** 100-nanosecond intervals between the start of the Gregorian calendar and 1970. */
const GREGORIAN_OFFSET = 122192928000000000n

/** Makes identifiers of version 1: a time that never repeats, a clock sequence and a random node. */
class UuidGenerator {
  private last = 0n
  private readonly sequence = randomInt(0x4000)
  private readonly node: Buffer

  constructor() {
    this.node = randomBytes(6)
    // The multicast bit says that the node is no network card's address.
    this.node.writeUInt8(this.node.readUInt8(0) | 1, 0)
  }

  next(): string {
    const now =
      BigInt(Math.floor((performance.timeOrigin + performance.now()) * 1000)) * 10n + GREGORIAN_OFFSET
    this.last = now > this.last ? now : this.last + 1n
    const bytes = Buffer.alloc(UUID_BYTES)
    bytes.writeUInt32BE(Number(this.last & 0xffffffffn), 0)
    bytes.writeUInt16BE(Number((this.last >> 32n) & 0xffffn), 4)
    bytes.writeUInt16BE(Number(this.last >> 48n) | 0x1000, 6)
    bytes.writeUInt16BE(this.sequence | 0x8000, 8)
    this.node.copy(bytes, 10)
    return formatUuid(bytes)
  }
}

const generator = new UuidGenerator()

/** Makes numbers of UUID_SHORT: the second of the server's start above a counter. */
let shortUuid = (BigInt(Math.floor(performance.timeOrigin / 1000)) & 0xffffffffn) << 24n

// ---- text and bytes -------------------------------------------------------------------------------------------

const UUID_TEXT =
  /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\})$/i

function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  const ends = [8, 12, 16, 20, 32]
  return ends.map((end, index) => hex.slice(ends[index - 1] ?? 0, end)).join('-')
}

/** Moves the time's high parts to the front, so that identifiers made one after the other lie side by side. */
function swapTime(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(6, 8), bytes.subarray(4, 6), bytes.subarray(0, 4), bytes.subarray(8)])
}

function unswapTime(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(4, 8), bytes.subarray(2, 4), bytes.subarray(0, 2), bytes.subarray(8)])
}

function uuidToBytes(text: string, swaps: boolean): Uint8Array {
  if (!UUID_TEXT.test(text)) throw sqlError('ER_WRONG_VALUE_FOR_TYPE', 'string', shown(text), 'uuid_to_bin')
  const bytes = Buffer.from(text.replace(/[{}-]/g, ''), 'hex')
  return swaps ? swapTime(bytes) : bytes
}

function bytesToUuid(value: Uint8Array, swaps: boolean): string {
  if (value.length !== UUID_BYTES) {
    throw sqlError('ER_WRONG_VALUE_FOR_TYPE', 'string', shown(latin1Text(value)), 'bin_to_uuid')
  }
  const bytes = Buffer.from(value)
  return formatUuid(swaps ? unswapTime(bytes) : bytes)
}

/** A conversion with an optional flag that says whether the parts of the time are swapped. */
function compileSwapping<A>(convert: (value: A, swaps: boolean) => string | Uint8Array): Compile {
  return ([value, flag]) => {
    if (flag === undefined) return evaluator1(value as Evaluator, (a: A) => convert(a, false))
    return (batch, row, context) => {
      const a = value?.(batch, row, context) ?? null
      if (a === null) return null
      return convert(a as A, ((flag(batch, row, context) ?? 0) as ExactValue) != 0)
    }
  }
}

export const uuidFunctions: readonly ScalarFunction[] = [
  scalarFunction('uuid', {
    parameters: [],
    type: systemText(36),
    nullable: false,
    volatility: 'volatile',
    compile: () => () => generator.next(),
  }),
  scalarFunction('uuid_short', {
    parameters: [],
    type: unsignedIntegerType(21),
    nullable: false,
    volatility: 'volatile',
    compile: () => () => exact(shortUuid++),
  }),
  scalarFunction('uuid_to_bin', {
    parameters: ['text', 'integer'],
    optional: 1,
    type: binaryType(UUID_BYTES),
    nullable: true,
    compile: compileSwapping(uuidToBytes),
  }),
  scalarFunction('bin_to_uuid', {
    parameters: ['bytes', 'integer'],
    optional: 1,
    type: systemText(36),
    nullable: true,
    compile: compileSwapping(bytesToUuid),
  }),
  scalarFunction('is_uuid', {
    parameters: ['text'],
    type: BOOLEAN_TYPE,
    compile: strict1((text: string) => Number(UUID_TEXT.test(text))),
  }),
]
