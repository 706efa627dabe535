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
import { Leaf } from './leaf.js'
import { SortedChanges } from './sorted-changes.js'

/**
 * @typedef {{ entries: number, bytes: number }} Size
 * @typedef {{ memory: SharedArrayBuffer | ArrayBuffer, byteLength: number }} Chunk
 * @typedef {{ id: number, kind: 'store', chunks: Chunk[], commitNumber: number | undefined }} StoreRequest
 * @typedef {{ id: number, kind: 'drop', keyspace: number }} DropRequest
 * @typedef {{ id: number, kind: 'close' }} CloseRequest
 */

const PUT = 1
const ADOPT = 3
const ENTRY_HEADER_BYTES = 13
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
/** By keyspace, the other number under which its leaves are stored: that of the stage that it took over as a whole. Replaced, never changed. */
let aliases = /** @type {Map<number, number>} */ (new Map())
/** Whether the file doesn't say yet how it is written now. */
let isNew = !readFormat()

/** A key as it is; several may follow. @param {Buffer} key */
function whole(key) {
  target.keyspace = undefined
  target.start = 0
  target.end = undefined
  return key
}

/** The number under which a keyspace's leaves are stored. @param {number} keyspace */
function storedAs(keyspace) {
  return aliases.get(keyspace) ?? keyspace
}

/** A leaf's key, for the next call. @param {number} keyspace @param {import('./leaf.js').Run} lower */
function leafKey(keyspace, { bytes, start, end }) {
  target.keyspace = storedAs(keyspace)
  target.start = start
  target.end = end
  return /** @type {Buffer} */ (bytes)
}

/** A leaf's key in bytes of its own. @param {number} keyspace @param {import('./leaf.js').Run} lower */
function keyOf(keyspace, { bytes, start, end }) {
  const key = Buffer.allocUnsafe(4 + end - start)
  key.writeUInt32BE(storedAs(keyspace))
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

/** Reads the aliases; answers whether the file has the present version. */
function readFormat() {
  const bytes = store.getBinary(whole(FORMAT_KEY))
  for (let at = 1; bytes !== undefined && at < bytes.length; at += 8) {
    aliases.set(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4))
  }
  return bytes?.[0] === workerData.formatVersion
}

/** The version and the aliases. */
function encodeFormat() {
  const bytes = Buffer.alloc(1 + aliases.size * 8, workerData.formatVersion)
  let at = 1
  for (const [keyspace, stage] of aliases) {
    bytes.writeUInt32LE(keyspace, at)
    bytes.writeUInt32LE(stage, at + 4)
    at += 8
  }
  return bytes
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
  const before = aliases
  try {
    runTransaction(commitNumber, work, changed, before)
  } catch (error) {
    aliases = before
    throw error
  }
  isNew = false
  for (const [keyspace, size] of changed) sizes.set(keyspace, size)
  return { sizes: changed, aliases: aliases === before ? undefined : aliases }
}

/**
 * @param {number | undefined} commitNumber
 * @param {(changed: Map<number, Size>) => void} work
 * @param {Map<number, Size>} changed
 * @param {Map<number, number>} aliasesBefore
 */
