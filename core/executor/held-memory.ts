/**
 * What one operator holds of its statement's memory. It is given back when the operator closes: a sub-plan may run once for each
 * row of its surroundings.
 */
import type { MemoryAccount } from '../spi/statement-context.js'
import type { RowKey } from './row-keys.js'

/** A Map's or Set's entry with a key that takes no further room. */
export const ENTRY_BYTES = 48
/** What a string takes besides its characters. */
const STRING_BYTES = 32

export class HeldMemory {
  private bytes = 0

  constructor(
    private readonly statement: { readonly memory: MemoryAccount },
    /** For the error that tells of too much. */
    private readonly what: string,
  ) {}

  /** Throws ER_CAPACITY_EXCEEDED. */
  add(bytes: number): void {
    this.bytes += bytes
    this.statement.memory.charge(bytes, this.what)
  }

  /** From now on `bytes` in all. Throws ER_CAPACITY_EXCEEDED. */
  hold(bytes: number): void {
    this.add(bytes - this.bytes)
  }

  release(): void {
    this.hold(0)
  }
}

/** Bytes of an entry of a Map or Set with this key. */
export function entryBytes(key: RowKey): number {
  return typeof key === 'string' ? ENTRY_BYTES + STRING_BYTES + key.length : ENTRY_BYTES
}
