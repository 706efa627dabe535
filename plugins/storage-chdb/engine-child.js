// @ts-check
/**
 * The process that the column engine runs in. It takes queries over a socket (file descriptor 3), runs as many at a time
 * as it may have sessions, and sends the blocks of their results as far as the other side has room for them. It knows no SQL and
 * keeps nothing that a SIGKILL could harm; that is what happens to it when its parent is gone.
 *
 * A session in which a query failed or was killed is thrown away: the engine may put what was left of that query's output in
 * front of the next one's.
 *
 * JavaScript and not TypeScript, because a process is started from a file: this one is the same before and after the build.
 * The frames are those of `frames.ts`.
 */
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { setPriority } from 'node:os'

const QUERY = 1
const CREDIT = 2
const CANCEL = 3
const PING = 4
const STOP = 5
const READY = 16
const BLOCK = 17
const END = 18
const ERROR = 19
const PONG = 20

const HEADER_BYTES = 9
/** On a busy machine the server's short statements go before long queries. Threads have the priority of the one that starts them. */
const NICENESS = 5
/** Time that queries get to end once they are killed. */
const STOP_GRACE_MS = 3000

/**
 * @typedef {{
 *   path: string, database: string, sessionsMax: number, connectionArgs: string[], settings: string
 * }} EngineOptions
 * @typedef {{
 *   id: number, sql: string, hasRows: boolean, windowBytes: number, sentBytes: number, isCancelled: boolean,
 *   isRunning: boolean, wake: (() => void) | undefined
 * }} Query
 */

/** @type {EngineOptions} */
const options = JSON.parse(process.argv[2] ?? '{}')
const socket = new Socket({ fd: 3, readable: true, writable: true })
/** @type {Map<number, Query>} */
const queries = new Map()
/** @type {Query[]} */
const waiting = []
/** @type {any[]} */
const idle = []
let sessionCount = 0
/** @type {any} */
let chdb
/** Kills queries; runs nothing else, so that it is always free. @type {any} */
let control

// The parent has ended, however: what it was told is on disk, the rest is nobody's any more.
for (const event of ['end', 'close', 'error']) {
  socket.on(event, () => {
    process.kill(process.pid, 'SIGKILL')
  })
}
// A terminal sends these to the whole group; the parent decides when this process ends.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)

/** @param {number} kind @param {number} id @param {Uint8Array} [payload] */
function send(kind, id, payload) {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32LE(HEADER_BYTES - 4 + (payload?.length ?? 0), 0)
  header.writeUInt8(kind, 4)
  header.writeUInt32LE(id, 5)
  socket.write(header)
  if (payload !== undefined && payload.length > 0) socket.write(payload)
}

/** @param {number} kind @param {number} id @param {object} message */
function sendMessage(kind, id, message) {
  send(kind, id, Buffer.from(JSON.stringify(message)))
}

/** @param {boolean} isFirst */
function openSession(isFirst) {
  const session = new chdb.Session(options.path, isFirst ? { connectionArgs: options.connectionArgs } : {})
  if (options.settings !== '') session.query(`SET ${options.settings}`)
  if (isFirst) session.query(`CREATE DATABASE IF NOT EXISTS ${options.database}`)
  session.query(`USE ${options.database}`)
  return session
}

/** Starts what waits while sessions are free. */
function startWaiting() {
  while (waiting.length > 0) {
    let session = idle.pop()
    if (session === undefined) {
      if (sessionCount >= options.sessionsMax) return
      sessionCount++
      try {
        session = openSession(false)
      } catch (error) {
        sessionCount--
        const query = /** @type {Query} */ (waiting.shift())
        finish(query, error)
        continue
      }
    }
    void run(/** @type {Query} */ (waiting.shift()), session)
  }
}

/** @param {Query} query @param {any} session */
async function run(query, session) {
  query.isRunning = true
  let failure
  try {
    const sql = `/*${query.id}*/ ${query.sql}`
    if (query.hasRows) await stream(query, session.queryStream(sql, { format: 'Native' }))
    else await session.queryAsync(sql, { format: 'Null' })
  } catch (error) {
    failure = error
  }
  if (failure === undefined && !query.isCancelled) idle.push(session)
  else {
    sessionCount--
    session.close()
  }
  finish(query, failure)
  startWaiting()
}

