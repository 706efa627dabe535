/**
 * Buffer's per-encoding methods: part of every Node since version 0.x and the fastest way between bytes and strings
 * (`toString` and `write` look the encoding up by name first), but left out of Node's type declarations.
 */
declare global {
  interface Buffer {
    utf8Slice(start: number, end: number): string
    latin1Slice(start: number, end: number): string
    /** Returns the number of bytes written. */
    utf8Write(text: string, offset: number, length?: number): number
    latin1Write(text: string, offset: number, length?: number): number
  }
}

export {}
