/**
 * Goal: the manifest's options become a listener, and contradictions are said in one line. Method: the plugin made as the
 * loader makes it, started where it can be.
 */
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OptionsOf, PluginContext, Protocol, ServerSettings } from '@switchyard/core/spi'
import { WireClient, CAPABILITIES } from '../../test/support/wire-client.js'
import { plugin } from './index.js'
import { FakeServer, memoryLogger } from './testing/fake-server.js'

type Options = OptionsOf<typeof plugin.options>

const SETTINGS: ServerSettings = {
  storage: 'memory',
  port: 0,
  bind: '127.0.0.1',
  socket: '',
  dataFolder: '/nonexistent',
  init: { folders: [] },
  limits: {
    connectionsMax: 10,
    packetBytesMax: 1_000_000,
    connectTimeoutMs: 1000,
    queryMemoryBytesMax: 1_000_000,
    operatorMemoryBytesMax: 1_000_000,
    lockWaitTimeoutMs: 1000,
    snapshotAgeMaxMs: 1000,
    shutdownGraceMs: 1000,
  },
  rootPassword: '',
  rootHost: 'localhost',
}

function defaults(): Options {
  const entries = Object.entries(plugin.options).map(([name, option]) => [name, option.default])
  return Object.fromEntries(entries) as Options
}

function create(options: Partial<Options> = {}, settings: Partial<ServerSettings> = {}): Protocol {
  const context: PluginContext<Options> = {
    name: 'mysql',
    options: { ...defaults(), ...options },
    settings: { ...SETTINGS, ...settings },
    logger: memoryLogger(),
  }
  const parts = plugin.create(context)
  if (parts instanceof Promise || parts.protocol === undefined) throw new Error('no protocol')
  return parts.protocol
}

async function capabilitiesOf(protocol: Protocol): Promise<number> {
  await protocol.start(new FakeServer())
  const port = Number(protocol.addresses[0]?.split(':').at(-1))
  const client = await WireClient.connect({ port })
  const { capabilities } = await client.readGreeting()
  client.destroy()
  await protocol.stop()
  return capabilities
}

describe('the plugin', () => {
  it("listens on the server's address, with TLS, also without a data folder", async () => {
    expect((await capabilitiesOf(create())) & CAPABILITIES.ssl).not.toBe(0)
    expect((await capabilitiesOf(create({ tls: false }))) & CAPABILITIES.ssl).toBe(0)
    expect((await capabilitiesOf(create({ localFiles: true }))) & CAPABILITIES.localFiles).not.toBe(0)
  })

  it('listens on addresses of its own', async () => {
    const protocol = create({ address: '127.0.0.1:0' }, { port: 1 })
    await protocol.start(new FakeServer())
    expect(protocol.addresses[0]).toMatch(/^127\.0\.0\.1:\d+$/)
    await protocol.stop()
    const check = plugin.options.address.check
    expect(['127.0.0.1:3306', '[::1]:3306', 'db.example:1', 'none', ''].map((value) => check(value))).toEqual(
      Array.from({ length: 5 }, () => undefined),
    )
    expect(['3306', '::1:3306', 'host:', 'host:70000'].every((value) => check(value) !== undefined)).toBe(
      true,
    )
  })

  it('keeps the certificate that it made', async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'switchyard-'))
    await capabilitiesOf(create({}, { dataFolder }))
    const first = await readFile(join(dataFolder, 'server-cert.pem'), 'utf8')
    await capabilitiesOf(create({}, { dataFolder }))
    expect(await readFile(join(dataFolder, 'server-cert.pem'), 'utf8')).toBe(first)
    expect((await stat(join(dataFolder, 'server-key.pem'))).mode & 0o777).toBe(0o600)
    const certificate = new X509Certificate(first)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.checkHost('localhost')).toBe('localhost')
    await rm(dataFolder, { recursive: true })
  })

  it('refuses contradictions', async () => {
    expect(() => create({ tlsCertificate: '/a' })).toThrow('belong together')
    expect(() => create({ requireTls: true, tls: false })).toThrow('requireTls needs tls')
    const missing = create({ tlsCertificate: '/no/cert.pem', tlsKey: '/no/key.pem' })
    await expect(missing.start(new FakeServer())).rejects.toThrow('cannot read /no/cert.pem')
  })
})
