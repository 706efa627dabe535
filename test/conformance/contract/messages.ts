/** What the driver and its child process say to each other: a length, then a message as `node:v8` serializes it. */
import { deserialize, serialize } from 'node:v8'
import type { ErrorCode } from '@switchyard/core/spi'
import type { Row } from './interpreter.js'
import type { Program } from './program.js'

export type Request =
  | { readonly kind: 'create' | 'drop' | 'truncate'; readonly table: number }
  | {
      readonly kind: 'insert' | 'update' | 'delete'
      readonly table: number
      readonly name: string
      /** Positions of the primary key's columns. */
      readonly keyColumns: readonly number[]
      readonly keys: readonly Row[]
      readonly rows: readonly Row[]
    }
  | { readonly kind: 'open'; readonly program: Program }
  | { readonly kind: 'next' | 'close'; readonly cursor: number }
  /** How many rows a table has, how many cursors are open. */
  | { readonly kind: 'count'; readonly table: number }
  | { readonly kind: 'cursors' }
  /** The next cursor fails, or stays silent until it is closed, behind so many batches. */
  | { readonly kind: 'fail' | 'stall'; readonly batches: number }

export type Answer =
  | { readonly id: number; readonly count: number }
  /** Rows, serialized once more: bytes that only the cursor looks into. Empty at the end. */
  | { readonly id: number; readonly batch: Uint8Array }
  | { readonly id: number; readonly error: ErrorCode; readonly arguments: readonly string[] }

export function framed(message: unknown): Buffer {
  const body = serialize(message)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(body.length)
  return Buffer.concat([length, body])
}

/** Calls `take` with each message of a stream. */
export function readMessages(stream: NodeJS.ReadableStream, take: (message: unknown) => void): void {
  let kept = Buffer.alloc(0)
  stream.on('data', (bytes: Buffer) => {
    kept = Buffer.concat([kept, bytes])
    while (kept.length >= 4 && kept.length >= 4 + kept.readUInt32LE()) {
      const end = 4 + kept.readUInt32LE()
      take(deserialize(kept.subarray(4, end)))
      kept = kept.subarray(end)
    }
  })
}
