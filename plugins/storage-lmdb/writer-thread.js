// @ts-check
/**
 * The writer thread: the only one that writes to LMDB. It stores write sets, drops keyspaces, and keeps count of what each
 * keyspace holds. A request is one LMDB transaction (a drop is several), on disk when it is answered; the thread that serves
 * queries never waits for a page to be written.
 *
 * JavaScript and not TypeScript, because a worker is started from a file: this one is the same before and after the build.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { open } from 'lmdb'

/**
 * @typedef {{ entries: number, bytes: number }} Size
 * @typedef {{ memory: SharedArrayBuffer | ArrayBuffer, byteLength: number }} Chunk
 * @typedef {{ id: number, kind: 'store', chunks: Chunk[], commitNumber: number | undefined }} StoreRequest
 * @typedef {{ id: number, kind: 'drop', keyspace: number }} DropRequest
 * @typedef {{ id: number, kind: 'close' }} CloseRequest
 */

const PUT = 1
/** Layout of an entry: see `core/common/write-set.ts`. */
const ENTRY_HEADER_BYTES = 13
const COMMIT_NUMBER_KEY = Buffer.from([0])
const SIZES_KEY = Buffer.from([0, 0])
/** Entries that one transaction of a drop removes: other requests come between. */
const DROPPED_ENTRIES_MAX = 10_000

if (parentPort === null) throw new Error('invariant: the writer thread is a worker')
const port = parentPort

/** The key to be encoded: `bytes[start, end)`, behind the keyspace if there is one. */
const target = { keyspace: /** @type {number | undefined} */ (undefined), start: 0, end: 0 }

const keyEncoder = {
  /** @param {Buffer} bytes @param {Buffer} to @param {number} at */
  writeKey(bytes, to, at) {
    if (target.keyspace !== undefined) at = to.writeUInt32BE(target.keyspace, at)
    return at + bytes.copy(to, at, target.start, target.end)
  },
  /** @param {Buffer} bytes @param {number} start @param {number} end */
  readKey: (bytes, start, end) => Buffer.from(bytes.subarray(start, end)),
}

/** @type {import('lmdb').RootDatabase<Buffer, Buffer>} */
const store = open({ ...workerData.settings, encoding: 'binary', keyEncoder })

/** @type {Map<number, Size>} */
const sizes = new Map()
readSizes()

/** A key as it is. @param {Buffer} key */
function whole(key) {
  target.keyspace = undefined
  target.start = 0
  target.end = key.length
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
  })
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

/** Answers whether the key was new and is stored now. @param {Buffer} key @param {Buffer} value @returns {boolean} */
function putNew(key, value) {
  // The declarations know neither the option nor the answer.
  return /** @type {any} */ (store).putSync(key, value, { noOverwrite: true })
}

/** @param {Buffer} bytes write sets one behind the other @param {Map<number, Size>} changed */
function storeEntries(bytes, changed) {
  const end = bytes.length
  for (let at = 0; at < end;) {
    const keyspace = bytes.readUInt32LE(at + 1)
    const keyBytes = bytes.readUInt32LE(at + 5)
    const valueBytes = bytes.readUInt32LE(at + 9)
    const valueStart = at + ENTRY_HEADER_BYTES + keyBytes
    const size = sizeIn(changed, keyspace)
    target.keyspace = keyspace
    target.start = at + ENTRY_HEADER_BYTES
    target.end = valueStart
    if (bytes[at] === PUT) {
      const value = bytes.subarray(valueStart, valueStart + valueBytes)
      // Most often the key is new, and the first put says so.
      if (putNew(bytes, value)) {
        size.entries++
        size.bytes += keyBytes + valueBytes
      } else store.putSync(bytes, value)
    } else if (store.removeSync(bytes) && size.entries > 0) {
      // How long the value was nobody knows any more: as long as they are on average.
      size.bytes -= size.bytes / size.entries
      size.entries--
    }
    at = valueStart + valueBytes
  }
}

/** Where chunks are copied to, because LMDB's native part does not take shared memory; kept for those of usual size. */
const scratch = Buffer.allocUnsafeSlow(1024 * 1024)

/** @param {StoreRequest} request */
function storeChunks({ chunks, commitNumber }) {
  return transact(commitNumber, (changed) => {
    for (const { memory, byteLength } of chunks) {
      const room = byteLength <= scratch.length ? scratch : Buffer.allocUnsafeSlow(byteLength)
      const bytes = room.subarray(0, byteLength)
      bytes.set(new Uint8Array(memory, 0, byteLength))
      storeEntries(bytes, changed)
    }
  })
}

/** Removes some entries of a keyspace; answers whether there may be more. @param {number} keyspace */
function dropSome(keyspace) {
  const lower = Buffer.alloc(4)
  lower.writeUInt32BE(keyspace)
  const upper = Buffer.alloc(4)
  if (keyspace < 0xffffffff) upper.writeUInt32BE(keyspace + 1)
  let removed = 0
  transact(undefined, (changed) => {
    // Bounds differ in their bytes only, so one setting of `target` serves both.
    const range = { start: whole(lower), limit: DROPPED_ENTRIES_MAX }
    const keys = store.getKeys(keyspace < 0xffffffff ? { ...range, end: upper } : range)
    for (const key of [...keys]) {
      store.removeSync(whole(key))
      removed++
    }
    if (removed > 0 || sizes.has(keyspace)) changed.set(keyspace, { entries: 0, bytes: 0 })
  })
  return removed === DROPPED_ENTRIES_MAX
}

/** @param {DropRequest} request */
async function drop({ keyspace }) {
  while (dropSome(keyspace)) await new Promise(setImmediate)
  sizes.delete(keyspace)
  return new Map([[keyspace, { entries: 0, bytes: 0 }]])
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
      return new Map()
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
      port.postMessage({ id: request.id, sizes: changed, moved }, moved)
    },
    (error) =>
      port.postMessage({ id: request.id, error: { message: String(error?.message), code: error?.code } }),
  )
})
