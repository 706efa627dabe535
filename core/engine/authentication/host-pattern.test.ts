/**
 * Goal: account hosts match the clients that MySQL's manual (8.2.4) says they match, and sort as 8.2.6 says.
 * Method: the manual's own examples, and the edges of networks and wildcards.
 */
import { compareHosts, hostMatches } from './host-pattern.js'

describe('hostMatches', () => {
  it.each([
    ['%', '198.51.100.7', true],
    ['', '198.51.100.7', true],
    ['198.51.100.%', '198.51.100.7', true],
    ['198.51.100.%', '198.51.101.7', false],
    ['198.51.100.%', '198x51x100x7', false],
    ['%.example.com', 'db.Example.COM', true],
    ['%.example.com', 'example.com', false],
    ['host_', 'host1', true],
    ['host\\_', 'host1', false],
    ['host\\_', 'host_', true],
    ['LOCALHOST', 'localhost', true],
    ['198.51.100.0/255.255.255.0', '198.51.100.255', true],
    ['198.51.100.0/255.255.255.0', '198.51.101.0', false],
    ['198.51.100.2/255.255.255.0', '198.51.100.2', false],
    ['198.51.100.0/255.0.255.0', '198.51.100.1', false],
    ['198.51.100.44/32', '198.51.100.44', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['198.51.100.0/33', '198.51.100.1', false],
    ['2001:db8::/32', '2001:db8:1::5', true],
    ['2001:db8::/32', '2001:db9::5', false],
    ['2001:db8:0:0::1', '2001:db8::1', true],
    ['198.51.100.0/24', 'localhost', false],
  ])('%s and %s: %s', (host, client, expected) => {
    expect(hostMatches(host, [client])).toBe(expected)
  })

  it('matches any of the names of a client', () => {
    expect(hostMatches('localhost', ['localhost', '127.0.0.1'])).toBe(true)
    expect(hostMatches('127.0.0.1', ['localhost', '127.0.0.1'])).toBe(true)
  })
})

it('sorts hosts from the most specific to the least', () => {
  const hosts = ['', '%', '198.51.%', '198.51.100.%', '198.51.0.0/16', '198.51.100.0/24', 'localhost']
  expect([...hosts].reverse().sort(compareHosts)).toEqual([
    'localhost',
    '198.51.100.0/24',
    '198.51.0.0/16',
    '198.51.100.%',
    '198.51.%',
    '%',
    '',
  ])
})
