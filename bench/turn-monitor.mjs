/**
 * Loaded into a server by `--import`: measures how long the turns of its event loop take. On SIGUSR2 it writes the longest since
 * the last such signal to standard error, in milliseconds.
 *
 * A turn counts with the time that this process had a processor, so that other programs on the machine don't show.
 */
const INTERVAL_MS = 1

let lastMs = performance.now()
let lastCpu = process.cpuUsage()
let longestMs = 0

function measure() {
  const nowMs = performance.now()
  const used = process.cpuUsage(lastCpu)
  const busyMs = Math.min(nowMs - lastMs - INTERVAL_MS, (used.user + used.system) / 1000)
  longestMs = Math.max(longestMs, busyMs)
  lastMs = nowMs
  lastCpu = process.cpuUsage()
}

setInterval(measure, INTERVAL_MS).unref()

process.on('SIGUSR2', () => {
  measure()
  process.stderr.write(`longest turn ${longestMs.toFixed(1)} ms\n`)
  longestMs = 0
})
