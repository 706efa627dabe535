/**
 * Goal: the hash is crypt(3)'s and MySQL's own. Method: published vectors: one of the algorithm's description, and
 * one that MySQL 8 stored for a known password, salt of 20 bytes included.
 */
import { shaCrypt } from './sha-crypt.js'

describe('shaCrypt', () => {
  it('agrees with the vector of the published algorithm', async () => {
    const hash = await shaCrypt(Buffer.from('Hello world!'), Buffer.from('saltstring'), 5000)
    expect(hash).toBe('5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5')
  })

  it('agrees with what MySQL 8 stored for a known password', async () => {
    const salt = Buffer.from('F9CC98CE08892924F50A213B6BC571A2C11778C5', 'hex')
    const hash = await shaCrypt(Buffer.from('hashcat'), salt, 5000)
    const stored = '625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F'
    expect(hash).toBe(Buffer.from(stored, 'hex').toString('latin1'))
  })

  it('lets the event loop turn while it works', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await shaCrypt(Buffer.from('x'.repeat(200)), Buffer.from('s'.repeat(20)), 20_000)
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })
})
