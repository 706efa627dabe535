/**
 * Goal: a plugin receives options that are complete, of the declared types and in base units, or the start ends with the
 * name of the wrong one. Method: declarations of every type, options from a file and from the environment.
 */
import type { OptionDeclarations } from '../spi/manifest.js'
import { checkOptions } from './plugin-options.js'

const declarations = {
  title: { type: 'string', default: 'none', description: 'A text.' },
  sync: { type: 'boolean', default: true, description: 'A switch.', env: 'SAMPLE_SYNC' },
  readers: {
    type: 'integer',
    default: 10,
    description: 'A count.',
    check: (n) => (n > 100 ? 'must be at most 100' : undefined),
  },
  ratio: { type: 'number', default: 0.5, description: 'A share.' },
  port: { type: 'port', default: 0, description: 'A port.' },
  mapSize: { type: 'bytes', default: 1024, description: 'A size.', env: 'SAMPLE_MAP_SIZE' },
  interval: { type: 'duration', default: 5000, description: 'A duration.' },
  path: { type: 'path', default: 'sample', description: 'A path.', env: 'SAMPLE_PATH' },
  certificate: { type: 'path', default: '', description: 'An optional path.' },
  hosts: { type: 'strings', default: ['a'], description: 'A list.', env: 'SAMPLE_HOSTS' },
  weights: { type: 'map', default: {}, description: 'A mapping.' },
} satisfies OptionDeclarations

function check(options: Record<string, unknown>, environment: Record<string, string> = {}) {
  const configured = Object.entries(options).map(
    ([key, value]) => [key, { value, source: 'server.yaml', folder: '/etc/switchyard' }] as const,
  )
  return checkOptions(declarations, {
    instance: 'sample',
    options: new Map(configured),
    environment,
    currentFolder: '/home/me',
    dataFolder: '/var/lib/switchyard',
  })
}

test('fills in defaults; a default path lies in the data folder', () => {
  expect(check({})).toEqual({
    title: 'none',
    sync: true,
    readers: 10,
    ratio: 0.5,
    port: 0,
    mapSize: 1024,
    interval: 5000,
    path: '/var/lib/switchyard/sample',
    certificate: '',
    hosts: ['a'],
    weights: {},
  })
})

test('reads values and turns them into base units', () => {
  const given = {
    title: 'x',
    sync: false,
    readers: 7,
    ratio: 1.25,
    port: 81,
    mapSize: '2M',
    interval: '3s',
    path: 'rows',
    certificate: '../c.pem',
    hosts: ['b', 'c'],
    weights: { a: 1 },
  }
  expect(check(given)).toEqual({
    ...given,
    mapSize: 2 * 1024 ** 2,
    interval: 3000,
    path: '/etc/switchyard/rows',
    certificate: '/etc/c.pem',
  })
})

test('the environment wins over the file; its paths count from the current folder', () => {
  const environment = { SAMPLE_PATH: 'rows', SAMPLE_MAP_SIZE: '1G', SAMPLE_SYNC: 'off', SAMPLE_HOSTS: 'x, y' }
  expect(check({ path: '/elsewhere', mapSize: 1 }, environment)).toMatchObject({
    path: '/home/me/rows',
    mapSize: 1024 ** 3,
    sync: false,
    hosts: ['x', 'y'],
  })
})

test('an empty variable and an empty key count as unset', () => {
  expect(check({ title: null }, { SAMPLE_PATH: '' })).toMatchObject({
    title: 'none',
    path: '/var/lib/switchyard/sample',
  })
})

test.each([
  [{ titel: 'x' }, /server\.yaml: plugin sample has no option 'titel' \(there are title, sync,/],
  [{ title: 5 }, /plugins\.sample\.options\.title must be a text/],
  [{ sync: 'perhaps' }, /sync must be true or false/],
  [{ readers: -1 }, /readers must be a whole number/],
  [{ readers: 101 }, /readers must be at most 100/],
  [{ ratio: 'half' }, /ratio must be a number/],
  [{ port: 65536 }, /port must be a port/],
  [{ mapSize: '1X' }, /mapSize must be a size/],
  [{ interval: 'soon' }, /interval must be a duration/],
  [{ hosts: ['a', 1] }, /hosts must be a list of texts/],
  [{ weights: [] }, /weights must be a mapping/],
  [{ constructor: 1 }, /no option 'constructor'/],
])('refuses %j', (options, message) => {
  expect(() => check(options)).toThrow(message)
  expect(() => check(options)).toThrow(expect.objectContaining({ name: 'StartError' }))
})

test('a wrong variable is called by its name', () => {
  expect(() => check({}, { SAMPLE_MAP_SIZE: 'huge' })).toThrow(/^environment variable SAMPLE_MAP_SIZE: /)
})

test('a plugin without options says so', () => {
  const options = new Map([['x', { value: 1, source: 's', folder: '/' }]])
  const sources = { instance: 'plain', options, environment: {}, currentFolder: '/', dataFolder: '/' }
  expect(() => checkOptions({}, sources)).toThrow(/plugin plain has no option 'x' \(it has none\)/)
})
