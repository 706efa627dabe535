/**
 * max_allowed_packet: string functions whose result would be longer answer NULL with warning 1301 (manual 14.8).
 */
import type { EvaluationContext } from '../common/evaluation.js'
import { characterCount } from './code-points.js'
import type { StringDomain } from './string-domain.js'

/** Bytes of `text` in the character set of the domain. */
export function encodedLength(strings: StringDomain, text: string): number {
  const { charset } = strings.collation
  if (strings.isBinary) return text.length
  if (charset.bytesPerCharMax === 1) return characterCount(text)
  return charset.name.startsWith('utf8') ? Buffer.byteLength(text) : charset.encode(text).length
}

/** `text`, or NULL with a warning if it is longer than the packet limit. */
export function limited(
  name: string,
  strings: StringDomain,
  text: string,
  context: EvaluationContext,
): string | null {
  // A UTF-16 unit takes at most four bytes in any character set.
  if (text.length * 4 <= context.packetBytesMax) return text
  return encodedLength(strings, text) <= context.packetBytesMax ? text : packetOverflow(name, context)
}

/** NULL, with the warning that the result of the function `name` would have been too long. */
export function packetOverflow(name: string, context: EvaluationContext): null {
  context.warn('Warning', 'ER_WARN_ALLOWED_PACKET_OVERFLOWED', name, context.packetBytesMax)
  return null
}
