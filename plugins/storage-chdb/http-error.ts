/** What goes wrong between us and a ClickHouse server, as the driver's own errors. */
import { EngineError, EngineErrorNumber, EngineGone } from './column-engine.js'

/**
 * ClickHouse's numbers for what isn't the statement's fault but its own: members of the cluster that can't be reached, no quorum, no keeper; also
 * a login that it doesn't accept.
 */
const GONE: ReadonlySet<number> = new Set([
  81, 192, 193, 194, 202, 209, 210, 225, 236, 242, 244, 254, 279, 285, 286, 289, 319, 373, 497, 516, 999,
])

/** `where` is the server's name and port. */
export function engineErrorOf(error: unknown, where: string): Error {
  if (error instanceof EngineGone) return error
  if (error instanceof EngineError) return classified(error, where)
  if (!(error instanceof Error)) return new EngineGone(`${where}: ${String(error)}`)
  // The client's own errors have ClickHouse's number in their code; the system's have a name there.
  const { code } = error as { readonly code?: unknown }
  if (typeof code === 'string' && /^\d+$/.test(code)) {
    return classified(new EngineError(Number(code), error.message), where)
  }
  const reason = error.message === '' && typeof code === 'string' ? code : error.message
  return new EngineGone(`${where}: ${firstLine(reason)}`)
}

function classified(error: EngineError, where: string): Error {
  if (!GONE.has(error.number)) return error
  return new EngineGone(`${where}: ${firstLine(error.message)}`)
}

/**
 * The error that a server writes behind the last block, where its answer has long begun:
 *
 *     \r\n__exception__\r\n<tag>\r\n<message>\n<length of the message> <tag>\r\n__exception__\r\n
 */
export function failureInStream(rest: Buffer, tag: unknown): Error {
  const text = rest.toString()
  const begin = `__exception__\r\n${String(tag)}\r\n`
  const at = text.indexOf(begin)
  if (typeof tag !== 'string' || at < 0) return new EngineGone('the answer ended in the middle of a block')
  const message = text.slice(at + begin.length).replace(/\n\d+ [^\n]*\n__exception__\r\n$/, '')
  return new EngineError(numberIn(message), message)
}

/** ClickHouse's number of the error that a message tells of. */
export function numberIn(message: string): number {
  return Number(/Code: (\d+)/.exec(message)?.[1] ?? EngineErrorNumber.unknown)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
