/**
 * An expected reason why the server can't start. The message is one line that tells an operator what is wrong and,
 * where it isn't obvious, what to do; the process prints it and ends.
 */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message.replace(/\s*\n\s*/g, ' '), options)
    this.name = 'StartError'
  }
}

/** The text of whatever was thrown, for use inside another message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
