/**
 * Internet addresses as numbers, bytes and text (MySQL manual 14.23 "Miscellaneous Functions").
 */
import { isIPv4, isIPv6 } from 'node:net'
import { raise, shown } from '../common/conditions.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { binaryType, BOOLEAN_TYPE, isBinary, NULL_TYPE, textType } from '../common/sql-type.js'
import { exact, type ExactValue } from '../common/value.js'
import { latin1Text } from '../common/value-text.js'
import type { ScalarFunction } from '../spi/functions.js'
import { connectionText, unsignedIntegerType } from './result-types.js'
import { evaluator1, scalarFunction, strict1 } from './support.js'

const IPV4_BYTES = 4
const IPV6_BYTES = 16

function incorrect(context: EvaluationContext, what: string, value: string, name: string): null {
  raise(context, 'ER_WRONG_VALUE_FOR_TYPE', what, what === 'string' ? `'${shown(value)}'` : value, name)
  return null
}

/** Dotted numbers; short forms leave out numbers before the last: 127.1 is 127.0.0.1. More than four are no error. */
function addressNumber(text: string, context: EvaluationContext): ExactValue | null {
  const parts = text.split('.')
  const isAddress = parts.every((part) => /^[0-9]*$/.test(part) && Number(part) <= 255)
  const last = parts.pop()
  if (!isAddress || last === undefined || last === '') return incorrect(context, 'string', text, 'inet_aton')
  const shift = parts.length === 0 ? 0 : Math.max(IPV4_BYTES - 1 - parts.length, 0)
  const high = parts.reduce((number, part) => number * 256n + BigInt(part), 0n)
  return exact(BigInt.asUintN(64, high * 256n ** BigInt(shift + 1) + BigInt(last)))
}

function addressOfNumber(number: ExactValue, context: EvaluationContext): string | null {
  if (number < 0 || number > 0xffffffff) return incorrect(context, 'integer', String(number), 'inet_ntoa')
  const value = Number(number)
  return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.')
}

/** Bytes of an address of either kind; undefined for what is none. */
function addressBytes(text: string): Buffer | undefined {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number))
  // A zone (`%eth0`) belongs to a machine, not to an address.
  return isIPv6(text) && !text.includes('%') ? ipv6Bytes(text) : undefined
}

function ipv6Bytes(text: string): Buffer {
  const [head = '', tail] = text.split('::')
  const left = groupBytes(head)
  const right = tail === undefined ? [] : groupBytes(tail)
  const zeros = new Array<number>(IPV6_BYTES - left.length - right.length).fill(0)
  return Buffer.from([...left, ...zeros, ...right])
}

function groupBytes(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const number = parseInt(group, 16)
    return [number >> 8, number & 0xff]
  })
}

function startsWithZeros(bytes: Uint8Array, count: number): boolean {
  return bytes.subarray(0, count).every((byte) => byte === 0)
}

/** ::a.b.c.d, but not :: and ::1. */
function isCompatible(bytes: Uint8Array): boolean {
  return (
    bytes.length === IPV6_BYTES &&
    startsWithZeros(bytes, 12) &&
    !(startsWithZeros(bytes, 15) && (bytes[15] ?? 0) <= 1)
  )
}

/** ::ffff:a.b.c.d */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.length === IPV6_BYTES && startsWithZeros(bytes, 10) && bytes[10] === 0xff && bytes[11] === 0xff
}

/** The longest run of zero groups, the first of equal ones; runs of one group don't count. */
function longestGap(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: -1, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (groups[end] === 0) end++
    if (end - start > best.length) best = { start, length: end - start }
  }
  return best.length > 1 ? best : { start: -1, length: 0 }
}

function ipv6Text(bytes: Uint8Array): string {
  const endsDotted = isCompatible(bytes) || isMapped(bytes)
  const groups = Array.from({ length: endsDotted ? 6 : 8 }, (_, index) => {
    return (bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0)
  })
  const parts = groups.map((group) => group.toString(16))
  if (endsDotted) parts.push(bytes.subarray(12).join('.'))
  const gap = longestGap(groups)
  if (gap.start < 0) return parts.join(':')
  return `${parts.slice(0, gap.start).join(':')}::${parts.slice(gap.start + gap.length).join(':')}`
}

function toBytes(text: string, context: EvaluationContext): Uint8Array | null {
  return addressBytes(text) ?? incorrect(context, 'string', text, 'inet6_aton')
}

function toText(bytes: Uint8Array, context: EvaluationContext): string | null {
  if (bytes.length === IPV4_BYTES) return bytes.join('.')
  if (bytes.length === IPV6_BYTES) return ipv6Text(bytes)
  return incorrect(context, 'string', latin1Text(bytes), 'inet6_ntoa')
}

/** A question about the text of an address; never NULL, not even for NULL. */
function textTest(name: string, test: (text: string) => boolean): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['text'],
    type: BOOLEAN_TYPE,
    compile: strict1((text: string) => Number(test(text))),
  })
}

/** A question about the bytes of an address. */
function bytesTest(name: string, test: (bytes: Uint8Array) => boolean): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['bytes'],
    type: BOOLEAN_TYPE,
    compile: strict1((bytes: Uint8Array) => Number(test(bytes))),
  })
}

export const networkAddressFunctions: readonly ScalarFunction[] = [
  scalarFunction('inet_aton', {
    parameters: ['text'],
    type: unsignedIntegerType(21),
    nullable: true,
    compile: strict1(addressNumber),
  }),
  scalarFunction('inet_ntoa', {
    parameters: ['integer'],
    type: connectionText(31),
    nullable: true,
    compile: strict1(addressOfNumber),
  }),
  scalarFunction('inet6_aton', {
    parameters: ['text'],
    type: binaryType(IPV6_BYTES),
    nullable: true,
    compile: strict1(toBytes),
  }),
  scalarFunction('inet6_ntoa', {
    parameters: ['any'],
    type: (call) => textType(39, call.environment.connectionCollation),
    nullable: true,
    compile: ([bytes], { args }) => {
      // Only binary strings are addresses; MySQL doesn't look at the bytes of text.
      if (!isBinary(args[0]?.type ?? NULL_TYPE)) return () => null
      return evaluator1(bytes as Evaluator, toText)
    },
  }),
  textTest('is_ipv4', isIPv4),
  textTest('is_ipv6', (text) => isIPv6(text) && !text.includes('%')),
  bytesTest('is_ipv4_compat', isCompatible),
  bytesTest('is_ipv4_mapped', isMapped),
]
