/**
 * Goal: what is sealed can be opened under the same key only, and can't be read otherwise. Method: boxes of several keys and folders.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { SecretBox } from './secret-box.js'

const SECRET = 'pässword 🔩'

afterAll(removeTemporaryFolders)

test('opens what was sealed under the same text, also in another process', () => {
  const sealed = new SecretBox({ secretKey: 'a key', folder: undefined }).seal(SECRET)
  expect(sealed).not.toContain(SECRET)
  expect(Buffer.from(sealed.slice(3), 'base64').toString('latin1')).not.toContain('ssword')
  expect(new SecretBox({ secretKey: 'a key', folder: undefined }).open(sealed)).toBe(SECRET)
  expect(new SecretBox({ secretKey: 'another', folder: undefined }).open(sealed)).toBeUndefined()
})

test('seals the same text differently each time, and notices changes', () => {
  const box = new SecretBox({ secretKey: '', folder: undefined })
  const [one, two] = [box.seal(SECRET), box.seal(SECRET)]
  expect(one).not.toBe(two)
  expect(box.open(one)).toBe(SECRET)
  const bytes = Buffer.from(one.slice(3), 'base64')
  for (const at of [0, 15, bytes.length - 1]) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(box.open(`v1:${changed.toString('base64')}`)).toBeUndefined()
  }
  for (const text of ['', 'v1:', 'v2:abc', one.slice(0, 20)]) expect(box.open(text)).toBeUndefined()
})

test('makes a key file that only its owner can read, when it is first needed', () => {
  const folder = temporaryFolder()
  const file = join(folder, 'secret.key')
  const options = { secretKey: '', folder }
  expect(new SecretBox(options).open('v1:'.padEnd(60, 'A'))).toBeUndefined()
  expect(existsSync(file)).toBe(false)
  const sealed = new SecretBox(options).seal(SECRET)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(new SecretBox(options).open(sealed)).toBe(SECRET)
  expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
})
