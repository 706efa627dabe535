/** A literal of bytes, whatever they are: nothing of it is read as SQL. */
export function bytesSql(bytes: Uint8Array): string {
  return `unhex('${Buffer.from(bytes).toString('hex')}')`
}
