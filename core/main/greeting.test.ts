/**
 * Goal: what the terminal shows can be pasted and works. Method: addresses as protocols report them.
 */
import { parseFlags } from '../loader/flags.js'
import { loadConfig } from '../loader/load-config.js'
import { greeting } from './greeting.js'
import { shippedConfigFolder } from './installation.js'

const { settings, mode } = loadConfig({
  flags: parseFlags(['--data-dir', '/srv/data', '--storage', 'hybrid']),
  environment: {},
  currentFolder: '/',
  shippedFolder: shippedConfigFolder(),
})

function lines(addresses: readonly string[], changes: Partial<typeof settings> = {}): string[] {
  const listeners = [
    { kind: 'mysql', addresses },
    { kind: 'http', addresses: ['127.0.0.1:8080'] },
  ]
  const facts = { version: '1.2.3', settings: { ...settings, ...changes }, mode, isDurable: true, listeners }
  return greeting(facts).split('\n')
}

test('names version, storage and place, and a command for each address', () => {
  expect(lines(['127.0.0.1:3307', '/run/switchyard.sock'])).toEqual([
    'Switchyard 1.2.3 is ready (storage hybrid, data in /srv/data).',
    '  mariadb -h 127.0.0.1 -P 3307 -u root',
    '  mariadb -S /run/switchyard.sock -u root',
    '  http: 127.0.0.1:8080',
    'Ctrl+C stops it.',
  ])
})

test.each([
  ['0.0.0.0:3306', 'mariadb -h 127.0.0.1 -P 3306 -u root'],
  [':::3306', 'mariadb -h 127.0.0.1 -P 3306 -u root'],
  ['[::]:3306', 'mariadb -h 127.0.0.1 -P 3306 -u root'],
  ['[::1]:3306', 'mariadb -h ::1 -P 3306 -u root'],
  ['localhost:3306', 'mariadb -h localhost -P 3306 -u root'],
])('%s becomes a host to connect to', (address, command) => {
  expect(lines([address])[1]).toBe(`  ${command}`)
})

test('asks for the password when root was given one, and never shows it', () => {
  const text = lines(['127.0.0.1:3306'], { rootPassword: 'hunter2' })
  expect(text[1]).toMatch(/-u root -p$/)
  expect(text.join()).not.toContain('hunter2')
})
