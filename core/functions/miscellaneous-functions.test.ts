/**
 * Goal: information, digest, encryption, UUID, address and number format functions answer what MySQL 8 answers.
 * Method: a table of calls per family, each bound, converted and evaluated as a statement would do it; what is random
 * is checked by its form and by undoing it.
 */
import { SINGLE_ROW } from '../common/batch.js'
import { BOOLEAN_TYPE, JSON_TYPE, textType } from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'
import { digestFunctions } from './digests.js'
import { encryptionFunctions } from './encryption.js'
import { networkAddressFunctions } from './network-addresses.js'
import { numberFormatFunctions } from './number-format.js'
import { sessionInformationFunctions } from './session-information.js'
import {
  column,
  decimal,
  double,
  functionCaller,
  tabulate,
  testContext,
  testEnvironment,
  type Case,
  type TestArgument,
} from './test-support.js'
import { uuidFunctions } from './uuids.js'

const call = functionCaller(
  digestFunctions,
  encryptionFunctions,
  networkAddressFunctions,
  numberFormatFunctions,
  sessionInformationFunctions,
  uuidFunctions,
)

const bytes = (hex: string) => Buffer.from(hex, 'hex')
const latin1 = column({ type: textType(3, 'latin1_swedish_ci'), value: 'é' })

const INFORMATION: Case[] = [
  ['database', [], 'shop', 'varchar(34)'],
  ['schema', [], 'shop'],
  ['user', [], 'ann@host.example', 'varchar(288)'],
  ['current_user', [], 'ann@%'],
  ['version', [], '8.0.43-test'],
  ['connection_id', [], '42', 'bigint(21) unsigned'],
  ['row_count', [], '-1', 'bigint(21)'],
  ['found_rows', [], '3'],
  ['last_insert_id', [], '7', 'bigint(21) unsigned'],
  ['last_insert_id', [-1], '18446744073709551615'],
  ['last_insert_id', [null], null],
  ['charset', ['abc'], 'utf8mb4', 'varchar(64)'],
  ['charset', [latin1], 'latin1'],
  ['charset', [1], 'binary'],
  ['collation', [latin1], 'latin1_swedish_ci'],
  ['collation', [{ type: JSON_TYPE, value: '1' }], 'utf8mb4_bin'],
  ['coercibility', [latin1], '2', 'bigint(11)'],
  ['coercibility', ['abc'], '4'],
  ['coercibility', [null], '6'],
  ['name_const', ['n', decimal('1.5')], '1.5', 'decimal(2,1)'],
]

