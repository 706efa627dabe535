// @ts-check
/**
 * The writer thread: the only one that writes to LMDB. It stores write sets (`leaf-writer.js` does that), drops keyspaces,
 * and keeps count of what each keyspace holds. A request is one LMDB transaction (a drop is several), on disk when it is answered; the thread that serves
 * queries never waits for a page to be written.
 *
 * JavaScript and not TypeScript, because a worker is started from a file: this one is the same before and after the build.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { open } from 'lmdb'
import { LeafWriter } from './leaf-writer.js'
import { SortedChanges } from './sorted-changes.js'

/**
 * @typedef {{ entries: number, bytes: number }} Size
 * @typedef {{ memory: SharedArrayBuffer | ArrayBuffer, byteLength: number }} Chunk
 * @typedef {{ id: number, kind: 'store', chunks: Chunk[], commitNumber: number | undefined }} StoreRequest
 * @typedef {{ id: number, kind: 'drop', keyspace: number }} DropRequest
 * @typedef {{ id: number, kind: 'close' }} CloseRequest
 */

const COMMIT_NUMBER_KEY = Buffer.from([0])
const SIZES_KEY = Buffer.from([0, 0])
const FORMAT_KEY = Buffer.from([0, 0, 0])
const EMPTY_KEY = { bytes: new Uint8Array(0), start: 0, end: 0 }
/** Leaves that one transaction of a drop removes: other requests come between. */
const DROPPED_LEAVES_MAX = 10_000

if (parentPort === null) throw new Error('invariant: the writer thread is a worker')
const port = parentPort

/** The key to be encoded: `bytes[start, end)`, behind the keyspace if there is one; `end` undefined stands for all bytes. */
const target = {
  keyspace: /** @type {number | undefined} */ (undefined),
  start: 0,
  end: /** @type {number | undefined} */ (undefined),
}

const keyEncoder = {
  /** @param {Buffer} bytes @param {Buffer} to @param {number} at */
  writeKey(bytes, to, at) {
    if (target.keyspace !== undefined) at = to.writeUInt32BE(target.keyspace, at)
    const { start, end = bytes.length } = target
    to.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at)
    return at + end - start
  },
  /** @param {Buffer} bytes @param {number} start @param {number} end */
  readKey: (bytes, start, end) => Buffer.from(bytes.subarray(start, end)),
}

/** @type {import('lmdb').RootDatabase<Buffer, Buffer>} */
const store = open({ ...workerData.settings, encoding: 'binary', keyEncoder })

/** @type {Map<number, Size>} */
const sizes = new Map()
readSizes()
/** Whether the file doesn't say yet how it is written. */
let isNew = store.getBinary(whole(FORMAT_KEY)) === undefined

/** A key as it is; several may follow. @param {Buffer} key */
function whole(key) {
  target.keyspace = undefined
  target.start = 0
  target.end = undefined
  return key
}

/** A leaf's key, for the next call. @param {number} keyspace @param {import('./leaf.js').Run} lower */
function leafKey(keyspace, { bytes, start, end }) {
  target.keyspace = keyspace
  target.start = start
  target.end = end
  return /** @type {Buffer} */ (bytes)
}

/** A leaf's key in bytes of its own. @param {number} keyspace @param {import('./leaf.js').Run} lower */
function keyOf(keyspace, { bytes, start, end }) {
  const key = Buffer.allocUnsafe(4 + end - start)
  key.writeUInt32BE(keyspace)
  key.set(bytes.subarray(start, end), 4)
  return key
}

function readSizes() {
  const bytes = store.getBinary(whole(SIZES_KEY))
  for (let at = 0; bytes !== undefined && at < bytes.length; at += 20) {
    sizes.set(bytes.readUInt32LE(at), {
      entries: bytes.readDoubleLE(at + 4),
      bytes: bytes.readDoubleLE(at + 12),
    })
  }
}

/** The sizes with `changed` in place of what they replace. @param {Map<number, Size>} changed */
function encodeSizes(changed) {
  const all = new Map([...sizes, ...changed])
  const bytes = Buffer.alloc(all.size * 20)
  let at = 0
  for (const [keyspace, size] of all) {
    if (size.entries <= 0) continue
    bytes.writeUInt32LE(keyspace, at)
    bytes.writeDoubleLE(size.entries, at + 4)
    bytes.writeDoubleLE(size.bytes, at + 12)
    at += 20
  }
  return bytes.subarray(0, at)
}

/** One transaction: all of it is on disk when it returns, or none of it will ever be seen.
 * @param {number | undefined} commitNumber
 * @param {(changed: Map<number, Size>) => void} work
 */
