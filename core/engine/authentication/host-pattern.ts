/**
 * The host part of account names (MySQL manual 8.2.4 "Specifying Account Names" and 8.2.6 "Access Control, Stage 1"):
 * which clients it matches, and which of several matching ones is the most specific.
 */
import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net'

/** Most specific first: the order in which MySQL tries them. */
const RANKS = ['literal', 'network', 'pattern', 'any'] as const

interface HostSpecificity {
  readonly rank: (typeof RANKS)[number]
  /** Among equals the larger is more specific: prefix length of a network, position of the first wildcard of a pattern. */
  readonly detail: number
}

function hostSpecificity(host: string): HostSpecificity {
  if (host === '' || host === '%') return { rank: 'any', detail: host === '%' ? 1 : 0 }
  const network = parseNetwork(host)
  if (network !== undefined) return { rank: 'network', detail: network.prefix }
  const wildcard = host.search(/[%_]/)
  return wildcard < 0 ? { rank: 'literal', detail: 0 } : { rank: 'pattern', detail: wildcard }
}

/** For `Array.prototype.sort`: more specific hosts first. */
export function compareHosts(a: string, b: string): number {
  const left = hostSpecificity(a)
  const right = hostSpecificity(b)
  return RANKS.indexOf(left.rank) - RANKS.indexOf(right.rank) || right.detail - left.detail
}

/** Whether an account's host covers a client known by these names (its address, and 'localhost' if it is one). */
export function hostMatches(host: string, clientNames: readonly string[]): boolean {
  if (host === '' || host === '%') return true
  const network = parseNetwork(host)
  if (network !== undefined) return clientNames.some((name) => network.contains(name))
  if (isIPv6(host)) {
    const canonical = canonicalIPv6(host)
    return clientNames.some((name) => isIPv6(name) && canonicalIPv6(name) === canonical)
  }
  const pattern = /[%_\\]/.test(host) ? patternOf(host) : undefined
  return clientNames.some((name) =>
    pattern === undefined ? name.toLowerCase() === host.toLowerCase() : pattern.test(name),
  )
}

interface Network {
  readonly prefix: number
  contains(address: string): boolean
}

/** `198.51.100.0/24`, `198.51.100.0/255.255.255.0`, `2001:db8::/32`; undefined for anything else. */
function parseNetwork(host: string): Network | undefined {
  const slash = host.indexOf('/')
  if (slash < 0) return undefined
  const base = host.slice(0, slash)
  const mask = host.slice(slash + 1)
  if (isIPv4(base)) {
    const prefix = isIPv4(mask) ? maskPrefix(ipv4Number(mask)) : decimalUpTo(mask, 32)
    return prefix === undefined ? undefined : ipv4Network(ipv4Number(base), prefix)
  }
  const prefix = isIPv6(base) ? decimalUpTo(mask, 128) : undefined
  return prefix === undefined ? undefined : ipv6Network(base, prefix)
}

function decimalUpTo(text: string, max: number): number | undefined {
  return /^\d{1,3}$/.test(text) && Number(text) <= max ? Number(text) : undefined
}

/** Number of leading ones of a netmask, undefined if its ones are not all in front. */
function maskPrefix(mask: number): number | undefined {
  const prefix = Math.clz32(~mask)
  return prefix === 32 || mask << prefix === 0 ? prefix : undefined
}

function ipv4Number(address: string): number {
  return address.split('.').reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0)
}

function ipv4Network(base: number, prefix: number): Network {
  const mask = prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0
  // As in MySQL: a base that has bits outside of its mask matches nothing.
  return { prefix, contains: (address) => isIPv4(address) && (ipv4Number(address) & mask) >>> 0 === base }
}

function ipv6Network(base: string, prefix: number): Network {
  const list = new BlockList()
  list.addSubnet(base, prefix, 'ipv6')
  return { prefix, contains: (address) => isIPv6(address) && list.check(address, 'ipv6') }
}

function canonicalIPv6(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address
}

/** LIKE's wildcards: `%` any run, `_` one character, `\` takes the next one as it is. Host names ignore case. */
function patternOf(host: string): RegExp {
  let source = ''
  for (let i = 0; i < host.length; i++) {
    const character = host.charAt(i)
    if (character === '%') source += '.*'
    else if (character === '_') source += '.'
    else source += escapeRegExp(character === '\\' && i + 1 < host.length ? host.charAt(++i) : character)
  }
  return new RegExp(`^${source}$`, 'is')
}

function escapeRegExp(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/-]/, '\\$&')
}
