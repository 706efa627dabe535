/**
 * From the source of literals and quoted names to their values, byte strings all (manual, 11.1).
 */

/** What a backslash in front of the byte stands for; `%` and `_` keep their backslash (11.1.1). */
function escapedByte(c: string): string {
  switch (c) {
    case '0':
      return '\0'
    case 'b':
      return '\b'
    case 'n':
      return '\n'
    case 'r':
      return '\r'
    case 't':
      return '\t'
    case 'Z':
      return '\x1a'
    case '%':
    case '_':
      return '\\' + c
    default:
      return c
  }
}

/** The string between the quotes at `start` and `end - 1`, doubled quotes and (if they count) escapes resolved. */
export function unquote(text: string, start: number, end: number, backslashEscapes: boolean): string {
  const quote = text.charCodeAt(start)
  let result = ''
  let from = start + 1
  for (let i = start + 1; i < end - 1; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) {
      result += text.slice(from, i)
      from = i + 1
      i++
    } else if (c === 92 && backslashEscapes) {
      result += text.slice(from, i) + escapedByte(text.charAt(i + 1))
      from = i + 2
      i++
    }
  }
  return result + text.slice(from, end - 1)
}

/** Bytes of hex digits, with a zero in front of an odd number of them. */
export function hexBytes(digits: string): string {
  return Buffer.from(digits.length % 2 === 0 ? digits : '0' + digits, 'hex').toString('latin1')
}

/** Bytes of binary digits, with zeros in front up to whole bytes. */
export function bitBytes(digits: string): string {
  let bytes = ''
  for (let i = digits.length % 8 === 0 ? 0 : (digits.length % 8) - 8; i < digits.length; i += 8) {
    bytes += String.fromCharCode(parseInt(digits.slice(Math.max(i, 0), i + 8), 2))
  }
  return bytes
}

/** The digits of `x'1F'`, `0x1F`, `b'01'` and `0b01`. */
export function radixDigits(text: string, start: number, end: number): string {
  return text.charCodeAt(start) === 48 ? text.slice(start + 2, end) : text.slice(start + 2, end - 1)
}