/** @param {Query} query @param {AsyncIterable<{ raw(): Uint8Array }>} chunks */
async function stream(query, chunks) {
  for await (const chunk of chunks) {
    if (query.isCancelled) return
    const bytes = chunk.raw()
    if (bytes.length === 0) continue
    query.sentBytes += bytes.length
    send(BLOCK, query.id, bytes)
    while (query.sentBytes >= query.windowBytes && !query.isCancelled) {
      await new Promise((resolve) => {
        query.wake = () => resolve(undefined)
      })
    }
    if (query.isCancelled) return
  }
}

/** @param {Query} query @param {any} failure */
function finish(query, failure) {
  queries.delete(query.id)
  if (query.isCancelled) sendMessage(ERROR, query.id, { code: 394, message: 'the query was cancelled' })
  else if (failure === undefined) send(END, query.id)
  else {
    const message = String(failure?.message ?? failure)
    const code = Number(failure?.clickhouseCode ?? /Code: (\d+)/.exec(message)?.[1] ?? 0)
    sendMessage(ERROR, query.id, { code, message })
  }
}

/** @param {number} id */
function cancel(id) {
  const query = queries.get(id)
  if (query === undefined || query.isCancelled) return
  query.isCancelled = true
  if (!query.isRunning) {
    waiting.splice(waiting.indexOf(query), 1)
    finish(query, undefined)
    return
  }
  query.wake?.()
  kill(`startsWith(query, '/*${id}*/')`)
}

/** @param {string} condition */
function kill(condition) {
  // Without SYNC: that was seen to hang.
  control.queryAsync(`KILL QUERY WHERE ${condition} ASYNC`, { format: 'Null' }).catch(() => undefined)
}

async function stop() {
  for (const query of [...queries.values()]) cancel(query.id)
  const deadlineMs = Date.now() + STOP_GRACE_MS
  while (queries.size > 0 && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 10))
  // What still runs would hold up an orderly exit for longer than anybody waits.
  if (queries.size > 0) process.kill(process.pid, 'SIGKILL')
  for (const session of [...idle, control]) session.close()
  await chdb.drainPending?.()
  process.exit(0)
}

/** @param {number} kind @param {number} id @param {Buffer} payload */
function take(kind, id, payload) {
  switch (kind) {
    case QUERY: {
      const { sql, hasRows, windowBytes } = JSON.parse(payload.toString())
      /** @type {Query} */
      const query = {
        id,
        sql,
        hasRows,
        windowBytes,
        sentBytes: 0,
        isCancelled: false,
        isRunning: false,
        wake: undefined,
      }
      queries.set(id, query)
      waiting.push(query)
      startWaiting()
      return
    }
    case CREDIT: {
      const query = queries.get(id)
      if (query === undefined) return
      query.sentBytes -= payload.readUInt32LE()
      query.wake?.()
      return
    }
    case CANCEL:
      cancel(id)
      return
    case PING:
      send(PONG, id)
      return
    case STOP:
      void stop()
  }
}

let kept = Buffer.alloc(0)
socket.on('data', (bytes) => {
  kept = kept.length === 0 ? bytes : Buffer.concat([kept, bytes])
  while (kept.length >= 4 && kept.length >= 4 + kept.readUInt32LE(0)) {
    const end = 4 + kept.readUInt32LE(0)
    const frame = kept.subarray(0, end)
    kept = kept.subarray(end)
    take(frame.readUInt8(4), frame.readUInt32LE(5), frame.subarray(HEADER_BYTES))
  }
})

try {
  setPriority(NICENESS)
  // The package is looked for where the plugin is, as an import of the plugin's would.
  chdb = createRequire(import.meta.url)('chdb')
  control = openSession(true)
  const version = control.query('SELECT version()', 'TSV').trim()
  sendMessage(READY, 0, { version })
} catch (error) {
  sendMessage(ERROR, 0, { code: 0, message: error instanceof Error ? error.message : String(error) })
  socket.end(() => process.kill(process.pid, 'SIGKILL'))
}