const DIGESTS: Case[] = [
  ['md5', ['testing'], 'ae2b1fca515949e5d54fb22b8ed95575', 'varchar(32)'],
  ['md5', [latin1], '3406877694691ddd1dfb0aca54681407'],
  ['sha1', ['abc'], 'a9993e364706816aba3e25717850c26c9cd0d89d', 'varchar(40)'],
  ['sha2', ['abc', 224], '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7'],
  ['sha2', ['abc', 0], 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['sha2', ['abc', 5], null],
  ['compress', [''], '0x'],
  ['compress', ['aaaa'], '0x04000000789C4B4C4C4C040003CE0185'],
  ['uncompress', [bytes('04000000789C4B4C4C4C040003CE0185')], '0x61616161'],
  ['uncompress', ['garbage'], null],
  ['uncompressed_length', [bytes('04000000789C4B4C4C4C040003CE0185')], '4', 'bigint(11)'],
  ['aes_encrypt', ['hello', 'key'], '0x5E27050B59C889FEE9F953137259BF6B', 'varbinary(32)'],
  ['aes_decrypt', [bytes('5E27050B59C889FEE9F953137259BF6B'), 'key'], '0x68656C6C6F'],
  ['aes_decrypt', [bytes('5E27050B59C889FEE9F953137259BF6B'), 'wrong'], null],
]

const ADDRESSES: Case[] = [
  ['inet_aton', ['10.0.5.9'], '167773449', 'bigint(21) unsigned'],
  ['inet_aton', ['127.1'], '2130706433'],
  ['inet_aton', ['127'], '127'],
  ['inet_aton', ['1.2.3'], '16908291'],
  ['inet_aton', ['256.1'], null],
  ['inet_aton', ['1.2.3.4.'], null],
  ['inet_aton', ['1.2.3.4.5'], '4328719365'],
  ['inet_ntoa', [167773449], '10.0.5.9', 'varchar(31)'],
  ['inet_ntoa', [4294967296], null],
  ['inet6_aton', ['fdfe::5a55:caff:fefa:9089'], '0xFDFE0000000000005A55CAFFFEFA9089', 'varbinary(16)'],
  ['inet6_aton', ['10.0.5.9'], '0x0A000509'],
  ['inet6_aton', ['::1.2.3.4'], '0x00000000000000000000000001020304'],
  ['inet6_aton', ['::1%1'], null],
  ['inet6_ntoa', [bytes('FDFE0000000000005A55CAFFFEFA9089')], 'fdfe::5a55:caff:fefa:9089', 'varchar(39)'],
  ['inet6_ntoa', [bytes('0A000509')], '10.0.5.9'],
  ['inet6_ntoa', [bytes('00000000000000000000ffff01020304')], '::ffff:1.2.3.4'],
  ['inet6_ntoa', [bytes('00000000000000000000000001020304')], '::1.2.3.4'],
  ['inet6_ntoa', [bytes('00010000000000020000000000000003')], '1:0:0:2::3'],
  ['inet6_ntoa', [bytes('fe800000000100000000000100000000')], 'fe80:0:1::1:0:0'],
  ['inet6_ntoa', [bytes('00000000000000000000000000000000')], '::'],
  ['inet6_ntoa', [bytes('00000000000000000000000000000001')], '::1'],
  ['inet6_ntoa', [bytes('01')], null],
  ['is_ipv4', ['10.0.5.9'], '1', 'bigint(1)'],
  ['is_ipv4', ['10.0.5.256'], '0'],
  ['is_ipv6', ['::1'], '1'],
  ['is_ipv4_compat', [bytes('00000000000000000000000001020304')], '1'],
  ['is_ipv4_compat', [bytes('00000000000000000000000000000001')], '0'],
  ['is_ipv4_mapped', [bytes('00000000000000000000ffff01020304')], '1'],
]

const UUID = '6ccd780c-baba-1026-9564-5b8c656024db'

const UUIDS: Case[] = [
  ['uuid_to_bin', [UUID], '0x6CCD780CBABA102695645B8C656024DB', 'varbinary(16)'],
  ['uuid_to_bin', [UUID, 1], '0x1026BABA6CCD780C95645B8C656024DB'],
  ['uuid_to_bin', [null], null],
  ['bin_to_uuid', [bytes('6CCD780CBABA102695645B8C656024DB')], UUID, 'varchar(36)'],
  ['bin_to_uuid', [bytes('1026BABA6CCD780C95645B8C656024DB'), { type: BOOLEAN_TYPE, value: 1 }], UUID],
  ['is_uuid', [UUID.toUpperCase()], '1', 'bigint(1)'],
  ['is_uuid', [`{${UUID}}`], '1'],
  ['is_uuid', [UUID.replaceAll('-', '')], '1'],
  ['is_uuid', ['6ccd780c-baba-1026-9564-5b8c6560'], '0'],
]

const FORMATS: Case[] = [
  ['format', [decimal('12332.123456'), 4], '12,332.1235', 'varchar(23)'],
  ['format', [decimal('12332.1'), 4], '12,332.1000'],
  ['format', [decimal('12332.2'), 0], '12,332'],
  ['format', [decimal('12332.2'), 2, 'de_DE'], '12.332,20'],
  ['format', [12345678, 0, 'en_IN'], '1,23,45,678'],
  ['format', [12345678, 1, 'fr_FR'], '12345678,0'],
  ['format', [double(-1234.5), 1], '-1,234.5'],
  ['format', ['abc', 2], '0.00'],
  ['format', [123, -1], '123'],
  ['format', [decimal('999999.995'), 2], '1,000,000.00'],
  ['format', [1234, 2, 'xx_XX'], '1,234.00'],
  ['format', [null, 2], null],
  ['format_bytes', [512], ' 512 bytes', 'varchar(17)'],
  ['format_bytes', [18446644073709551615n], '16.00 EiB'],
  ['format_bytes', [1536], '1.50 KiB'],
  ['format_pico_time', [3501], '3.50 ns'],
  ['format_pico_time', [double(188732396662000)], '3.15 min'],
]

describe.each([
  ['information', INFORMATION],
  ['digests', DIGESTS],
  ['addresses', ADDRESSES],
  ['UUIDs', UUIDS],
  ['formats', FORMATS],
])('%s', (_family, cases) => {
  test.each(tabulate(call, cases))('%s', (_title, actual, expected) => {
    expect(actual()).toEqual(expected)
  })
})

describe('errors and warnings', () => {
  test.each<[string, TestArgument[], string]>([
    ['sha2', ['abc', 5], "Incorrect parameters in the call to native function 'sha2'"],
    ['uncompress', [bytes('0400000041')], 'ZLIB: Input data corrupted'],
    ['inet_aton', ['256'], "Incorrect string value: ''256'' for function inet_aton"],
    ['inet_ntoa', [-1], "Incorrect integer value: '-1' for function inet_ntoa"],
    ['format', [1, 0, 'xx_XX'], "Unknown locale: 'xx_XX'"],
    ['aes_encrypt', ['a', 'b', 'c'], '<IV> option ignored'],
  ])('%s(%j) warns', (name, args, message) => {
    expect(call(name, args).warnings).toEqual([`Warning ${message}`])
  })

  test.each<[string, TestArgument[], string]>([
    ['uuid_to_bin', ['x'], "Incorrect string value: 'x' for function uuid_to_bin"],
    ['bin_to_uuid', ['x'], "Incorrect string value: 'x' for function bin_to_uuid"],
    ['random_bytes', [1025], "length value is out of range in 'random_bytes'"],
  ])('%s(%j) fails', (name, args, message) => {
    expect(() => call(name, args)).toThrow(message)
  })
})

describe('block_encryption_mode', () => {
  const inMode = (mode: string) => ({ session: { systemVariable: () => mode } })
  const vector = Buffer.alloc(16, 7)

  test.each(['aes-128-cbc', 'aes-192-cfb1', 'aes-256-cfb8', 'aes-256-cfb128', 'aes-128-ofb'])(
    '%s',
    (mode) => {
      const encrypted = call('aes_encrypt', ['secret', 'password', vector], inMode(mode))
      const decrypted = call('aes_decrypt', [encrypted.value, 'password', vector], inMode(mode))
      expect(decrypted.text).toBe('0x736563726574')
      expect(encrypted.text).not.toBe(decrypted.text)
    },
  )

  test('needs an initialization vector for all modes but ecb', () => {
    expect(() => call('aes_encrypt', ['a', 'b'], inMode('aes-128-cbc'))).toThrow(/Incorrect parameter count/)
    expect(() => call('aes_encrypt', ['a', 'b', 'short'], inMode('aes-128-cbc'))).toThrow(
      /Must be at least 16 bytes long/,
    )
  })
})

test('UUIDs are of version 1, differ, and their times grow', () => {
  const made = Array.from({ length: 100 }, () => call('uuid', []).text ?? '')
  expect(new Set(made).size).toBe(100)
  for (const uuid of made)
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const times = made.map((uuid) => call('uuid_to_bin', [uuid, 1]).text)
  expect([...times].sort()).toEqual(times)
  const first = call('uuid_short', []).value as ExactValue
  expect(BigInt(call('uuid_short', []).value as ExactValue) - BigInt(first)).toBe(1n)
})

test('random bytes have their length and differ', () => {
  const first = call('random_bytes', [16]).value as Uint8Array
  expect(first).toHaveLength(16)
  expect(call('random_bytes', [16]).value).not.toEqual(first)
})

test('LAST_INSERT_ID(n) is remembered by the session', () => {
  const remember = sessionInformationFunctions.find(({ name }) => name === 'last_insert_id')
  const context = testContext()
  const info = {
    type: BOOLEAN_TYPE,
    nullable: false,
    coercibility: 5,
    constant: undefined,
    isConstant: true,
    text: '9',
  }
  remember?.bind([info], testEnvironment()).compile([() => 9])(SINGLE_ROW, 0, context)
  expect(context.session.lastInsertId).toBe(9)
})
