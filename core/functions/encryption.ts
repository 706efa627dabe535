/**
 * AES_ENCRYPT and AES_DECRYPT (MySQL manual 14.13 "Encryption and Compression Functions"), in the mode that the system
 * variable block_encryption_mode names.
 */
import { byteLengthMax } from '../common/byte-length.js'
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { binaryType, NULL_TYPE } from '../common/sql-type.js'
import type { ScalarFunction } from '../spi/functions.js'
import { scalarFunction, type Call } from './support.js'

const BLOCK_BYTES = 16

interface Mode {
  /** Node's name of the cipher. */
  readonly cipher: string
  readonly keyBytes: number
  readonly usesVector: boolean
}

/** Reads a mode such as `aes-128-ecb`; `cfb128` is what others just call cfb. */
function modeOf(context: EvaluationContext): Mode {
  const name = String(context.session.systemVariable('block_encryption_mode', 'session') ?? 'aes-128-ecb')
  const match = /^aes-(128|192|256)-(ecb|cbc|cfb1|cfb8|cfb128|ofb)$/i.exec(name)
  if (match === null) throw sqlError('ER_WRONG_VALUE_FOR_VAR', 'block_encryption_mode', name)
  const [, bits = '128', chaining = 'ecb'] = match
  const mode = chaining.toLowerCase()
  return {
    cipher: `aes-${bits}-${mode === 'cfb128' ? 'cfb' : mode}`,
    keyBytes: Number(bits) / 8,
    usesVector: mode !== 'ecb',
  }
}

/** Folds a key of any length into the bytes of the cipher's key. */
function foldKey(key: Uint8Array, keyBytes: number): Uint8Array {
  const folded = new Uint8Array(keyBytes)
  for (let i = 0; i < key.length; i++) folded[i % keyBytes] = (folded[i % keyBytes] ?? 0) ^ (key[i] ?? 0)
  return folded
}

/** The initialization vector that the mode needs; null for the mode that has none. */
function vectorOf(mode: Mode, vector: Uint8Array | undefined, name: string, context: EvaluationContext) {
  if (!mode.usesVector) {
    if (vector !== undefined) context.warn('Warning', 'WARN_OPTION_IGNORED', 'IV')
    return null
  }
  if (vector === undefined) throw sqlError('ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT', name)
  if (vector.length < BLOCK_BYTES) throw sqlError('ER_AES_INVALID_IV', name, BLOCK_BYTES)
  return vector.subarray(0, BLOCK_BYTES)
}

type Transform = (
  mode: Mode,
  key: Uint8Array,
  vector: Uint8Array | null,
  data: Uint8Array,
) => Uint8Array | null

function encrypt(mode: Mode, key: Uint8Array, vector: Uint8Array | null, data: Uint8Array): Uint8Array {
  const cipher = createCipheriv(mode.cipher, key, vector)
  return Buffer.concat([cipher.update(data), cipher.final()])
}

/** NULL for what wasn't encrypted with this key and mode, as far as the padding shows it. */
function decrypt(
  mode: Mode,
  key: Uint8Array,
  vector: Uint8Array | null,
  data: Uint8Array,
): Uint8Array | null {
  const decipher = createDecipheriv(mode.cipher, key, vector)
  try {
    return Buffer.concat([decipher.update(data), decipher.final()])
  } catch {
    return null
  }
}

function compileAes(
  [data, key, vector, derivation]: readonly Evaluator[],
  call: Call,
  transform: Transform,
): Evaluator {
  if (derivation !== undefined)
    throw sqlError('ER_NOT_SUPPORTED_YET', `${call.name} with a key derivation function`)
  return (batch, row, context) => {
    const bytes = data?.(batch, row, context) as Uint8Array | null
    const password = key?.(batch, row, context) as Uint8Array | null
    if (bytes === null || password === null) return null
    const start = vector?.(batch, row, context) as Uint8Array | null | undefined
    const mode = modeOf(context)
    const startVector = vectorOf(mode, start ?? undefined, call.name, context)
    return transform(mode, foldKey(password, mode.keyBytes), startVector, bytes)
  }
}

export const encryptionFunctions: readonly ScalarFunction[] = [
  scalarFunction('aes_encrypt', {
    parameters: ['bytes', 'bytes', 'bytes', 'any', 'any', 'any'],
    optional: 4,
    type: ({ args }) =>
      binaryType((Math.floor(byteLengthMax(args[0]?.type ?? NULL_TYPE) / BLOCK_BYTES) + 1) * BLOCK_BYTES),
    nullable: true,
    volatility: 'statement',
    compile: (args, call) => compileAes(args, call, encrypt),
  }),
  scalarFunction('aes_decrypt', {
    parameters: ['bytes', 'bytes', 'bytes', 'any', 'any', 'any'],
    optional: 4,
    type: ({ args }) => binaryType(byteLengthMax(args[0]?.type ?? NULL_TYPE)),
    nullable: true,
    volatility: 'statement',
    compile: (args, call) => compileAes(args, call, decrypt),
  }),
]