function runTransaction(commitNumber, work, changed, aliasesBefore) {
  store.transactionSync(() => {
    work(changed)
    if (commitNumber !== undefined) {
      const value = Buffer.alloc(8)
      value.writeDoubleLE(commitNumber)
      store.putSync(whole(COMMIT_NUMBER_KEY), value)
    }
    if (changed.size > 0) store.putSync(whole(SIZES_KEY), encodeSizes(changed))
    if (isNew || aliases !== aliasesBefore) store.putSync(whole(FORMAT_KEY), encodeFormat())
  })
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

/** Changes that are sorted and stored together: in no order, each such lot may touch every leaf of a large keyspace. */
const changes = new SortedChanges(2 ** 19)

/** @param {LeafWriter} writer */
function applyChanges(writer) {
  changes.sort()
  writer.apply(changes)
  changes.clear()
}

/** @param {StoreRequest} request */
function storeChunks({ chunks, commitNumber }) {
  /** @type {Uint8Array<ArrayBuffer> | undefined} */
  let touched
  const changed = transact(commitNumber, (sizesOfThis) => {
    const writer = new LeafWriter(pages, (keyspace) => sizeIn(sizesOfThis, keyspace))
    const apply = () => applyChanges(writer)
    for (const { memory, byteLength } of chunks) {
      const bytes = Buffer.from(/** @type {ArrayBuffer} */ (memory), 0, byteLength)
      for (let at = 0; at < byteLength;) {
        if (bytes[at] === ADOPT) {
          apply()
          at = adopt(bytes, at, writer, sizesOfThis)
          continue
        }
        if (changes.isFull) apply()
        at = changes.add(bytes, at)
      }
    }
    apply()
    touched = writer.touched.take()
  })
  return { ...changed, touched }
}

/**
 * Puts the entries of a stage into a keyspace: one without leaves takes over the stage's, into others they are copied. Answers where the
 * write set goes on. What was done before isn't done again.
 * @param {Buffer} bytes @param {number} at @param {LeafWriter} writer @param {Map<number, Size>} changed
 */
function adopt(bytes, at, writer, changed) {
  const keyspace = bytes.readUInt32LE(at + 1)
  const keyAt = at + ENTRY_HEADER_BYTES
  const stage = bytes.readUInt32BE(keyAt)
  const size = sizes.get(stage)
  if (size !== undefined && size.entries > 0) {
    if (pages.floor(keyspace, EMPTY_KEY) !== undefined) copyStage(stage, keyspace, writer)
    else {
      aliases = new Map(aliases).set(keyspace, stage)
      Object.assign(sizeIn(changed, keyspace), size)
      changed.set(stage, { entries: 0, bytes: 0 })
    }
  }
  return keyAt + 4
}

/** Applies a stage's entries to a keyspace, leaf by leaf. @param {number} stage @param {number} keyspace @param {LeafWriter} writer */
function copyStage(stage, keyspace, writer) {
  const leaf = new Leaf()
  let found = pages.floor(stage, EMPTY_KEY)
  while (found !== undefined) {
    const memory = found.byteOffset % 2 === 0 ? found : Buffer.from(Uint8Array.from(found).buffer)
    leaf.point(memory, new Uint16Array(memory.buffer, memory.byteOffset, memory.length >>> 1), 0)
    if (changes.count + leaf.count > changes.capacity) applyChanges(writer)
    const entries = entriesOf(leaf, keyspace)
    for (let at = 0; at < entries.length;) at = changes.add(entries, at)
    const { bytes, upperStart: start, upperEnd: end } = leaf
    found = leaf.isLast ? undefined : pages.get(stage, { bytes, start, end })
  }
  applyChanges(writer)
}

/** A leaf's entries as a write set. @param {Leaf} leaf @param {number} keyspace */
function entriesOf(leaf, keyspace) {
  let size = 0
  for (let index = 0; index < leaf.count; index++) {
    const keyBytes = leaf.keyEnd(index) - leaf.keyStart(index)
    size += ENTRY_HEADER_BYTES + keyBytes + leaf.valueEnd(index) - leaf.valueStart(index)
  }
  const entries = Buffer.allocUnsafe(size)
  let at = 0
  for (let index = 0; index < leaf.count; index++) {
    const keyBytes = leaf.keyEnd(index) - leaf.keyStart(index)
    const valueBytes = leaf.valueEnd(index) - leaf.valueStart(index)
    entries[at] = PUT
    entries.writeUInt32LE(keyspace, at + 1)
    entries.writeUInt32LE(keyBytes, at + 5)
    entries.writeUInt32LE(valueBytes, at + 9)
    at += ENTRY_HEADER_BYTES
    entries.set(leaf.bytes.subarray(leaf.keyStart(index), leaf.keyEnd(index)), at)
    entries.set(leaf.bytes.subarray(leaf.valueStart(index), leaf.valueEnd(index)), at + keyBytes)
    at += keyBytes + valueBytes
  }
  return entries
}

/** Removes some leaves of a keyspace, which has entries left if there may be more. @param {number} keyspace */
function dropSome(keyspace) {
  const stored = storedAs(keyspace)
  const lower = Buffer.alloc(4)
  lower.writeUInt32BE(stored)
  const upper = Buffer.alloc(4)
  if (stored < 0xffffffff) upper.writeUInt32BE(stored + 1)
  let removed = 0
  return transact(undefined, (changed) => {
    const range = { start: whole(lower), limit: DROPPED_LEAVES_MAX }
    const keys = store.getKeys(stored < 0xffffffff ? { ...range, end: upper } : range)
    for (const key of [...keys]) {
      store.removeSync(whole(key))
      removed++
    }
    // While there may be more, a restart has to know of it: the number of a stage isn't given again before.
    if (removed === DROPPED_LEAVES_MAX) sizeIn(changed, keyspace).entries = 1
    else {
      if (removed > 0 || sizes.has(keyspace)) changed.set(keyspace, { entries: 0, bytes: 0 })
      if (stored !== keyspace) {
        aliases = new Map(aliases)
        aliases.delete(keyspace)
      }
    }
  })
}

/** @param {DropRequest} request */
async function drop({ keyspace }) {
  let dropped = dropSome(keyspace)
  while ((dropped.sizes.get(keyspace)?.entries ?? 0) > 0) {
    await new Promise(setImmediate)
    dropped = dropSome(keyspace)
  }
  sizes.delete(keyspace)
  return { ...dropped, sizes: new Map([[keyspace, { entries: 0, bytes: 0 }]]) }
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
