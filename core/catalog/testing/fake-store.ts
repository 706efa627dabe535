/**
 * For tests: a store of catalog records that keeps what was committed, can be opened again, and can fail.
 */
import { compareBytes } from '../../common/bytes.js'
import type { BeginCatalogTransaction, CatalogTransaction } from '../catalog-store.js'

interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

export class FakeStore {
  /** Number of commits after which each further one fails; undefined for never. */
  failAfter: number | undefined
  commits = 0
  private entries = new Map<string, Entry>()

  readonly begin: BeginCatalogTransaction = (): CatalogTransaction => {
    const changes = new Map<string, Entry | undefined>()
    const name = (keyspace: number, key: Uint8Array): string =>
      `${String(keyspace)}:${Buffer.from(key).toString('hex')}`
    return {
      store: {
        scan: (keyspace) => {
          const prefix = `${String(keyspace)}:`
          const found = [...this.entries].filter(([key]) => key.startsWith(prefix)).map(([, entry]) => entry)
          return Promise.resolve(found.sort((a, b) => compareBytes(a.key, b.key)))
        },
        put: (keyspace, key, value) => {
          changes.set(name(keyspace, key), { key: Buffer.from(key), value: Buffer.from(value) })
        },
        remove: (keyspace, key) => {
          changes.set(name(keyspace, key), undefined)
        },
      },
      commit: () => {
        if (this.failAfter !== undefined && this.commits >= this.failAfter) {
          return Promise.reject(new Error('disk full'))
        }
        this.commits++
        for (const [key, entry] of changes) {
          if (entry === undefined) this.entries.delete(key)
          else this.entries.set(key, entry)
        }
        return Promise.resolve()
      },
      rollback: () => {
        changes.clear()
      },
    }
  }
}
