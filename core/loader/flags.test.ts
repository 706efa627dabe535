/**
 * Goal: flags are read as documented and mistakes are refused, not ignored. Method: argument lists as a shell makes them.
 */
import { helpText, parseFlags } from './flags.js'
import { schemaLeaves } from './config-schema.js'

test('reads flags in both spellings', () => {
  const flags = parseFlags(['--port', '3307', '--data-dir=/srv/data', '--storage', 'memory', '--verbose'])
  expect(flags.values).toEqual({ port: '3307', dataDir: '/srv/data', storage: 'memory' })
  expect(flags).toMatchObject({ verbose: true, debug: false, configFile: undefined })
})

test('the last of two equal flags counts', () => {
  expect(parseFlags(['--port', '1', '--port', '2']).values.port).toBe('2')
})

test.each([
  [['--prot', '3307'], /--prot/],
  [['start'], /start/],
  [['--port'], /--port/],
  [['--port', '--debug'], /--port/],
  [['--debug=yes'], /--debug/],
])('refuses %j in one line', (args, message) => {
  expect(() => parseFlags(args)).toThrow(expect.objectContaining({ name: 'StartError' }))
  expect(() => parseFlags(args)).toThrow(message)
  expect(() => parseFlags(args)).not.toThrow(/\n/)
})

test('the help names every flag', () => {
  const flags = schemaLeaves().flatMap(([, leaf]) => (leaf.arg === undefined ? [] : [`--${leaf.arg} `]))
  expect(flags).toHaveLength(5)
  for (const flag of [...flags, '--config ', '--debug ', '--verbose ', '--help '])
    expect(helpText()).toContain(flag)
})
