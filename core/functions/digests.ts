/**
 * Hashes, compression and random bytes (MySQL manual 14.13 "Encryption and Compression Functions").
 */
import { byteLengthMax } from '../common/byte-length.js'
import { createHash, randomBytes } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import type { EvaluationContext } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { binaryType, NULL_TYPE } from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { packetOverflow } from './packet-limit.js'
import { connectionText, integerType } from './result-types.js'
import { scalarFunction, strict1, strict2, synonyms } from './support.js'

function hexDigest(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

const SHA2_ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [0, 'sha256'],
  [224, 'sha224'],
  [256, 'sha256'],
  [384, 'sha384'],
  [512, 'sha512'],
])

function sha2(bytes: Uint8Array, bits: ExactValue, context: EvaluationContext): string | null {
  const algorithm = SHA2_ALGORITHMS.get(Number(bits))
  if (algorithm !== undefined) return hexDigest(algorithm, bytes)
  context.warn('Warning', 'ER_WRONG_PARAMETERS_TO_NATIVE_FCT', 'sha2')
  return null
}

// ---- COMPRESS -------------------------------------------------------------------------------------------------

const LENGTH_BYTES = 4
/** The upper two bits of the length are not part of it. */
const LENGTH_MASK = 0x3fffffff

/** The length in four bytes, then zlib's stream; a final space gets a full stop, so that no CHAR column trims it. */
function compress(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return new Uint8Array(0)
  const stream = deflateSync(bytes)
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(bytes.length & LENGTH_MASK)
  const tail = stream.at(-1) === 0x20 ? [Buffer.from('.')] : []
  return Buffer.concat([length, stream, ...tail])
}

function declaredLength(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).readUInt32LE() & LENGTH_MASK
}

function uncompress(bytes: Uint8Array, context: EvaluationContext): Uint8Array | null {
  if (bytes.length === 0) return bytes
  if (bytes.length <= LENGTH_BYTES) {
    context.warn('Warning', 'ER_ZLIB_Z_DATA_ERROR')
    return null
  }
  const length = declaredLength(bytes)
  if (length > context.packetBytesMax) {
    context.warn('Warning', 'ER_TOO_BIG_FOR_UNCOMPRESS', context.packetBytesMax)
    return null
  }
  try {
    return inflateSync(bytes.subarray(LENGTH_BYTES), { maxOutputLength: Math.max(length, 1) })
  } catch {
    context.warn('Warning', 'ER_ZLIB_Z_DATA_ERROR')
    return null
  }
}

function uncompressedLength(bytes: Uint8Array, context: EvaluationContext): number | null {
  if (bytes.length === 0) return 0
  if (bytes.length > LENGTH_BYTES) return declaredLength(bytes)
  context.warn('Warning', 'ER_ZLIB_Z_DATA_ERROR')
  return null
}

// ---- RANDOM_BYTES ---------------------------------------------------------------------------------------------

const RANDOM_BYTES_MAX = 1024

function randomString(length: ExactValue): Uint8Array {
  if (length < 1 || length > RANDOM_BYTES_MAX)
    throw sqlError('ER_DATA_OUT_OF_RANGE', 'length', 'random_bytes')
  return randomBytes(Number(length))
}

export const digestFunctions: readonly ScalarFunction[] = [
  scalarFunction('md5', {
    parameters: ['bytes'],
    type: connectionText(32),
    compile: strict1((bytes: Uint8Array) => hexDigest('md5', bytes)),
  }),
  ...synonyms(['sha1', 'sha'], {
    parameters: ['bytes'],
    type: connectionText(40),
    compile: strict1((bytes: Uint8Array) => hexDigest('sha1', bytes)),
  }),
  scalarFunction('sha2', {
    parameters: ['bytes', 'integer'],
    type: connectionText(128),
    nullable: true,
    compile: strict2(sha2),
  }),
  scalarFunction('compress', {
    parameters: ['bytes'],
    type: ({ args }) => binaryType(Math.ceil((byteLengthMax(args[0]?.type ?? NULL_TYPE) * 120) / 100) + 12),
    compile: strict1((bytes: Uint8Array, context) => {
      const compressed = compress(bytes)
      return compressed.length > context.packetBytesMax ? packetOverflow('compress', context) : compressed
    }),
  }),
  scalarFunction('uncompress', {
    parameters: ['bytes'],
    type: binaryType(4294967295),
    nullable: true,
    compile: strict1(uncompress),
  }),
  scalarFunction('uncompressed_length', {
    parameters: ['bytes'],
    type: integerType(10),
    nullable: true,
    compile: strict1(uncompressedLength),
  }),
  scalarFunction('random_bytes', {
    parameters: ['integer'],
    type: binaryType(RANDOM_BYTES_MAX),
    volatility: 'volatile',
    compile: strict1(randomString),
  }),
]