function transact(commitNumber, work) {
  /** @type {Map<number, Size>} */
  const changed = new Map()
  store.transactionSync(() => {
    work(changed)
    if (commitNumber !== undefined) {
      const value = Buffer.alloc(8)
      value.writeDoubleLE(commitNumber)
      store.putSync(whole(COMMIT_NUMBER_KEY), value)
    }
    if (changed.size > 0) store.putSync(whole(SIZES_KEY), encodeSizes(changed))
    if (isNew) store.putSync(whole(FORMAT_KEY), Buffer.from([workerData.formatVersion]))
  })
  isNew = false
  for (const [keyspace, size] of changed) sizes.set(keyspace, size)
  return changed
}

/** The size that a transaction may change. @param {Map<number, Size>} changed @param {number} keyspace */
function sizeIn(changed, keyspace) {
  let size = changed.get(keyspace)
  if (size === undefined) {
    size = { entries: 0, bytes: 0, ...sizes.get(keyspace) }
    changed.set(keyspace, size)
  }
  return size
}

/** @type {import('./leaf-writer.js').LeafPages} */
const pages = {
  floor(keyspace, key) {
    const options = { start: whole(keyOf(keyspace, key)), end: keyOf(keyspace, EMPTY_KEY), limit: 1 }
    for (const { value } of store.getRange({ ...options, reverse: true, inclusiveEnd: true })) return value
    return undefined
  },
  before(keyspace, key) {
    const options = { start: whole(keyOf(keyspace, key)), end: keyOf(keyspace, EMPTY_KEY), limit: 1 }
    const range = { ...options, reverse: true, exclusiveStart: true, inclusiveEnd: true }
    for (const { value } of store.getRange(range)) return value
    return undefined
  },
  get: (keyspace, lower) => store.getBinary(leafKey(keyspace, lower)),
  put(keyspace, lower, leaf) {
    store.putSync(leafKey(keyspace, lower), leaf)
  },
  remove(keyspace, lower) {
    store.removeSync(leafKey(keyspace, lower))
  },
}

/** Changes that are sorted and stored together. */
const changes = new SortedChanges(2 ** 17)

/** @param {StoreRequest} request */
function storeChunks({ chunks, commitNumber }) {
  /** @type {Uint8Array<ArrayBuffer> | undefined} */
  let touched
  const changed = transact(commitNumber, (sizesOfThis) => {
    const writer = new LeafWriter(pages, (keyspace) => sizeIn(sizesOfThis, keyspace))
    const apply = () => {
      changes.sort()
      writer.apply(changes)
      changes.clear()
    }
    for (const { memory, byteLength } of chunks) {
      const bytes = Buffer.from(/** @type {ArrayBuffer} */ (memory), 0, byteLength)
      for (let at = 0; at < byteLength;) {
        if (changes.isFull) apply()
        at = changes.add(bytes, at)
      }
    }
    apply()
    touched = writer.touched.take()
  })
  return { sizes: changed, touched }
}

/** Removes some leaves of a keyspace; answers whether there may be more. @param {number} keyspace */
function dropSome(keyspace) {
  const lower = Buffer.alloc(4)
  lower.writeUInt32BE(keyspace)
  const upper = Buffer.alloc(4)
  if (keyspace < 0xffffffff) upper.writeUInt32BE(keyspace + 1)
  let removed = 0
  transact(undefined, (changed) => {
    const range = { start: whole(lower), limit: DROPPED_LEAVES_MAX }
    const keys = store.getKeys(keyspace < 0xffffffff ? { ...range, end: upper } : range)
    for (const key of [...keys]) {
      store.removeSync(whole(key))
      removed++
    }
    if (removed > 0 || sizes.has(keyspace)) changed.set(keyspace, { entries: 0, bytes: 0 })
  })
  return removed === DROPPED_LEAVES_MAX
}

/** @param {DropRequest} request */
async function drop({ keyspace }) {
  while (dropSome(keyspace)) await new Promise(setImmediate)
  sizes.delete(keyspace)
  return { sizes: new Map([[keyspace, { entries: 0, bytes: 0 }]]) }
}

/** @param {StoreRequest | DropRequest | CloseRequest} request */
async function answer(request) {
  switch (request.kind) {
    case 'store':
      return storeChunks(request)
    case 'drop':
      return drop(request)
    case 'close':
      await store.close()
      return { sizes: new Map() }
  }
}

/** Memory that moved here goes back with the answer: this thread makes too little garbage to be rid of it soon.
 * @param {StoreRequest | DropRequest | CloseRequest} request
 */
function movedMemory(request) {
  const chunks = request.kind === 'store' ? request.chunks : []
  return chunks.flatMap(({ memory }) => (memory instanceof ArrayBuffer ? [memory] : []))
}

port.on('message', (/** @type {StoreRequest | DropRequest | CloseRequest} */ request) => {
  answer(request).then(
    (changed) => {
      const moved = movedMemory(request)
      port.postMessage({ id: request.id, ...changed, moved }, moved)
    },
    (error) => {
      changes.clear()
      port.postMessage({ id: request.id, error: { message: String(error?.message), code: error?.code } })
    },
  )
})
